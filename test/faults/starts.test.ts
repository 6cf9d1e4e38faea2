import { describe, expect, test } from 'vitest';
import { drive, until } from '../fixtures/faults/drive.ts';
import { living } from '../fixtures/faults/processes.ts';
import { over } from '../fixtures/faults/worlds.ts';

/** The deadline of 60 s in small: long enough for a process to start, and for a link to be opened. */
const shortMs = (column: string): number => (column === 'stdio' ? 1_000 : 300);

describe('T20: a server that does not get beyond its start', () => {
  describe.each(over('T20'))('over $name', (fixture) => {
    const limit = shortMs(fixture.column);
    test.each(['everything', 'handshake'] as const)('hangs in %s: the attempt ends at its own limit', async (hang) => {
      const config = { connectTimeoutMs: limit, maxRetries: 0 };
      const { toolkit, failure, world } = await drive(fixture, { hang }, config);
      const startedAt = performance.now();
      const error = await failure('echo');
      const tookMs = performance.now() - startedAt;
      expect(error).toMatchObject({ code: 'connect_timeout', executed: 'no', limit, server: 's' });
      expect(tookMs).toBeGreaterThanOrEqual(limit - 50);
      expect(tookMs).toBeLessThan(limit + 5_000);
      expect(toolkit.status().s?.state).toBe('failed');
      expect(world.overlaps()).toEqual([]);
      expect(world.starts()).toHaveLength(fixture.column === 'stdio' ? 1 : 0);
      await until(() => living(world.starts()).length === 0);
    });

    test('hangs, and the caller is less patient than the attempt: the call ends, unsent', async () => {
      const { failure } = await drive(fixture, { hang: 'everything' }, { connectTimeoutMs: 20_000 });
      expect(await failure('echo', {}, { timeoutMs: 200 })).toMatchObject({ code: 'connect_timeout', executed: 'no' });
      const abort = new AbortController();
      const cancelled = failure('echo', {}, { signal: abort.signal });
      abort.abort();
      expect(await cancelled).toMatchObject({ code: 'cancelled', executed: 'no' });
    });
  });

  const NO_PROCESS = 'there is no process to start';
  const left = {
    json: NO_PROCESS,
    events: NO_PROCESS,
    session: NO_PROCESS,
    sse: NO_PROCESS,
    websocket: NO_PROCESS,
    memory: NO_PROCESS,
  };
  describe.each(over('T20, processes', left))('over $name', (fixture) => {
    test('hangs once: the second process starts when the first is dead, and the waiting call is answered', async () => {
      const mode = { hang: 'handshake', hangOnce: true } as const;
      const { world, expectFine } = await drive(fixture, mode, { connectTimeoutMs: 1_000 });
      await expectFine();
      expect(world.starts().length).toBeGreaterThan(1);
      expect(world.overlaps()).toEqual([]);
      expect(living(world.starts())).toHaveLength(1);
    });
  });

  // The row's 45 s in small, and beyond the 5 s for which a probe is waited for. Side by side, for they mostly wait.
  const processes = over('T20, slow or stubborn', left);
  test('takes its time to start: it is waited for, in one process', async () => {
    const each = processes.flatMap((fixture) => [1_500, 6_000].map((slowMs) => ({ fixture, slowMs })));
    await Promise.all(
      each.map(async ({ fixture, slowMs }) => {
        const { toolkit, call, world } = await drive(fixture, { slowMs });
        expect(await call('echo', { value: 'late' })).toBe('late');
        expect(toolkit.status().s).toMatchObject({ state: 'connected', era: fixture.era });
        expect(world.starts()).toHaveLength(1);
      }),
    );
  });

  test('hangs once and ignores its end as well: the second process still waits for the first to be dead', async () => {
    await Promise.all(
      processes.map(async (fixture) => {
        const mode = { hang: 'handshake', hangOnce: true, stubborn: true } as const;
        const { world, expectFine } = await drive(fixture, mode, { connectTimeoutMs: 1_500 });
        await expectFine();
        expect(world.starts().length).toBeGreaterThan(1);
        expect(world.overlaps()).toEqual([]);
        expect(living(world.pids()).length).toBeLessThanOrEqual(3);
      }),
    );
  });
});
