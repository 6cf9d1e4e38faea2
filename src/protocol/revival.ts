/**
 * A session that nobody uses is not found out to be lost by a call: when its stream is refused, or opening it again has
 * failed, this asks until the server answers. Loaded when that happens.
 */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { type ErrorCode, ToolwayError } from '../errors.ts';
import type { Engine } from './engine.ts';
import type { JsonObject } from './types.ts';

export interface RevivalOptions {
  engine: Engine;
  clock: Clock;
  newCall: (method: string) => Call;
  bounded: <T>(call: Call, run: (call: Call) => Promise<T>) => Promise<T>;
  /** Sends in the session, and opens a new one where it is lost. */
  send: (call: Call, method: string, params: JsonObject) => Promise<JsonObject>;
  /** How many sessions there have been. */
  sessions: () => number;
}

const WAIT_MS = { first: 1_000, most: 30_000 };
const JITTER = 0.2;
/** A session that held this long was none of a row that are lost as soon as they are open. */
const HEALTHY_MS = 60_000;
/** Failures that another attempt would not change. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set([
  'auth_required',
  'auth_failed',
  'forbidden',
  'unsupported',
  'closed',
]);

/** Makes what looks after a session that may be lost; `doubt` says why it may be. */
export const createRevival = (options: RevivalOptions): ((doubt: ToolwayError) => void) => {
  const { engine, clock, newCall, bounded, send, sessions } = options;
  let attempts = 0;
  let healthyAt = 0;
  let running = false;

  const wait = (leastMs = 0): Promise<void> => {
    const ms = Math.min(WAIT_MS.most, WAIT_MS.first * 2 ** attempts) * (1 + JITTER * (2 * Math.random() - 1));
    attempts += 1;
    return new Promise((resolve) => clock.after(Math.max(ms, leastMs), resolve).keepAlive(false));
  };
  const warn = (error: ToolwayError): void => engine.transport.onerror?.(error);

  const revive = async (doubt: ToolwayError): Promise<void> => {
    const before = sessions();
    if (clock.now() >= healthyAt) attempts = 0;
    for (let leastMs = doubt.retryAfterMs; engine.ended === undefined; ) {
      await wait(leastMs);
      if (engine.ended !== undefined) return;
      const failure = await bounded(newCall('ping'), (call) => send(call, 'ping', {})).then(() => undefined, reasonOf);
      // Any answer is one of a session that is alive.
      if (failure === undefined || failure.code === 'server_error') {
        healthyAt = clock.now() + HEALTHY_MS;
        if (sessions() === before && doubt.status !== 404) warn(doubt);
        return;
      }
      if (HOPELESS.has(failure.code) || failure.permanent === true) return warn(failure);
      leastMs = failure.retryAfterMs;
    }
  };

  return (doubt) => {
    if (running) return;
    running = true;
    void revive(doubt).finally(() => {
      running = false;
    });
  };
};

/** Why there is no session: the failure of the attempt to open a new one, where there was one. */
const reasonOf = (thrown: unknown): ToolwayError => {
  const error = ToolwayError.from(thrown);
  return error.code === 'not_connected' && error.cause instanceof ToolwayError ? error.cause : error;
};
