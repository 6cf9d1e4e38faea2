import { afterEach, describe, expect, test, vi } from 'vitest';
import { createFakeClock } from '../../src/testing/index.ts';
import { until } from '../fixtures/faults/drive.ts';
import { startFront } from '../fixtures/faults/front.ts';
import { createSleepyClock } from '../fixtures/faults/sleepy-clock.ts';
import { closedAfterwards, timed } from '../fixtures/faults/timed.ts';
import { FIXTURES, type Fixture, over } from '../fixtures/faults/worlds.ts';

const HOUR_MS = 3_600_000;
const SLEEP_MS = 600_000;
const LIMIT_MS = 10_000;

afterEach(() => void vi.restoreAllMocks());

/** A toolkit on a machine that can sleep; `losses` are the links that it gave up. */
const machine = async (fixture: Fixture) => {
  const clock = createFakeClock();
  const sleepy = createSleepyClock(clock);
  const world = closedAfterwards(await fixture.start());
  const front = fixture.column === 'memory' ? undefined : closedAfterwards(await startFront(world.config));
  const driven = await timed(front?.config ?? world.config, { clock, onClock: sleepy });
  const losses: unknown[] = [];
  driven.toolkit.on('reconnecting', (event) => losses.push(event));
  const checks: { ok: boolean; at: number }[] = [];
  driven.toolkit.on('health', ({ ok }) => checks.push({ ok, at: clock.now() }));
  await driven.call('echo', { value: 1 });
  return { ...driven, sleepy, front, losses, checks };
};

describe('T29: a clock that jumps, and a machine that sleeps', () => {
  describe.each(over('T29'))('over $name', (fixture) => {
    test.each([
      ['forward', HOUR_MS],
      ['back', -HOUR_MS],
    ])('an hour %s on the wall ends no call before its time, and no link', async (_, byMs) => {
      const { clock, sleepy, call, failure, losses } = await machine(fixture);
      const slow = call('slow', { key: 'k', ms: 100 });
      let isOver = false;
      const silent = failure('silent', {}, { timeoutMs: LIMIT_MS }).finally(() => {
        isOver = true;
      });
      sleepy.set(byMs);
      for (let ms = 0; ms < LIMIT_MS - 500; ms += 500) await clock.advance(500);
      expect(await slow).toBe('k');
      await clock.advance(450);
      expect(isOver).toBe(false);
      await clock.advance(100);
      expect(await silent).toMatchObject({ code: 'timeout', limit: LIMIT_MS });
      expect(losses).toEqual([]);
    });

    test.each([
      ['stood still', false],
      ['went on', true],
    ])(
      'ten minutes of sleep in which its own clock %s: what was called before and after is answered',
      async (_, on) => {
        const { sleepy, call, passing, losses } = await machine(fixture);
        const patient = { timeoutMs: HOUR_MS, totalTimeoutMs: HOUR_MS };
        const before = call('slow', { key: 'before', ms: 50 }, patient);
        sleepy.sleep(SLEEP_MS, on);
        const after = call('echo', { value: 'after' });
        expect(await passing(Promise.all([before, after]))).toEqual(['before', 'after']);
        expect(losses).toEqual([]);
      },
    );
  });

  const NO_LINK = 'there is no link that could have died unnoticed';
  const left = { json: NO_LINK, events: NO_LINK, session: NO_LINK, memory: NO_LINK };
  // A child of the modern era has no ping, and its end is noticed anyway.
  const watched = FIXTURES.filter(({ name }) => name !== 'stdio, modern');
  describe.each(over('T29, links', left, watched))('over $name', (fixture) => {
    test.each([
      ['stood still', false],
      ['went on', true],
    ])('after sleep in which its clock %s the server is asked within a second, and kept', async (_, goesOn) => {
      const { clock, sleepy, losses, checks } = await machine(fixture);
      await clock.advance(7_300);
      sleepy.sleep(SLEEP_MS, goesOn);
      const awakeAt = clock.now();
      await clock.advance(1_000);
      await until(() => checks.length > 0);
      expect(checks).toEqual([{ ok: true, at: expect.any(Number) }]);
      expect(clock.now() - awakeAt).toBeLessThanOrEqual(1_000);
      expect(losses).toEqual([]);
    });

    test('a link that died in sleep is found out in two checks right after it, and made anew', async () => {
      const { clock, sleepy, call, passing, front, losses } = await machine(fixture);
      await clock.advance(7_300);
      for (const stream of ['upstream', 'downstream'] as const)
        await front?.add({ type: 'timeout', timeoutMs: 0, stream });
      sleepy.sleep(SLEEP_MS, false);
      await clock.advance(20_000);
      expect(losses).toEqual([]);
      await clock.advance(1_000);
      expect(losses).toMatchObject([{ error: { code: 'not_connected' } }]);
      await front?.clear();
      expect(await passing(call('echo', { value: 'again' }))).toBe('again');
    });
  });
});
