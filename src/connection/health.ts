/**
 * Finds out that a server is gone though its link is not: asks for a sign of life when nothing was heard for a while.
 * Loaded for the links that need it.
 */
import type { Call } from '../call.ts';
import type { Clock, Timer } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Session } from '../protocol/session.ts';

/** What a check came to. */
export interface HealthCheck {
  ok: boolean;
  durationMs: number;
  error?: ToolwayError;
}

export interface HealthOptions {
  session: Pick<Session, 'arrivals' | 'isBusySince' | 'ping' | 'transport'>;
  clock: Clock;
  /** How often it is looked whether anything was heard. */
  intervalMs: number;
  newCall(): Call;
  onCheck(check: HealthCheck): void;
  /** The server was heard of its own accord, so that no check was needed. */
  onHeard(): void;
  /** The server is to be given up. */
  lost(cause: ToolwayError): void;
}

/** An answer is waited for this long, or for one interval where that is shorter. */
const ANSWER_MS = 10_000;
/** So many checks in a row without an answer are the end of the link. */
const MAX_MISSES = 2;
/** A timer that comes so many intervals late has slept with the machine: much may have changed meanwhile. */
const SLEPT_INTERVALS = 2;
/** No timer is longer: where clocks stand still in sleep, one goes on after it as if nothing had been. */
const WAKE_MS = 1_000;
/** Failures that are answers in the session; a server that does not let us in any more is alive, and the session lost. */
const ANSWERS: ReadonlySet<string> = new Set(['server_error', 'rate_limited']);

/**
 * Watches over a session until it is stopped. A server that works on a request from before the first check that it
 * missed is left to that request's own limits: one that does one thing at a time cannot answer both.
 */
export const watchHealth = (options: HealthOptions): (() => void) => {
  const { session, clock, intervalMs, newCall, onCheck, onHeard, lost } = options;
  const answerMs = Math.min(ANSWER_MS, intervalMs);
  let heard = session.arrivals;
  let misses = 0;
  let missedSince = 0;
  let stopped = false;
  let timer: Timer | undefined;
  let asking: Call | undefined;

  /** Neither the wait nor the question keeps a program from ending. */
  const after = (ms: number, fn: () => void): Timer => {
    const made = clock.after(ms, fn);
    made.keepAlive(false);
    return made;
  };
  const lookIn = (ms: number): void => {
    const setAt = clock.now();
    const setAtDate = Date.now();
    const stepMs = Math.min(ms, WAKE_MS);
    timer = after(stepMs, () => {
      // On some systems the monotonic clock stands still while the machine sleeps.
      const slept = Math.max(clock.now() - setAt, Date.now() - setAtDate) - stepMs > SLEPT_INTERVALS * intervalMs;
      if (slept || stepMs === ms) look(slept);
      else lookIn(ms - stepMs);
    });
  };
  const look = (slept: boolean): void => {
    const before = heard;
    heard = session.arrivals;
    if (heard === before || slept) void check(slept);
    else {
      misses = 0;
      onHeard();
      lookIn(intervalMs);
    }
  };

  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const call = newCall();
      asking = call;
      const limit = after(answerMs, () => {
        const error = new ToolwayError('timeout', `no answer to a ping within ${answerMs} ms`, { limit: answerMs });
        call.stop(error);
        reject(error);
      });
      const { ping } = session.transport;
      const answered = ping === undefined ? session.ping(call) : ping();
      answered.finally(() => limit.cancel()).then(resolve, reject);
    });
  const check = async (slept: boolean): Promise<void> => {
    const askedAt = clock.now();
    const failure = await ask().then(
      () => undefined,
      (thrown: unknown) => ToolwayError.from(thrown),
    );
    if (stopped) return;
    const durationMs = clock.now() - askedAt;
    if (failure === undefined || ANSWERS.has(failure.code) || session.arrivals !== heard) {
      heard = session.arrivals;
      misses = 0;
      onCheck({ ok: true, durationMs });
      lookIn(intervalMs);
      return;
    }
    if (misses === 0) missedSince = askedAt;
    misses += 1;
    onCheck({ ok: false, durationMs, error: failure });
    if (misses >= MAX_MISSES && !session.isBusySince(missedSince)) lost(silent(misses, failure));
    else if (slept) void check(true);
    else lookIn(intervalMs);
  };

  lookIn(intervalMs);
  return () => {
    stopped = true;
    timer?.cancel();
    asking?.stop(new ToolwayError('cancelled', 'the connection is no longer watched'));
  };
};

const silent = (checks: number, cause: ToolwayError): ToolwayError =>
  new ToolwayError('not_connected', `the server gave no sign of life in ${checks} checks in a row: ${cause.message}`, {
    cause,
  });
