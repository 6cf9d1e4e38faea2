/** Makes a call of what a caller asks for, and sends it down the road. */
import { Call } from '../call.ts';
import type { Asked, Calls } from '../calls/port.ts';
import { ToolwayError } from '../errors.ts';
import { guarded } from '../events.ts';
import type { Chain } from '../middleware/chain.ts';
import { qualify, splitName } from '../names.ts';
import { once } from '../once.ts';
import type { CallOptions, Logger, RequestOptions } from '../options.ts';
import { ownCopy } from '../own-copy.ts';
import type { CallToolResult, JsonObject, Progress } from '../protocol/types.ts';
import type { House, ManagedServer } from '../server/server.ts';
import { DEFAULTS } from '../server/settings.ts';
import { bounded, share } from '../waits.ts';
import type { Route } from './catalog.ts';
import { argumentsOf, checkWanted, textOf } from './doors.ts';
import type { Finder } from './finder.ts';

export interface Calling {
  /** Calls a tool by any of its names. */
  callTool(name: string, args?: Record<string, unknown>, wanted?: CallOptions): Promise<CallToolResult>;
  /** Sends one request of the protocol down the road. */
  perform<T>(
    server: ManagedServer,
    method: string,
    params: JsonObject,
    wanted: CallOptions,
    startedAt: number,
  ): Promise<T>;
  /** Loads what stands above the road, once. */
  above(): Promise<Calls>;
  /** Tells a caller of progress; a handler that throws is reported and changes nothing. */
  tellProgress(own: RequestOptions['onProgress'], progress: Progress): void;
}

export interface CallingOptions {
  house: House;
  finder: Finder;
  road: Chain;
  logger: Logger | undefined;
  /** How long queued calls are collected, in milliseconds. */
  batchWindowMs: number | undefined;
  /** True once no new call is taken. */
  closed(): boolean;
}

const NO_META: JsonObject = {};
/** The `_meta` key under which a server is told of the caller's idempotency key. */
const IDEMPOTENCY_KEY = 'toolway/idempotencyKey';

/** What the model had read when the call was made: that list grows as it reads on. */
const withOwnTaint = (asked: Asked): Asked => {
  const taint = ownCopy(asked.wanted.taint);
  if (taint === undefined) return asked;
  Object.freeze(taint?.sources);
  return { ...asked, wanted: { ...asked.wanted, taint: Object.freeze(taint) } };
};

const owned = (asked: Asked): Asked => ({ ...asked, args: ownCopy(asked.args) });

/** What a caller adds to its request. */
const metaOf = ({ meta = NO_META, idempotencyKey }: CallOptions): JsonObject =>
  idempotencyKey === undefined ? meta : { ...meta, [IDEMPOTENCY_KEY]: idempotencyKey };

export const createCalling = (options: CallingOptions): Calling => {
  const { house, finder, road, logger, closed } = options;
  const { events, deadlines } = house;
  const { clock } = deadlines;

  const tellProgress: Calling['tellProgress'] = (own, progress) =>
    guarded(
      () => own?.(progress),
      (error) => logger?.error('onProgress failed', { error }),
    );

  /** What the server reports on the way goes to the caller and to whoever listens; neither can break the connection. */
  const onProgressOf = (
    own: RequestOptions['onProgress'],
    about: () => { id: string; server: string; scope: string; method: string; principal?: string; tool?: string },
  ) => {
    if (own === undefined && !events.heard('tool_call_progress')) return undefined;
    return (progress: Progress): void => {
      events.emit('tool_call_progress', { ...about(), ...progress });
      tellProgress(own, progress);
    };
  };

  const callOn = (
    server: ManagedServer,
    method: string,
    params: JsonObject,
    { wanted, startedAt, making, keeper }: Pick<Asked, 'wanted' | 'startedAt' | 'making' | 'keeper'>,
    route?: Route,
  ): Call => {
    if (closed() && making?.accepted !== true)
      throw new ToolwayError('closed', 'the toolkit was closed', { executed: 'no' });
    const { config, name } = server;
    const onProgress = onProgressOf(wanted.onProgress, () => ({
      id: call.id,
      server: name,
      scope: call.scope,
      method,
      ...(call.principal === undefined ? {} : { principal: call.principal }),
      ...(route === undefined ? {} : { tool: route.tool }),
    }));
    const init = {
      method,
      params,
      server: name,
      scope: wanted.scope,
      principal: wanted.principal,
      taint: wanted.taint,
      tool: route?.entry?.tool,
      meta: metaOf(wanted),
      timeoutMs: wanted.timeoutMs ?? config.timeoutMs ?? DEFAULTS.timeoutMs,
      totalTimeoutMs: wanted.totalTimeoutMs ?? config.totalTimeoutMs ?? DEFAULTS.totalTimeoutMs,
      signal: wanted.signal,
      retry: wanted.retry,
      cache: wanted.cache,
      idempotencyKey: wanted.idempotencyKey,
      keeper,
      handlers: wanted.handlers,
      onProgress,
      startedAt,
    };
    const call: Call = new Call(init, server);
    making?.calls.push(call);
    return call;
  };

  /** The caller has its arguments back in the next turn: a call that has not left by then needs some of its own. */
  const send = (call: Call): Promise<JsonObject> => {
    const answer = road.run(call);
    if (call.state === 'queued') call.own();
    return answer;
  };

  const callAlone = (route: Route, asked: Asked): Promise<CallToolResult> => {
    const params = { name: route.tool, arguments: argumentsOf(asked.args) };
    const call = callOn(route.server, 'tools/call', params, asked, route);
    return send(call) as Promise<JsonObject & CallToolResult>;
  };

  const bareNames = once(async () => (await import('./bare-names.ts')).createBareNames({ finder, qualify }));
  const above = once(async () => {
    const { createCalls } = await import('../calls/calls.ts');
    const { mayRunAgain } = await house.ground;
    return createCalls({
      ...options,
      ask,
      callAlone,
      Call,
      bounded,
      share,
      guarded,
      textOf,
      argumentsOf,
      checkWanted,
      splitName,
      qualify,
      mayRunAgain,
      DEFAULTS,
    });
  });

  const callRoute = (route: Route, asked: Asked): Promise<CallToolResult> => {
    if (asked.wanted.fallback !== undefined || route.server.config.group === undefined) return callAlone(route, asked);
    const own = owned(asked);
    return above().then(({ inGroup }) => inGroup(route, own));
  };

  /** No `async`: each one on this road costs a quarter of a microsecond. */
  const ask = (given: Asked): Promise<CallToolResult> => {
    try {
      checkWanted(given.wanted);
      const asked = withOwnTaint(given);
      if (asked.wanted.fallback) {
        const own = owned(asked);
        return above().then(({ withFallback }) => withFallback(own));
      }
      const { name, wanted, startedAt } = asked;
      const route = finder.atOnce(textOf(name, 'unknown_tool'), wanted.principal);
      if (route !== undefined) return callRoute(route, asked);
      argumentsOf(asked.args);
      const own = owned(asked);
      return bareNames()
        .then(({ route }) => route(name, wanted, startedAt))
        .then((found) => callRoute(found, own));
    } catch (error) {
      return Promise.reject(ToolwayError.from(error, { executed: 'no' }));
    }
  };

  return {
    tellProgress,
    callTool: (name, args = {}, wanted = {}) => ask({ name, args, wanted, startedAt: clock.now(), making: undefined }),
    above,
    perform: async <T>(
      server: ManagedServer,
      method: string,
      params: JsonObject,
      wanted: CallOptions,
      startedAt: number,
    ) => {
      checkWanted(wanted);
      return (await send(callOn(server, method, params, { wanted, startedAt, making: undefined }))) as T;
    },
  };
};
