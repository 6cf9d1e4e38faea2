import { describe, expect, test } from 'vitest';
import { callFor } from '../../test/fixtures/scripted-peer.ts';
import type { CallInit } from '../call.ts';
import { namedBy } from '../names.ts';
import { createSharing } from './sharing.ts';

const call = (tool: string, init: Partial<CallInit> = {}) => callFor('tools/call', { name: tool }, init);

describe('what calls may share', () => {
  test('is nothing for tools that nobody names', () => {
    const { keeps, merges } = createSharing({});
    expect([keeps(call('find')), merges(call('find'))]).toEqual([false, false]);
  });

  test('is a kept answer and a call in flight for tools named in cache.tools, a call in flight for those in retrySafe', () => {
    const { keeps, merges } = createSharing({ cache: { tools: ['find_*'] }, retrySafe: ['look'] });
    for (const [tool, kept, merged] of [
      ['find_it', true, true],
      ['look', false, true],
      ['looking', false, false],
      ['write', false, false],
    ] as const) {
      expect([keeps(call(tool)), merges(call(tool))]).toEqual([kept, merged]);
      expect([keeps(call(tool, { cache: { ttlMs: 5 } })), merges(call(tool))]).toEqual([kept, merged]);
      expect([keeps(call(tool, { cache: false })), merges(call(tool, { cache: false }))]).toEqual([false, false]);
    }
  });

  test('is both for requests that change nothing', () => {
    const { keeps, merges } = createSharing({});
    for (const method of ['resources/read', 'prompts/get', 'completion/complete']) {
      expect([keeps(callFor(method)), merges(callFor(method))]).toEqual([true, true]);
      expect(keeps(callFor(method, {}, { cache: false }))).toBe(false);
    }
  });

  test('is kept for a minute unless the operator says for how long', () => {
    expect(createSharing({}).ttlMs).toBe(60_000);
    expect(createSharing({ cache: { tools: [] } }).ttlMs).toBe(60_000);
    expect(createSharing({ cache: { ttlMs: 0, tools: [] } }).ttlMs).toBe(0);
  });
});

test('a name is matched against the patterns once, and the names that are remembered are bounded', () => {
  let looks = 0;
  class Counted extends Array<string> {
    override some(...given: Parameters<string[]['some']>): boolean {
      looks += 1;
      return super.some(...given);
    }
  }
  const named = namedBy(Counted.from(['find_*']));
  for (let time = 0; time < 3; time += 1) expect([named('find_it'), named('write')]).toEqual([true, false]);
  expect(looks).toBe(2);
  for (let n = 0; n < 4_096; n += 1) named(`find_${n}`);
  expect(named('find_it')).toBe(true);
  expect(looks).toBe(2 + 4_096 + 1);
});
