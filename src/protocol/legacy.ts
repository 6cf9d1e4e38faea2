/** The legacy era, 2024-11-05 to 2025-11-25: an `initialize` handshake, then plain requests in both directions. */
import type { Call } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import { SESSION_LOST } from '../transport/transport.ts';
import { share } from '../waits.ts';
import type { Engine } from './engine.ts';
import type { Era, ServerIdentity } from './era.ts';
import { requestMeta } from './request-meta.ts';
import { checkInitialize } from './results.ts';
import * as RPC from './rpc-codes.ts';
import type { Recovery } from './session-recovery.ts';
import type { TaskOptions } from './tasks.ts';
import type { ClientCapabilities, Implementation, JsonObject, ServerCapabilities, Tool } from './types.ts';
import { LEGACY_VERSIONS } from './wire.ts';

export interface LegacyOptions extends Omit<TaskOptions, 'send'> {
  engine: Engine;
  clientInfo: Implementation;
  capabilities: ClientCapabilities;
  /** A session that the server had forgotten is open again: it knows nothing of what was asked of the one before. */
  onReopened: () => void;
}

/** Shakes hands and returns the era; rejects when the server answers an error or a revision that we do not speak. */
export const openLegacy = async (
  options: LegacyOptions,
  firstCall: Call,
  accept: () => boolean = () => true,
): Promise<Era> => {
  const { engine, clock, clientInfo, capabilities } = options;
  let hasId = false;
  /** The server gave the session an id, and any message may have been told since that it knows it no more. */
  const isForgotten = (): boolean => hasId && engine.transport.sessionId === undefined;

  const shakeHands = async (call: Call): Promise<ServerIdentity & { protocolVersion: string }> => {
    const offer = { protocolVersion: LEGACY_VERSIONS[0], capabilities, clientInfo };
    const answered = await engine.request(call, 'initialize', offer);
    if (call === firstCall && !accept()) throw new ToolwayError('unsupported', 'the server speaks the modern era');
    const answer = checkInitialize(answered);
    hasId = engine.transport.sessionId !== undefined;
    if (!(LEGACY_VERSIONS as readonly string[]).includes(answer.protocolVersion)) {
      throw new ToolwayError(
        'unsupported',
        `the server speaks protocol revision ${answer.protocolVersion}, which this client does not`,
      );
    }
    engine.transport.setProtocolVersion?.(answer.protocolVersion);
    await share(call, engine.notify('notifications/initialized'));
    return answer;
  };

  const { protocolVersion, ...identity } = await shakeHands(firstCall);

  const sendOnce = (call: Call, method: string, params: JsonObject): Promise<JsonObject> =>
    engine.request(
      call,
      method,
      call.meta === undefined ? params : withMeta(method, params, requestMeta(call, method, clock.now())),
    );

  /** Once it has been in doubt whether the server still knows the session, all requests go through here. */
  let recovery: Promise<Recovery> | undefined;
  const recover = (): Promise<Recovery> => {
    recovery ??= import('./session-recovery.ts').then(
      ({ createRecovery }) =>
        createRecovery({ ...options, send: sendOnce, shakeHands, share, isForgotten, isOfLostSession }),
      () => {
        recovery = undefined;
        return { send: sendOnce, sendAfter: (error) => Promise.reject(error), lookAfter() {} };
      },
    );
    return recovery;
  };
  const sendInSession = async (call: Call, method: string, params: JsonObject): Promise<JsonObject> => {
    if (recovery !== undefined || isForgotten()) return (await share(call, recover())).send(call, method, params);
    try {
      return await sendOnce(call, method, params);
    } catch (error) {
      if (!(error instanceof ToolwayError) || call.stopped !== undefined) throw error;
      const lost = isOfLostSession(error);
      if (lost === 'no') throw error;
      if (lost === 'yes') call.state = 'queued';
      return (await share(call, recover())).sendAfter(error, call, method, params);
    }
  };

  const hasSessions = engine.transport.kind === 'http';
  const send = hasSessions ? sendInSession : sendOnce;
  if (hasSessions) {
    engine.transport.onsessionlost = (doubt) => void recover().then(({ lookAfter }) => lookAfter(doubt));
  }

  return {
    name: 'legacy',
    protocolVersion,
    identity,
    send: (call, method, params) =>
      method === 'tools/call' && isTaskTool(call.tool, identity.capabilities)
        ? import('./asking.ts').then(({ runLegacyTask }) => runLegacyTask({ ...options, send }, call, params))
        : send(call, method, params),
    async ping(call) {
      await send(call, 'ping', {});
    },
    async setLogLevel(call, level) {
      await send(call, 'logging/setLevel', { level });
    },
    async subscribe(call, uri) {
      await send(call, 'resources/subscribe', { uri });
    },
    async unsubscribe(call, uri) {
      await send(call, 'resources/unsubscribe', { uri });
    },
    rootsChanged() {
      void engine.notify('notifications/roots/list_changed').catch(() => {});
    },
    admits: () => true,
    close() {},
  };
};

/** How servers tell of a session that they do not know. What many say in place of the 404 may mean something else as well. */
const isOfLostSession = ({ cause, status, rpcCode }: ToolwayError): 'yes' | 'maybe' | 'no' => {
  if (cause === SESSION_LOST) return 'yes';
  return status === 400 || [RPC.invalidRequest, -32000, -32001].includes(rpcCode ?? 0) ? 'maybe' : 'no';
};

/** The server wants every call of this tool to be a task, and can run tasks. */
const isTaskTool = (tool: Tool | undefined, capabilities: ServerCapabilities): boolean => {
  if (tool?.execution?.taskSupport !== 'required') return false;
  const requests = capabilities.tasks?.requests as { tools?: { call?: unknown } } | undefined;
  return requests?.tools?.call !== undefined;
};

/** The parameters with `_meta`. Those of a plain tool call are written out: a spread costs a tenth of the whole call. */
const withMeta = (method: string, params: JsonObject, _meta: JsonObject): JsonObject =>
  method === 'tools/call' && params.task === undefined
    ? { name: params.name, arguments: params.arguments, _meta }
    : { ...params, _meta };
