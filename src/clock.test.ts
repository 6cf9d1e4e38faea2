import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Clock, createDeadlines, type Due, systemClock } from './clock.ts';

/** A clock that counts its timers and stands still until it is told. */
const manualClock = () => {
  let now = 1_000;
  let made = 0;
  const pending = new Map<object, { at: number; fn: () => void; alive: boolean }>();
  const clock: Clock = {
    now: () => now,
    after(ms, fn) {
      made += 1;
      const entry = { at: now + ms, fn, alive: true };
      const timer = {
        cancel: () => void pending.delete(timer),
        keepAlive: (yes: boolean) => {
          entry.alive = yes;
        },
      };
      pending.set(timer, entry);
      return timer;
    },
  };
  const pass = (ms: number): void => {
    const until = now + ms;
    for (;;) {
      const [next] = [...pending].filter(([, { at }]) => at <= until).sort((a, b) => a[1].at - b[1].at);
      if (next === undefined) break;
      const [timer, { at, fn }] = next;
      pending.delete(timer);
      now = Math.max(now, at);
      fn();
    }
    now = until;
  };
  return {
    clock,
    pass,
    pending: () => pending.size,
    made: () => made,
    alive: () => [...pending.values()].some(({ alive }) => alive),
  };
};

const setUp = () => {
  const time = manualClock();
  const deadlines = createDeadlines(time.clock);
  const expired: string[] = [];
  /** Leaves when it expires, as a call does. */
  const wait = (name: string, ms: number): { due: Due; leave: () => void } => {
    const due: Due = {
      dueAt: time.clock.now() + ms,
      expire() {
        expired.push(name);
        leave();
      },
    };
    const seat = deadlines.add(due);
    const leave = (): void => deadlines.remove(seat);
    return { due, leave };
  };
  return { ...time, deadlines, expired, wait };
};

describe('deadlines', () => {
  test('each expires at its time and never before, in whatever order they came', () => {
    const { expired, pass, wait } = setUp();
    wait('late', 300);
    wait('early', 100);
    wait('middle', 200);
    pass(99);
    expect(expired).toEqual([]);
    pass(1);
    expect(expired).toEqual(['early']);
    pass(99);
    expect(expired).toEqual(['early']);
    pass(101);
    expect(expired).toEqual(['early', 'middle', 'late']);
  });

  test('two thousand of them share one timer', () => {
    const { expired, made, pass, pending, wait } = setUp();
    for (let ms = 0; ms < 2_000; ms += 1) wait('x', 60_000 + ms).leave();
    for (let ms = 0; ms < 2_000; ms += 1) wait('x', 60_000 + ms);
    expect([pending(), made()]).toEqual([1, 1]);
    pass(60_000 + 2_000);
    expect(expired).toHaveLength(2_000);
    expect(pending()).toBe(0);
  });

  test('an earlier one takes the timer over', () => {
    const { expired, pass, pending, wait } = setUp();
    wait('late', 500);
    wait('early', 10);
    expect(pending()).toBe(1);
    pass(10);
    expect(expired).toEqual(['early']);
    pass(490);
    expect(expired).toEqual(['early', 'late']);
  });

  test('an end that has moved is honoured, however often it moves', () => {
    const { expired, pass, wait } = setUp();
    const { due } = wait('moving', 100);
    for (let round = 0; round < 5; round += 1) {
      pass(90);
      due.dueAt += 90;
    }
    pass(99);
    expect(expired).toEqual([]);
    pass(1);
    expect(expired).toEqual(['moving']);
  });

  test('one that has left does not expire', () => {
    const { expired, pass, wait } = setUp();
    const { leave } = wait('gone', 100);
    wait('stays', 100);
    leave();
    leave();
    pass(1_000);
    expect(expired).toEqual(['stays']);
  });

  test('one that is due already expires with the next timer, not within add', () => {
    const { expired, pass, wait } = setUp();
    wait('past', -5);
    expect(expired).toEqual([]);
    pass(0);
    expect(expired).toEqual(['past']);
  });

  test('one that begins while another expires is not forgotten', () => {
    const { clock, deadlines, expired, pass, wait } = setUp();
    deadlines.add({ dueAt: clock.now() + 10, expire: () => void wait('second', 20) });
    wait('third', 500);
    pass(29);
    expect(expired).toEqual([]);
    pass(1);
    expect(expired).toContain('second');
  });

  test('one that throws keeps no other from its end', () => {
    const { clock, deadlines, expired, pass, wait } = setUp();
    const seat = deadlines.add({
      dueAt: clock.now() + 10,
      expire() {
        deadlines.remove(seat);
        throw new Error('boom');
      },
    });
    wait('same time', 10);
    wait('later', 20);
    expect(() => pass(10)).toThrow('boom');
    expect(expired).toEqual(['same time']);
    pass(10);
    expect(expired).toEqual(['same time', 'later']);
  });

  test('one without an end needs no timer', () => {
    const { pending, wait } = setUp();
    wait('never', Number.POSITIVE_INFINITY);
    expect(pending()).toBe(0);
  });

  test('the timer keeps the process alive only while something waits', () => {
    const { alive, made, pending, wait } = setUp();
    const first = wait('a', 100);
    const second = wait('b', 100);
    expect(alive()).toBe(true);
    first.leave();
    expect(alive()).toBe(true);
    second.leave();
    expect([alive(), pending()]).toEqual([false, 1]);
    wait('c', 200);
    expect([alive(), made()]).toEqual([true, 1]);
  });

  test('a timer that fires for nobody is not set again', () => {
    const { pass, pending, wait } = setUp();
    wait('a', 100).leave();
    pass(100);
    expect(pending()).toBe(0);
  });

  test('close leaves no timer, and nothing expires any more', () => {
    const { deadlines, expired, pass, pending, wait } = setUp();
    wait('a', 100);
    const { leave } = wait('b', 200);
    deadlines.close();
    expect(pending()).toBe(0);
    leave();
    pass(1_000);
    expect(expired).toEqual([]);
  });
});

describe('the clock of the system', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('calls once, after the time', () => {
    let calls = 0;
    systemClock.after(50, () => {
      calls += 1;
    });
    vi.advanceTimersByTime(49);
    expect(calls).toBe(0);
    vi.advanceTimersByTime(500);
    expect(calls).toBe(1);
  });

  test('does not call what was cancelled', () => {
    let calls = 0;
    const timer = systemClock.after(50, () => {
      calls += 1;
    });
    timer.cancel();
    timer.cancel();
    vi.advanceTimersByTime(500);
    expect([calls, vi.getTimerCount()]).toEqual([0, 0]);
  });

  test('a wait of more than 24 days does not overflow into one of no time', () => {
    const deadlines = createDeadlines(systemClock);
    const month = 31 * 24 * 3_600_000;
    let expired = 0;
    const seat = deadlines.add({
      dueAt: systemClock.now() + month,
      expire() {
        expired += 1;
        deadlines.remove(seat);
      },
    });
    vi.advanceTimersByTime(month - 1);
    expect(expired).toBe(0);
    vi.advanceTimersByTime(1);
    expect([expired, vi.getTimerCount()]).toEqual([1, 0]);
  });
});

test('a real timer keeps a process alive when it is told to, and only then', () => {
  const set = vi.spyOn(globalThis, 'setTimeout');
  const timer = systemClock.after(60_000, () => undefined);
  const real = set.mock.results[0]?.value as NodeJS.Timeout;
  set.mockRestore();
  expect(real.hasRef()).toBe(true);
  timer.keepAlive(false);
  expect(real.hasRef()).toBe(false);
  timer.keepAlive(true);
  expect(real.hasRef()).toBe(true);
  timer.cancel();
});
