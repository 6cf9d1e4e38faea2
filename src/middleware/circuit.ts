/**
 * Whether one server is worth calling: after failures in a row, or when half of what it was asked fails, calls are held
 * back for a while, then a probe of our own decides. Only what says something of the server itself is told to it.
 */
import type { Clock, Timer } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Tally } from './tally.ts';

/** Whose failure it was: a call's on the link, that of an attempt to connect, or an internal error (−32603) in an answer. */
export type FailureKind = 'link' | 'connecting' | 'internal';

/** When something failed, when it was begun, and how many answers there had been in all. */
export interface Moment {
  at: number;
  startedAt: number;
  answers: number;
}

export type CircuitState =
  | {
      name: 'closed';
      /** In a row. */
      linkFailures: number;
      internalErrors: number;
      last: (Moment & { kind: FailureKind }) | undefined;
    }
  | { name: 'open'; until: number; timer: Timer; kind: FailureKind; cause: ToolwayError }
  | { name: 'half_open'; successes: number; kind: FailureKind; cause: ToolwayError };

export interface CircuitOptions {
  clock: Clock;
  /** Failures in a row that open it. */
  mostInRow?: number;
  /** How long it is open the first time; twice as long each time after that. */
  openMs?: number;
  /** The answers while it is closed, and room for the failures. */
  answers: Tally;
  failures: Tally;
  /** Asks the server for a sign of life, without any effect. Rejects when it gives none. */
  probe(): Promise<unknown>;
  /** Hears of each change from one state to another. */
  changed(state: CircuitState['name']): void;
  random?: () => number;
}

export interface Circuit {
  readonly state: CircuitState;
  /** Why calls are refused now; undefined while they are not. */
  refusal(): ToolwayError | undefined;
  failed(kind: FailureKind, error: ToolwayError, when: Moment): void;
  /** A connection was made, which mends what was wrong with connecting. */
  connected(): void;
  /** Closes it by hand, with nothing counted; how often it was open is forgotten where `afresh`. */
  reset(afresh: boolean): void;
  /** Leaves no timer; it stays as it is. */
  close(): void;
}

const MOST_IN_ROW = 5;
const INTERNAL_ERRORS = 10;
/** So many outcomes are needed before their share of failures says anything. */
const LEAST_OUTCOMES = 10;
const SHARE = 0.5;
const OPEN_MS = 5_000;
const MOST_MS = 300_000;
const JITTER = 0.2;
const SUCCESSES = 2;
/** After so long in which nothing was wrong, or nothing was tried, the next failure is the first of another row. */
const ROW_MS = 30_000;
/** So long without a failure, and the next opening is one doubling shorter. */
const HEALTHY_MS = 60_000;
/** While a probe is out, nobody knows how long it takes. */
const PROBE_HINT_MS = 1_000;

export const createCircuit = ({
  clock,
  mostInRow = MOST_IN_ROW,
  openMs = OPEN_MS,
  answers,
  failures,
  probe,
  changed,
  random = Math.random,
}: CircuitOptions): Circuit => {
  const fresh = (): CircuitState & { name: 'closed' } => ({
    name: 'closed',
    linkFailures: 0,
    internalErrors: 0,
    last: undefined,
  });
  let state: CircuitState = fresh();
  let doublings = 0;
  let healthySince = clock.now();
  let ended = false;

  const enter = (next: CircuitState): void => {
    const before = state;
    if (before.name === 'open') before.timer.cancel();
    state = next;
    if (next.name !== before.name) changed(next.name);
  };
  const shut = (): void => {
    answers.clear();
    failures.clear();
    healthySince = clock.now();
    enter(fresh());
  };
  const open = (kind: FailureKind, cause: ToolwayError): void => {
    if (ended) return;
    const plain = openMs * 2 ** doublings;
    if (plain < MOST_MS) doublings += 1;
    const waitMs = Math.min(MOST_MS, plain * (1 - JITTER + 2 * JITTER * random()));
    const timer = clock.after(waitMs, () => tryOut(kind, cause));
    timer.keepAlive(false);
    enter({ name: 'open', until: clock.now() + waitMs, timer, kind, cause });
  };
  const tryOut = (kind: FailureKind, cause: ToolwayError): void => {
    const trial: CircuitState & { name: 'half_open' } = { name: 'half_open', successes: 0, kind, cause };
    const ask = (): void =>
      void probe().then(
        () => {
          if (state !== trial) return;
          trial.successes += 1;
          if (trial.successes < SUCCESSES) ask();
          else shut();
        },
        (error: unknown) => {
          if (state === trial) open(kind, ToolwayError.from(error));
        },
      );
    enter(trial);
    if (state === trial) ask();
  };

  /** The time without failures since the last one, or since it was closed, is over. */
  const fade = (now: number): void => {
    doublings = Math.max(0, doublings - Math.floor((now - healthySince) / HEALTHY_MS));
    healthySince = now;
  };
  const hasTripped = ({ linkFailures, internalErrors }: CircuitState & { name: 'closed' }, now: number): boolean => {
    if (linkFailures >= mostInRow || internalErrors >= INTERNAL_ERRORS) return true;
    const bad = failures.within(now);
    const all = bad + answers.within(now);
    return all >= LEAST_OUTCOMES && bad >= all * SHARE;
  };

  return {
    get state() {
      return state;
    },
    refusal() {
      if (state.name === 'closed') return undefined;
      const { cause } = state;
      const retryAfterMs = state.name === 'open' ? Math.max(1, Math.ceil(state.until - clock.now())) : PROBE_HINT_MS;
      const why = `calls are held back: it failed too often, the last time with: ${cause.message}`;
      return new ToolwayError('breaker_open', why, { executed: 'no', retryAfterMs, cause });
    },
    failed(kind, error, when) {
      if (state.name === 'half_open' && kind === 'connecting') open(kind, error);
      if (state.name !== 'closed') return;
      const { last } = state;
      fade(when.at);
      (kind === 'internal' ? answers : failures).add(when.at);
      // So does an answer in between.
      if (last !== undefined && (last.answers !== when.answers || when.startedAt - last.at > ROW_MS)) {
        state.linkFailures = 0;
        state.internalErrors = 0;
      }
      state.last = { ...when, kind };
      if (kind === 'internal') {
        state.linkFailures = 0;
        state.internalErrors += 1;
      } else state.linkFailures += 1;
      if (hasTripped(state, when.at)) open(kind, error);
    },
    connected() {
      if (state.name === 'closed' ? state.last?.kind !== 'connecting' : state.kind !== 'connecting') return;
      if (state.name === 'closed') state.linkFailures = 0;
      else shut();
    },
    reset(afresh) {
      if (afresh) doublings = 0;
      shut();
    },
    close() {
      ended = true;
      if (state.name === 'open') state.timer.cancel();
    },
  };
};
