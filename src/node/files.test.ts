import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeFiles } from './files.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toolway-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a file that is not there has no text', async () => {
  expect(await nodeFiles.read(join(folder, 'none'), 10)).toBeUndefined();
});

test('what is written can be read, by the user alone; folders are made on the way', async () => {
  const path = join(folder, 'deep', 'er', 'file');
  await nodeFiles.write(path, 'text ü');
  expect(await nodeFiles.read(path, 10)).toBe('text ü');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'deep'))).mode & 0o777).toBe(0o700);
});

test('a file that others could read is for the user alone once it was written', async () => {
  const path = join(folder, 'file');
  await writeFile(path, 'old');
  await chmod(path, 0o644);
  await nodeFiles.write(path, 'new');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a file that is too large, or none, cannot be read', async () => {
  const path = join(folder, 'file');
  await writeFile(path, 'x'.repeat(11));
  await expect(nodeFiles.read(path, 10)).rejects.toThrow('more than 10 bytes');
  await expect(nodeFiles.read(folder, 10)).rejects.toThrow('not a file');
});

test('whoever reads while others write finds one of the texts whole, and nothing is left beside the file', async () => {
  const path = join(folder, 'file');
  const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(200_000));
  await nodeFiles.write(path, texts[0] as string);
  const writing = Promise.all(texts.flatMap((text) => [text, text]).map((text) => nodeFiles.write(path, text)));
  for (let turn = 0; turn < 20; turn += 1) expect(texts).toContain(await readFile(path, 'utf8'));
  await writing;
  expect(await readdir(folder)).toEqual(['file']);
});

test('a writing that fails leaves nothing behind', async () => {
  const path = join(folder, 'place');
  await mkdir(join(path, 'full'), { recursive: true });
  await expect(nodeFiles.write(path, 'text')).rejects.toThrow();
  expect(await readdir(folder)).toEqual(['place']);
});
