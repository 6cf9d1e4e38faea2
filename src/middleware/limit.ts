/** Holds the calls of each server to its concurrency and its rate. Those above wait in line; a full line refuses. */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Middleware } from './middleware.ts';

export interface ServerLimits {
  maxConcurrency: number;
  maxQueue: number;
  rateLimit?: { perSecond: number; burst?: number };
}

/** One server's share: how many calls are out, and who waits. */
export interface Lane {
  readonly inFlight: number;
  readonly queued: number;
  /** Takes a place now if there is one. */
  tryEnter(): boolean;
  /** Waits for a place; rejects with `backpressure` when the line is full, or with the reason why the call was stopped. */
  enter(call: Call): Promise<void>;
  leave(): void;
}

export const createLane = ({ maxConcurrency, maxQueue, rateLimit }: ServerLimits, clock: Clock): Lane => {
  const line = new Set<() => void>();
  const perMs = (rateLimit?.perSecond ?? Number.POSITIVE_INFINITY) / 1_000;
  const burst = rateLimit?.burst ?? Math.max(1, rateLimit?.perSecond ?? 1);
  let inFlight = 0;
  let tokens = burst;
  let refilledAt = clock.now();
  let ticking = false;

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
    if (inFlight >= maxConcurrency || !takeToken()) return false;
    inFlight += 1;
    return true;
  };
  /** Lets those in front go as far as there are places and tokens; comes back when the next token is due. */
  const advance = (): void => {
    for (const go of line) {
      if (!tryEnter()) break;
      line.delete(go);
      go();
    }
    if (line.size === 0 || inFlight >= maxConcurrency || rateLimit === undefined || ticking) return;
    ticking = true;
    const tick = clock.after((1 - tokens) / perMs, () => {
      ticking = false;
      advance();
    });
    // Who waits has a deadline that keeps the process running; without anybody there is nothing to come back for.
    tick.keepAlive(false);
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
        if (line.size >= maxQueue) {
          reject(
            new ToolwayError('backpressure', `${maxQueue} calls are waiting for this server already`, {
              executed: 'no',
              limit: maxQueue,
            }),
          );
          return;
        }
        const go = (): void => {
          call.hold(undefined);
          resolve();
        };
        line.add(go);
        call.hold((error) => {
          line.delete(go);
          reject(error.with({ executed: 'no' }));
        });
        advance();
      }),
    leave() {
      inFlight -= 1;
      if (line.size > 0) advance();
    },
  };
};

/** `laneOf` gives the lane of a call's server. */
export const limit =
  (laneOf: (call: Call) => Lane): Middleware =>
  (next) =>
  async (call) => {
    const lane = laneOf(call);
    if (!lane.tryEnter()) await lane.enter(call);
    try {
      return await next(call);
    } finally {
      lane.leave();
    }
  };
