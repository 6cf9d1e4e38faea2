/** The lines of earlier shells: a file in the state folder that only its user can read, bounded, without secrets. */
import { appendFile, chmod, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../node/make-folder.ts';

/** Lines that are kept; the oldest go first. */
export const MAX_LINES = 1_000;
/** Of one line; longer ones are not kept. */
export const MAX_LINE_LENGTH = 4_096;
/** Of the file; a longer one is cut when it is read. */
export const MAX_HISTORY_BYTES = 512 * 1024;

export interface History {
  /** The newest first. */
  readonly lines: readonly string[];
  add(line: string): Promise<void>;
}

/** Options that carry secrets, and names that say that theirs is one. */
const SECRET =
  /--(header|env|input)\b|(pass(word|wd|phrase)?|secret|token|api[-_]?key|private[-_]?key|authorization|cookie|credential|bearer)[\w-]*["']?\s*(:?=|:)/i;

/** False for lines that begin with a space, as in other shells, for several lines, and for those that look as if they held a secret. */
export const isKept = (line: string): boolean =>
  line.trim() !== '' &&
  !line.startsWith(' ') &&
  line.length <= MAX_LINE_LENGTH &&
  !/[\r\n]/.test(line) &&
  !SECRET.test(line);

const read = async (file: string): Promise<string[]> => {
  try {
    const { size } = await stat(file);
    if (size > 4 * MAX_HISTORY_BYTES) return [];
    return (await readFile(file, 'utf8')).split('\n').filter(isKept);
  } catch {
    return [];
  }
};

/** Opens the history; one that cannot be read or written is empty, or goes no further than this shell. */
export const openHistory = async (file: string): Promise<History> => {
  const all = await read(file);
  const kept = all.slice(-MAX_LINES);
  while (kept.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0) > MAX_HISTORY_BYTES) kept.splice(0, 100);
  const lines = kept.reverse();
  let usable = true;
  try {
    await makeFolder(dirname(file), { mode: 0o700 });
    if (kept.length < all.length || all.length === 0) {
      const draft = `${file}.${process.pid}`;
      await writeFile(
        draft,
        [...lines]
          .reverse()
          .map((line) => `${line}\n`)
          .join(''),
        { mode: 0o600 },
      );
      await rename(draft, file);
    } else await chmod(file, 0o600);
  } catch {
    usable = false;
  }
  return {
    lines,
    async add(line) {
      if (!isKept(line) || line === lines[0]) return;
      lines.unshift(line);
      if (lines.length > MAX_LINES) lines.pop();
      if (!usable) return;
      await appendFile(file, `${line}\n`, { mode: 0o600 }).catch(() => {
        usable = false;
      });
    },
  };
};
