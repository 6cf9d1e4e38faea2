import { describe, expect, test } from 'vitest';
import type { ToolkitEvents } from '../../src/events.ts';
import { drive } from '../fixtures/faults/drive.ts';
import { FIXTURES, over } from '../fixtures/faults/worlds.ts';

const SAFE = { retrySafe: ['flaky'] };
const NO_STATUS = {
  stdio: 'HTTP statuses are of HTTP',
  websocket: 'HTTP statuses are of HTTP',
  memory: 'HTTP statuses are of HTTP',
  sse: 'there the status is that of the message, not of its answer',
};

const listening = (driven: Awaited<ReturnType<typeof drive>>): ToolkitEvents['retry'][] => {
  const told: ToolkitEvents['retry'][] = [];
  driven.toolkit.on('retry', (event) => told.push(event));
  return told;
};

describe('T4: an answer that is lost again and again', () => {
  describe.each(over('T4'))('over $name', (fixture) => {
    test('of a tool that may run twice is asked for anew, three times in all, each time as a new request', async () => {
      const driven = await drive(fixture, {}, SAFE);
      const told = listening(driven);
      expect(await driven.call('flaky', { key: 'k', times: 2 })).toBe(3);
      expect(told.map(({ attempt, error }) => [attempt, error.code])).toEqual([
        [2, 'outcome_unknown'],
        [3, 'outcome_unknown'],
      ]);
      const effects = driven.world.effects().map((effect) => effect.split(' '));
      expect(effects.map(([, attempt]) => attempt)).toEqual(['1', '2', '3']);
      // A new link counts its requests from the beginning.
      const ids = new Set(effects.map(([, , id]) => id));
      if (['json', 'events', 'session'].includes(fixture.column)) expect(ids.size).toBe(3);
    });

    test('of a tool that may not runs once, whatever comes of it', async () => {
      const driven = await drive(fixture);
      const told = listening(driven);
      expect(await driven.failure('flaky', { key: 'k', times: 1 })).toMatchObject({
        code: 'outcome_unknown',
        executed: 'unknown',
      });
      await driven.expectFine();
      expect(driven.world.effects()).toHaveLength(1);
      expect(told).toEqual([]);
    });

    test('of a resource is asked for anew', async () => {
      const { toolkit } = await drive(fixture);
      expect(await toolkit.readResource('cut:2', { server: 's' })).toMatchObject({ contents: [{ text: 'read' }] });
    });
  });

  test.each(FIXTURES.filter(({ column, era }) => era === 'modern' && (column === 'json' || column === 'events')))(
    'of a list is asked for anew over $name',
    async (fixture) => {
      const driven = await drive(fixture, { cutLists: [2, 3] });
      await driven.expectFine();
      const tools = await driven.toolkit.listTools({ server: 's' });
      expect(tools.length).toBeGreaterThan(0);
      expect(tools.every(({ stale }) => !stale)).toBe(true);
      expect(driven.warnings).toEqual([]);
    },
  );

  test('that comes to nothing within the limits of the call ends with them', async () => {
    const [fixture] = FIXTURES.filter(({ column }) => column === 'json');
    if (fixture === undefined) return expect.unreachable();
    const driven = await drive(fixture, {}, SAFE);
    await driven.expectFine();
    const before = performance.now();
    const error = await driven.failure('flaky', { key: 'k', times: 99 }, { timeoutMs: 400, retry: { attempts: 99 } });
    expect(error).toMatchObject({ code: 'outcome_unknown', executed: 'unknown', attempts: expect.any(Number) });
    // Its attempts and their pauses would take minutes.
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});

describe('T5: a refusal by HTTP', () => {
  describe.each(over('T5', NO_STATUS))('over $name', (fixture) => {
    test.each([500, 502, 503, 504])('%i: a tool is sent once, and one that may run twice again', async (status) => {
      const driven = await drive(fixture, {}, SAFE);
      expect(await driven.failure('http', { status, headers: {} })).toMatchObject({
        code: 'outcome_unknown',
        executed: 'unknown',
        status,
      });
      expect(driven.world.effects()).toEqual([]);
      expect(await driven.call('flaky', { key: 'k', times: 1, status })).toBe(2);
      expect(driven.world.effects()).toHaveLength(2);
    });

    test('429: any tool is sent again, not before the server wants it', async () => {
      const driven = await drive(fixture);
      const told = listening(driven);
      await driven.expectFine();
      const before = performance.now();
      const headers = { 'retry-after': '1' };
      expect(await driven.call('flaky', { key: 'k', times: 1, status: 429, headers })).toBe(2);
      expect(performance.now() - before).toBeGreaterThanOrEqual(999);
      expect(told).toMatchObject([{ attempt: 2, error: { code: 'rate_limited', retryAfterMs: 1_000 } }]);
      expect(told[0]?.delayMs).toBeLessThanOrEqual(1_000);
    });

    test('429 for longer than the call may take: it fails at once, and says for how long', async () => {
      const driven = await drive(fixture);
      await driven.expectFine();
      const before = performance.now();
      const headers = { 'retry-after': '60' };
      expect(await driven.failure('flaky', { key: 'k', times: 1, status: 429, headers })).toMatchObject({
        code: 'rate_limited',
        retryAfterMs: 60_000,
        executed: 'no',
      });
      expect(performance.now() - before).toBeLessThan(1_000);
      expect(driven.world.effects()).toHaveLength(1);
    });

    test('503 that asks for longer: one that may run twice fails at once with rate_limited', async () => {
      const driven = await drive(fixture, {}, SAFE);
      const headers = { 'retry-after': '60' };
      expect(await driven.failure('flaky', { key: 'k', times: 1, status: 503, headers })).toMatchObject({
        code: 'rate_limited',
        retryAfterMs: 60_000,
        executed: 'unknown',
      });
    });

    test.each([
      [413, 'message_too_large'],
      [400, 'protocol_error'],
      [403, 'forbidden'],
    ])('%i: no tool is sent again', async (status, code) => {
      const driven = await drive(fixture, {}, SAFE);
      expect(await driven.failure('flaky', { key: 'k', times: 1, status })).toMatchObject({ code });
      expect(driven.world.effects()).toHaveLength(1);
    });

    test('a refused connection: any tool is tried three times, and none has run', async () => {
      const driven = await drive(fixture);
      const told = listening(driven);
      await driven.expectFine();
      await driven.world.close();
      // A connection that was kept open has to be found broken first: what is sent over it may have arrived.
      await expect(driven.toolkit.ping('s')).rejects.toThrow();
      expect(await driven.failure('count', { key: 'k' })).toMatchObject({
        code: 'connect_failed',
        executed: 'no',
        attempts: 3,
      });
      expect(told.map(({ attempt }) => attempt)).toEqual([2, 3]);
      expect(driven.world.effects()).toEqual([]);
    });
  });
});
