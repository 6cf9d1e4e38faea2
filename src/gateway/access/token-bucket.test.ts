import { expect, test } from 'vitest';
import { createHandClock } from '../../../test/fixtures/hand-clock.ts';
import { createTokenBucket } from './token-bucket.ts';

test('holds its burst, then one step per interval, and never more than its burst', async () => {
  const clock = createHandClock();
  const bucket = createTokenBucket({ rate: 4, periodMs: 1_000, burst: 2, clock });
  const steps = (): number => {
    let taken = 0;
    while (bucket.waitMs() === 0) {
      bucket.take();
      taken += 1;
    }
    return taken;
  };
  expect(steps()).toBe(2);
  expect(bucket.waitMs()).toBe(250);
  await clock.advance(249);
  expect(bucket.waitMs()).toBe(1);
  await clock.advance(1);
  expect(steps()).toBe(1);
  await clock.advance(60_000);
  expect(steps()).toBe(2);
});
