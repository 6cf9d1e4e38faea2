import { expect, test } from 'vitest';
import { createHandClock } from '../../test/fixtures/hand-clock.ts';
import { backoffMs } from '../connection/backoff.ts';
import { HOPELESS } from '../connection/connection.ts';
import { ToolwayError } from '../errors.ts';
import type { Child } from './child.ts';
import { createWarm } from './warm.ts';

const world = () => {
  const clock = createHandClock();
  const made: Child[] = [];
  const ended: Child[] = [];
  const told: string[] = [];
  const warm = createWarm({
    clock,
    backoffMs: (failures, options) => backoffMs(failures, { ...options, random: () => 0.5 }),
    HOPELESS,
    retryDelayMs: 1_000,
    maxRetries: Number.POSITIVE_INFINITY,
    wanted: () => 1,
    async start(whose, { lost }) {
      const child = { whose, lost, startedAt: clock.now(), state: 'in_use' } as Child;
      made.push(child);
      return child;
    },
    async end(child) {
      ended.push(child);
    },
    watch: () => () => {},
    onFailure: ({ message }) => void told.push(message),
  });
  warm.fill();
  return { clock, warm, made, ended, told };
};

test('one that is too old is followed by the next one at once', async () => {
  const { clock, warm, made, ended, told } = world();
  await clock.settle();
  warm.discard(made[0] as Child);
  await clock.settle();
  expect([made.length, ended, told]).toEqual([2, [made[0]], []]);
  expect(warm.take()).toBe(made[1]);
  expect(warm.failure).toBeUndefined();
});

test('one that was given away is not ended any more', async () => {
  const { clock, warm, made, ended } = world();
  await clock.settle();
  expect(warm.take()).toBe(made[0]);
  warm.discard(made[0] as Child);
  await clock.settle();
  expect([made.length, ended]).toEqual([1, []]);
});

test('those that are too big again and again are followed by the next one later each time, and told', async () => {
  const { clock, warm, made, ended, told } = world();
  const big = new ToolwayError('server_exited', 'it had too much');
  const pauses: number[] = [];
  await clock.settle();
  for (let round = 0; round < 3; round += 1) {
    const discardedAt = clock.now();
    warm.discard(made.at(-1) as Child, big);
    await clock.settle();
    expect(warm.failure).toBe(big);
    await clock.advance(10_000);
    pauses.push(Math.round((made.at(-1)?.startedAt ?? 0) - discardedAt));
  }
  expect(pauses).toEqual([1_000, 1_600, 2_560]);
  expect([made.length, ended.length, told.length, warm.failure]).toEqual([4, 3, 3, undefined]);
});
