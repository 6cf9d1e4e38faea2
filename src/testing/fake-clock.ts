/** A clock that stands still until a test lets time pass. */
import type { Clock } from '../clock.ts';

/** A `Clock` whose time passes only in `advance`. */
export interface FakeClock extends Clock {
  /**
   * Lets `ms` pass. Each timer runs at its own time, in order, and what it set off settles before the next one runs.
   * Rejects with the first error that a timer threw, after all of them had their turn.
   */
  advance(ms: number): Promise<void>;
  /**
   * Lets everything run that waits for no timer: promises, and what a few turns of the event loop bring. Sockets, files
   * and processes take the time they take: wait for what they bring before you let time pass. No time passes here.
   */
  settle(): Promise<void>;
  /** How many timers wait. */
  readonly pendingTimers: number;
  /** How long until the next timer runs, in milliseconds; undefined where none waits. */
  readonly nextTimerMs: number | undefined;
}

/** Where a fake clock begins. */
export interface FakeClockOptions {
  /** What `now()` says at first, in milliseconds. Default: 0. */
  startMs?: number;
}

/** Taken before a test framework replaces them: what settles does so in real turns of the event loop. */
const realImmediate = setImmediate;
const realTimeout = setTimeout;
/** A chain of promises settles in one turn; what passes through the event loop takes a few. */
const TURNS = 4;

/** Work that yields does so with a timer of no time, which a turn alone does not reach. */
const turn = (isThorough: boolean): Promise<void> =>
  new Promise((resolve) => {
    if (isThorough) realTimeout(() => realImmediate(resolve), 0);
    else realImmediate(resolve);
  });
const turns = async (isThorough: boolean): Promise<void> => {
  for (let count = 0; count < TURNS; count += 1) await turn(isThorough);
};

interface Waiting {
  readonly at: number;
  readonly fn: () => void;
}

/** Makes a clock for `createTestToolkit` and for whatever else takes a `Clock`. It keeps no process alive. */
export const createFakeClock = ({ startMs = 0 }: FakeClockOptions = {}): FakeClock => {
  let now = startMs;
  const waiting = new Set<Waiting>();

  /** The earliest; of equals the one that was set first. */
  const next = (): Waiting | undefined => {
    let found: Waiting | undefined;
    for (const each of waiting) if (found === undefined || each.at < found.at) found = each;
    return found;
  };

  return {
    now: () => now,
    after(ms, fn) {
      const entry: Waiting = { at: now + Math.max(0, ms), fn };
      waiting.add(entry);
      return { cancel: () => void waiting.delete(entry), keepAlive() {} };
    },
    async advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`time cannot pass by ${ms} ms`);
      const until = now + ms;
      const failures: unknown[] = [];
      await turns(true);
      for (let due = next(); due !== undefined && due.at <= until; due = next()) {
        waiting.delete(due);
        now = Math.max(now, due.at);
        try {
          due.fn();
        } catch (error) {
          failures.push(error);
        }
        await turns(false);
      }
      now = Math.max(now, until);
      await turns(true);
      if (failures.length > 0) throw failures[0];
    },
    settle: () => turns(true),
    get pendingTimers() {
      return waiting.size;
    },
    get nextTimerMs() {
      const due = next();
      return due === undefined ? undefined : Math.max(0, due.at - now);
    },
  };
};
