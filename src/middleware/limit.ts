/** Holds the calls of each server to its concurrency, its rate and its own wish for a rest. Those above wait in line; a full line refuses. */
import type { Call } from '../call.ts';
import type { Clock, Timer } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import type { CallFn, Middleware } from './middleware.ts';

export interface ServerLimits {
  maxConcurrency: number;
  maxQueue: number;
  rateLimit?: { perSecond: number; burst?: number } | undefined;
}

/** One server's share: how many calls are out, and who waits. */
export interface Lane {
  readonly inFlight: number;
  readonly queued: number;
  /** Takes a place now if there is one. */
  tryEnter(): boolean;
  /** Waits for a place; rejects with `backpressure` when the line is full, with `rate_limited` when the rest is longer than the call may wait, or with the reason why the call was stopped. */
  enter(call: Call): Promise<void>;
  /** Gives the place back, and hands the result on. */
  readonly leave: <T>(result: T) => T;
  /** The same for a failure. One with which the server asked for a rest gives it one. */
  readonly fail: (error: unknown) => never;
  /** Ends a rest. */
  resume(): void;
  /** Rejects all that wait. */
  refuse(error: ToolwayError): void;
  /** The same for all that come from now on. Leaves no timer. */
  close(error: ToolwayError): void;
}

interface Waiting {
  readonly call: Call;
  go(): void;
  refuse(error: ToolwayError): void;
}

export const createLane = ({ maxConcurrency, maxQueue, rateLimit }: ServerLimits, clock: Clock): Lane => {
  const line = new Set<Waiting>();
  const perMs = (rateLimit?.perSecond ?? Number.POSITIVE_INFINITY) / 1_000;
  const burst = rateLimit?.burst ?? Math.max(1, rateLimit?.perSecond ?? 1);
  let inFlight = 0;
  let tokens = burst;
  let refilledAt = clock.now();
  let tick: Timer | undefined;
  let closed: ToolwayError | undefined;
  let rest: { until: number; timer: Timer } | undefined;

  const takeToken = (): boolean => {
    if (rateLimit === undefined) return true;
    const now = clock.now();
    tokens = Math.min(burst, tokens + (now - refilledAt) * perMs);
    refilledAt = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
  const tryEnter = (): boolean => {
    if (closed !== undefined || rest !== undefined || inFlight >= maxConcurrency || !takeToken()) return false;
    inFlight += 1;
    return true;
  };
  /** Lets those in front go as far as there are places and tokens; comes back when the next token is due. */
  const advance = (): void => {
    for (const waiting of line) {
      if (!tryEnter()) break;
      line.delete(waiting);
      waiting.go();
    }
    if (
      line.size === 0 ||
      rest !== undefined ||
      inFlight >= maxConcurrency ||
      rateLimit === undefined ||
      tick !== undefined
    )
      return;
    tick = clock.after((1 - tokens) / perMs, () => {
      tick = undefined;
      advance();
    });
    // Who waits has a deadline that keeps the process running; without anybody there is nothing to come back for.
    tick.keepAlive(false);
  };

  const resume = (): void => {
    rest?.timer.cancel();
    rest = undefined;
    advance();
  };
  const restFor = (ms: number): void => {
    const until = clock.now() + ms;
    if (closed !== undefined || (rest !== undefined && rest.until >= until)) return;
    rest?.timer.cancel();
    const timer = clock.after(ms, resume);
    timer.keepAlive(false);
    rest = { until, timer };
    for (const { call, refuse } of line) if (call.dueAt <= until) refuse(resting(ms));
  };

  const refuse = (error: ToolwayError): void => {
    for (const waiting of line) waiting.refuse(error);
  };

  const leave: Lane['leave'] = (result) => {
    inFlight -= 1;
    if (line.size > 0) advance();
    return result;
  };

  return {
    get inFlight() {
      return inFlight;
    },
    get queued() {
      return line.size;
    },
    tryEnter: () => line.size === 0 && tryEnter(),
    enter: (call) =>
      new Promise((resolve, reject) => {
        if (closed !== undefined) {
          reject(closed);
          return;
        }
        if (rest !== undefined && call.dueAt <= rest.until) {
          reject(resting(rest.until - clock.now()));
          return;
        }
        if (line.size >= maxQueue) {
          reject(
            new ToolwayError('backpressure', `${maxQueue} calls are waiting for this server already`, {
              executed: 'no',
              limit: maxQueue,
            }),
          );
          return;
        }
        const waiting: Waiting = {
          call,
          go() {
            call.hold(undefined);
            resolve();
          },
          refuse(error) {
            line.delete(waiting);
            call.hold(undefined);
            reject(error.with({ executed: 'no' }));
          },
        };
        line.add(waiting);
        call.hold(waiting.refuse);
        advance();
      }),
    leave,
    fail(error) {
      if (error instanceof ToolwayError && error.code === 'rate_limited' && error.retryAfterMs)
        restFor(error.retryAfterMs);
      leave(undefined);
      throw error;
    },
    resume,
    refuse,
    close(error) {
      closed = error.with({ executed: 'no' });
      refuse(closed);
      tick?.cancel();
      resume();
    },
  };
};

const resting = (ms: number): ToolwayError =>
  new ToolwayError('rate_limited', 'the server asked to be left alone for longer than this call may wait', {
    executed: 'no',
    retryAfterMs: Math.ceil(ms),
  });

/** `laneOf` gives the lane of a call's server. */
export const limit =
  (laneOf: (call: Call) => Lane): Middleware =>
  (next: CallFn) => {
    const pass = (lane: Lane, call: Call): Promise<JsonObject> => {
      let outcome: Promise<JsonObject>;
      try {
        outcome = next(call);
      } catch (error) {
        outcome = Promise.reject(error);
      }
      return outcome.then(lane.leave, lane.fail);
    };
    return (call) => {
      const lane = laneOf(call);
      return lane.tryEnter() ? pass(lane, call) : lane.enter(call).then(() => pass(lane, call));
    };
  };
