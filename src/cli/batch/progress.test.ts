import { expect, test } from 'vitest';
import { batchText, durationName } from './progress.ts';

test.each([
  [0, '0:00'],
  [75_400, '1:15'],
  [3_600_000 + 61_000, '1:01:01'],
  [Number.NEGATIVE_INFINITY, '0:00'],
])('%d ms is %s', (ms, name) => {
  expect(durationName(ms)).toBe(name);
});

test('the line tells how far it is, how fast, how long it takes, and what failed', () => {
  const state = { finished: 250, now: 100, failed: 0, total: 1000, elapsedMs: 2000 };
  expect(batchText(state)).toBe('[#####---------------]  25 % 250/1000 · 50/s · ETA 0:15');
  expect(batchText({ ...state, failed: 3 })).toMatch(/ · 3 failed$/);
  expect(batchText({ ...state, now: 0 })).toBe('[#####---------------]  25 % 250/1000 · 0.0/s');
  expect(batchText({ ...state, total: undefined })).toBe('250 · 50/s');
  expect(batchText({ ...state, finished: 0, now: 0, total: 0 })).toContain('100 %');
});
