/** Files that hold what a toolkit remembers. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FilePort } from '../runtime.ts';
import { makeFolder } from './make-folder.ts';

export const nodeFiles: FilePort = {
  async read(path, maxBytes) {
    const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (file === undefined) return undefined;
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw new Error(`${path} is not a file`);
      if (stat.size > maxBytes) throw new Error(`${path} has more than ${maxBytes} bytes`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  },
  /** Written beside the old one and put in its place: whoever reads meanwhile, or after a crash, finds one of the two. */
  async write(path, text) {
    const folder = dirname(path);
    await makeFolder(folder, { mode: 0o700 });
    const draft = join(folder, `.${basename(path)}.${randomUUID()}`);
    try {
      const file = await open(draft, 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  },
};
