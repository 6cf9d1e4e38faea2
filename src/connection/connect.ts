/** One connection attempt: opens a link, finds out the era, and hands back a session, or the true reason why there is none. */
import { Call } from '../call.ts';
import type { Deadlines } from '../clock.ts';
import { type ErrorCode, ToolwayError } from '../errors.ts';
import type { AboutCall } from '../protocol/asker.ts';
import { createEngine, type Engine } from '../protocol/engine.ts';
import type { Era } from '../protocol/era.ts';
import { type LegacyOptions, openLegacy } from '../protocol/legacy.ts';
import type { ListKind, ListLimits } from '../protocol/lists.ts';
import { discover, type ModernOptions, openModern } from '../protocol/modern.ts';
import { negotiate } from '../protocol/negotiate.ts';
import type { ServerRequests } from '../protocol/server-requests.ts';
import { createSession, type Session } from '../protocol/session.ts';
import type { Implementation, JsonObject, Task } from '../protocol/types.ts';
import type { EraName } from '../protocol/wire.ts';
import type { Transport } from '../transport/transport.ts';
import { bounded, pause, share } from '../waits.ts';

/** What a session says by itself. */
export interface SessionEvents {
  onListChanged(kind: Exclude<ListKind, 'resourceTemplates'>): void;
  onResourceUpdated(uri: string): void;
  onElicitationCompleted(elicitationId: string): void;
  onTask(task: Task, call: Call, about: AboutCall): void;
  /** Changes may have been missed. */
  onGap(): void;
  /** The server had forgotten the session and has a new one: what was asked of it has to be asked again. */
  onReopened(): void;
  onWarning(message: string, cause?: unknown): void;
  /** The link ended, by itself or by `close`. */
  onClose(cause: ToolwayError): void;
}

export interface ConnectOptions {
  server: string;
  scope: string;
  openTransport(kind?: 'sse'): Promise<Transport>;
  mayFallBackToSse: boolean;
  known?: EraName;
  requests: ServerRequests;
  /** The calls in whose course a request of the server may come. */
  asking(): readonly Call[];
  clientInfo: Implementation;
  deadlines: Deadlines;
  timeoutMs: number;
  maxDepth: number;
  maxInputRounds: number;
  listLimits?: Partial<ListLimits>;
  events: SessionEvents;
  /** There is a child now; `tail` gives the end of what it has written to stderr. */
  onStderr?(tail: () => string): void;
  /** Ends the attempt. */
  signal?: AbortSignal;
}

const LIST_CHANGED = /^notifications\/(tools|resources|prompts)\/list_changed$/;

export const connect = async (options: ConnectOptions): Promise<Session> => {
  const { server, scope, requests, clientInfo, deadlines, events, maxInputRounds } = options;
  const { clock } = deadlines;
  const startedAt = clock.now();
  let era: Era | undefined;
  let live: Engine | undefined;

  const newCall = (method: string, timeoutMs = options.timeoutMs): Call =>
    new Call({
      method,
      params: {},
      server,
      scope,
      timeoutMs,
      totalTimeoutMs: timeoutMs,
      startedAt: clock.now(),
      signal: options.signal,
    });
  const remaining = (): number => Math.max(0, startedAt + options.timeoutMs - clock.now());
  const boundedCall = <T>(call: Call, run: (call: Call) => Promise<T>): Promise<T> => bounded(call, deadlines, run);

  const onNotification = (method: string, params: JsonObject): void => {
    if (method === 'notifications/message') requests.log(params);
    else if (era?.admits(method, params) !== true) return;
    const list = LIST_CHANGED.exec(method)?.[1];
    if (list !== undefined) events.onListChanged(list as Exclude<ListKind, 'resourceTemplates'>);
    else if (method === 'notifications/resources/updated' && typeof params.uri === 'string')
      events.onResourceUpdated(params.uri);
    else if (method === 'notifications/elicitation/complete') {
      for (const hear of requests.completions) hear(params.elicitationId);
      if (typeof params.elicitationId === 'string') events.onElicitationCompleted(params.elicitationId);
    }
  };

  const engines: Engine[] = [];
  let stderrTail: Transport['stderrTail'];
  /** Opening and starting are held to the attempt's limit like everything else; a transport that comes too late is closed. */
  const open = (kind?: 'sse'): Promise<Engine> =>
    boundedCall(newCall('start', remaining()), async (call) => {
      const opening = options.openTransport(kind);
      const closeIfLate = async (): Promise<void> => {
        const transport = await opening;
        if (call.stopped !== undefined) await transport.close();
      };
      closeIfLate().catch(() => {});
      const transport = await share(call, opening);
      if (transport.stderrTail !== undefined) {
        stderrTail = transport.stderrTail;
        options.onStderr?.(stderrTail);
      }
      const engine = createEngine({
        ...options,
        ...events,
        transport,
        now: () => clock.now(),
        onRequest: requests.answer,
        onNotification,
        onClose: (cause) => {
          if (live === undefined || engine === live) requests.forget();
          if (engine === live) events.onClose(cause);
        },
      });
      engines.push(engine);
      await share(call, engine.start());
      return engine;
    });
  /** Of all links that were opened in the attempt, only `kept` stays. */
  const closeOthers = (kept?: Engine): Promise<unknown> =>
    Promise.all(engines.map((engine) => (engine === kept ? undefined : engine.close().catch(() => {}))));

  /** What either era needs to know of the attempt. */
  const eraOptions = (engine: Engine, name: EraName): ModernOptions & LegacyOptions => ({
    ...events,
    onReopened() {
      requests.forget();
      events.onReopened();
    },
    engine,
    clock,
    requests,
    maxInputRounds,
    clientInfo,
    capabilities: requests.capabilities(name),
    newCall,
    bounded: boundedCall,
    pause,
  });

  try {
    const negotiated = await negotiate({
      open,
      mayFallBackToSse: options.mayFallBackToSse,
      known: options.known,
      clock,
      remainingMs: remaining,
      attempt: (method, run) => boundedCall(newCall(method, remaining()), run),
      discover: (engine, call) => discover(eraOptions(engine, 'modern'), call),
      openModern: (engine, discovered) => openModern(eraOptions(engine, 'modern'), discovered),
      openLegacy: (engine, call, accept) => openLegacy(eraOptions(engine, 'legacy'), call, accept),
    });
    live = negotiated.engine;
    era = negotiated.era;
    if (live.ended !== undefined) throw live.ended;
    void closeOthers(live);
    return createSession({ ...negotiated, requests, clock, limits: options.listLimits });
  } catch (error) {
    live = undefined;
    const stderr = stderrTail?.() || undefined;
    await closeOthers();
    throw connectError(error, options.timeoutMs, stderr);
  }
};

/** Failures of an attempt that keep their own code; any other is `connect_failed` with the failure as its cause. */
const TELLING: ReadonlySet<ErrorCode> = new Set([
  'spawn_failed',
  'invalid_config',
  'auth_required',
  'auth_failed',
  'forbidden',
  'unsupported',
  'rate_limited',
  'cancelled',
  'connect_failed',
]);

const connectError = (thrown: unknown, timeoutMs: number, stderr: string | undefined): ToolwayError => {
  const error = ToolwayError.from(thrown);
  const { code, message, ...facts } = error.toJSON();
  // What failed is a request of the handshake; of the caller's own request nothing was sent.
  const known = { ...facts, executed: 'no', cause: error } as const;
  if (TELLING.has(code)) {
    return error.executed === 'no' ? error : new ToolwayError(code, message, { ...known, cause: error.cause });
  }
  if (error.code === 'timeout') {
    return new ToolwayError('connect_timeout', `not connected within ${timeoutMs} ms`, {
      stderr,
      ...known,
      limit: timeoutMs,
    });
  }
  return new ToolwayError('connect_failed', `could not connect: ${message}`, known);
};
