/** What every store promises, asked of all of them. */
import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { times } from '../../../test/fixtures/long.ts';
import { newFolder } from '../../../test/fixtures/store-world.ts';
import { createMemoryStore } from '../../gateway/store/memory.ts';
import type { CallRecord, Store } from '../../gateway/store/store.ts';
import { engineHere } from './database.ts';
import { createSqliteStore } from './sqlite.ts';
import type { EngineName } from './thread.ts';

const ENGINES: EngineName[] = engineHere() === 'node' ? ['node', 'wasm'] : ['wasm'];
const TWINS = ['memory', ...ENGINES] as const;
type Twin = (typeof TWINS)[number];

let now = 0;
const today = (): number => now;
const bounds = { today, maxCalls: 50, maxAgeMs: 10_000 };

const call = (id: string, more: Partial<CallRecord> = {}): CallRecord => ({
  id,
  at: now,
  principal: 'key:a',
  server: 's',
  tool: 'echo',
  outcome: 'ok',
  durationMs: 1.5,
  attempts: 1,
  cached: false,
  ...more,
});

describe.each(TWINS)('a store in %s', (twin: Twin) => {
  let store: Store;
  let folder: string;
  beforeEach(async () => {
    now = 1_000_000;
    folder = await newFolder();
    store =
      twin === 'memory'
        ? createMemoryStore(bounds)
        : await createSqliteStore({ ...bounds, path: `${folder}/gateway.db`, engine: twin });
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('gives a value back as JSON has it, and nobody else can change it', async () => {
    const value = { list: [1, { deep: 'ä \u0000 😀' }], gone: undefined, number: 1e21 };
    await store.records.put('k', 'one', value);
    value.list.push(2);
    const got = await store.records.get<typeof value>('k', 'one');
    expect(got).toStrictEqual({ list: [1, { deep: 'ä \u0000 😀' }], number: 1e21 });
    got?.list.push(3);
    expect(await store.records.get('k', 'one')).toStrictEqual({ list: [1, { deep: 'ä \u0000 😀' }], number: 1e21 });
    expect(await store.records.get('other', 'one')).toBeUndefined();
  });

  test('refuses what is no JSON and what is too much, and keeps what was there', async () => {
    await store.records.put('k', 'one', 1);
    await expect(store.records.put('k', 'one', undefined)).rejects.toMatchObject({ code: 'invalid_arguments' });
    await expect(store.records.put('k', 'one', 1n)).rejects.toMatchObject({ code: 'invalid_arguments' });
    const long = 'x'.repeat(32 * 1024 * 1024);
    await expect(store.records.put('k', 'one', long)).rejects.toMatchObject({ code: 'message_too_large' });
    await expect(store.records.update('k', 'one', () => 2n as unknown)).rejects.toMatchObject({
      code: 'invalid_arguments',
    });
    expect(await store.records.get('k', 'one')).toBe(1);
  });

  test('forgets a value when its time is over, and one that is put then is a new one', async () => {
    await store.records.put('k', 'old', 1, { ttlMs: 100 });
    await store.records.put('k', 'young', 2);
    now += 99;
    expect(await store.records.list('k')).toEqual([
      { id: 'young', value: 2 },
      { id: 'old', value: 1 },
    ]);
    now += 1;
    expect(await store.records.get('k', 'old')).toBeUndefined();
    expect(await store.records.delete('k', 'old')).toBe(false);
    expect(await store.records.update('k', 'old', (value) => value)).toBeUndefined();
    await store.records.put('k', 'old', 3);
    expect(await store.records.list('k')).toEqual([
      { id: 'old', value: 3 },
      { id: 'young', value: 2 },
    ]);
    expect(await store.records.list('k', { limit: 1 })).toEqual([{ id: 'old', value: 3 }]);
  });

  test('an update leaves the end where it was, unless it says another', async () => {
    await store.records.put('k', 'one', 1, { ttlMs: 100 });
    now += 50;
    expect(await store.records.update<number>('k', 'one', (value = 0) => value + 1)).toBe(2);
    now += 50;
    expect(await store.records.get('k', 'one')).toBeUndefined();
    await store.records.update('k', 'one', () => 1, { ttlMs: 100 });
    now += 50;
    await store.records.update('k', 'one', () => 2, { ttlMs: 100 });
    now += 99;
    expect(await store.records.get('k', 'one')).toBe(2);
    now += 1;
    expect(await store.records.get('k', 'one')).toBeUndefined();
  });

  test('counts to a hundred though a hundred add at once, and deletes once', async () => {
    const add = (): Promise<number | undefined> =>
      store.records.update<number>('k', 'n', (value) => (value === undefined ? 1 : value + 1));
    const seen = await Promise.all(Array.from({ length: 60 }, add));
    expect(new Set(seen).size).toBe(60);
    expect(await store.records.get('k', 'n')).toBe(60);
    const deleted = await Promise.all(Array.from({ length: 10 }, () => store.records.delete('k', 'n')));
    expect(deleted.filter(Boolean)).toHaveLength(1);
  });

  test('undefined from an update deletes, of many only one', async () => {
    await store.records.put('k', 'once', 'a permit');
    const taken = await Promise.all(
      Array.from({ length: 10 }, async () => {
        let mine = false;
        await store.records.update('k', 'once', (value) => {
          mine = value !== undefined;
          return undefined;
        });
        return mine;
      }),
    );
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  test('finds calls by what is asked of them, the newest first', async () => {
    for (let index = 1; index <= 6; index += 1) {
      now += 1;
      store.history.append(
        call(`c${index}`, {
          principal: index % 2 === 0 ? 'key:b' : undefined,
          tool: index > 3 ? 'other' : 'echo',
          ...(index === 6 && { outcome: 'timeout', executed: 'unknown', message: 'm'.repeat(2_000), call: 'c' }),
        }),
      );
    }
    const ids = async (...filter: Parameters<Store['history']['find']>) =>
      (await store.history.find(...filter)).map(({ id }) => id);
    expect(await ids()).toEqual(['c6', 'c5', 'c4', 'c3', 'c2', 'c1']);
    expect(await ids({ limit: 2 })).toEqual(['c6', 'c5']);
    expect(await ids({ principal: 'key:b', tool: 'other' })).toEqual(['c6', 'c4']);
    expect(await ids({ since: 1_000_002, before: 1_000_004 })).toEqual(['c3', 'c2']);
    expect(await ids({ server: "s' OR 1=1 --" })).toEqual([]);
    expect(await ids({ limit: 0 })).toEqual([]);
    const [last, before] = await store.history.find({ limit: 2 });
    expect(last).toStrictEqual(
      call('c6', {
        principal: 'key:b',
        tool: 'other',
        outcome: 'timeout',
        executed: 'unknown',
        message: 'm'.repeat(1_000),
        call: 'c',
      }),
    );
    expect(before).not.toHaveProperty('principal');
  });

  test('finds each call as soon as it has ended', async () => {
    for (let index = 0; index < 3; index += 1) {
      expect(await store.history.find()).toHaveLength(index);
      store.history.append(call(`c${index}`));
    }
    expect(await store.history.find()).toHaveLength(3);
  });

  test('remembers so many calls, for so long, and no more', async () => {
    for (let index = 1; index <= 120; index += 1) store.history.append(call(`c${index}`, { at: now + index }));
    const found = await store.history.find({ limit: 1_000 });
    expect(found.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, index) => `c${120 - index}`));
    now += 10_110;
    expect((await store.history.find({ since: 0 })).map(({ id }) => id)).toEqual(
      Array.from({ length: 11 }, (_, index) => `c${120 - index}`),
    );
  });

  test('lets so many be spent in a window, and then again in the next', async () => {
    const spend = () => store.counters.spend('k', { limit: 2, windowMs: 1_000 });
    expect(await spend()).toEqual({ left: 1, resetMs: 1_000 });
    now += 400;
    expect(await spend()).toEqual({ left: 0, resetMs: 600 });
    expect(await spend()).toBe(false);
    expect(await store.counters.spend('other', { limit: 1, windowMs: 1_000 })).toEqual({ left: 0, resetMs: 1_000 });
    now += 600;
    expect(await spend()).toEqual({ left: 1, resetMs: 1_000 });
  });

  test('answers nothing once it is closed, and can be closed twice', async () => {
    await Promise.all([store.close(), store.close()]);
    await expect(store.records.get('k', 'one')).rejects.toMatchObject({ code: 'closed' });
    await expect(store.records.put('k', 'one', 1)).rejects.toMatchObject({ code: 'closed' });
    await expect(store.history.find()).rejects.toMatchObject({ code: 'closed' });
    await expect(store.counters.spend('k', { limit: 1, windowMs: 1 })).rejects.toMatchObject({ code: 'closed' });
    store.history.append(call('c1'));
  });
});

/** One thing that is done to two stores at once; `run` keeps one run apart from the next. */
type Step = (store: Store, run: string) => Promise<unknown>;

const ids = fc.constantFrom('a', 'b', 'c');
const ttl = fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined });
const optionsOf = (ttlMs: number | undefined) => (ttlMs === undefined ? {} : { ttlMs });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(ids, fc.jsonValue(), ttl).map(
    ([id, value, ttlMs]): Step =>
      (s, run) =>
        s.records.put(run, id, value, optionsOf(ttlMs)),
  ),
  ids.map(
    (id): Step =>
      (s, run) =>
        s.records.get(run, id),
  ),
  ids.map(
    (id): Step =>
      (s, run) =>
        s.records.delete(run, id),
  ),
  fc.tuple(ids, ttl, fc.boolean()).map(
    ([id, ttlMs, drop]): Step =>
      (s, run) =>
        s.records.update<unknown>(run, id, (value) => (drop ? undefined : [value ?? 0]), optionsOf(ttlMs)),
  ),
  fc.option(fc.nat({ max: 3 }), { nil: undefined }).map(
    (limit): Step =>
      (s, run) =>
        s.records.list(run, { limit }),
  ),
  fc.tuple(ids, fc.integer({ min: 1, max: 3 })).map(
    ([key, limit]): Step =>
      (s, run) =>
        s.counters.spend(run + key, { limit, windowMs: 40 }),
  ),
  fc.tuple(ids, ids, fc.nat({ max: 50 })).map(
    ([id, tool, age]): Step =>
      async (s, run) =>
        s.history.append(call(id, { server: run, tool, at: now - age })),
  ),
  fc
    .record({
      tool: fc.option(ids, { nil: undefined }),
      limit: fc.integer({ min: 1, max: 5 }),
      since: fc.nat({ max: 100 }),
    })
    .map(
      ({ since, ...filter }): Step =>
        (s, server) =>
          s.history.find({ ...filter, server, since: now - since }),
    ),
);
const steps = fc.array(fc.tuple(fc.nat({ max: 20 }), step), { maxLength: 40, size: 'max' });

test.each(ENGINES)('whatever is done, a store in %s says what one in memory says', async (engine) => {
  const folder = await newFolder();
  const few = { today, maxCalls: 5, maxAgeMs: 80 };
  now = 1_000_000;
  const sqlite = await createSqliteStore({ ...few, path: `${folder}/gateway.db`, engine });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      run += 1;
      const memory = createMemoryStore(few);
      for (const [ms, step] of given) {
        now += ms;
        expect(await step(sqlite, `run ${run}`)).toEqual(await step(memory, `run ${run}`));
      }
    }),
    { numRuns: times(1_000, 50) },
  );
  await sqlite.close();
  await rm(folder, { recursive: true, force: true });
});
