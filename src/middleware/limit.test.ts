import { expect, test } from 'vitest';
import { callFor } from '../../test/fixtures/scripted-peer.ts';
import type { Clock } from '../clock.ts';
import { createLane } from './limit.ts';

test('a lane that waits for its next token does not keep the process running by itself', async () => {
  const timers: { ms: number; fire: () => void; keepsAlive: boolean }[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    after(ms, fire) {
      const timer = { ms, fire, keepsAlive: true };
      timers.push(timer);
      return {
        cancel: () => {},
        keepAlive(yes) {
          timer.keepsAlive = yes;
        },
      };
    },
  };
  const lane = createLane({ maxConcurrency: 4, maxQueue: 4, rateLimit: { perSecond: 1, burst: 1 } }, clock);
  expect(lane.tryEnter()).toBe(true);
  const waits = lane.enter(callFor('tools/call'));
  expect(timers).toMatchObject([{ ms: 1_000, keepsAlive: false }]);
  now = 1_000;
  timers[0]?.fire();
  await waits;
  expect(lane.inFlight).toBe(2);
});
