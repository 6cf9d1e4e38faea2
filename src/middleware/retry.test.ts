import { describe, expect, test } from 'vitest';
import { createHandClock } from '../../test/fixtures/hand-clock.ts';
import { callFor } from '../../test/fixtures/scripted-peer.ts';
import { failure } from '../../test/fixtures/toolkits.ts';
import type { CallInit } from '../call.ts';
import { type ErrorCode, type ErrorFacts, ToolwayError } from '../errors.ts';
import { createEmitter, type ToolkitEvents } from '../events.ts';

import { createRetryBudget, type RetryBudget } from './budget.ts';
import type { CallFn } from './middleware.ts';
import { createRetries, type RetriedServer } from './retry.ts';

const fails = (code: ErrorCode, facts: ErrorFacts = {}) => new ToolwayError(code, 'why', { executed: 'no', ...facts });
const refused = fails('connect_failed');
const lost = fails('outcome_unknown', { executed: 'unknown' });

const UNLIMITED: RetryBudget = { credit: (result) => result, charge: () => true };

/** The step over a server that answers as `answers` says, one after the other, the last one for ever. */
const world = ({
  answers = [refused] as (ToolwayError | 'fine' | 'silence')[],
  config = {} as RetriedServer['config'],
  inFlight = 1,
  budget = createRetryBudget(),
  random = (): number => 1,
}) => {
  const clock = createHandClock();
  const events = createEmitter(() => {});
  const told: ToolkitEvents['retry'][] = [];
  events.on('retry', (event) => told.push(event));
  const server: RetriedServer = { config, budget };
  const sent: { at: number; attempt: number; state: string }[] = [];
  const next: CallFn = async (call) => {
    sent.push({ at: clock.now(), attempt: call.attempt, state: call.state });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    call.state = 'handed_over';
    if (answer === 'silence') return new Promise((_, reject) => call.hold(reject));
    if (answer instanceof ToolwayError) throw answer;
    return { done: true };
  };
  const run = createRetries({ clock, events, calls: { size: inFlight }, random })(() => server)(next);
  const make = (init: Partial<CallInit> = {}) =>
    callFor('tools/call', { name: 'charge', arguments: {} }, { startedAt: clock.now(), ...init });
  return { clock, told, sent, make, run, server };
};

describe('a call that another attempt can mend', () => {
  test('is sent again, and its caller hears nothing of it', async () => {
    const { clock, sent, make, run } = world({ answers: [refused, 'fine'] });
    const result = run(make());
    await clock.advance(50);
    expect(await result).toEqual({ done: true });
    expect(sent.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  test('is sent three times at most, and the failure says so', async () => {
    const { clock, sent, make, run } = world({});
    const outcome = failure(run(make()));
    await clock.advance(1_000);
    expect(await outcome).toMatchObject({ code: 'connect_failed', executed: 'no', attempts: 3 });
    expect((await outcome).message).toBe('why (after 3 attempts)');
    expect(sent).toHaveLength(3);
  });

  test('is queued again before each attempt', async () => {
    const { clock, sent, make, run } = world({ answers: [refused, 'fine'] });
    void run(make());
    await clock.advance(50);
    expect(sent.map(({ state }) => state)).toEqual(['queued', 'queued']);
  });

  test.each([
    ['of the server', {}, { retry: { attempts: 2 } }, 2],
    ['of the call, before that of the server', { retry: { attempts: 4 } }, { retry: { attempts: 2 } }, 4],
    ['of the call, where the server has none', { retry: { attempts: 2 } }, { retry: false }, 2],
    ['of the call, that there is no second one', { retry: false }, {}, 1],
    ['of the server, that there is no second one', {}, { retry: false }, 1],
  ] as const)('is sent as often as is the wish %s', async (_, init, config, times) => {
    const { clock, sent, make, run } = world({ config });
    const outcome = failure(run(make(init)));
    await clock.advance(60_000);
    await outcome;
    expect(sent).toHaveLength(times);
  });

  test('is announced with the number of the coming attempt, the wait and the reason', async () => {
    const { clock, told, make, run } = world({ answers: [refused, refused, 'fine'] });
    const call = make({ scope: 'x' });
    void run(call);
    await clock.advance(1_000);
    const about = { id: call.id, server: 's', scope: 'x', method: 'tools/call', tool: 'charge', error: refused };
    expect(told).toEqual([
      { ...about, attempt: 2, delayMs: 50 },
      { ...about, attempt: 3, delayMs: 100 },
    ]);
  });
});

test('a call that may have run is not sent again, and is no charge to anybody', async () => {
  const { sent, make, run, server } = world({ answers: [lost] });
  for (let i = 0; i < 20; i += 1) expect(await failure(run(make()))).toBe(lost);
  expect(sent).toHaveLength(20);
  expect(server.budget.charge()).toBe(true);
});

describe('the wait before the next attempt', () => {
  test.each([
    [0, refused, [0, 0, 0, 0]],
    [0.5, refused, [25, 50, 100, 200]],
    [1, refused, [50, 100, 200, 400]],
    [1, fails('rate_limited'), [1_000, 2_000, 4_000, 8_000]],
    [1, fails('rate_limited', { retryAfterMs: 3_000 }), [3_000, 3_000, 4_000, 8_000]],
    [0, fails('rate_limited', { retryAfterMs: 3_000 }), [3_000, 3_000, 3_000, 3_000]],
  ])('with the lot %f is one of full jitter, never shorter than the server asks', async (lot, error, waits) => {
    const { clock, told, make, run } = world({ answers: [error], random: () => lot });
    const outcome = failure(run(make({ retry: { attempts: 5 } })));
    await clock.advance(30_000);
    await outcome;
    expect(told.map(({ delayMs }) => delayMs)).toEqual(waits);
  });

  test('is 20 seconds at most', async () => {
    const { clock, told, make, run } = world({ budget: UNLIMITED });
    const outcome = failure(run(make({ retry: { attempts: 12 }, timeoutMs: 300_000 })));
    await clock.advance(240_000);
    await outcome;
    expect(Math.max(...told.map(({ delayMs }) => delayMs))).toBe(20_000);
  });

  test('that would pass the deadline is not begun: the call fails at once, and says how long it would have been', async () => {
    const limited = fails('rate_limited', { retryAfterMs: 60_000, status: 429 });
    const { clock, make, run } = world({ answers: [limited] });
    expect(await failure(run(make()))).toMatchObject({ code: 'rate_limited', retryAfterMs: 60_000, executed: 'no' });
    expect(clock.now()).toBe(0);
  });
  test('that is computed counts as well', async () => {
    const { make, run } = world({ answers: [refused] });
    expect(await failure(run(make({ timeoutMs: 50 })))).toMatchObject({ code: 'connect_failed', retryAfterMs: 50 });
  });
  test('of a 503 is that of the server, too: one that is too long is rate_limited, with its cause', async () => {
    const unavailable = fails('outcome_unknown', { executed: 'unknown', status: 503, retryAfterMs: 90_000 });
    const { make, run } = world({ answers: [unavailable], config: { retrySafe: ['charge'] } });
    expect(await failure(run(make()))).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 90_000,
      status: 503,
      executed: 'unknown',
      cause: unavailable,
    });
  });

  test('ends at once when the call is cancelled, which proves that nothing ran', async () => {
    const { clock, sent, make, run } = world({ answers: [fails('rate_limited', { retryAfterMs: 5_000 })] });
    const call = make();
    const outcome = failure(run(call));
    await clock.advance(1_000);
    call.stop(new ToolwayError('cancelled', 'by the user'));
    expect(await outcome).toMatchObject({ code: 'cancelled', executed: 'no' });
    expect(sent).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });
  test('that is cancelled after an attempt that may have run leaves that open', async () => {
    const { clock, make, run } = world({ answers: [lost, refused], config: { retrySafe: ['*'] } });
    const call = make();
    const outcome = failure(run(call));
    await clock.advance(50);
    call.stop(new ToolwayError('cancelled', 'by the user'));
    expect(await outcome).toMatchObject({ code: 'cancelled', executed: 'unknown', attempts: 2 });
  });
});

test('several attempts, of which one may have run, leave open whether the call ran', async () => {
  const { clock, make, run } = world({ answers: [refused, lost, refused], config: { retrySafe: ['*'] } });
  const outcome = failure(run(make()));
  await clock.advance(1_000);
  expect(await outcome).toMatchObject({ code: 'connect_failed', executed: 'unknown', attempts: 3 });
});

test('a call that is stopped while it is out is not sent again', async () => {
  const { sent, make, run } = world({ answers: ['silence'], config: { retrySafe: ['*'] } });
  const call = make();
  const outcome = failure(run(call));
  call.stop(fails('connect_failed'));
  await outcome;
  expect(sent).toHaveLength(1);
});

test.each(['breaker_open', 'backpressure'] as const)(
  'an attempt that is refused with %s before it is sent is none: the failure before it stands',
  async (code) => {
    const { clock, make, run } = world({ answers: [refused, fails(code)] });
    const call = make();
    const outcome = failure(run(call));
    await clock.advance(50);
    expect(await outcome).toBe(refused);
    expect(call.attempt).toBe(1);
  },
);

test.each([
  [1, 3],
  [10, 3],
  [100, 20],
])('of %i calls in flight, %i may be there for another time; the others fail at once', async (inFlight, most) => {
  const { clock, told, sent, make, run } = world({ inFlight, budget: UNLIMITED });
  const outcomes = Array.from({ length: 30 }, () => failure(run(make({ retry: { attempts: 2 } }))));
  await clock.settle();
  expect(told).toHaveLength(most);
  await clock.advance(1_000);
  await Promise.all(outcomes);
  expect(sent).toHaveLength(30 + most);
  // Their places are free again.
  void run(make());
  await clock.settle();
  expect(told).toHaveLength(most + 1);
});

describe('T27: a server at which everything fails', () => {
  const MINUTE_OF_CALLS = 6_000;

  test('bears no more than a fifth of extra load after its first ten failures, at 100 calls a second for a minute', async () => {
    const { clock, sent, make, run } = world({ answers: [lost], config: { retrySafe: ['*'] }, inFlight: 100 });
    let calls = 0;
    let atTen: { calls: number; sent: number } | undefined;
    const outcomes: Promise<unknown>[] = [];
    for (; calls < MINUTE_OF_CALLS; calls += 1) {
      if (atTen === undefined && sent.length >= 10) atTen = { calls, sent: sent.length };
      outcomes.push(failure(run(make())));
      await clock.advance(10);
    }
    await clock.advance(1_000);
    await Promise.all(outcomes);
    const before = atTen ?? { calls: 0, sent: 0 };
    const extra = sent.length - before.sent - (calls - before.calls);
    expect(before.sent).toBe(10);
    expect(extra / (calls - before.calls)).toBeLessThanOrEqual(0.2);
    // So much for the limit; what it comes to is next to nothing.
    expect(sent.length - calls).toBeLessThanOrEqual(8);
  });

  test('and that has come back has its failures mended again after 50 successes', async () => {
    const answers: (ToolwayError | 'fine')[] = [refused];
    const { clock, sent, make, run } = world({ answers });
    for (let i = 0; i < 200; i += 1) {
      const outcome = failure(run(make()));
      await clock.advance(1_000);
      await outcome;
    }
    answers.splice(0, 1, 'fine');
    for (let i = 0; i < 50; i += 1) await run(make());
    answers.splice(0, 1, refused, 'fine');
    const before = sent.length;
    const mended = run(make());
    await clock.advance(1_000);
    expect(await mended).toEqual({ done: true });
    expect(sent.length - before).toBe(2);
  });
});
