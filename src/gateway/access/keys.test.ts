import { describe, expect, test, vi } from 'vitest';
import { createHandClock } from '../../../test/fixtures/hand-clock.ts';
import { createMemoryStore } from '../store/memory.ts';
import { createApiKey, digestOf, hexOf, sameDigest } from './api-key.ts';
import { createKeyRing } from './keys.ts';
import type { ApiKey } from './options.ts';

const BEGIN = Date.UTC(2026, 5, 1);
const ringOf = (...keys: ApiKey[]) => {
  const clock = createHandClock();
  const options = { clock, today: () => BEGIN + clock.now(), counters: createMemoryStore().counters };
  return Object.assign(createKeyRing(keys, options), { clock });
};
const idOf = (known: { caller: { principal: { id: string } } } | undefined) => known?.caller.principal.id;

test('a key that is made has 256 random bits, and what is configured of it opens the gateway', async () => {
  const [{ key, sha256 }, other] = [await createApiKey(), await createApiKey()];
  expect(key).toMatch(/^tw_[A-Za-z0-9_-]{43}$/);
  expect(other.key).not.toBe(key);
  const ring = ringOf({ name: 'made', sha256: sha256.toUpperCase() });
  expect(idOf(await ring.find(key))).toBe('key:made');
  expect(await ring.find(sha256)).toBeUndefined();
});

test('digests are equal only in all of their bytes', async () => {
  const digest = await digestOf('a');
  expect(hexOf(digest)).toBe('ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb');
  expect(sameDigest(digest, Uint8Array.from(digest))).toBe(true);
  for (const index of [0, 15, 31]) {
    const other = Uint8Array.from(digest);
    other[index] = (other[index] ?? 0) ^ 1;
    expect(sameDigest(digest, other)).toBe(false);
  }
  expect(sameDigest(digest, digest.slice(0, 31))).toBe(false);
  expect(sameDigest(digest.slice(0, 31), digest)).toBe(false);
});

test('S26 what is compared are digests: a key is hashed once, and a wrong one each time', async () => {
  const ring = ringOf({ name: 'a', key: 'right' }, { name: 'b', key: 'other' });
  await ring.find('other');
  const hashed = vi.spyOn(crypto.subtle, 'digest');
  try {
    expect(ring.recall('right')).toBeUndefined();
    expect(idOf(await ring.find('right'))).toBe('key:a');
    expect(hashed).toHaveBeenCalledTimes(1);
    expect(idOf(ring.recall('right'))).toBe('key:a');
    expect(hashed).toHaveBeenCalledTimes(1);
    for (const wrong of ['righ', 'right ', 'Right']) expect(await ring.find(wrong)).toBeUndefined();
    expect(hashed).toHaveBeenCalledTimes(4);
    expect(ring.recall('righ')).toBeUndefined();
  } finally {
    hashed.mockRestore();
  }
});

test('keys that are remembered are bounded', async () => {
  const keys = Array.from({ length: 1_001 }, (_, index): ApiKey => ({ name: `k${index}`, key: `key-${index}` }));
  const ring = ringOf(...keys);
  for (const { key = '' } of keys) await ring.find(key);
  expect(ring.recall('key-0')).toBeUndefined();
  expect(idOf(ring.recall('key-1000'))).toBe('key:k1000');
  expect(idOf(await ring.find('key-0'))).toBe('key:k0');
});

test('a key ends when its time comes, also for whoever was let in before', async () => {
  const ring = ringOf({ name: 'a', key: 'right', expires: new Date(BEGIN + 1_000).toISOString() });
  const known = await ring.find('right');
  expect([known?.caller.principal.may('call'), known?.caller.principal.sees('s')]).toEqual([true, true]);
  await ring.clock.advance(1_000);
  expect([known?.caller.principal.may('call'), known?.caller.principal.sees('s')]).toEqual([false, false]);
  expect([ring.recall('right'), await ring.find('right')]).toEqual([undefined, undefined]);
});

describe('other keys in the place of those there were', () => {
  const key: ApiKey = { name: 'a', key: 'right' };

  test('end what is gone at once', async () => {
    const ring = ringOf(key);
    const known = await ring.find('right');
    await ring.replace('configuration', [{ name: 'b', key: 'new' }]);
    expect(known?.alive()).toBe(false);
    expect([ring.recall('right'), await ring.find('right'), ring.named('a')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(idOf(await ring.find('new'))).toBe('key:b');
  });

  test.each([
    ['as it was', { ...key }, true],
    ['as its digest', { name: 'a', sha256: '0000' }, true],
    ['with other permissions', { ...key, scopes: ['read' as const] }, false],
    ['with another text', { ...key, key: 'new' }, false],
  ])('a key %s goes on: %#', async (_, replacement: ApiKey, goesOn) => {
    const ring = ringOf(key);
    const known = await ring.find('right');
    const sha256 = 'sha256' in replacement ? hexOf(await digestOf('right')) : undefined;
    await ring.replace('configuration', [{ ...replacement, ...(sha256 !== undefined && { sha256 }) }]);
    expect(known?.alive()).toBe(goesOn);
    expect(known === (await ring.find('right'))).toBe(goesOn);
  });

  test('are refused as a whole where one is wrong, and those before stay', async () => {
    const ring = ringOf(key);
    await expect(
      ring.replace('configuration', [
        { name: 'b', key: 'x' },
        { name: 'b', key: 'y' },
      ]),
    ).rejects.toMatchObject({
      code: 'invalid_config',
    });
    expect(idOf(await ring.find('right'))).toBe('key:a');
  });
});

test('two keys of one holder have one allowance, also where they come at the same time', async () => {
  const ring = ringOf();
  const rateLimit = { perMinute: 2 };
  const both = ['old', 'new'].map(async (text): Promise<ApiKey> => {
    return { name: 'a', sha256: hexOf(await digestOf(text)), rateLimit };
  });
  await ring.replace('store', await Promise.all(both));
  const [first, second] = [await ring.find('old'), await ring.find('new')];
  expect([first?.meter.request(), second?.meter.request()]).toEqual([0, 0]);
  expect(second?.meter.request()).toBeGreaterThan(0);
});

test('another end is no other key: what is open goes on until then', async () => {
  const key: ApiKey = { name: 'a', key: 'right' };
  const ring = ringOf(key);
  const known = await ring.find('right');
  await ring.replace('configuration', [{ ...key, expires: new Date(BEGIN + 1_000).toISOString() }]);
  expect([known?.alive(), known?.endsAt()]).toEqual([true, BEGIN + 1_000]);
  expect(await ring.find('right')).toBe(known);
  await ring.clock.advance(1_000);
  expect(known?.alive()).toBe(false);
});

test.each<[string, ApiKey[], string]>([
  [
    'two of one name',
    [
      { name: 'a', key: 'x' },
      { name: 'a', key: 'y' },
    ],
    'is there twice',
  ],
  ['a name that is none', [{ name: 'a b', key: 'x' }], 'has a name that'],
  ['neither key nor digest', [{ name: 'a' }], 'needs either key or sha256'],
  ['both', [{ name: 'a', key: 'x', sha256: 'a'.repeat(64) }], 'needs either key or sha256'],
  ['a short digest', [{ name: 'a', sha256: 'abc' }], '64 hexadecimal digits'],
  ['no time', [{ name: 'a', key: 'x', expires: 'soon' }], 'no ISO 8601 time'],
  ['an empty key', [{ name: 'a', key: '' }], 'visible ASCII'],
  ['a key that no header can carry', [{ name: 'a', key: 'secret\nx' }], 'visible ASCII'],
])('%s cannot be meant', (_, keys, message) => {
  const make = (): unknown => ringOf(...keys);
  expect(make).toThrow(expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining(message) }));
  expect(make).not.toThrow('secret');
});
