import { afterAll, describe, expect, test } from 'vitest';
import { until } from '../fixtures/faults/drive.ts';
import { startFront } from '../fixtures/faults/front.ts';
import { startKit } from '../fixtures/faults/kit.ts';
import { closedAfterwards, timed } from '../fixtures/faults/timed.ts';
import { over } from '../fixtures/faults/worlds.ts';

const BIN_MS = 100;
const WINDOW_MS = 1_000;
/** Longer than this a stream on which a server speaks unasked counts as one that worked. */
const HELD_MS = 31_000;
const ALONE = {
  stdio: 'each client has a server of its own, which is started at once',
  json: 'nothing is open there while nobody calls',
};
const told: string[] = [];
afterAll(() => console.log(told.join('\n')));

/** Waits until a count has stood still for a while. */
const still = async (count: () => number): Promise<number> => {
  let before = count();
  let since = performance.now();
  await until(() => {
    if (count() !== before) since = performance.now();
    before = count();
    return performance.now() - since > 20;
  });
  return before;
};

describe('T2: a server that all its clients lose at once', () => {
  describe.each(over('T2', ALONE))('over $name', (fixture) => {
    const inMemory = fixture.column === 'memory';
    // What the row is about are a thousand; sockets take their time, and the share of each tenth of a second is the same.
    const clients = inMemory ? 1_000 : 120;
    /** What comes back: the stream on which a server speaks unasked where it is all that is open, else the whole link. */
    const isStream = fixture.column === 'events' || fixture.column === 'session';

    test(`has ${clients} of them come back spread over a second, and not three times as many at any time`, async () => {
      const kit = closedAfterwards(await startKit(fixture));
      const front = inMemory ? undefined : closedAfterwards(await startFront(kit.config));
      const names = Array.from({ length: clients }, (_, i) => `c${i}`);
      const config = front?.config ?? kit.config;
      const { toolkit, clock, call } = await timed(Object.fromEntries(names.map((name) => [name, config])));
      let connecting = 0;
      toolkit.on('connecting', () => {
        connecting += 1;
      });
      const returns = (): number => (isStream ? (front?.accepted() ?? 0) : connecting);
      await Promise.all(names.map((name) => call(`${name}.echo`, { value: name })));
      await still(returns);
      if (isStream) await clock.advance(HELD_MS);

      const bins: number[] = [];
      let before = await still(returns);
      if (front === undefined) await kit.restart();
      else front.cut();
      await until(() => (front?.open() ?? 0) === 0);
      while (bins.length < WINDOW_MS / BIN_MS) {
        await clock.advance(BIN_MS);
        const now = await still(returns);
        // The window begins with the first of them.
        if (bins.length > 0 || now > before) bins.push(now - before);
        before = now;
      }
      const mean = bins.reduce((sum, count) => sum + count, 0) / bins.length;
      const peak = Math.max(...bins);
      expect(mean * bins.length).toBeGreaterThan(clients * 0.9);
      told.push(`T2  ${fixture.name}: ${(peak / mean).toFixed(1)} times the mean at most (${bins.join(' ')})`);
      expect(peak).toBeLessThanOrEqual(3 * mean);
      // Connections of real sockets by the hundred take their time on a machine that does other things beside.
    }, 90_000);
  });
});
