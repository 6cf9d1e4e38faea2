import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createKeeper } from './keeper.ts';

test('writes one after another, and of those that wait only the newest', async () => {
  let state = 0;
  const written: number[] = [];
  const ends: (() => void)[] = [];
  const keep = createKeeper(() => {
    written.push(state);
    return new Promise((resolve) => ends.push(resolve));
  });
  const kept: Promise<void>[] = [];
  for (state = 1; state <= 5; state += 1) kept.push(keep());
  expect(written).toEqual([1]);
  ends[0]?.();
  await kept[0];
  await setImmediate();
  expect(written).toEqual([1, 6]);
  ends[1]?.();
  await Promise.all(kept);
  void keep();
  expect(written).toEqual([1, 6, 6]);
});

test('goes on after a write that failed', async () => {
  let fails = true;
  const keep = createKeeper(async () => {
    if (fails) throw new Error('full');
  });
  const [first, second] = [keep(), keep()];
  await expect(first).rejects.toThrow('full');
  await expect(second).rejects.toThrow('full');
  fails = false;
  await keep();
});
