/** The legacy era, 2024-11-05 to 2025-11-25: an `initialize` handshake, then plain requests in both directions. */
import { type Call, share } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import { SESSION_LOST } from '../transport/transport.ts';
import type { Engine } from './engine.ts';
import type { Era, ServerIdentity } from './era.ts';
import { checkInitialize } from './results.ts';
import * as RPC from './rpc-codes.ts';
import type { TaskOptions } from './tasks.ts';
import type { ClientCapabilities, Implementation, JsonObject, ServerCapabilities, Tool } from './types.ts';
import { LEGACY_VERSIONS } from './wire.ts';

export interface LegacyOptions extends Omit<TaskOptions, 'send'> {
  engine: Engine;
  clientInfo: Implementation;
  capabilities: ClientCapabilities;
  /** Makes the call under which a lost session is opened again. */
  newCall: (method: string) => Call;
  bounded: <T>(call: Call, run: (call: Call) => Promise<T>) => Promise<T>;
  /** A session that the server had forgotten is open again: it knows nothing of what was asked of the one before. */
  onReopened: () => void;
}

/** Shakes hands and returns the era; rejects when the server answers an error or a revision that we do not speak. */
export const openLegacy = async (
  options: LegacyOptions,
  firstCall: Call,
  accept: () => boolean = () => true,
): Promise<Era> => {
  const { engine, clientInfo, capabilities } = options;

  const shakeHands = async (call: Call): Promise<ServerIdentity & { protocolVersion: string }> => {
    const offer = { protocolVersion: LEGACY_VERSIONS[0], capabilities, clientInfo };
    const answered = await engine.request(call, 'initialize', offer);
    if (call === firstCall && !accept()) throw new ToolwayError('unsupported', 'the server speaks the modern era');
    const answer = checkInitialize(answered);
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

  let sessions = 1;
  let isOpen = true;
  let reopening: Promise<void> | undefined;
  const shakeHandsAgain = async (): Promise<void> => {
    await options.bounded(options.newCall('initialize'), shakeHands);
    sessions += 1;
    isOpen = true;
  };
  /** Of many calls that lost the same session, the late ones find it open again. */
  const reopen = async (call: Call, lost: number): Promise<void> => {
    if (isOpen && lost !== sessions) return;
    isOpen = false;
    if (reopening === undefined) {
      reopening = shakeHandsAgain().finally(() => {
        reopening = undefined;
      });
      reopening.then(options.onReopened, lookAfter);
    }
    await share(call, reopening).catch((error: unknown) => {
      throw call.stopped ?? notReopened(error);
    });
  };

  const sendOnce = (call: Call, method: string, params: JsonObject): Promise<JsonObject> =>
    engine.request(call, method, call.meta === undefined ? params : withMeta(method, params, { ...call.meta }));

  let asking: Promise<boolean> | undefined;
  /** Asks in the same session for a sign of life; one question for all who doubt. */
  const isLost = async (session: number): Promise<boolean> => {
    if (session !== sessions || engine.transport.sessionId === undefined) return session !== sessions;
    asking ??= options
      .bounded(options.newCall('ping'), (call) => sendOnce(call, 'ping', {}))
      .then(
        () => false,
        (error: unknown) => error instanceof ToolwayError && (error.cause === SESSION_LOST || mayBeLost(error)),
      )
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };

  const sendInSession = async (call: Call, method: string, params: JsonObject): Promise<JsonObject> => {
    // A handshake under way belongs to a newer session than any request that would be sent now.
    if (!isOpen) await reopen(call, sessions);
    const session = sessions;
    try {
      return await sendOnce(call, method, params);
    } catch (error) {
      if (!(error instanceof ToolwayError) || call.stopped !== undefined) throw error;
      const known = error.cause === SESSION_LOST;
      if (!known && !(mayBeLost(error) && (await share(call, isLost(session))))) throw error;
      // A guess, however good, is no proof that a tool did not run.
      const proven = known || method !== 'tools/call';
      if (proven) call.state = 'queued';
      await reopen(call, session);
      if (!proven) throw error;
      return sendOnce(call, method, params);
    }
  };

  const hasSessions = engine.transport.kind === 'http';
  const send = hasSessions ? sendInSession : sendOnce;

  let revival: Promise<(doubt: ToolwayError) => void> | undefined;
  /** Nobody may be calling: whatever the server has to say would wait for the next call. */
  const lookAfter = (doubt: unknown): void => {
    revival ??= import('./revival.ts').then(({ createRevival }) =>
      createRevival({ ...options, send, sessions: () => sessions }),
    );
    revival.then((revive) => revive(ToolwayError.from(doubt))).catch(() => {});
  };
  if (hasSessions) engine.transport.onsessionlost = lookAfter;

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

/** How servers that do not say 404 tell of a session that they do not know; it may mean something else as well. */
const mayBeLost = ({ status, rpcCode }: ToolwayError): boolean =>
  status === 400 || rpcCode === RPC.invalidRequest || rpcCode === -32000 || rpcCode === -32001;

/** The server wants every call of this tool to be a task, and can run tasks. */
const isTaskTool = (tool: Tool | undefined, capabilities: ServerCapabilities): boolean => {
  if (tool?.execution?.taskSupport !== 'required') return false;
  const requests = capabilities.tasks?.requests as { tools?: { call?: unknown } } | undefined;
  return requests?.tools?.call !== undefined;
};

const notReopened = (thrown: unknown): ToolwayError => {
  const cause = ToolwayError.from(thrown);
  return new ToolwayError('not_connected', `the session was lost and could not be opened again: ${cause.message}`, {
    executed: 'no',
    status: cause.status,
    retryAfterMs: cause.retryAfterMs,
    cause,
  });
};

/** The parameters with `_meta`. Those of a plain tool call are written out: a spread costs a tenth of the whole call. */
const withMeta = (method: string, params: JsonObject, _meta: JsonObject): JsonObject =>
  method === 'tools/call' && params.task === undefined
    ? { name: params.name, arguments: params.arguments, _meta }
    : { ...params, _meta };
