import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

const folder = async (): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'toolway-folder-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
};

test('folders are made with those above them, for whom the mode says, by several at a time', async () => {
  const path = join(await folder(), 'a/b/c');
  await Promise.all([1, 2, 3].map(() => makeFolder(path, { mode: 0o700 })));
  await makeFolder(path);
  for (const one of [path, join(path, '..')]) expect((await stat(one)).mode & 0o777).toBe(0o700);
});

test('a file that is in the way is told', async () => {
  const path = join(await folder(), 'file');
  await writeFile(path, '');
  await expect(makeFolder(path)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(path, 'a/b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

test.runIf(process.platform === 'linux')('a folder in which nothing can be made ends it', async () => {
  await expect(makeFolder('/proc/toolway/a/b')).rejects.toMatchObject({ code: 'ENOENT' });
});
