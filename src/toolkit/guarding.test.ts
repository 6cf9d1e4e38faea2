import { expect, test } from 'vitest';
import { pinning } from './guarding.ts';

test('of the servers that come and go a thousand are known again', async () => {
  const { firstSeen } = await pinning({}, {} as never);
  const seenOf = (n: number) => firstSeen('s', { command: `c${n}` });
  const first = seenOf(0);
  for (let n = 1; n < 1_000; n += 1) seenOf(n);
  expect(seenOf(0)).toBe(first);
  for (let n = 1_000; n < 1_999; n += 1) seenOf(n);
  expect(seenOf(0)).toBe(first);
  for (let n = 2_000; n < 3_000; n += 1) seenOf(n);
  expect(seenOf(0)).not.toBe(first);
});
