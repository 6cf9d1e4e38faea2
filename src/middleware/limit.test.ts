import { describe, expect, test } from 'vitest';
import { createHandClock } from '../../test/fixtures/hand-clock.ts';
import { callFor } from '../../test/fixtures/scripted-peer.ts';
import { failure } from '../../test/fixtures/toolkits.ts';
import type { Call, CallInit } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import { createLane, limit } from './limit.ts';

test('a lane that waits for its next token does not keep the process running by itself', async () => {
  const timers: { ms: number; fire: () => void; keepsAlive: boolean }[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    after(ms, fire) {
      const timer = { ms, fire, keepsAlive: true };
      timers.push(timer);
      return {
        cancel: () => {},
        keepAlive(yes) {
          timer.keepsAlive = yes;
        },
      };
    },
  };
  const lane = createLane({ maxConcurrency: 4, maxQueue: 4, rateLimit: { perSecond: 1, burst: 1 } }, clock);
  expect(lane.tryEnter()).toBe(true);
  const waits = lane.enter(callFor('tools/call'));
  expect(timers).toMatchObject([{ ms: 1_000, keepsAlive: false }]);
  now = 1_000;
  timers[0]?.fire();
  await waits;
  expect(lane.inFlight).toBe(2);
});

test('a lane that is closed lets nobody wait, and leaves no timer, whatever still comes back', async () => {
  const clock = createHandClock();
  const lane = createLane({ maxConcurrency: 4, maxQueue: 4, rateLimit: { perSecond: 1, burst: 2 } }, clock);
  const closed = new ToolwayError('closed', 'gone');
  expect([lane.tryEnter(), lane.tryEnter()]).toEqual([true, true]);
  const waits = failure(lane.enter(callFor('tools/call')));
  expect(clock.pendingTimers).toBe(1);
  expect(() => lane.fail(limited(8_000))).toThrow();
  expect(clock.pendingTimers).toBe(2);
  lane.close(closed);
  expect(clock.pendingTimers).toBe(0);
  expect(await waits).toMatchObject({ code: 'closed', executed: 'no' });
  expect(() => lane.fail(limited(8_000))).toThrow();
  expect(lane.tryEnter()).toBe(false);
  expect(await failure(lane.enter(callFor('tools/call')))).toMatchObject({ code: 'closed', executed: 'no' });
  expect(clock.pendingTimers).toBe(0);
});

/** A step before a server whose answers the test gives, one for each call that got through. */
const world = ({
  maxConcurrency = 64,
  maxQueue = 256,
  rateLimit = undefined as { perSecond: number } | undefined,
} = {}) => {
  const clock = createHandClock();
  const lane = createLane({ maxConcurrency, maxQueue, ...(rateLimit && { rateLimit }) }, clock);
  const out: { call: Call; answer: () => void; fail: (error: unknown) => void }[] = [];
  const run = limit(() => lane)(
    (call) =>
      new Promise((resolve, reject) => {
        out.push({ call, answer: () => resolve({}), fail: reject });
      }),
  );
  const make = (init: Partial<CallInit> = {}) => callFor('tools/call', {}, { startedAt: clock.now(), ...init });
  return { clock, lane, out, run, make };
};
const limited = (retryAfterMs?: number) =>
  new ToolwayError('rate_limited', 'HTTP 429', { executed: 'no', status: 429, retryAfterMs });

describe('a lane', () => {
  test('lets so many out at a time, and the next when one is back, whatever became of it', async () => {
    const { clock, lane, out, run, make } = world({ maxConcurrency: 2 });
    const outcomes = [run(make()), failure(run(make())), run(make()), run(make())];
    expect([out.length, lane.inFlight, lane.queued]).toEqual([2, 2, 2]);
    out[0]?.answer();
    out[1]?.fail(new ToolwayError('outcome_unknown', 'why'));
    await clock.settle();
    expect([out.length, lane.inFlight, lane.queued]).toEqual([4, 2, 0]);
    for (const each of out) each.answer();
    await Promise.all(outcomes);
    expect(lane.inFlight).toBe(0);
  });

  test('refuses who comes to a full line', async () => {
    const { run, make } = world({ maxConcurrency: 1, maxQueue: 1 });
    void run(make());
    void run(make());
    expect(await failure(run(make()))).toMatchObject({ code: 'backpressure', executed: 'no', limit: 1 });
  });

  test('lets go of all who wait when it is told to, and of nobody else', async () => {
    const { clock, lane, out, run, make } = world({ maxConcurrency: 1 });
    const first = run(make());
    const waiting = [failure(run(make())), failure(run(make()))];
    const refusal = new ToolwayError('breaker_open', 'why', { executed: 'no', retryAfterMs: 5_000 });
    lane.refuse(refusal);
    expect(await Promise.all(waiting)).toEqual([refusal, refusal]);
    expect([lane.inFlight, lane.queued]).toEqual([1, 0]);
    out[0]?.answer();
    await first;
    await clock.settle();
    expect(out).toHaveLength(1);
  });

  test('gives the place back when the step behind it throws, and makes a rejection of it', async () => {
    const clock = createHandClock();
    const lane = createLane({ maxConcurrency: 1, maxQueue: 1 }, clock);
    const run = limit(() => lane)(() => {
      throw new Error('a step of the user');
    });
    expect((await failure(run(callFor('tools/call')))).message).toBe('a step of the user');
    expect(lane.inFlight).toBe(0);
  });
});

describe('a server that answers 429', () => {
  /** One call was refused; two more are out, and one waits. */
  const refused = async (retryAfterMs?: number, init: Partial<CallInit> = {}) => {
    const it = world({ maxConcurrency: 3 });
    const first = failure(it.run(it.make()));
    it.run(it.make()).catch(() => {});
    it.run(it.make()).catch(() => {});
    const waiting = it.run(it.make(init));
    waiting.catch(() => {});
    it.out[0]?.fail(limited(retryAfterMs));
    await first;
    return { ...it, waiting };
  };

  test('is sent nothing until it wants to hear of us again', async () => {
    const { clock, lane, out, run, make, waiting } = await refused(2_000);
    void run(make());
    await clock.advance(1_999);
    expect([out.length, lane.queued]).toEqual([3, 2]);
    await clock.advance(1);
    expect([out.length, lane.queued]).toEqual([4, 1]);
    out[3]?.answer();
    await waiting;
  });

  test('without saying for how long gets no rest', async () => {
    const { clock, out } = await refused();
    await clock.settle();
    expect(out).toHaveLength(4);
  });

  test('and wants a longer rest than a call may wait: that one fails at once', async () => {
    const { run, make, waiting } = await refused(30_000, { timeoutMs: 10_000 });
    const said = { code: 'rate_limited', executed: 'no', retryAfterMs: 30_000 };
    expect(await failure(waiting)).toMatchObject(said);
    expect(await failure(run(make({ timeoutMs: 30_000 })))).toMatchObject(said);
  });

  test('gets the longest of the rests that it asks for', async () => {
    const { clock, out } = await refused(2_000);
    out[1]?.fail(limited(5_000));
    out[2]?.fail(limited(1_000));
    await clock.advance(4_999);
    expect(out).toHaveLength(3);
    await clock.advance(1);
    expect(out).toHaveLength(4);
  });

  test('is sent calls again at once when the rest is ended by hand', async () => {
    const { clock, lane, out } = await refused(60_000, { timeoutMs: 70_000 });
    lane.resume();
    await clock.settle();
    expect(out).toHaveLength(4);
    expect(clock.pendingTimers).toBe(0);
  });

  test('does not keep a call from being cancelled', async () => {
    const it = await refused(2_000);
    const call = it.make();
    const outcome = failure(it.run(call));
    call.stop(new ToolwayError('cancelled', 'by the user'));
    expect(await outcome).toMatchObject({ code: 'cancelled', executed: 'no' });
    expect(it.lane.queued).toBe(1);
  });
});
