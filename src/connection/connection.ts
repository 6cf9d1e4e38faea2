/**
 * The connection to one server for one scope: a state machine with one door in. Whoever needs the server asks for its
 * session; one attempt serves all who ask, and a lost link is made again on the schedule.
 */

import type { Clock, Timer } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Session } from '../protocol/session.ts';
import { afterLossMs, backoffMs } from './backoff.ts';

export type ConnectionState =
  | { name: 'idle' }
  | {
      name: 'connecting';
      attempt: number;
      abort: AbortController;
      /** What comes of this attempt alone. */
      outcome: Promise<Session>;
      /** What comes of this attempt and those after it. */
      promise: Promise<Session>;
    }
  | { name: 'ready'; session: Session; since: number; connectMs: number }
  | {
      name: 'waiting';
      attempt: number;
      delayMs: number;
      cause: ToolwayError;
      promise: Promise<Session>;
      wake: () => void;
      timer: Timer;
    }
  | { name: 'failed'; cause: ToolwayError }
  | { name: 'closed' };

export interface ConnectionOptions {
  clock: Clock;
  isChild: boolean;
  autoReconnect: boolean;
  /** Failed attempts in a row before the connection is given up. */
  maxRetries: number;
  retryDelayMs: number;
  /** One attempt. `lost` is to be called when the session's link ends by itself. */
  connect(lost: (cause: ToolwayError) => void, signal: AbortSignal): Promise<Session>;
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
  /** Drops the link and connects anew, whatever the state. Rejects when that first attempt fails. */
  reconnect(): Promise<Session>;
  close(): Promise<void>;
}

/** Failures that another attempt cannot mend. */
const HOPELESS: ReadonlySet<string> = new Set([
  'spawn_failed',
  'invalid_config',
  'unsupported',
  'auth_required',
  'auth_failed',
  'forbidden',
]);

export const createConnection = (options: ConnectionOptions): Connection => {
  const { clock, isChild, autoReconnect, maxRetries, retryDelayMs, connect, onState } = options;
  let state: ConnectionState = { name: 'idle' };
  let live: Session | undefined;

  const enter = <S extends ConnectionState>(next: S): S => {
    const before = state;
    state = next;
    live = next.name === 'ready' ? next.session : undefined;
    onState(next, before);
    return next;
  };

  const attempt = (number: number): ConnectionState & { name: 'connecting' } => {
    const startedAt = clock.now();
    const abort = new AbortController();
    let session: Session | undefined;
    const lost = (cause: ToolwayError): void => {
      if (state.name === 'ready' && state.session === session) linkLost(cause);
    };
    const outcome = connect(lost, abort.signal).then(
      (made) => {
        if (state !== connecting) {
          void made.close();
          throw closedError();
        }
        session = made;
        enter({ name: 'ready', session: made, since: clock.now(), connectMs: clock.now() - startedAt });
        return made;
      },
      (error: unknown) => {
        throw ToolwayError.from(error);
      },
    );
    const promise = outcome.catch((cause: ToolwayError) => {
      if (state !== connecting) throw cause;
      return attemptFailed(number, cause);
    });
    promise.catch(() => {});
    const connecting = enter({ name: 'connecting', attempt: number, abort, outcome, promise });
    return connecting;
  };

  const attemptFailed = (number: number, cause: ToolwayError): Promise<Session> => {
    if (!autoReconnect || number > maxRetries || HOPELESS.has(cause.code)) {
      enter({ name: 'failed', cause });
      throw cause;
    }
    const delay = Math.max(backoffMs(number, { firstMs: retryDelayMs }), cause.retryAfterMs ?? 0);
    return waitAndRetry(number + 1, cause, delay);
  };

  const linkLost = (cause: ToolwayError): void => {
    if (!autoReconnect) enter({ name: 'failed', cause });
    else waitAndRetry(1, cause, afterLossMs(isChild)).catch(() => {});
  };

  const waitAndRetry = (number: number, cause: ToolwayError, delayMs: number): Promise<Session> => {
    let wake: () => void = () => {};
    const over = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const timer = clock.after(delayMs, wake);
    const promise: Promise<Session> = over.then(() => {
      timer.cancel();
      if (state === waiting) return attempt(number).promise;
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

  /** Leaves the present state for `next` and ends what it holds. */
  const leave = async (next: ConnectionState): Promise<void> => {
    const before = state;
    enter(next);
    if (before.name === 'connecting') before.abort.abort();
    if (before.name === 'waiting') before.wake();
    if (before.name === 'ready') await before.session.close();
  };

  /** The attempt under way after a reconnect, which somebody else may have started meanwhile. */
  const attemptOf = (now: ConnectionState): { outcome: Promise<Session> } =>
    now.name === 'connecting' ? now : now.name === 'idle' ? attempt(1) : { outcome: sessionOf() };

  return {
    get state() {
      return state;
    },
    current: () => live,
    session: sessionOf,
    firstOutcome() {
      if (state.name === 'idle') return attempt(1).outcome;
      if (state.name === 'connecting') return state.outcome;
      return state.name === 'waiting' ? Promise.reject(state.cause) : sessionOf();
    },
    async reconnect() {
      if (state.name === 'closed') throw closedError();
      await leave({ name: 'idle' });
      return attemptOf(state).outcome;
    },
    async close() {
      if (state.name !== 'closed') await leave({ name: 'closed' });
    },
  };
};

const closedError = (): ToolwayError => new ToolwayError('closed', 'the connection was closed', { executed: 'no' });
