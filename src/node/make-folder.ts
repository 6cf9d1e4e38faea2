/** Folders that are made where they are missing, with those above them. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * As `mkdir` with `recursive`, which in Node tries for ever where a folder that is there says that it is not as soon as
 * something is to be made in it (`/proc`, folders that are mounted when needed). Rejects as `mkdir` does.
 */
export const makeFolder = async (path: string, options: { mode?: number } = {}): Promise<void> => {
  try {
    await mkdir(path, options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(path) !== path) {
      await makeFolder(dirname(path), options);
      await mkdir(path, options).catch(unlessThere(path));
    } else await unlessThere(path)(error);
  }
};

/** Somebody else may have made it; what the system says of folders that are there is not always `EEXIST`. */
const unlessThere =
  (path: string) =>
  async (error: unknown): Promise<void> => {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() !== true) throw error;
  };
