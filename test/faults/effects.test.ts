import { describe, expect, test } from 'vitest';
import type { CallOptions, ServerConfig } from '../../src/options.ts';
import { drive } from '../fixtures/faults/drive.ts';
import { over } from '../fixtures/faults/worlds.ts';

const PAIRS = 1_000;
const elsewhere = 'calls are merged before there is a link: one pipe and one pool are enough';
const left = { events: elsewhere, session: elsewhere, sse: elsewhere, websocket: elsewhere, memory: elsewhere };

describe('pairs of equal calls, all in flight together', () => {
  describe.each(over('equal calls', left))('over $name', (fixture) => {
    const keys = Array.from({ length: PAIRS }, (_, n) => `k${n}`);

    /** What took effect, sorted; each caller got the answer to its own call. */
    const effectsOf = async (config: ServerConfig, options: (key: string) => CallOptions = () => ({})) => {
      const limits = { maxQueue: 2 * PAIRS };
      const { call, world, expectFine } = await drive(fixture, {}, config, { limits });
      await expectFine();
      const made = keys.flatMap((key) => [call('count', { key }, options(key)), call('count', { key }, options(key))]);
      expect(await Promise.all(made)).toEqual(keys.flatMap((key) => [key, key]));
      return world.effects().sort();
    };
    const each = [...keys].sort();
    const both = each.flatMap((key) => [key, key]);

    test(`of an ordinary tool have ${2 * PAIRS} effects`, async () => {
      expect(await effectsOf({})).toEqual(both);
    });

    test(`of an ordinary tool have ${2 * PAIRS} effects, also where other tools are kept and merged`, async () => {
      expect(await effectsOf({ retrySafe: ['echo'], cache: { tools: ['slice'] } })).toEqual(both);
    });

    test(`of a tool that the operator names have ${PAIRS}`, async () => {
      expect(await effectsOf({ retrySafe: ['count'] })).toEqual(each);
    });

    test(`under ${PAIRS} idempotency keys have ${PAIRS}`, async () => {
      expect(await effectsOf({}, (idempotencyKey) => ({ idempotencyKey }))).toEqual(each);
    });
  });
});
