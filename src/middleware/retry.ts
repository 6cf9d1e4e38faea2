/**
 * Sends a call again after a failure that another attempt can mend, where that is safe. What is sent again because it
 * never left, or belongs to a session that was opened anew, is none of this step's business: the connection does it.
 */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { type ErrorCode, type Executed, ToolwayError } from '../errors.ts';
import type { Emitter } from '../events.ts';
import type { RetryOption } from '../options.ts';
import type { JsonObject } from '../protocol/types.ts';
import { pause } from '../waits.ts';
import type { RetryBudget } from './budget.ts';
import type { CallFn, Middleware } from './middleware.ts';
import { label } from './observe.ts';
import { mayResend, type ResendRules } from './resend.ts';

export interface RetryOptions {
  clock: Clock;
  events: Emitter;
  /** The calls in flight: of so many, a part may be sent again at a time. */
  calls: { readonly size: number };
  random?: () => number;
}

/** What the step knows of a call's server. */
export interface RetriedServer {
  readonly config: ResendRules & { retry?: RetryOption };
  readonly budget: RetryBudget;
}

/** Makes the step for any server; `serverOf` gives the one of a call. */
export type Retries = (serverOf: (call: Call) => RetriedServer) => Middleware;

const ATTEMPTS = 3;
/** Full jitter: anything up to so much, twice as much each time (AWS SDKs, standard mode). */
const BASE_MS = { usual: 50, rateLimited: 1_000 };
const CAP_MS = 20_000;
/** Of the calls in flight so many may be there for another time, in the whole toolkit (Envoy, retry budget). */
const SHARE = 0.2;
const LEAST = 3;
/** Refusals of our own: what failed before says more. */
const NOT_TRIED: ReadonlySet<ErrorCode> = new Set(['breaker_open', 'backpressure']);

export const createRetries = ({ clock, events, calls, random = Math.random }: RetryOptions): Retries => {
  let inFlight = 0;

  const delayAfter = ({ code, retryAfterMs = 0 }: ToolwayError, attempts: number): number => {
    const base = code === 'rate_limited' ? BASE_MS.rateLimited : BASE_MS.usual;
    return Math.max(random() * Math.min(CAP_MS, base * 2 ** (attempts - 1)), retryAfterMs);
  };

  const again = async (thrown: unknown, call: Call, server: RetriedServer, next: CallFn): Promise<JsonObject> => {
    const { config, budget } = server;
    const most = (call.retry || config.retry || { attempts: ATTEMPTS }).attempts;
    let error = failureOf(call, thrown);
    let executed = error.executed;
    for (let attempts = 1; ; attempts += 1) {
      if (call.stopped !== undefined || !mayResend(call, error, config)) throw ended(error, attempts, executed);
      if (!budget.charge() || !(attempts < most) || inFlight >= Math.max(LEAST, SHARE * calls.size))
        throw ended(error, attempts, executed);
      const delayMs = delayAfter(error, attempts);
      if (clock.now() + delayMs >= call.dueAt) throw ended(tooLate(error, delayMs), attempts, executed);
      inFlight += 1;
      try {
        if (events.heard('retry')) events.emit('retry', { ...label(call), attempt: attempts + 1, delayMs, error });
        await pause(call, clock, delayMs).catch((stopped: unknown) => {
          throw ended(ToolwayError.from(stopped, { executed }), attempts, executed);
        });
        call.attempt = attempts + 1;
        call.state = 'queued';
        call.heard = false;
        const latest = await next(call).then(budget.credit, (failed: unknown) => failureOf(call, failed));
        if (!(latest instanceof ToolwayError)) return latest;
        if (NOT_TRIED.has(latest.code)) {
          call.attempt = attempts;
          throw ended(error, attempts, executed);
        }
        error = latest;
        executed = either(executed, error.executed);
      } finally {
        inFlight -= 1;
      }
    }
  };

  return (serverOf) => (next) => (call) => {
    const server = serverOf(call);
    if ((call.retry ?? server.config.retry) === false) return next(call);
    return next(call).then(server.budget.credit, (thrown: unknown) => again(thrown, call, server, next));
  };
};

const failureOf = (call: Call, thrown: unknown): ToolwayError =>
  ToolwayError.from(thrown, { executed: call.state === 'queued' ? 'no' : 'unknown' });

/** What is to be said of several attempts: one that may have run makes the call one that may have run. */
const either = (before: Executed | undefined, latest: Executed | undefined): Executed | undefined =>
  latest === 'no' ? before : before === 'yes' ? before : latest;

/** The wait would be longer than the call has left. */
const tooLate = (error: ToolwayError, delayMs: number): ToolwayError =>
  error.retryAfterMs !== undefined && error.code !== 'rate_limited'
    ? new ToolwayError('rate_limited', 'the server asks to be left alone for longer than the call may take', {
        executed: error.executed,
        status: error.status,
        retryAfterMs: error.retryAfterMs,
        cause: error,
      })
    : error.with({ retryAfterMs: Math.ceil(delayMs) });

const ended = (error: ToolwayError, attempts: number, executed: Executed | undefined): ToolwayError => {
  if (attempts === 1) return error;
  return error.mapped(
    <T>(part: T) =>
      (typeof part === 'string' ? `${part} (after ${attempts} attempts)` : { ...part, attempts, executed }) as T,
  );
};
