import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

const busy = (ms: number): void => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

test('long lists of jobs let the event loop turn, and stay in order', async () => {
  const inTurn = createTurns();
  const done: number[] = [];
  let turns = 0;
  const count = (): NodeJS.Immediate =>
    setImmediate(() => {
      turns += 1;
      if (done.length < 20) count();
    });
  count();
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      inTurn(() => {
        busy(6);
        done.push(index);
      }),
    ),
  );
  expect(done).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect(turns).toBeGreaterThanOrEqual(8);
});

test('a job that throws rejects its own promise only', async () => {
  const inTurn = createTurns();
  const failed = inTurn(() => {
    throw new Error('no');
  });
  const fine = inTurn(() => 'yes');
  await expect(failed).rejects.toThrow('no');
  expect(await fine).toBe('yes');
});
