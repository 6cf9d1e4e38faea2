import { describe, expect, test } from 'vitest';
import { callFor } from '../../test/fixtures/scripted-peer.ts';
import { type Clock, systemClock } from '../clock.ts';
import { cacheHints } from '../protocol/answer.ts';
import { createReadCache, type ReadCacheOptions } from './read-cache.ts';

const world = (limits?: Partial<ReadCacheOptions>) => {
  let now = 0;
  let reads = 0;
  const clock: Clock = { ...systemClock, now: () => now };
  const cache = createReadCache({ clock, hintsOf: cacheHints, ...limits });
  return {
    cache,
    pass: (ms: number) => {
      now += ms;
    },
    reads: () => reads,
    read: (uri: string, hints: object, who: { scope?: string; principal?: string } = {}) =>
      cache.read(callFor('resources/read', { uri }, who), async () => {
        reads += 1;
        return { contents: [{ uri, text: `read ${reads}` }], ...hints };
      }),
  };
};
const PUBLIC = { ttlMs: 1_000, cacheScope: 'public' };

describe('an answer of a resource', () => {
  test('is kept for as long as the server says, and not a moment longer', async () => {
    const { read, reads, pass } = world();
    const first = await read('a', PUBLIC);
    pass(999);
    expect(await read('a', PUBLIC)).toEqual(first);
    expect(reads()).toBe(1);
    pass(1);
    await read('a', PUBLIC);
    expect(reads()).toBe(2);
  });

  test('without a hint, or with a senseless one, is never kept', async () => {
    const { read, reads } = world();
    for (const hints of [
      {},
      { ttlMs: 0 },
      { ttlMs: -1, cacheScope: 'public' },
      { ttlMs: '9' },
      { ttlMs: Number.NaN },
    ]) {
      await read('a', hints);
    }
    expect(reads()).toBe(5);
  });

  test('that is private stays with its principal, and none leaves its scope', async () => {
    const { read, reads } = world();
    await read('a', { ttlMs: 1_000, cacheScope: 'private' }, { principal: 'ann' });
    await read('a', PUBLIC, { principal: 'bob' });
    await read('a', PUBLIC, { principal: 'cid' });
    expect(reads()).toBe(2);
    await read('a', PUBLIC, { scope: 'elsewhere' });
    expect(reads()).toBe(3);
  });

  test('is forgotten when the resource changes', async () => {
    const { cache, read, reads } = world();
    await read('a', PUBLIC);
    await read('b', PUBLIC);
    cache.drop('a');
    await read('a', PUBLIC);
    await read('b', PUBLIC);
    expect(reads()).toBe(3);
    cache.clear();
    await read('b', PUBLIC);
    expect(reads()).toBe(4);
  });

  test('is a copy: what one caller does to it is not seen by the next', async () => {
    const { read } = world();
    await read('a', PUBLIC);
    const mine = await read('a', PUBLIC);
    (mine.contents as unknown[]).length = 0;
    expect((await read('a', PUBLIC)).contents).toHaveLength(1);
  });

  test('makes room for newer ones, by number and by size', async () => {
    const few = world({ maxEntries: 2 });
    for (const uri of ['a', 'b', 'c', 'a']) await few.read(uri, PUBLIC);
    expect(few.reads()).toBe(4);
    const small = world({ maxChars: 10 });
    await small.read('a', PUBLIC);
    await small.read('a', PUBLIC);
    expect(small.reads()).toBe(2);
  });
});

test('an answer that was on its way when its resource changed is not kept', async () => {
  const told = { contents: [{ uri: 'a', text: 'old' }], ...PUBLIC };
  for (const change of ['drop', 'clear'] as const) {
    const { cache } = world();
    let answer: () => void = () => {};
    const first = cache.read(
      callFor('resources/read', { uri: 'a' }),
      () => new Promise((resolve) => (answer = () => resolve(told))),
    );
    cache[change]('a');
    answer();
    expect(await first).toEqual(told);
    let asked = 0;
    await cache.read(callFor('resources/read', { uri: 'a' }), async () => {
      asked += 1;
      return told;
    });
    expect(asked).toBe(1);
  }
});
