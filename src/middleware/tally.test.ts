import { expect, test } from 'vitest';
import { createTally } from './tally.ts';

test('a tally counts what came in the last half minute, to a tenth of a second', () => {
  const tally = createTally();
  for (let second = 0; second < 60; second += 1) tally.add(second * 1_000);
  expect(tally.within(59_000)).toBe(30);
  expect(tally.within(88_999)).toBe(1);
  expect(tally.within(89_000)).toBe(0);
});

test('a tally that nothing was added to for long starts from nothing', () => {
  const tally = createTally();
  tally.add(0);
  tally.add(3_600_000);
  expect(tally.within(3_600_000)).toBe(1);
});

test('a tally forgets what it is told to', () => {
  const tally = createTally();
  tally.add(50);
  tally.clear();
  tally.add(50);
  expect(tally.within(99)).toBe(1);
});
