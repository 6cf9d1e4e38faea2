/** `toolway __complete SHELL LINE`: what the user's shell offers at Tab, from files alone. Nothing is started or asked. */
import { basename } from 'node:path';
import type { CliContext, CommandTable } from '../command.ts';
import { OPTIONS, type OptionName, type Options } from '../options.ts';
import { createOutput } from '../output.ts';
import { safeLine } from '../safe-text.ts';
import { configOf } from '../session.ts';
import { type Candidate, type Candidates, candidatesAt } from './candidates.ts';
import { filesAt } from './files.ts';
import type { KnownServer } from './known.ts';
import { shellWord } from './quoting.ts';
import { recall } from './recollection.ts';
import { type WordsAt, wordsAt } from './words-at.ts';

const silent = { isTty: false, write: async () => {} };
const WORD_BREAKS = '=:@';
/** What bash calls listing candidates at a second Tab, which inserts nothing. */
const LISTING = '63';
const MOST_ABOUT_COLUMNS = 60;
const WIDEST_NAME = 40;

/**
 * Prints a candidate a line. `breaks` and `reason` are what bash knows as COMP_WORDBREAKS and COMP_TYPE. Whatever goes
 * wrong, there is just nothing to offer.
 */
export const completeFast = async (
  [shell = '', line = '', breaks = WORD_BREAKS, reason]: readonly string[],
  context: Pick<CliContext, 'stdout' | 'env' | 'cwd'>,
  commands: CommandTable,
): Promise<void> => {
  const at = wordsAt(line, { fish: shell === 'fish' });
  const start = at.words.findIndex((word) => basename(word) === 'toolway');
  const words = at.words.slice(Math.max(0, start) + 1);
  const servers = await knownServers(words, context).catch((): KnownServer[] => []);
  const candidates = candidatesAt({ commands, words, current: at.current, servers });
  const write = WRITERS[shell];
  const lines = write === undefined ? [] : await write({ ...candidates, at, cwd: context.cwd, breaks, reason });
  await context.stdout.write([...new Set(lines)].map((text) => `${text}\n`).join(''));
};

interface Offer extends Candidates {
  at: WordsAt;
  cwd: string;
  breaks: string;
  reason: string | undefined;
}

/** Without what cannot be shown as it is: nobody could judge it. */
const presentable = (found: readonly Candidate[]): Candidate[] =>
  found.filter(({ text }) => shellWord(text) !== undefined);

const withFiles = async ({ found, filesAfter, at, cwd }: Offer): Promise<Candidate[]> => {
  if (filesAfter === undefined) return found;
  const home = filesAfter === '' && at.quote === undefined;
  return [...found, ...(await filesAt(at.current, filesAfter, cwd, { home }))];
};

/** The lines that the script of each shell reads. */
const WRITERS: Readonly<Record<string, (offer: Offer) => Promise<string[]>>> = {
  async bash(offer) {
    const found = (await withFiles(offer)).flatMap((candidate) => {
      const word = wordForBash(candidate, offer);
      return word === undefined ? [] : [{ ...candidate, word }];
    });
    if (offer.reason !== LISTING || found.length < 2) return found.map(({ word }) => word);
    const width = Math.min(WIDEST_NAME, Math.max(...found.map(({ word }) => word.trimEnd().length)));
    return found.map(({ word, about }) =>
      about === undefined ? word : `${word.trimEnd().padEnd(width)}  (${safeLine(about, MOST_ABOUT_COLUMNS)})`,
    );
  },
  // zsh quotes, and knows files better; a colon stands before what is said of a word.
  async zsh({ found, filesAfter }) {
    const lines = presentable(found).map(({ text, open, about }) => {
      const word = text.replace(/[\\:]/g, '\\$&');
      return `${open ? 'open' : 'word'}\t${word}${about === undefined ? '' : `:${safeLine(about, MOST_ABOUT_COLUMNS)}`}`;
    });
    if (filesAfter === undefined) return lines;
    // What stands before the path, as a pattern and how often it has to fit.
    const last = filesAfter.at(-1);
    return [...lines, last === undefined ? 'files\t0' : `files\t${filesAfter.split(last).length - 1}\t*${last}`];
  },
  async fish(offer) {
    return presentable(await withFiles(offer)).map(({ text, about }) =>
      about === undefined ? text : `${text}\t${safeLine(about, MOST_ABOUT_COLUMNS)}`,
    );
  },
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

const wordForBash = ({ text, open }: Candidate, { at, breaks }: Offer): string | undefined => {
  // bash replaces the end of the word only: what follows the last of these characters, or an open quote.
  const { current, quote, beforeQuote = 0 } = at;
  const lastBreak = Math.max(
    -1,
    ...[...WORD_BREAKS].filter((char) => breaks.includes(char)).map((char) => current.lastIndexOf(char)),
  );
  // Only `@` stays with what follows it: hosts are completed there.
  const start = current[lastBreak] === '@' ? lastBreak : lastBreak + 1;
  const rest = text.slice(quote === undefined ? start : beforeQuote);
  // Within quotes it would be no home folder.
  const home = quote === undefined && current.startsWith('~/') && rest.startsWith('~/') ? '~/' : '';
  const word = shellWord(rest.slice(home.length), quote);
  return word === undefined ? undefined : `${home}${word}${open || quote !== undefined ? '' : ' '}`;
};
