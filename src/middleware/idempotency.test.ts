import { describe, expect, test } from 'vitest';
import { type LabOptions, lab, leaving, type Made } from '../../test/fixtures/shared-calls.ts';
import type { CallInit } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import { KEY_REUSED } from './idempotency.ts';

const DAY = 86_400_000;
const paid = (number: number): JsonObject => ({ content: [], structuredContent: { receipt: number } });

const shop = (options: LabOptions = {}) => {
  const world = lab(options);
  return {
    ...world,
    pay: (key: string, amount = 5, init: Partial<CallInit> = {}) =>
      world.tool('pay', { amount, to: 'ann' }, { idempotencyKey: key, ...init }),
    payments: () => world.arrivals.length,
  };
};
const answering = (options: LabOptions = {}) => shop({ ...options, answers: (_call, number) => paid(number) });

describe('calls under one idempotency key', () => {
  test('in flight are one call', async () => {
    const { pay, payments, arrivals } = shop();
    const made = [pay('k'), pay('k'), pay('k')];
    expect(payments()).toBe(1);
    arrivals[0]?.answer(paid(1));
    for (const { outcome } of made) expect(await outcome).toEqual(paid(1));
    expect(made.map(({ call }) => call.merged)).toEqual([false, true, true]);
  });

  test('afterwards share its outcome for a day, and each has a copy of it', async () => {
    const { pay, payments, clock } = answering();
    await pay('k').outcome;
    await clock.advance(DAY - 1);
    for (let time = 0; time < 2; time += 1) {
      const again = pay('k');
      const result = await again.outcome;
      expect(result).toEqual(paid(1));
      expect(again.call.cached).toBe(true);
      (result.structuredContent as JsonObject).receipt = 'spoilt';
    }
    await clock.advance(1);
    expect(await pay('k').outcome).toEqual(paid(2));
    expect(payments()).toBe(2);
  });

  test('share it whatever their _meta and their wish for no cache', async () => {
    const { pay, payments } = answering();
    await pay('k').outcome;
    await pay('k', 5, { meta: { trace: 1 }, cache: false, retry: false }).outcome;
    expect(payments()).toBe(1);
  });

  test('share it in any spelling of the arguments', async () => {
    const { tool, arrivals } = answering();
    await tool('pay', { a: 1, at: new Date(0) }, { idempotencyKey: 'k' }).outcome;
    await tool('pay', { at: '1970-01-01T00:00:00.000Z', a: 1 }, { idempotencyKey: 'k' }).outcome;
    expect(arrivals).toHaveLength(1);
  });

  test('of two principals, scopes or servers are two, and so are those under two keys', async () => {
    const { pay, payments } = answering();
    for (const principal of ['ann', 'bob', '', undefined]) await pay('k', 5, { principal }).outcome;
    for (const scope of ['ann', 'bob']) await pay('k', 5, { scope }).outcome;
    await pay('k', 5, { server: 't' }).outcome;
    await pay('l').outcome;
    expect(payments()).toBe(8);
  });

  test.each<[string, (world: ReturnType<typeof shop>) => Made]>([
    ['other arguments', ({ pay }) => pay('k', 6)],
    ['another tool', ({ tool }) => tool('refund', { amount: 5, to: 'ann' }, { idempotencyKey: 'k' })],
  ])('are refused with %s, in flight and afterwards', async (_, other) => {
    const world = shop();
    const first = world.pay('k');
    const refused = { code: 'invalid_arguments', executed: 'no', cause: KEY_REUSED };
    expect(await other(world).failure).toMatchObject(refused);
    world.arrivals[0]?.answer(paid(1));
    await first.outcome;
    expect(await other(world).failure).toMatchObject(refused);
    expect(world.payments()).toBe(1);
  });

  test.each([
    ['a result with isError', { content: [], isError: true }],
    [
      'a refusal of the server that may have come half way',
      new ToolwayError('server_error', 'no', { executed: 'unknown' }),
    ],
    ['an answer that could not be used', new ToolwayError('protocol_error', 'no', { executed: 'yes' })],
    ['an outcome that nobody knows', new ToolwayError('outcome_unknown', 'lost', { executed: 'unknown' })],
  ])('share %s', async (_, said) => {
    const { pay, payments } = shop({ answers: () => said });
    const outcomes = [];
    for (let time = 0; time < 2; time += 1)
      outcomes.push(await pay('k').outcome.catch((error: ToolwayError) => error.code));
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect(payments()).toBe(1);
  });

  test('may be tried again where the first one did not run, with other arguments as well', async () => {
    const { pay, payments } = shop({
      answers: (_call, number) =>
        number < 3 ? new ToolwayError('rate_limited', 'wait', { executed: 'no' }) : paid(number),
    });
    expect(await pay('k').failure).toMatchObject({ code: 'rate_limited' });
    expect(await pay('k').failure).toMatchObject({ code: 'rate_limited' });
    expect(await pay('k', 6).outcome).toEqual(paid(3));
    expect(payments()).toBe(3);
  });
});

describe('a caller under a key that leaves', () => {
  test('leaves the call to the others', async () => {
    const { pay, arrivals } = shop();
    const { signal, leave } = leaving();
    const [first, second] = [pay('k', 5, { signal }), pay('k')];
    leave();
    expect(await first.failure).toMatchObject({ code: 'cancelled', executed: 'unknown' });
    expect(arrivals[0]?.stopped).toBeUndefined();
    arrivals[0]?.answer(paid(1));
    expect(await second.outcome).toEqual(paid(1));
  });

  test('and was the only one leaves a doubt, which is kept: the call is not made again', async () => {
    const { pay, payments, clock } = shop();
    const first = pay('k', 5, { timeoutMs: 10 });
    await clock.advance(10);
    expect(await first.failure).toMatchObject({ code: 'timeout', executed: 'unknown' });
    expect(await pay('k').failure).toMatchObject({
      code: 'outcome_unknown',
      executed: 'unknown',
      cause: { code: 'timeout' },
    });
    expect(payments()).toBe(1);
  });

  test('before anything was sent leaves nothing behind', async () => {
    const { pay, payments, connect, clock } = shop({ waits: true });
    const { signal, leave } = leaving();
    const first = pay('k', 5, { signal });
    leave();
    expect(await first.failure).toMatchObject({ code: 'cancelled', executed: 'no' });
    const second = pay('k');
    connect();
    await clock.settle();
    expect(payments()).toBe(1);
    expect(second.call.state).toBe('handed_over');
  });

  test('has the next one wait until it is known how far it came', async () => {
    const { pay, payments } = shop();
    const { signal, leave } = leaving();
    pay('k', 5, { signal });
    leave();
    // In the same moment: the first call has been taken back, and its outcome is not there yet.
    const second = pay('k');
    expect(await second.failure).toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
    expect(payments()).toBe(1);
  });
});

describe('what stands inside', () => {
  test('a kept answer will do for a tool that the operator names, and is told of', async () => {
    const { tool, arrivals } = lab({ config: { cache: { tools: ['*'] } }, answers: (_call, number) => paid(number) });
    await tool('look').outcome;
    const keyed = tool('look', {}, { idempotencyKey: 'k' });
    await keyed.outcome;
    expect(arrivals).toHaveLength(1);
    expect(keyed.call.cached).toBe(true);
  });

  test('callers are as far as the call that is made, through both', async () => {
    const { pay, arrivals } = shop({ config: { retrySafe: ['*'] } });
    const made = [pay('k'), pay('k')];
    expect(made.map(({ call }) => call.state)).toEqual(['handed_over', 'handed_over']);
    arrivals[0]?.answer(paid(1));
    for (const { outcome } of made) expect(await outcome).toEqual(paid(1));
  });
});

describe('what is kept under keys is bounded', () => {
  test('by number: the oldest outcome makes room', async () => {
    const { pay, payments } = answering({ maxOutcomes: 2 });
    for (const key of ['a', 'b', 'a', 'c']) await pay(key).outcome;
    expect(payments()).toBe(3);
    await pay('b').outcome;
    await pay('c').outcome;
    expect(payments()).toBe(3);
    await pay('a').outcome;
    expect(payments()).toBe(4);
  });

  test('by bytes; of a result that is too large by itself it is kept that it ran', async () => {
    const big = 'x'.repeat(2_000);
    const { pay, payments } = shop({ maxBytes: 1_000, answers: (_call, number) => ({ content: [], big, number }) });
    expect(await pay('a').outcome).toMatchObject({ big });
    expect(await pay('a').failure).toMatchObject({ code: 'message_too_large', executed: 'yes', limit: 1_000 });
    expect(payments()).toBe(1);

    const few = answering({ maxBytes: 1_000 });
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) await few.pay(key).outcome;
    await few.pay('h').outcome;
    expect(few.payments()).toBe(8);
    await few.pay('a').outcome;
    expect(few.payments()).toBe(9);
  });

  test.each([
    ['', undefined],
    [5 as unknown as string, undefined],
    ['x'.repeat(256), 255],
  ])('a key has 1 to 255 characters: %j', async (key, limit) => {
    const { pay, payments } = answering();
    expect(await pay(key).failure).toMatchObject({
      code: 'invalid_arguments',
      executed: 'no',
      ...(limit === undefined ? {} : { limit }),
    });
    expect(payments()).toBe(0);
    await pay('x'.repeat(255)).outcome;
    expect(payments()).toBe(1);
  });

  test('arguments that cannot be written as JSON have no key', async () => {
    const { tool, arrivals } = answering();
    expect(await tool('pay', { big: 1n }, { idempotencyKey: 'k' }).failure).toMatchObject({
      code: 'invalid_arguments',
    });
    expect(arrivals).toEqual([]);
  });
});
