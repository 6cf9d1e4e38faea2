import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFirstSeen } from '../policy/first-seen.ts';
import { openPinFile } from '../policy/pin-file.ts';
import { runAlone } from './file-lock.ts';
import { nodeFiles } from './files.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toolway-lock-'));
  path = join(folder, 'state', 'file');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('of many only one runs at a time, and nothing is left beside the file', async () => {
  let running = 0;
  let most = 0;
  const run = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running -= 1;
  };
  await Promise.all(Array.from({ length: 20 }, () => runAlone(path, run)));
  expect(most).toBe(1);
  expect(await readdir(join(folder, 'state'))).toEqual([]);
});

test('one that fails is out of the way', async () => {
  await expect(runAlone(path, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await runAlone(path, async () => 1)).toBe(1);
});

test('what a killed program left behind is not waited for', async () => {
  await runAlone(path, async () => {});
  await writeFile(`${path}.lock`, '');
  const longAgo = new Date(Date.now() - 11_000);
  await utimes(`${path}.lock`, longAgo, longAgo);
  const started = performance.now();
  expect(await runAlone(path, async () => 1)).toBe(1);
  expect(performance.now() - started).toBeLessThan(2_000);
});

test('a place where nothing can be made is an error', async () => {
  await writeFile(join(folder, 'state'), '');
  await expect(runAlone(path, async () => 1)).rejects.toThrow();
});

test('programs that pin at the same moment lose nothing of each other', async () => {
  const config = { command: 'node' };
  const names = Array.from({ length: 12 }, (_, n) => `tool-${n}`);
  const options = { path, files: { ...nodeFiles, alone: runAlone }, createFirstSeen, warn() {} };
  const programs = await Promise.all(names.map(() => openPinFile(options)));
  await Promise.all(
    programs.map(async (program, n) => {
      const shelf = program.shelf('s', config);
      await shelf.ready;
      shelf.set(names[n] as string, `{"name":"${names[n]}"}`);
      await shelf.saved?.();
    }),
  );
  const shelf = (await openPinFile(options)).shelf('s', config);
  await shelf.ready;
  expect(names.filter((name) => shelf.get(name) === undefined)).toEqual([]);
});
