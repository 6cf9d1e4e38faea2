/** `toolway __complete SHELL LINE`: what the user's shell offers at Tab, from files alone. Nothing is started or asked. */
import { basename } from 'node:path';
import type { CliContext, CommandTable } from '../command.ts';
import { OPTIONS, type OptionName, type Options } from '../options.ts';
import { createOutput } from '../output.ts';
import { safeLine } from '../safe-text.ts';
import { configOf } from '../session.ts';
import { type Candidate, candidatesAt } from './candidates.ts';
import { filesAt } from './files.ts';
import type { KnownServer } from './known.ts';
import { shellWord } from './quoting.ts';
import { recall } from './recollection.ts';
import { type WordsAt, wordsAt } from './words-at.ts';

const silent = { isTty: false, write: async () => {} };
const WORD_BREAKS = '=:@';

/** Prints a candidate a line. Whatever goes wrong, there is just nothing to offer. */
export const completeFast = async (
  [shell = '', line = '', breaks = WORD_BREAKS]: readonly string[],
  context: Pick<CliContext, 'stdout' | 'env' | 'cwd'>,
  commands: CommandTable,
): Promise<void> => {
  const at = wordsAt(line);
  const start = at.words.findIndex((word) => basename(word) === 'toolway');
  const words = at.words.slice(Math.max(0, start) + 1);
  const servers = await knownServers(words, context).catch((): KnownServer[] => []);
  const { found, filesAfter } = candidatesAt({ commands, words, current: at.current, servers });
  const files = filesAfter === undefined ? [] : await filesAt(at.current, filesAfter, context.cwd);
  const lines = [...found, ...files].flatMap((candidate) => lineFor(shell, candidate, at, breaks) ?? []);
  await context.stdout.write([...new Set(lines)].map((text) => `${text}\n`).join(''));
};

const knownServers = async (
  words: readonly string[],
  context: Pick<CliContext, 'env' | 'cwd'>,
): Promise<KnownServer[]> => {
  const options = optionsIn(words);
  const output = createOutput({ stdout: silent, stderr: silent, env: context.env }, options);
  const { mcpServers } = await configOf(context, options, output);
  return recall(context.env, mcpServers);
};

/** The options of a line that is not finished, as far as they can be told. */
const optionsIn = (words: readonly string[]): Options => {
  const given = new Map<OptionName, string[]>();
  for (let at = 0; at < words.length; at += 1) {
    const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(words[at] ?? '') ?? [];
    if (name === undefined || !Object.hasOwn(OPTIONS, name)) continue;
    const known = name as OptionName;
    if (OPTIONS[known].type === 'boolean') given.set(known, ['']);
    else {
      if (inline === undefined) at += 1;
      const value = inline ?? words[at];
      if (value !== undefined) given.set(known, [...(given.get(known) ?? []), value]);
    }
  }
  return {
    flag: (name) => given.has(name),
    value: (name) => given.get(name)?.at(-1),
    values: (name) => given.get(name) ?? [],
  };
};

const lineFor = (shell: string, { text, open, about }: Candidate, at: WordsAt, breaks: string): string | undefined => {
  if (shell !== 'bash') {
    if (shellWord(text) === undefined) return undefined;
    if (shell === 'zsh') return `${open ? 'open' : 'word'}\t${text}`;
    return about === undefined ? text : `${text}\t${safeLine(about, 60)}`;
  }
  // bash replaces the end of the word only: what follows the last of these characters, or an open quote.
  const { current, quote, beforeQuote = 0 } = at;
  const lastBreak = Math.max(
    -1,
    ...[...WORD_BREAKS].filter((char) => breaks.includes(char)).map((char) => current.lastIndexOf(char)),
  );
  const word = shellWord(text.slice(quote === undefined ? lastBreak + 1 : beforeQuote), quote);
  return word === undefined ? undefined : `${word}${open || quote !== undefined ? '' : ' '}`;
};
