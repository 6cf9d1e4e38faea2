/** The modern era, 2026-07-28: every request carries its own metadata, the server asks back through results, and change notices arrive on a subscription. */
import type { Call } from '../call.ts';
import type { SendOptions } from '../transport/transport.ts';
import type { Era, ServerIdentity } from './era.ts';
import type { InputOptions } from './input-rounds.ts';
import type { Listener, ListenerOptions } from './listener.ts';
import { requestMeta } from './request-meta.ts';
import { checkDiscover } from './results.ts';
import type { TaskOptions } from './tasks.ts';
import type { ClientCapabilities, Implementation, JsonObject, LogLevel } from './types.ts';
import { META, MODERN_VERSIONS } from './wire.ts';

/** The extension under which a server may answer a call with a task. */
const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

export interface ModernOptions
  extends InputOptions,
    Omit<TaskOptions, 'send'>,
    Omit<ListenerOptions, 'send' | 'identity' | 'subscriptionOf'> {
  clientInfo: Implementation;
  capabilities: ClientCapabilities;
}

const declared = (capabilities: ClientCapabilities): ClientCapabilities => ({
  ...capabilities,
  extensions: { ...capabilities.extensions, [TASKS_EXTENSION]: {} },
});

/** The metadata that makes a request modern; a fresh object each time, since the progress token is added to it. */
const modernMeta = ({ clientInfo, capabilities }: Pick<ModernOptions, 'clientInfo' | 'capabilities'>): JsonObject => ({
  [META.protocolVersion]: MODERN_VERSIONS[0],
  [META.clientCapabilities]: declared(capabilities),
  [META.clientInfo]: clientInfo,
});

/** Asks `server/discover`; the raw answer tells the negotiation which era this is. */
export const discover = (
  options: Pick<ModernOptions, 'engine' | 'clientInfo' | 'capabilities'>,
  call: Call,
): Promise<JsonObject> => options.engine.request(call, 'server/discover', { _meta: modernMeta(options) });

/** The era of a server whose answer to `server/discover` is at hand. */
export const openModern = (options: ModernOptions, discovered: JsonObject): Era => {
  const { engine, clock, requests } = options;
  const { supportedVersions: _versions, ttlMs: _ttl, cacheScope: _scope, ...identity } = checkDiscover(discovered);
  const envelope = modernMeta(options);
  let logLevel: LogLevel | undefined;
  engine.setCancelByStream(true);

  const sendOnce = (call: Call, method: string, params: JsonObject, sendOptions?: SendOptions): Promise<JsonObject> => {
    const _meta = requestMeta(call, method, clock.now(), envelope);
    if (call.handlers !== undefined)
      _meta[META.clientCapabilities] = declared(
        call.handlers.capabilities ?? requests.capabilities('modern', call.handlers),
      );
    if (logLevel !== undefined) _meta[META.logLevel] = logLevel;
    return engine.request(call, method, { ...params, _meta }, sendOptions);
  };

  const send: typeof sendOnce = async (...request) => {
    const result = await sendOnce(...request);
    if (result.resultType === undefined || result.resultType === 'complete') return result;
    const { finish } = await import('./asking.ts');
    return finish({ ...options, send: sendOnce }, result, ...request);
  };

  let listener: Listener | undefined;
  let closed = false;
  const listen = async (): Promise<Listener> => {
    const { createListener } = await import('./listener.ts');
    listener ??= createListener({ ...options, identity, send: sendOnce, subscriptionOf });
    if (closed) listener.close();
    return listener;
  };
  const { tools, prompts, resources } = identity.capabilities;
  if ([tools, prompts, resources].some((declared) => declared?.listChanged === true)) {
    listen().catch((error: unknown) => options.onWarning('changes of lists will not be noticed', error));
  }

  return {
    name: 'modern',
    protocolVersion: MODERN_VERSIONS[0],
    identity: identity satisfies ServerIdentity,
    send,
    async ping(call) {
      await sendOnce(call, 'server/discover', {});
    },
    async setLogLevel(_call, level) {
      logLevel = level;
    },
    subscribe: async (_call, uri) => (await listen()).subscribe(uri),
    unsubscribe: async (_call, uri) => (await listen()).unsubscribe(uri),
    rootsChanged() {},
    // Without a subscription nothing may be said that has to do with one.
    admits: (method, params) => listener?.admits(method, params) ?? false,
    close() {
      closed = true;
      listener?.close();
    },
  };
};

const subscriptionOf = ({ _meta }: JsonObject): unknown => (_meta as JsonObject | undefined)?.[META.subscriptionId];
