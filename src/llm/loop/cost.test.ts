/** What a request costs. */
import { expect, test } from 'vitest';
import { costOf } from './cost.ts';

const million = 1_000_000;
const price = { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 };
const long = { above: 200_000, input: 4, output: 15, cacheRead: 0.4, cacheWrite: 5 };

test('what is read anew, from the cache and to it, and what is written, each has its price', () => {
  const usage = { input: million, cacheRead: million, cacheWrite: million, output: million };
  expect(costOf(usage, price)).toBeCloseTo(14.7);
  expect(costOf(usage, { input: 2, output: 10 })).toBeCloseTo(16.5);
});

test('all of a request that reads more than there is a lower price for costs what long ones cost', () => {
  const both = { ...price, long };
  expect(costOf({ input: 200_000, output: 1_000 }, both)).toBeCloseTo(0.41);
  expect(costOf({ input: 200_001, output: 1_000 }, both)).toBeCloseTo(0.815);
  // What comes from the cache is read as well.
  const cached = { input: 50_000, cacheRead: 100_000, cacheWrite: 100_000, output: 1_000 };
  expect(costOf(cached, both)).toBeCloseTo(0.2 + 0.04 + 0.5 + 0.015);
  expect(costOf({ input: 300_000, output: 300_000 }, price)).toBeCloseTo(3.6);
});
