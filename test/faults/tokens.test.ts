import { describe, expect, test } from 'vitest';
import { drive } from '../fixtures/faults/drive.ts';
import { over } from '../fixtures/faults/worlds.ts';

const noTokens = 'only HTTP requests carry a token';
const CALLS = 50;
const REFUSED = {
  status: 401,
  headers: { 'www-authenticate': 'Bearer error="invalid_token", error_description="it ran out"' },
};

describe('T22: a token that runs out under 50 calls, with nobody to ask for a new one', () => {
  const left = {
    stdio: noTokens,
    sse: 'answers come over its stream, which was opened with the token',
    websocket: noTokens,
    memory: noTokens,
  };
  describe.each(over('T22', left))('over $name', (fixture) => {
    test('each is told that it has not run, none is sent again, and those with a good one go on', async () => {
      const { toolkit, failure, world, expectFine } = await drive(fixture, {}, { retrySafe: ['*'] });
      await expectFine();
      const retries: unknown[] = [];
      toolkit.on('retry', (event) => retries.push(event));
      const errors = await Promise.all(Array.from({ length: CALLS }, () => failure('http', REFUSED)));
      for (const error of errors) {
        expect(error).toMatchObject({ code: 'auth_required', executed: 'no', status: 401, server: 's', tool: 'http' });
      }
      expect(new Set(errors).size).toBe(CALLS);
      expect(retries).toEqual([]);
      expect(world.effects()).toEqual([]);
      await expectFine();
      expect(toolkit.status().s?.state).toBe('connected');
    });
  });
});
