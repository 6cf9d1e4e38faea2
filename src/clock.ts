/** Time, in one place: a monotonic clock, and one timer for all calls in flight. */
import { createRoster, type Seat } from './roster.ts';

/** One wait that was asked for. */
export interface Timer {
  cancel(): void;
  /** Whether this timer alone keeps a Node process running; where there is no such thing, it does nothing. */
  keepAlive(yes: boolean): void;
}

/** Where time comes from: a monotonic clock and its timers. */
export interface Clock {
  /** Milliseconds that only grow; no relation to the time of day. */
  now(): number;
  /** Calls `fn` once after `ms`. */
  after(ms: number, fn: () => void): Timer;
}

/** What timers of every runtime can wait; they take what is longer for nothing at all. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, fn) {
    const id = setTimeout(fn, Math.min(ms, LONGEST_TIMER_MS));
    const node = typeof id === 'object' ? (id as { ref(): void; unref(): void }) : undefined;
    return {
      cancel: () => clearTimeout(id),
      keepAlive: (yes) => (yes ? node?.ref() : node?.unref()),
    };
  },
};

/** Something that must be over at `dueAt`, in the clock's milliseconds. `dueAt` may move later at any time. */
export interface Due {
  dueAt: number;
  /** Called once `dueAt` has passed, and again until it has left. */
  expire(): void;
}

export interface Deadlines {
  readonly clock: Clock;
  /** The seat is what `remove` takes. */
  add(due: Due): Seat<Due>;
  remove(seat: Seat<Due>): void;
  /** Leaves no timer: what still waits ends no more by itself. */
  close(): void;
}

/**
 * One timer for any number of deadlines. It is set to the earliest known end and, when it fires, looks at all of them:
 * a call that settles in time costs a seat and never touches the timer, which keeps the process alive only while
 * something waits.
 */
export const createDeadlines = (clock: Clock = systemClock): Deadlines => {
  const waiting = createRoster<Due>();
  let timer: Timer | undefined;
  let firesAt = Number.POSITIVE_INFINITY;

  const arm = (at: number): void => {
    timer?.cancel();
    firesAt = at;
    timer = clock.after(Math.max(0, at - clock.now()), sweep);
  };
  const sweep = (): void => {
    timer = undefined;
    firesAt = Number.POSITIVE_INFINITY;
    const now = clock.now();
    const failures: unknown[] = [];
    for (const due of waiting.values()) {
      if (due.dueAt > now) continue;
      try {
        due.expire();
      } catch (error) {
        failures.push(error);
      }
    }
    let next = Number.POSITIVE_INFINITY;
    for (const due of waiting.values()) if (due.dueAt > now) next = Math.min(next, due.dueAt);
    if (next < firesAt) arm(next);
    // A defect of ours, told as one, after all the others have had their turn.
    if (failures.length > 0) throw failures[0];
  };
  return {
    clock,
    add(due) {
      const seat = waiting.add(due);
      if (due.dueAt < firesAt) arm(due.dueAt);
      else if (waiting.size === 1) timer?.keepAlive(true);
      return seat;
    },
    remove(seat) {
      if (waiting.remove(seat) && waiting.size === 0) timer?.keepAlive(false);
    },
    close() {
      timer?.cancel();
      timer = undefined;
      firesAt = Number.POSITIVE_INFINITY;
    },
  };
};
