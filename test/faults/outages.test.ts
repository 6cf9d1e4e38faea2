import { describe, expect, test } from 'vitest';
import { until } from '../fixtures/faults/drive.ts';
import { startFront } from '../fixtures/faults/front.ts';
import { startKit } from '../fixtures/faults/kit.ts';
import { closedAfterwards, timed } from '../fixtures/faults/timed.ts';
import { over } from '../fixtures/faults/worlds.ts';

const IN_THE_PROGRAM = { memory: 'its server is a part of the program itself' };
const UP_AFTER_MS = 7_000;

describe('T1: a server that is down at first', () => {
  describe.each(over('T1', IN_THE_PROGRAM))('over $name', (fixture) => {
    test('is tried on the schedule, five times in 7 s at most, and the one call that waits is answered', async () => {
      const world = closedAfterwards(await fixture.start());
      const front = closedAfterwards(await startFront(world.config));
      const down = await front.add({ type: 'down' });
      const { toolkit, clock, call } = await timed(front.config);
      const attempts: number[] = [];
      let failures = 0;
      toolkit.on('connecting', () => attempts.push(clock.now()));
      toolkit.on('failed', () => {
        failures += 1;
      });
      const answer = call('echo', { value: 'at last' });
      let isUp = false;
      while (!isUp) {
        await until(() => failures === attempts.length);
        await clock.settle();
        const before = attempts.length;
        // Other timers than that of the next attempt may come first.
        while (attempts.length === before) {
          const nextMs = clock.nextTimerMs ?? 0;
          if (!isUp && clock.now() + nextMs >= UP_AFTER_MS) {
            await front.remove(down);
            isUp = true;
          }
          await clock.advance(nextMs);
        }
      }
      expect(await answer).toBe('at last');
      const waits = attempts.slice(1).map((at, i) => at - (attempts[i] ?? 0));
      waits.forEach((wait, i) => {
        const planned = 1_000 * 1.6 ** i;
        expect(wait).toBeGreaterThanOrEqual(planned * 0.8);
        expect(wait).toBeLessThanOrEqual(planned * 1.2);
      });
      expect(attempts.filter((at) => at < UP_AFTER_MS).length).toBeLessThanOrEqual(5);
      expect(attempts.filter((at) => at >= UP_AFTER_MS)).toHaveLength(1);
    });
  });
});

const NO_SESSION = {
  stdio: 'a link that ends: see T13',
  sse: 'a link that ends: see T13',
  websocket: 'a link that ends: see T13',
  memory: 'a link that ends: see T13',
};

describe('T12: a server that is restarted under its address', () => {
  describe.each(over('T12', NO_SESSION))('over $name', (fixture) => {
    const handshake = fixture.era === 'modern' ? 'server/discover' : 'initialize';

    test('answers fifty calls at once, and shakes hands once where it had a session, else not at all', async () => {
      const kit = closedAfterwards(await startKit(fixture));
      const { toolkit, clock, call } = await timed(kit.config);
      const handshakes = () => call('heard', { method: handshake });
      expect(await handshakes()).toBe(1);
      const lost: unknown[] = [];
      toolkit.on('disconnected', (event) => lost.push(event));
      await kit.restart();
      // The ends of the old connections arrive.
      await new Promise((resolve) => setTimeout(resolve, 20));
      const values = Array.from({ length: 50 }, (_, i) => `value ${i}`);
      expect(await Promise.all(values.map((value) => call('echo', { value })))).toEqual(values);
      const expected = fixture.column === 'session' ? 2 : 1;
      expect(await handshakes()).toBe(expected);
      // What else had noticed the restart has come back by now.
      for (let s = 0; s < 60; s += 1) {
        await clock.advance(1_000);
        await call('echo', { value: s });
      }
      expect(await handshakes()).toBe(expected);
      expect(lost).toEqual([]);
    });
  });
});
