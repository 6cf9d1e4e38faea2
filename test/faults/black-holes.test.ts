import { describe, expect, test } from 'vitest';
import type { ToolwayError } from '../../src/errors.ts';
import type { FakeClock } from '../../src/testing/index.ts';
import { until } from '../fixtures/faults/drive.ts';
import { type Front, startFront } from '../fixtures/faults/front.ts';
import { living } from '../fixtures/faults/processes.ts';
import { closedAfterwards, timed } from '../fixtures/faults/timed.ts';
import { over } from '../fixtures/faults/worlds.ts';

const IN_THE_PROGRAM = { memory: 'nothing lies between the two where anything could be lost' };
const LIMIT_MS = 10_000;
/** More than the connections that wait for another call. */
const CALLS = 8;
const TOLERANCE_MS = 50;

/** From now on nothing gets through, either way, and nobody is told. */
const swallow = async ({ add }: Front): Promise<void> => {
  for (const stream of ['upstream', 'downstream'] as const) await add({ type: 'timeout', timeoutMs: 0, stream });
};

/** Lets the deadline pass, and gives the failures with the times at which they came. */
const failuresAround = async (
  clock: FakeClock,
  limitMs: number,
  failures: readonly Promise<ToolwayError>[],
): Promise<{ error: ToolwayError; afterMs: number }[]> => {
  const start = clock.now();
  const found: { error: ToolwayError; afterMs: number }[] = [];
  for (const failure of failures) void failure.then((error) => found.push({ error, afterMs: clock.now() - start }));
  await clock.advance(limitMs - TOLERANCE_MS);
  expect(found).toEqual([]);
  await clock.advance(2 * TOLERANCE_MS);
  return found;
};

describe('T6: a server from which nothing comes any more, and which nothing reaches', () => {
  describe.each(over('T6', IN_THE_PROGRAM))('over $name', (fixture) => {
    /** The one channel over which everything goes stays open: that it is dead takes longer to find out. */
    const hasChannel = fixture.column === 'sse' || fixture.column === 'websocket';
    /** What was lost on it was part of a link, which is no good any more. */
    const loses = fixture.column === 'stdio' || fixture.column === 'websocket';

    test('under its calls: each fails at its deadline, and none leaves a socket behind', async () => {
      const world = closedAfterwards(await fixture.start());
      const front = closedAfterwards(await startFront(world.config));
      // So many failures would hold back the call that is to find the server healed.
      const { toolkit, clock, call, failure, passing } = await timed({ ...front.config, breaker: { failures: 100 } });
      await call('echo', { value: 1 });
      await swallow(front);
      const calls = Array.from({ length: CALLS }, (_, i) => failure('echo', { value: i }, { timeoutMs: LIMIT_MS }));
      const found = await failuresAround(clock, LIMIT_MS, calls);
      expect(found).toHaveLength(CALLS);
      for (const { error, afterMs } of found) {
        expect(error).toMatchObject({
          code: 'timeout',
          executed: 'unknown',
          limit: LIMIT_MS,
          server: 's',
          tool: 'echo',
        });
        expect(Math.abs(afterMs - LIMIT_MS)).toBeLessThanOrEqual(TOLERANCE_MS);
      }
      // The server had a second to hear that the calls are over. Connections without a request are kept for 4 s.
      await clock.advance(1_000);
      await until(() => front.open() === (hasChannel ? 1 : 0));

      let broken = !loses;
      toolkit.on('reconnecting', () => {
        broken = true;
      });
      await front.clear();
      await until(() => broken);
      expect(await passing(call('echo', { value: 'healed' }))).toBe('healed');
    });

    test('before its first word: the call, or the attempt, fails at its limit; no socket and no process is left', async () => {
      const world = closedAfterwards(await fixture.start());
      const front = closedAfterwards(await startFront(world.config));
      await swallow(front);
      const { toolkit, clock, failure } = await timed({
        ...front.config,
        connectTimeoutMs: 2 * LIMIT_MS,
        maxRetries: 0,
      });
      const impatient = failure('echo', {}, { timeoutMs: LIMIT_MS });
      const patient = failure('echo');
      await until(() => front.accepted() > 0);
      const [found] = await failuresAround(clock, LIMIT_MS, [impatient]);
      expect(found?.error).toMatchObject({ code: 'connect_timeout', executed: 'no', limit: LIMIT_MS });
      await clock.advance(LIMIT_MS - 3 * TOLERANCE_MS);
      expect(toolkit.status().s?.state).toBe('connecting');
      await clock.advance(2 * TOLERANCE_MS);
      // A child is seen off before its attempt is over.
      expect(await patient).toMatchObject({ code: 'connect_timeout', executed: 'no', limit: 2 * LIMIT_MS });
      expect(toolkit.status().s?.state).toBe('failed');
      await clock.advance(1_000);
      await until(() => front.open() === 0 && living(world.starts()).length === 0);
    });
  });
});
