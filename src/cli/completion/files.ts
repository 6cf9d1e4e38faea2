/** Files as candidates, for the places where a word is one. */
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Candidate } from './candidates.ts';

const MOST_FILES = 1_000;

/**
 * The files that the word may go on to; `before` is what stands in it before the path. A folder that cannot be read has
 * none. `~/` is the home folder behind `@`, and where `home` says that the shell takes it for that.
 */
export const filesAt = async (
  word: string,
  before: string,
  cwd: string,
  { home = false } = {},
): Promise<Candidate[]> => {
  const typed = word.slice(before.length);
  const at = typed.lastIndexOf('/') + 1;
  const folder = typed.slice(0, at);
  const begin = typed.slice(at);
  const path = (home || before.endsWith('@')) && folder.startsWith('~/') ? `${homedir()}/${folder.slice(2)}` : folder;
  const entries = await readdir(resolve(cwd, path), { withFileTypes: true }).catch(() => []);
  return entries
    .filter(({ name }) => name.startsWith(begin) && (begin.startsWith('.') || !name.startsWith('.')))
    .slice(0, MOST_FILES)
    .map((entry) => {
      const text = before + folder + entry.name;
      return entry.isDirectory() ? { text: `${text}/`, open: true } : { text };
    });
};
