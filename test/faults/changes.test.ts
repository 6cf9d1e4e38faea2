import { describe, expect, test } from 'vitest';
import { startKit } from '../fixtures/faults/kit.ts';
import { closedAfterwards, type Timed, timed } from '../fixtures/faults/timed.ts';
import { over } from '../fixtures/faults/worlds.ts';

const UNASKED = { json: 'a server that answers with JSON alone can say nothing unasked' };
const WATCHED_MS = 10_000;
const STEP_MS = 200;
const STEPS = WATCHED_MS / STEP_MS;
/** The first soon, the others five seconds after the one before. */
const MOST_READINGS = 3;

/** Lets ten seconds pass in one, so that what a server says in its time comes in between; counts what callers are told. */
const tenSeconds = async ({ toolkit, clock }: Timed): Promise<number> => {
  let told = 0;
  toolkit.on('tools_changed', () => {
    told += 1;
  });
  for (let step = 0; step < STEPS; step += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await clock.advance(STEP_MS);
  }
  return told;
};

describe('T23: a server that says again and again that its tools have changed', () => {
  describe.each(over('T23', UNASKED))('over $name', (fixture) => {
    /** How often its tools were read. */
    const readings = async ({ call }: Timed): Promise<number> => Number(await call('heard', { method: 'tools/list' }));

    test('two hundred times a second is asked three times in ten seconds, and callers hear of nothing', async () => {
      const kit = closedAfterwards(await startKit(fixture));
      const world = await timed({ ...kit.config, pins: 'off' });
      const before = await readings(world);
      await world.call('storm', { ticks: STEPS });
      expect(await tenSeconds(world)).toBe(0);
      const times = (await readings(world)) - before;
      expect(times).toBeGreaterThan(1);
      expect(times).toBeLessThanOrEqual(MOST_READINGS);
    });

    test('because it was asked for them goes round no faster than that, whatever is called meanwhile', async () => {
      const kit = closedAfterwards(await startKit(fixture, { restless: true }));
      const world = await timed({ ...kit.config, pins: 'off' });
      const before = await readings(world);
      await world.call('storm', { ticks: 1 });
      const values = Array.from({ length: 20 }, (_, i) => i);
      const calls = Promise.all(values.map((value) => world.call('echo', { value })));
      expect(await tenSeconds(world)).toBe(0);
      expect(await calls).toEqual(values);
      const times = (await readings(world)) - before;
      expect(times).toBeGreaterThan(1);
      expect(times).toBeLessThanOrEqual(MOST_READINGS);
    });

    test('has a call that is held to its pin look before it leaves, once for all that leave together', async () => {
      const kit = closedAfterwards(await startKit(fixture, { restless: true }));
      const world = await timed(kit.config);
      const before = await readings(world);
      await world.call('storm', { ticks: 1 });
      const values = Array.from({ length: 20 }, (_, i) => i);
      const deadline = performance.now() + 15_000;
      let rounds = 0;
      let times = 0;
      while (times === 0 && performance.now() < deadline) {
        expect(await Promise.all(values.map((value) => world.call('echo', { value })))).toEqual(values);
        rounds += 1;
        // In memory nothing else lets the server have its turn.
        await new Promise((resolve) => setTimeout(resolve, 1));
        times = (await readings(world)) - before;
      }
      expect(times).toBeGreaterThan(0);
      // Each round may look twice, for its calls and for the question how often it did; the call that began it all once.
      expect(times).toBeLessThanOrEqual(2 * rounds + 1);
    });
  });
});
