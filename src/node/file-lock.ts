/** One program at a time: a file beside the one that several programs change. */
import { open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeFolder } from './make-folder.ts';

const PAUSE_MS = 10;
/** Whoever holds it longer than this was killed: reading and writing a file takes less. */
const STALE_MS = 10_000;

/** Runs when no other program runs under the same path. What a killed program left behind is in the way for ten seconds at most. */
export const runAlone = async <T>(path: string, run: () => Promise<T>): Promise<T> => {
  const lock = `${path}.lock`;
  await makeFolder(dirname(path), { mode: 0o700 });
  for (let waitedMs = 0; !(await take(lock)); waitedMs += PAUSE_MS) {
    if (waitedMs >= STALE_MS || (await isStale(lock))) await rm(lock, { force: true });
    else await pause(PAUSE_MS);
  }
  try {
    return await run();
  } finally {
    await rm(lock, { force: true });
  }
};

const take = async (lock: string): Promise<boolean> => {
  try {
    await (await open(lock, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
};

const isStale = async (lock: string): Promise<boolean> => {
  const found = await stat(lock).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > STALE_MS;
};
