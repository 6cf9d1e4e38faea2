import { chmod, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readForEdit, writeThrough } from './write-through.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toolway-write-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a file is replaced, and keeps its mode', async () => {
  const path = join(folder, 'a.json');
  await writeFile(path, 'old');
  await chmod(path, 0o640);
  await writeThrough(path, 'old', 'new');
  expect([await readFile(path, 'utf8'), (await stat(path)).mode & 0o777]).toEqual(['new', 0o640]);
  expect(await readdir(folder)).toEqual(['a.json']);
});

test('what a link leads to is replaced, not the link; over several links, and also where it is not there yet', async () => {
  await writeFile(join(folder, 'real.json'), 'old');
  await symlink('real.json', join(folder, 'one.json'));
  await symlink(join(folder, 'one.json'), join(folder, 'two.json'));
  await writeThrough(join(folder, 'two.json'), 'old', 'new');
  expect(await readlink(join(folder, 'two.json'))).toBe(join(folder, 'one.json'));
  expect(await readFile(join(folder, 'real.json'), 'utf8')).toBe('new');
  await symlink('later.json', join(folder, 'dangling.json'));
  await writeThrough(join(folder, 'dangling.json'), '', 'here');
  expect(await readFile(join(folder, 'later.json'), 'utf8')).toBe('here');
});

test('what somebody else has written meanwhile is not lost', async () => {
  const path = join(folder, 'a.json');
  await writeFile(path, 'theirs');
  await expect(writeThrough(path, 'old', 'new')).rejects.toMatchObject({
    code: 'invalid_config',
    message: expect.stringContaining('was changed meanwhile'),
  });
  expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['theirs', ['a.json']]);
});

test('links that go round are an error, and so is a folder', async () => {
  await symlink('b', join(folder, 'a'));
  await symlink('a', join(folder, 'b'));
  await expect(writeThrough(join(folder, 'a'), '', 'x')).rejects.toMatchObject({ code: 'invalid_config' });
  await expect(readForEdit(folder)).rejects.toMatchObject({ code: 'invalid_config' });
});
