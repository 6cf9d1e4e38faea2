import { afterEach, describe, expect, test, vi } from 'vitest';
import { createFakeClock } from './fake-clock.ts';

const pause = (clock: ReturnType<typeof createFakeClock>, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve);
  });

afterEach(() => {
  vi.useRealTimers();
});

describe('a fake clock', () => {
  test('stands still until it is told, and begins where the test wants', async () => {
    const clock = createFakeClock({ startMs: 5_000 });
    expect(clock.now()).toBe(5_000);
    await clock.settle();
    expect(clock.now()).toBe(5_000);
    await clock.advance(250);
    expect(clock.now()).toBe(5_250);
  });

  test('runs each timer at its own time, those of one time in the order in which they were set', async () => {
    const clock = createFakeClock();
    const ran: string[] = [];
    const set = (name: string, ms: number) => clock.after(ms, () => ran.push(`${name} at ${clock.now()}`));
    set('late', 300);
    set('first', 100);
    set('second', 100);
    await clock.advance(99);
    expect(ran).toEqual([]);
    await clock.advance(1);
    expect(ran).toEqual(['first at 100', 'second at 100']);
    await clock.advance(1_000);
    expect(ran).toEqual(['first at 100', 'second at 100', 'late at 300']);
    expect(clock.now()).toBe(1_100);
  });

  test('lets what a timer set off settle before the next one runs, however many promises that takes', async () => {
    const clock = createFakeClock();
    const seen: string[] = [];
    const work = async (): Promise<void> => {
      await pause(clock, 10);
      for (let step = 0; step < 100; step += 1) await null;
      seen.push(`work at ${clock.now()}`);
      await pause(clock, 5);
      seen.push(`more at ${clock.now()}`);
    };
    void work();
    clock.after(12, () => seen.push(`other at ${clock.now()}`));
    await clock.advance(20);
    expect(seen).toEqual(['work at 10', 'other at 12', 'more at 15']);
  });

  test('counts the timers that wait, and says when the next one runs', async () => {
    const clock = createFakeClock();
    expect([clock.pendingTimers, clock.nextTimerMs]).toEqual([0, undefined]);
    const timer = clock.after(50, () => expect.unreachable());
    clock.after(80, () => {});
    expect([clock.pendingTimers, clock.nextTimerMs]).toEqual([2, 50]);
    timer.cancel();
    timer.cancel();
    expect([clock.pendingTimers, clock.nextTimerMs]).toEqual([1, 80]);
    await clock.advance(80);
    expect([clock.pendingTimers, clock.nextTimerMs]).toEqual([0, undefined]);
  });

  test('a timer that is due already waits for advance, and runs even where no time passes', async () => {
    const clock = createFakeClock();
    let ran = 0;
    clock.after(-5, () => {
      ran += 1;
    });
    await clock.settle();
    expect(ran).toBe(0);
    await clock.advance(0);
    expect([ran, clock.now()]).toEqual([1, 0]);
  });

  test('a timer that throws keeps no other from its turn, and is told afterwards', async () => {
    const clock = createFakeClock();
    const ran: number[] = [];
    clock.after(10, () => {
      throw new Error('boom');
    });
    clock.after(20, () => ran.push(clock.now()));
    await expect(clock.advance(30)).rejects.toThrow('boom');
    expect([ran, clock.now()]).toEqual([[20], 30]);
  });

  test('time does not go back', async () => {
    const clock = createFakeClock();
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
    await expect(clock.advance(Number.NaN)).rejects.toThrow(RangeError);
  });

  test('works where a test framework has replaced the timers of the platform', async () => {
    vi.useFakeTimers();
    const clock = createFakeClock();
    let ran = false;
    clock.after(10, () => {
      ran = true;
    });
    await clock.advance(10);
    expect(ran).toBe(true);
  });
});
