/** What the word under the cursor may become: decided from the words before it, the table of commands and known names. */
import type { CompletionReference } from '../../protocol/types.ts';
import type { Command, CommandTable } from '../command.ts';
import { HOSTS } from '../import/host-files.ts';
import { GLOBAL_OPTIONS, OPTIONS, type OptionName, type OptionSpec } from '../options.ts';
import type { KnownEntry, KnownServer } from './known.ts';
import { variableAt } from './template.ts';

export interface Candidate {
  /** The whole word. */
  text: string;
  /** The word goes on after it. */
  open?: true;
  /** What a shell that shows more than words may say of it. */
  about?: string;
}

/** A question that only the server can answer (`completion/complete`). */
export interface Reference {
  server: string;
  ref: CompletionReference;
  argument: { name: string; value: string };
  context: Record<string, string>;
  /** What stands before the value in the word. */
  before: string;
}

export interface Candidates {
  found: Candidate[];
  /** Files fit here as well: what stands in the word before the path. */
  filesAfter?: string;
  ask?: Reference[];
}

export interface Place {
  commands: CommandTable;
  /** The words before the one under the cursor. */
  words: readonly string[];
  /** The word under the cursor, up to the cursor. */
  current: string;
  servers: readonly KnownServer[];
  /** Further first words, as in the shell, where a tool is one too. */
  verbs?: readonly Candidate[];
}

/** Words with bars between: one of them. */
const ALTERNATIVES = /^[a-z]+(\|[a-z]+)+$/;

export const candidatesAt = (place: Place): Candidates => {
  const { words, current } = place;
  const { positionals, pending } = sorted(words);
  if (pending !== undefined) return optionValues(pending, current, '', place);
  const [first, ...given] = positionals;
  const command = first === undefined ? undefined : commandNamed(place.commands, first);
  if (current.startsWith('-') && !words.includes('--')) {
    const [, name = '', value] = /^--([^=]+)=(.*)$/s.exec(current) ?? [];
    if (value !== undefined) return optionValues(name as OptionName, value, `--${name}=`, place);
    return fitting(current, optionsOf(command, words));
  }
  if (first === undefined) return firstWords(place);
  if (first === 'help') return given.length > 0 ? { found: [] } : fitting(current, plain(Object.keys(place.commands)));
  if (command !== undefined) return positional(command, given, place);
  return place.verbs === undefined ? { found: [] } : argumentsOf('tools', first, given, place);
};

/** Positionals without options and their values; the option that still waits for its value. */
const sorted = (words: readonly string[]): { positionals: string[]; pending?: OptionName } => {
  const positionals: string[] = [];
  let pending: OptionName | undefined;
  let plain = false;
  for (const word of words) {
    if (pending !== undefined) pending = undefined;
    else if (plain || !word.startsWith('-') || word === '-') positionals.push(word);
    else if (word === '--') plain = true;
    else {
      const name = optionNamed(word);
      if (name !== undefined && OPTIONS[name].type === 'string') pending = name;
    }
  }
  return { positionals, ...(pending !== undefined && { pending }) };
};

const optionNamed = (word: string): OptionName | undefined => {
  const long = word.slice(2);
  if (Object.hasOwn(OPTIONS, long)) return long as OptionName;
  const specs = Object.entries(OPTIONS) as [OptionName, OptionSpec][];
  return specs.find(([, { short }]) => word === `-${short}`)?.[0];
};

const fitting = (current: string, candidates: readonly Candidate[]): Candidates => ({
  found: candidates.filter(({ text }) => text.startsWith(current)),
});
const plain = (texts: readonly string[]): Candidate[] => texts.map((text) => ({ text }));

const optionValues = (name: OptionName, current: string, before: string, { servers }: Place): Candidates => {
  const { value: named = '' } = (Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : {}) as Partial<OptionSpec>;
  const alternatives = ALTERNATIVES.test(named) ? named.split('|') : [];
  const values = name === 'server' ? servers.map((server) => server.name) : alternatives;
  return {
    found: values.filter((value) => value.startsWith(current)).map((value) => ({ text: before + value })),
    ...(/FILE|DIR|CMD/.test(named) && {
      filesAfter: `${before}${name === 'args' && current.startsWith('@') ? '@' : ''}`,
    }),
  };
};

const optionsOf = (command: Command | undefined, words: readonly string[]): Candidate[] =>
  [...(command?.options ?? []), ...GLOBAL_OPTIONS]
    .filter((name) => 'multiple' in OPTIONS[name] || !words.includes(`--${name}`))
    .map((name) => ({ text: `--${name}`, about: (OPTIONS[name] as OptionSpec).help }));

const commandNamed = (commands: CommandTable, word: string): Command | undefined =>
  Object.entries(commands).find(([name, { aliases = [] }]) => name === word || aliases.includes(word))?.[1];

const firstWords = (place: Place): Candidates => {
  const { current, verbs } = place;
  const commands = Object.entries(place.commands).map(([text, { summary }]) => ({ text, about: summary }));
  if (verbs === undefined) return fitting(current, [...commands, { text: 'help', about: 'what a command does' }]);
  const { found } = fitting(current, [
    ...commands.filter(({ text }) => place.commands[text]?.inShell !== false),
    ...verbs,
  ]);
  if (current === '') return { found };
  return { found: [...found, ...names('tools', place)] };
};

/** The word of the usage that the next positional stands for; a word before `…` stands for all that follow. */
const slotOf = ({ usage }: Command, at: number): string => {
  const slots = usage.split(' ').map((slot) => slot.replace(/^\[|\]$/g, ''));
  const repeats = slots.at(-1) === '…';
  return slots[at] === '…' || slots[at] === undefined ? (repeats ? (slots.at(-2) ?? '') : '') : slots[at];
};

const positional = (command: Command, given: readonly string[], place: Place): Candidates => {
  const slot = slotOf(command, given.length);
  const { current, servers } = place;
  if (ALTERNATIVES.test(slot)) return fitting(current, plain(slot.split('|')));
  const all: Candidates = { found: [] };
  const add = (more: Candidates): void => {
    all.found.push(...more.found);
    all.filesAfter ??= more.filesAfter;
    if (more.ask !== undefined) all.ask = [...(all.ask ?? []), ...more.ask];
  };
  for (const kind of slot.split('|')) {
    if (kind === 'SERVER') add(fitting(current, plain(servers.map(({ name }) => name))));
    else if (kind === 'SERVER.TOOL') add({ found: names('tools', place) });
    else if (kind === 'SERVER.PROMPT') add({ found: names('prompts', place) });
    else if (kind === 'TEMPLATE') add(fitting(current, plain(servers.flatMap(({ templates }) => templates))));
    else if (kind === 'URI') add(uris(place));
    else if (kind === 'HOST') add(fitting(current, plain(Object.keys(HOSTS))));
    else if (kind === 'COMMAND') add(fitting(current, plain(Object.keys(place.commands))));
    else if (kind.startsWith('FILE')) add({ found: [], filesAfter: '' });
    else if (kind.includes('=')) {
      const list = slotOf(command, 0) === 'SERVER.TOOL' ? 'tools' : 'prompts';
      add(argumentsOf(list, given[0] ?? '', given.slice(1), place));
    }
  }
  return all;
};

/** Names of tools or prompts; of servers alone while several fit, as folders come before files. */
const names = (list: 'tools' | 'prompts', { current, servers }: Place): Candidate[] => {
  const fit = servers.flatMap((server) => {
    const all = server[list].map(({ name, about }) => ({ text: `${server.name}.${name}`, ...(about && { about }) }));
    const entries = all.filter(({ text }) => text.startsWith(current));
    return entries.length === 0 ? [] : [{ server: server.name, entries }];
  });
  const few = fit.length === 1 || fit.reduce((sum, { entries }) => sum + entries.length, 0) <= FEW_NAMES;
  const qualified = fit.flatMap(({ server, entries }): Candidate[] =>
    few ? entries : [{ text: `${server}.`, open: true }],
  );
  if (qualified.length > 0 || current === '') return qualified;
  return plain([...new Set(servers.flatMap((server) => server[list].map(({ name }) => name)))]).filter(({ text }) =>
    text.startsWith(current),
  );
};
const FEW_NAMES = 12;

const entryNamed = (
  list: 'tools' | 'prompts',
  word: string,
  servers: readonly KnownServer[],
): { server: KnownServer; entry: KnownEntry } | undefined => {
  const all = servers.flatMap((server) => server[list].map((entry) => ({ server, entry })));
  return (
    all.find(({ server, entry }) => [`${server.name}.${entry.name}`, `${server.name}__${entry.name}`].includes(word)) ??
    all.find(({ entry }) => entry.name === word)
  );
};

const argumentsOf = (
  list: 'tools' | 'prompts',
  word: string,
  given: readonly string[],
  { current, servers }: Place,
): Candidates => {
  const found = entryNamed(list, word, servers);
  if (found === undefined) return list === 'prompts' ? variablesOf(word, given, current, servers) : { found: [] };
  const { server, entry } = found;
  const { key, operator, value } = assignmentIn(current);
  if (operator === undefined) return fitting(current, openArguments(entry.arguments, given));
  const files = value.startsWith('@') && list === 'tools' ? { filesAfter: `${key}${operator}@` } : {};
  if (operator === ':=') return { found: [], ...files };
  const argument = entry.arguments.find(({ name }) => name === key);
  const values = (argument?.values ?? []).filter((one) => one.startsWith(value)).map((one) => `${key}=${one}`);
  if (list === 'tools' || argument === undefined) return { found: plain(values), ...files };
  const ref = { type: 'ref/prompt', name: entry.name } as const;
  return {
    found: plain(values),
    ask: [{ server: server.name, ref, argument: { name: key, value }, context: contextOf(given), before: `${key}=` }],
  };
};

/** `key=value` or `key:=JSON`, read as a call reads it; a key may have colons. */
const assignmentIn = (word: string): { key: string; operator?: string; value: string } => {
  const [, key = '', operator, value = ''] = /^([^=]+?)(:?=)(.*)$/s.exec(word) ?? [];
  return { key, ...(operator !== undefined && { operator }), value };
};

/** Arguments that were not given yet, those that are needed first. */
const openArguments = (all: KnownEntry['arguments'], given: readonly string[]): Candidate[] => {
  const taken = new Set(given.map((word) => assignmentIn(word).key));
  const open = all.filter(({ name }) => !taken.has(name));
  const inOrder = [...open.filter(({ required }) => required), ...open.filter(({ required }) => !required)];
  return inOrder.map(({ name, values = [], about = values.slice(0, 6).join(' | ') }) => ({
    text: `${name}=`,
    open: true,
    ...(about !== '' && { about }),
  }));
};

const contextOf = (given: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    given
      .map(assignmentIn)
      .filter(({ operator }) => operator === '=')
      .map(({ key, value }) => [key, value]),
  );

/** The variables of a template as arguments, for `complete`. */
const variablesOf = (
  template: string,
  given: readonly string[],
  current: string,
  servers: readonly KnownServer[],
): Candidates => {
  const server = servers.find(({ templates }) => templates.includes(template));
  if (server === undefined) return { found: [] };
  const variables = [...template.matchAll(/\{[+#./;?&]?([^}]*)\}/g)].flatMap(([, list = '']) => list.split(','));
  const { key, operator, value } = assignmentIn(current);
  if (operator === undefined)
    return fitting(
      current,
      openArguments(
        variables.map((name) => ({ name: name.replace(/[:*].*$/, '') })),
        given,
      ),
    );
  const ref = { type: 'ref/resource', uri: template } as const;
  return {
    found: [],
    ask: [{ server: server.name, ref, argument: { name: key, value }, context: contextOf(given), before: `${key}=` }],
  };
};

/** Resources, and what stands in a template before the variable that is being typed. */
const uris = ({ current, servers }: Place): Candidates => {
  const found = plain(servers.flatMap(({ resources }) => resources)).filter(({ text }) => text.startsWith(current));
  const ask: Reference[] = [];
  for (const server of servers) {
    for (const template of server.templates) {
      const begin = template.slice(0, Math.max(0, template.indexOf('{')));
      if (begin.startsWith(current) && begin !== current) found.push({ text: begin, open: true });
      const at = variableAt(template, current);
      if (at === undefined) continue;
      const { name, value, before, earlier } = at;
      const ref = { type: 'ref/resource', uri: template } as const;
      ask.push({ server: server.name, ref, argument: { name, value }, context: earlier, before });
    }
  }
  return { found, ...(ask.length > 0 && { ask }) };
};
