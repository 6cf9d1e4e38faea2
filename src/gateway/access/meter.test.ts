import { expect, test } from 'vitest';
import { createHandClock } from '../../../test/fixtures/hand-clock.ts';
import { createMemoryStore } from '../store/memory.ts';
import { createMeter } from './meter.ts';
import type { Allowance } from './options.ts';

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 5, 1, 12);

const meterFor = (allowance: Allowance, id = 'key:a') => {
  const clock = createHandClock();
  const today = (): number => NOON + clock.now();
  const { counters } = createMemoryStore({ today });
  let asked = 0;
  const counting = {
    spend: (...args: Parameters<typeof counters.spend>) => {
      asked += 1;
      return counters.spend(...args);
    },
  };
  const options = { clock, today, counters: counting };
  return { clock, options, asked: () => asked, ...createMeter(id, allowance, options) };
};
const charge = async ({ charge: take }: { charge?: () => void | Promise<void> }): Promise<unknown> => {
  try {
    await take?.();
    return 'taken';
  } catch (error) {
    return error;
  }
};

test('without an allowance nothing is counted', () => {
  const { request, charge: none } = meterFor({});
  expect(none).toBeUndefined();
  expect(Array.from({ length: 1_000 }, request).every((waitMs) => waitMs === 0)).toBe(true);
});

test('requests and calls each have the whole rate', async () => {
  const meter = meterFor({ rateLimit: { perSecond: 2 } });
  expect([meter.request(), meter.request(), meter.request()]).toEqual([0, 0, 500]);
  expect([await charge(meter), await charge(meter)]).toEqual(['taken', 'taken']);
  expect(await charge(meter)).toMatchObject({ code: 'rate_limited', retryAfterMs: 500, executed: 'no' });
  await meter.clock.advance(500);
  expect([meter.request(), await charge(meter)]).toEqual([0, 'taken']);
});

test('a rate per minute lets a minute begin with all of it', async () => {
  const meter = meterFor({ rateLimit: { perMinute: 3 } });
  expect([1, 2, 3, 4].map(() => meter.request())).toEqual([0, 0, 0, 20_000]);
});

test('of two rates the slower one decides, and a refusal takes from neither', async () => {
  const meter = meterFor({ rateLimit: { perSecond: 2, perMinute: 3 } });
  expect([1, 2, 3].map(() => meter.request())).toEqual([0, 0, 500]);
  await meter.clock.advance(500);
  expect([meter.request(), meter.request()]).toEqual([0, 19_500]);
  await meter.clock.advance(19_500);
  expect(meter.request()).toBe(0);
});

test('a quota is spent until the next day begins, wherever it is counted', async () => {
  const meter = meterFor({ quota: { perDay: 2 } });
  const elsewhere = createMeter('key:a', { quota: { perDay: 2 } }, meter.options);
  expect([await charge(meter), await charge(elsewhere)]).toEqual(['taken', 'taken']);
  expect(await charge(meter)).toMatchObject({
    code: 'rate_limited',
    retryAfterMs: DAY_MS / 2,
    limit: 2,
    executed: 'no',
  });
  await meter.clock.advance(DAY_MS / 2 - 1);
  expect(await charge(meter)).toMatchObject({ code: 'rate_limited', retryAfterMs: 1 });
  await meter.clock.advance(1);
  expect([await charge(meter), await charge(meter)]).toEqual(['taken', 'taken']);
  expect(await charge(meter)).toMatchObject({ code: 'rate_limited' });
});

test('the store is not asked again for what is known to be spent', async () => {
  const meter = meterFor({ quota: { perDay: 1 } });
  for (let call = 0; call < 50; call += 1) await charge(meter);
  expect(meter.asked()).toBe(2);
});

test('one principal does not spend what is another one’s', async () => {
  const meter = meterFor({ quota: { perDay: 1 } });
  const other = createMeter('key:b', { quota: { perDay: 1 } }, meter.options);
  expect([await charge(meter), await charge(other)]).toEqual(['taken', 'taken']);
});
