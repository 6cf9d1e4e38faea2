/** The file of a store: whose it is, what becomes of it when it is damaged or full, and how large it gets. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHandClock } from '../../../test/fixtures/hand-clock.ts';
import { newFolder } from '../../../test/fixtures/store-world.ts';
import type { CallRecord } from '../../gateway/store/store.ts';
import { engineHere, openDatabase } from './database.ts';
import { takeOwnership } from './owner.ts';
import { MIGRATIONS } from './schema.ts';
import { createSqliteStore, type SqliteStoreOptions } from './sqlite.ts';
import type { EngineName } from './thread.ts';

const ENGINES: EngineName[] = engineHere() === 'node' ? ['node', 'wasm'] : ['wasm'];

let folder: string;
let path: string;
let warnings: string[];
const logger = { warn: (message: string) => void warnings.push(message) };
beforeEach(async () => {
  folder = `${await newFolder()}/state`;
  path = `${folder}/gateway.db`;
  warnings = [];
});
afterEach(() => rm(`${folder}/..`, { recursive: true, force: true }));

const call = (id: string, at: number): CallRecord => ({
  id,
  at,
  principal: 'key:a',
  server: 's',
  tool: 'echo',
  outcome: 'ok',
  durationMs: 1,
  attempts: 1,
  cached: false,
});

describe.each(ENGINES)('a store with the engine %s', (engine) => {
  const open = (options: Partial<SqliteStoreOptions> = {}) => createSqliteStore({ path, engine, logger, ...options });

  test('is a file for nobody else, in a folder for nobody else', async () => {
    const store = await open();
    await store.records.put('k', 'one', 1);
    const modes = async (name: string) => ((await stat(name)).mode & 0o777).toString(8);
    expect(await modes(folder)).toBe('700');
    for (const name of await readdir(folder))
      if (!name.endsWith('.lock')) expect(`${name} ${await modes(`${folder}/${name}`)}`).toBe(`${name} 600`);
    await store.close();
    await chmod(path, 0o644);
    await (await open()).close();
    expect(await modes(path)).toBe('600');
  });

  test('knows after a restart what it knew before', async () => {
    const before = await open();
    await before.records.put('k', 'one', { deep: [1] });
    before.history.append(call('c1', Date.now()));
    await before.counters.spend('day', { limit: 3, windowMs: 3_600_000 });
    await before.close();
    expect(await readdir(folder)).toEqual(['gateway.db']);

    const after = await open();
    expect(await after.records.get('k', 'one')).toEqual({ deep: [1] });
    expect(await after.history.find()).toMatchObject([{ id: 'c1' }]);
    expect(await after.counters.spend('day', { limit: 3, windowMs: 3_600_000 })).toMatchObject({ left: 1 });
    await after.close();
    expect(warnings).toEqual([]);
  });

  test('has one owner: the second one hears who has it, and may have it afterwards', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining(`${process.pid}`),
    });
    await first.records.put('k', 'one', 1);
    await first.close();
    const second = await open();
    expect(await second.records.get('k', 'one')).toBe(1);
    await second.close();
  });

  test.each([
    ['text', 'this is no database, and is somebody else’s\n'.repeat(100)],
    ['bytes of a database whose middle is gone', undefined],
  ])('sets aside a file of %s, says so, and deletes nothing', async (_what, text) => {
    if (text === undefined) {
      const store = await open();
      await Promise.all(Array.from({ length: 200 }, (_, n) => store.records.put('k', `${n}`, 'x'.repeat(500))));
      await store.close();
      const bytes = await readFile(path);
      bytes.fill(0xab, 4_096, bytes.length);
      await writeFile(path, bytes);
    } else {
      await mkdir(folder);
      await writeFile(path, text);
    }
    const damaged = await readFile(path);

    const store = await open();
    await store.records.put('k', 'one', 1);
    await store.close();
    const aside = (await readdir(folder)).filter((name) => name.includes('unusable'));
    expect(aside).toHaveLength(1);
    expect((await readFile(`${folder}/${aside[0]}`)).equals(damaged)).toBe(true);
    expect(warnings).toEqual([expect.stringContaining(`${aside[0]}`)]);
    const again = await open();
    expect(await again.records.get('k', 'one')).toBe(1);
    await again.close();
    expect(warnings).toHaveLength(1);
  });

  test('sets aside the database of another program without a change to it', async () => {
    await mkdir(folder);
    const { Database } = createRequire(import.meta.url)('node-sqlite3-wasm') as typeof import('node-sqlite3-wasm');
    const other = new Database(path);
    other.exec('CREATE TABLE records (mine TEXT)');
    other.exec("INSERT INTO records VALUES ('precious')");
    other.close();
    const before = await readFile(path);
    const store = await open();
    await store.close();
    const [aside] = (await readdir(folder)).filter((name) => name.includes('unusable'));
    expect((await readFile(`${folder}/${aside}`)).equals(before)).toBe(true);
    expect(warnings).toEqual([expect.stringContaining('something else')]);
  });

  test('is refused, and left as it is, where a later Toolway wrote it', async () => {
    await (await open()).close();
    const database = await openDatabase({ path, engine });
    await database.bare(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    await database.close();
    const before = await readFile(path);
    await expect(open()).rejects.toMatchObject({ code: 'invalid_config', message: expect.stringContaining('later') });
    expect((await readFile(path)).equals(before)).toBe(true);
    expect(await readdir(folder)).toEqual(['gateway.db']);
  });

  test('is refused where no file can be', async () => {
    await mkdir(path, { recursive: true });
    await expect(open()).rejects.toMatchObject({ code: 'invalid_config' });
    expect(warnings).toEqual([]);
  });

  test('full: records are refused and stay as they were, calls are lost with one warning, and it goes on when there is room', async () => {
    const store = await open({ maxBytes: 200_000 });
    await store.records.put('k', 'kept', 1);
    let filled = 0;
    const fill = async (): Promise<void> => {
      for (; ; filled += 1) await store.records.put('ballast', `${filled}`, 'x'.repeat(10_000));
    };
    await expect(fill()).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('full') });
    for (let size = 3_000; size > 1; size = Math.ceil(size / 2))
      await store.records.put('rest', `${size}`, 'x'.repeat(size)).catch(() => {});
    await expect(store.records.update('k', 'kept', () => 'x'.repeat(10_000))).rejects.toMatchObject({
      code: 'internal',
    });
    expect(await store.records.get('k', 'kept')).toBe(1);

    for (let n = 0; n < 1_000; n += 1) store.history.append(call(`lost${n}`, Date.now()));
    await store.history.find();
    for (let n = 0; n < 200; n += 1) store.history.append(call(`lost too${n}`, Date.now()));
    await store.history.find();
    expect(warnings).toEqual(['the history of calls cannot be written']);

    for (let n = 0; n < filled; n += 1) await store.records.delete('ballast', `${n}`);
    store.history.append(call('kept', Date.now()));
    expect((await store.history.find({ limit: 1 }))[0]?.id).toBe('kept');
    await store.records.put('k', 'kept', 2);
    expect(warnings).toEqual(['the history of calls cannot be written', 'the history of calls is written again']);
    await store.close();
  });

  test('a write that has no room does not take those beside it with it', async () => {
    const store = await open({ maxBytes: 200_000 });
    const outcomes = await Promise.allSettled([
      store.records.put('k', 'small', 1),
      store.records.put('k', 'large', 'x'.repeat(300_000)),
      store.records.put('k', 'other', 2),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await store.records.list('k')).map(({ id }) => id)).toEqual(['other', 'small']);
    await store.close();
  });

  test('what is too much, too old or expired leaves the file within a minute', async () => {
    const clock = createHandClock();
    let now = 1_000_000;
    const store = await open({ clock, today: () => now, maxCalls: 1_500, maxAgeMs: 10_000 });
    for (let n = 1; n <= 4_000; n += 1) store.history.append(call(`c${n}`, now + (n > 3_000 ? 10_000 : 0)));
    await store.records.put('k', 'short', 1, { ttlMs: 5 });
    await store.records.put('k', 'long', 1);
    await store.counters.spend('k', { limit: 1, windowMs: 5 });
    await store.history.find();
    now += 15_000;
    await clock.advance(60_000);
    // What is removed is removed a piece at a time, and others come in between.
    for (let turns = 0; turns < 20; turns += 1) await store.records.get('k', 'long');
    await store.close();

    const database = await openDatabase({ path, engine });
    const count = async (table: string) => (await database.rows(`SELECT count(*) AS n FROM ${table}`))[0]?.n;
    expect([await count('calls'), await count('records'), await count('counters')]).toEqual([1_000, 1, 0]);
    await database.close();
  });

  test('calls are written in batches of a hundred, and what is left after 200 ms', async () => {
    const clock = createHandClock();
    const store = await open({ clock });
    for (let n = 1; n <= 130; n += 1) store.history.append(call(`c${n}`, Date.now()));
    expect(clock.pendingTimers).toBeGreaterThan(0);
    await clock.advance(200);
    await store.close();
    const again = await open();
    expect(await again.history.find({ limit: 1_000 })).toHaveLength(130);
    await again.close();
  });
});

test.runIf(ENGINES.length === 2)('each engine reads the files of the other', async () => {
  for (const engine of ['wasm', 'node', 'wasm'] as const) {
    const store = await createSqliteStore({ path, engine, logger });
    await store.records.update<string[]>('k', 'engines', (value = []) => [...value, engine]);
    await store.close();
  }
  const store = await createSqliteStore({ path, logger });
  expect(await store.records.get('k', 'engines')).toEqual(['wasm', 'node', 'wasm']);
  await store.close();
  expect(warnings).toEqual([]);
});

describe('the owner of a file', () => {
  const mark = (facts: object) =>
    writeFile(
      `${folder}/gateway.db.owner`,
      JSON.stringify({ nonce: 'x', pid: process.pid, started: '1', place: 'elsewhere', host: 'h', ...facts }),
    );

  test('elsewhere, where nobody can look, is dead when its mark is not touched any more', async () => {
    await mkdir(folder);
    await mark({});
    const owner = await takeOwnership(path, { silenceMs: 50 });
    await owner.verify();
    await owner.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('elsewhere is alive as long as it is', async () => {
    await mkdir(folder);
    await mark({});
    const touching = setInterval(() => void mark({}), 5);
    await expect(takeOwnership(path, { silenceMs: 100 })).rejects.toMatchObject({ code: 'invalid_config' });
    clearInterval(touching);
  });

  test('who lost the file to somebody else writes no more', async () => {
    const owner = await takeOwnership(path, { touchMs: 10 });
    await mark({});
    await expect
      .poll(() =>
        owner.verify().then(
          () => 'mine',
          ({ code }) => code,
        ),
      )
      .toBe('closed');
    await owner.release();
    expect(await readdir(folder)).toEqual(['gateway.db.owner']);
  });

  test.runIf(process.platform === 'linux')('is dead when another process has its number', async () => {
    const owner = await takeOwnership(path);
    const mine = JSON.parse(await readFile(`${folder}/gateway.db.owner`, 'utf8'));
    await owner.release();
    await mark({ ...mine, started: '1' });
    await (await takeOwnership(path, { silenceMs: 60_000 })).release();
  });

  test.runIf(process.platform === 'linux')(
    'is dead when it has ended and its parent does not ask about it',
    async () => {
      const owner = await takeOwnership(path);
      const mine = JSON.parse(await readFile(`${folder}/gateway.db.owner`, 'utf8'));
      await owner.release();
      // The shell becomes a program that knows nothing of the child that the shell had.
      const parent = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const [said] = await once(parent.stdout, 'data');
      const pid = Number(String(said));
      const fieldsOf = async () => (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
      await expect.poll(async () => (await fieldsOf())[0]).toBe('Z');
      await mark({ ...mine, pid, started: (await fieldsOf())[19] });
      await (await takeOwnership(path, { silenceMs: 60_000 })).release();
      parent.kill('SIGKILL');
    },
  );

  test('a mark that was not written to its end is nobody’s', async () => {
    await mkdir(folder);
    await writeFile(`${folder}/gateway.db.owner`, '{"nonce":');
    await (await takeOwnership(path, { silenceMs: 60_000 })).release();
  });
});
