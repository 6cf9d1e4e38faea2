/** Work of libraries on what a server sent, ended by force when it takes too long. */
import { runInNewContext } from 'node:vm';

/** Does the work and gives its result. Throws what it throws, and `ERR_SCRIPT_EXECUTION_TIMEOUT` after `timeMs`, also in the middle of a loop or a regular expression. */
export const within = <T>(timeMs: number, work: () => T): T => {
  const done: T[] = [];
  runInNewContext('work()', { work: () => void done.push(work()) }, { timeout: timeMs });
  return done[0] as T;
};
