/** A command line, taken apart: which command, which options, which positionals. */
import { nearest } from '../config/nearest.ts';
import { ToolwayError } from '../errors.ts';
import type { Command } from './command.ts';
import { COMMANDS, commandNamed } from './commands.ts';
import { GLOBAL_OPTIONS, OPTIONS, type OptionName, type OptionSpec, type Options } from './options.ts';

/** A line as it was understood. Without a command it asks for help or the version, or for nothing at all. */
export interface Line {
  name?: string;
  command?: Command;
  args: string[];
  options: Options;
  /** It asks for help, in whatever way. */
  help: boolean;
}

// An import would make every export of the module, for one of them.
const { parseArgs } = process.getBuiltinModule('node:util');

const usage = (message: string, matches: string[] = []): ToolwayError =>
  new ToolwayError(
    'invalid_arguments',
    matches.length === 0 ? message : `${message}; did you mean ${matches.join(' or ')}?`,
    {
      executed: 'no',
      ...(matches.length > 0 && { matches }),
    },
  );

const SHORT = new Map<string, OptionName>();
for (const [name, spec] of Object.entries(OPTIONS) as [OptionName, OptionSpec][]) {
  if (spec.short !== undefined) SHORT.set(spec.short, name);
}
const specOf = (name: string): { name: OptionName; spec: OptionSpec } | undefined => {
  const full = SHORT.get(name) ?? name;
  return Object.hasOwn(OPTIONS, full) ? { name: full as OptionName, spec: OPTIONS[full as OptionName] } : undefined;
};

/** Takes a line apart. Throws `invalid_arguments` for what is unknown or incomplete, with the nearest name. */
export const parseLine = (argv: readonly string[]): Line => {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries<OptionSpec>(OPTIONS).map(([name, { type, short }]) => [name, { type, ...(short && { short }) }]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const words: string[] = [];
  const given = new Map<OptionName, string[]>();
  const unknown: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const known = specOf(token.name);
    if (known === undefined) {
      unknown.push(token.rawName);
      continue;
    }
    const { name, spec } = known;
    if (spec.type === 'boolean' && token.value !== undefined) throw usage(`${token.rawName} takes no value`);
    if (spec.type === 'string')
      checkValue(token.rawName, token.value, token.inlineValue === true || spec.dash === true);
    given.set(name, [...(given.get(name) ?? []), token.value ?? '']);
  }
  const options: Options = {
    flag: (name) => given.has(name),
    value: (name) => given.get(name)?.at(-1),
    values: (name) => given.get(name) ?? [],
  };
  const line: Line = { ...commandOf(words, options, unknown.length > 0), options };
  line.help ||= options.flag('help');
  checkNames(line, [...given.keys()], unknown);
  return line;
};

const checkValue = (option: string, value: string | undefined, mayHaveDash: boolean): void => {
  if (value === undefined) throw usage(`${option} needs a value`);
  if (!mayHaveDash && value.length > 1 && value.startsWith('-')) {
    throw usage(
      `${option} needs a value, and ${value} looks like an option; if it is the value, write ${option}=${value}`,
    );
  }
};

/** Where an option is unknown, a word too many may be its value: the option is what has to be named. */
const commandOf = ([word, ...args]: string[], options: Options, hasUnknown: boolean): Omit<Line, 'options'> => {
  if (word === undefined) return { args, help: false };
  if (word === 'help' && args.length <= 1) {
    const about = args[0] === undefined ? undefined : commandNamed(args[0]);
    if (args[0] !== undefined && about === undefined) throw unknownCommand(args[0]);
    return { ...about, args: [], help: true };
  }
  const found = commandNamed(word);
  if (found === undefined) throw unknownCommand(word);
  const { min = 0, max = Number.POSITIVE_INFINITY } = found.command.positionals ?? {};
  const asked = options.flag('help') || options.flag('version');
  const line = `toolway ${found.name} ${found.command.usage}`.trimEnd();
  if (args.length < min && !asked) throw usage(`usage: ${line}`);
  if (args.length > max && !hasUnknown)
    throw usage(`${found.name} does not take ${JSON.stringify(args[max])}: ${line}`);
  return { ...found, args, help: false };
};

const unknownCommand = (word: string): ToolwayError => {
  const names = Object.entries(COMMANDS).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
  return usage(`there is no command ${JSON.stringify(word)}`, nearest(word, names));
};

const checkNames = ({ name, command }: Line, given: OptionName[], unknown: string[]): void => {
  const allowed =
    command === undefined ? (Object.keys(OPTIONS) as OptionName[]) : [...GLOBAL_OPTIONS, ...(command.options ?? [])];
  const [first] = unknown;
  if (first !== undefined) {
    const close = nearest(first.replace(/^-+/, ''), allowed);
    throw usage(
      `there is no option ${first}`,
      close.map((option) => `--${option}`),
    );
  }
  const misplaced = given.find((option) => !allowed.includes(option));
  if (misplaced !== undefined) throw usage(`--${misplaced} is not an option of ${name}`);
};
