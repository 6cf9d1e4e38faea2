/**
 * The connection to one server for one scope: a state machine with one door in. Whoever needs the server asks for its
 * session; one attempt serves all who ask, and a lost link is made again on the schedule.
 */
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Session } from '../protocol/session.ts';
import { afterLossMs, backoffMs } from './backoff.ts';
import type { ConnectOptions } from './connect.ts';
import type { ConnectionState } from './state.ts';

/** What an attempt to connect is given. */
export interface Attempt extends Required<Pick<ConnectOptions, 'onStderr' | 'signal'>> {
  /** To be called when the session's link ends by itself. */
  lost(cause: ToolwayError): void;
}

export interface ConnectionOptions {
  clock: Clock;
  isChild: boolean;
  autoReconnect: boolean;
  /** Failed attempts in a row before the connection is given up. */
  maxRetries: number;
  retryDelayMs: number;
  /** One attempt. */
  connect(attempt: Attempt): Promise<Session>;
  /** Looks after a session while it is the live one; `lost` is to be called when it gives no sign of life. Returns the means to stop. */
  watch?(session: Session, lost: (cause: ToolwayError) => void): () => void;
  onState(state: ConnectionState, before: ConnectionState): void;
}

export interface Connection {
  readonly state: ConnectionState;
  /** The live session, else undefined: the hot path asks this first. */
  current(): Session | undefined;
  /** The session, made if need be. Rejects once the connection is failed or closed; until then it may wait for several attempts. */
  session(): Promise<Session>;
  /** What comes of the attempt under way, or of a first one; rejects when it fails, though others may follow. */
  firstOutcome(): Promise<Session>;
  /** The very first attempt, made if need be, while it has no outcome; undefined ever after. */
  firstAttempt(): Promise<Session> | undefined;
  /** Drops the link and connects anew, whatever the state. Rejects when that first attempt fails. */
  reconnect(): Promise<Session>;
  /** Puts another session in the place of `before`, which its owner has to end; false where that is not the live one any more. */
  replace(before: Session, session: Session, connectMs: number): boolean;
  /** Resolves when nothing of any link is left. */
  close(): Promise<void>;
}

/** Failures that another attempt cannot mend. */
export const HOPELESS: ReadonlySet<string> = new Set([
  'spawn_failed',
  'invalid_config',
  'unsupported',
  'auth_required',
]);
/** Refusals that may pass with a key that is being changed: the same one twice in a row does not. */
const REFUSALS: ReadonlySet<string> = new Set(['auth_failed', 'forbidden']);
/** A child that dies so often in so short a time is not started again. */
const CRASH_LOOP = { crashes: 5, withinMs: 60_000 };
/** The end of a link is waited for this long; a child's takes up to 4.6 s. */
const END_MS = 4_800;

export const createConnection = (options: ConnectionOptions): Connection => {
  const { clock, isChild, autoReconnect, maxRetries, retryDelayMs, connect, watch, onState } = options;
  let state: ConnectionState = { name: 'idle' };
  let live: Session | undefined;
  let settledOnce = false;
  let stopWatching: (() => void) | undefined;
  let refusal: ToolwayError | undefined;
  let crashes: number[] = [];
  /** Everything that was left behind and is not gone yet: two children of one server never live at a time. */
  let ending: Promise<unknown> | undefined;

  const enter = <S extends ConnectionState>(next: S): S => {
    const before = state;
    state = next;
    live = next.name === 'ready' ? next.session : undefined;
    stopWatching?.();
    stopWatching = live === undefined ? undefined : watch?.(live, lostBy(live));
    onState(next, before);
    return next;
  };

  const endAfter = (work: Promise<unknown>): void => {
    const all = Promise.all([ending, within(clock, END_MS, work)]).then(() => {
      if (ending === all) ending = undefined;
    });
    ending = all;
  };

  const lostBy = (session: Session) => (cause: ToolwayError) => {
    if (live === session) linkLost(session, cause);
  };

  const attempt = (number: number, before?: ToolwayError): ConnectionState & { name: 'connecting' } => {
    const startedAt = clock.now();
    const abort = new AbortController();
    const gone = ending;
    let lost: ((cause: ToolwayError) => void) | undefined;
    let lostEarly: ToolwayError | undefined;
    const make = async (): Promise<Session> => {
      await gone;
      if (state !== connecting) throw closedError();
      const made = await connect({
        lost(cause) {
          lostEarly ??= cause;
          lost?.(cause);
        },
        onStderr(tail) {
          connecting.stderr = tail;
        },
        signal: abort.signal,
      });
      if (state === connecting && lostEarly === undefined) {
        lost = lostBy(made);
        settledOnce = true;
        refusal = undefined;
        enter({ name: 'ready', session: made, since: clock.now(), connectMs: clock.now() - startedAt });
        return made;
      }
      await within(clock, END_MS, made.close());
      throw lostEarly === undefined ? closedError() : diedEarly(lostEarly);
    };
    const over = Promise.resolve()
      .then(make)
      .finally(() => {
        // The new link outlives this attempt and holds on to it: a failure kept here would keep the link before it, and so on.
        connecting.cause = undefined;
      });
    const outcome = over.catch((error: unknown) => {
      settledOnce = true;
      // Whoever waited for an attempt that was given up waits for what came after it.
      if (state !== connecting && state.name !== 'closed') return firstOutcome();
      throw ToolwayError.from(error);
    });
    const promise: Promise<Session> = outcome.catch((cause: ToolwayError) =>
      state === connecting ? attemptFailed(number, cause) : sessionOf(),
    );
    promise.catch(() => {});
    const connecting: ConnectionState & { name: 'connecting' } = enter({
      name: 'connecting',
      attempt: number,
      cause: before,
      abort,
      over,
      outcome,
      promise,
    });
    return connecting;
  };

  const attemptFailed = (number: number, cause: ToolwayError): Promise<Session> => {
    const final =
      HOPELESS.has(cause.code) ||
      cause.permanent === true ||
      refusedAgain(cause) ||
      (cause.exitCode !== undefined && crashedTooOften());
    if (!autoReconnect || number > maxRetries || final) {
      enter({ name: 'failed', cause });
      throw cause;
    }
    const delay = Math.max(backoffMs(number, { firstMs: retryDelayMs }), cause.retryAfterMs ?? 0);
    return waitAndRetry(number + 1, cause, delay);
  };
  const refusedAgain = (cause: ToolwayError): boolean => {
    const before = refusal;
    refusal = REFUSALS.has(cause.code) ? cause : undefined;
    return refusal !== undefined && before?.code === cause.code && before.status === cause.status;
  };

  const linkLost = (session: Session, cause: ToolwayError): void => {
    live = undefined;
    endAfter(session.close(cause));
    if (!autoReconnect || crashedTooOften()) enter({ name: 'failed', cause });
    else waitAndRetry(1, cause, afterLossMs(isChild)).catch(() => {});
  };
  const crashedTooOften = (): boolean => {
    const now = clock.now();
    crashes = [...crashes.filter((at) => now - at < CRASH_LOOP.withinMs), now];
    return isChild && crashes.length >= CRASH_LOOP.crashes;
  };

  const waitAndRetry = (number: number, cause: ToolwayError, delayMs: number): Promise<Session> => {
    let wake: () => void = () => {};
    const over = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const timer = clock.after(delayMs, wake);
    const promise: Promise<Session> = over.then(() => {
      timer.cancel();
      if (state === waiting) return attempt(number, cause).promise;
      return sessionOf();
    });
    promise.catch(() => {});
    const waiting = enter({ name: 'waiting', attempt: number, delayMs, cause, promise, wake, timer });
    return promise;
  };

  const sessionOf = (): Promise<Session> => {
    switch (state.name) {
      case 'ready':
        return Promise.resolve(state.session);
      case 'connecting':
      case 'waiting':
        return state.promise;
      case 'idle':
        return attempt(1).promise;
      case 'failed':
        return Promise.reject(state.cause.with({ executed: 'no' }));
      case 'closed':
        return Promise.reject(closedError());
    }
  };

  const firstOutcome = (): Promise<Session> => {
    if (state.name === 'idle') return attempt(1).outcome;
    if (state.name === 'connecting') return state.outcome;
    return state.name === 'waiting' ? Promise.reject(state.cause) : sessionOf();
  };

  /** Leaves the present state for `next` and ends what it holds. */
  const leave = (next: ConnectionState): void => {
    const before = state;
    enter(next);
    if (before.name === 'connecting') {
      before.abort.abort();
      endAfter(before.over);
    }
    if (before.name === 'waiting') before.wake();
    if (before.name === 'ready') endAfter(before.session.close());
  };

  return {
    get state() {
      return state;
    },
    current: () => live,
    session: sessionOf,
    firstOutcome,
    firstAttempt() {
      if (settledOnce) return undefined;
      if (state.name === 'connecting') return state.outcome;
      return state.name === 'idle' ? attempt(1).outcome : undefined;
    },
    async reconnect() {
      if (state.name === 'closed') throw closedError();
      crashes = [];
      refusal = undefined;
      leave({ name: 'idle' });
      return attempt(1).outcome;
    },
    replace(before, session, connectMs) {
      if (live !== before) return false;
      enter({ name: 'ready', session, since: clock.now(), connectMs });
      return true;
    },
    async close() {
      if (state.name !== 'closed') leave({ name: 'closed' });
      await ending;
    },
  };
};

/** Waits for work of somebody else's, but not for ever, and whatever becomes of it. */
export const within = (clock: Clock, ms: number, work: Promise<unknown>, keepAlive = true): Promise<void> =>
  new Promise((resolve) => {
    const timer = clock.after(ms, resolve);
    timer.keepAlive(keepAlive);
    const done = (): void => {
      timer.cancel();
      resolve();
    };
    work.then(done, done);
  });

const diedEarly = (cause: ToolwayError): ToolwayError =>
  new ToolwayError('connect_failed', `the connection was lost as soon as it was made: ${cause.message}`, {
    executed: 'no',
    exitCode: cause.exitCode,
    stderr: cause.stderr,
    cause,
  });

const closedError = (): ToolwayError => new ToolwayError('closed', 'the connection was closed', { executed: 'no' });
