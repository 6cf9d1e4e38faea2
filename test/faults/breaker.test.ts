import { describe, expect, test } from 'vitest';
import { drive, until } from '../fixtures/faults/drive.ts';
import { over } from '../fixtures/faults/worlds.ts';

const NO_STATUS = {
  stdio: 'HTTP statuses are of HTTP',
  websocket: 'HTTP statuses are of HTTP',
  memory: 'HTTP statuses are of HTTP',
  sse: 'there the status is that of the message, not of its answer',
};

describe('A server that answers calls with HTTP 502', () => {
  describe.each(over('breaker', NO_STATUS))('over $name', (fixture) => {
    test('is left alone, asked without calling a tool, and called again', async () => {
      const driven = await drive(fixture, {}, { breaker: { openMs: 1_000 } });
      const told: string[] = [];
      for (const name of ['breaker_open', 'breaker_half_open', 'breaker_closed'] as const)
        driven.toolkit.on(name, () => told.push(name));
      await driven.expectFine();
      for (let i = 0; i < 5; i += 1)
        expect(await driven.failure('flaky', { key: 'k', times: 1, status: 502 })).toMatchObject({ status: 502 });
      // What failures mean is loaded with the first of them.
      await until(() => driven.toolkit.status().s?.breaker === 'open');

      const before = performance.now();
      for (let i = 0; i < 20; i += 1)
        expect(await driven.failure('count', { key: 'n' })).toMatchObject({ code: 'breaker_open', executed: 'no' });
      expect((performance.now() - before) / 20).toBeLessThan(5);

      await until(() => driven.toolkit.status().s?.breaker === 'closed');
      expect(told).toEqual(['breaker_open', 'breaker_half_open', 'breaker_closed']);
      expect(driven.world.effects()).toHaveLength(5);
      await driven.expectFine();
    });
  });
});

describe('T5: a server that answers 429', () => {
  test.each(over('T5, the rest of a server', NO_STATUS))('is sent no other call either over $name', async (fixture) => {
    const driven = await drive(fixture);
    await driven.expectFine();
    const before = performance.now();
    const args = { key: 'k', times: 1, status: 429, headers: { 'retry-after': '1' } };
    expect(await driven.failure('flaky', args, { retry: false })).toMatchObject({ code: 'rate_limited' });
    await driven.expectFine();
    expect(performance.now() - before).toBeGreaterThanOrEqual(999);
    expect(driven.toolkit.status().s?.breaker).toBe('closed');
  });
});
