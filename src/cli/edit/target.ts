/** The file that a command changes: which one it is, how it is read, and what becomes of it. */
import { basename, relative, resolve } from 'node:path';
import { dialectOf } from '../../config/dialects.ts';
import { describeProblem } from '../../config/problem.ts';
import { readConfigText } from '../../config/read.ts';
import { formatOf } from '../../config/text.ts';
import { ToolwayError } from '../../errors.ts';
import { configPlaces, existing, loadConfig } from '../../node/config-files.ts';
import type { ServerConfig } from '../../options.ts';
import { secretValues } from '../../telemetry/secret-values.ts';
import type { CliContext } from '../command.ts';
import type { Output } from '../output.ts';
import { safeLine } from '../safe-text.ts';
import { remember } from '../trust/admit.ts';
import { shown } from '../trust/quote.ts';
import type { EditOptions } from './edit-text.ts';
import { readForEdit, writeThrough } from './write-through.ts';

type Place = Pick<CliContext, 'cwd' | 'env'>;

/** A file to be changed. */
export interface Target {
  path: string;
  /** What messages call it. */
  shown: string;
}

const NEW_FILE = 'toolway.yaml';

const named = (path: string, cwd: string): Target => {
  const short = relative(cwd, path);
  return { path, shown: short.startsWith('..') ? path : `./${short}` };
};

/** The file that is named; else one of the working directory, Toolway's own first; else a new `toolway.yaml`. */
export const targetFile = async (given: string | undefined, { cwd, env }: Place): Promise<Target> => {
  if (given !== undefined) return named(resolve(cwd, given), cwd);
  const there = await existing(configPlaces(cwd, env).project);
  const own = there.find((path) => basename(path).startsWith('toolway.'));
  return named(own ?? there[0] ?? resolve(cwd, NEW_FILE), cwd);
};

/** Every file in which a server may stand that nobody has named, those of the project first. */
export const knownFiles = async ({ cwd, env }: Place): Promise<Target[]> => {
  const { project, user } = configPlaces(cwd, env);
  return (await existing([...project, ...user])).map((path) => named(path, cwd));
};

/** How a file is to be read. */
export const editOptions = ({ path, shown: file }: Target): EditOptions => ({
  file,
  format: formatOf(path),
  dialect: dialectOf(path),
});

export interface FileEdit {
  before: string;
  after: string;
}

/** Works out what a file would become; nothing is written. */
export const workOut = async (
  target: Target,
  change: (text: string, options: EditOptions) => Promise<string>,
): Promise<FileEdit> => {
  const before = await readForEdit(target.path);
  return { before, after: await change(before, editOptions(target)) };
};

/** Refuses a text in which one of these servers could not be used. */
export const refuseUnusable = async ({ after }: FileEdit, target: Target, names: readonly string[]): Promise<void> => {
  const { problems } = await readConfigText(after, editOptions(target));
  const errors = problems.filter(
    ({ level, server }) => level === 'error' && server !== undefined && names.includes(server),
  );
  if (errors.length === 0) return;
  const reason = errors.map((problem) =>
    describeProblem({ level: 'error', path: problem.path, message: problem.message }),
  );
  throw new ToolwayError('invalid_config', reason.join('; '), { executed: 'no' });
};

/** Writes what was worked out. Servers that somebody puts into a file of the working directory are what they want: they are trusted. */
export const carryOut = async (
  { before, after }: FileEdit,
  { path }: Target,
  names: readonly string[],
  place: Place,
): Promise<void> => {
  if (before !== after) await writeThrough(path, before, after);
  const { found } = await loadConfig(place);
  await remember(
    found.filter((one) => one.file === path && !one.trusted && names.includes(one.name)),
    place,
  );
};

/** The lines that go and come. */
export const diffLines = ({ before, after }: FileEdit, { style }: Pick<Output, 'style'>): string[] => {
  const [old, present] = [linesOf(before), linesOf(after)];
  let from = 0;
  while (from < old.length && old[from] === present[from]) from += 1;
  let same = 0;
  while (same < old.length - from && same < present.length - from && old.at(-1 - same) === present.at(-1 - same))
    same += 1;
  return [
    ...old.slice(from, old.length - same).map((line) => style.red(`- ${visible(line)}`)),
    ...present.slice(from, present.length - same).map((line) => style.green(`+ ${visible(line)}`)),
  ];
};

const linesOf = (text: string): string[] => {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
};
const visible = (line: string): string => line.split('\t').map(shown).join('\t');

/** Points at secrets that are written out. */
export const noteSecrets = async (name: string, server: ServerConfig, output: Output): Promise<void> => {
  const fields = secretFields(server);
  if (fields.length === 0) return;
  const words = `toolway: ${name}: ${fields.join(', ')} ${fields.length === 1 ? 'holds a secret' : 'hold secrets'} in plain text; \${VARIABLE}, \${file:path} or \${keychain:name} would keep it out of the file`;
  await output.note(output.remarks.yellow(safeLine(words)));
};

/** The fields of a server in which a secret is written out. */
export const secretFields = ({ env = {}, headers = {}, url, args }: ServerConfig): string[] => {
  const isLiteral = (secret: string): boolean => secret !== '' && !/(?<!\$)\$\{/.test(secret);
  const has = (server: ServerConfig): boolean => secretValues(server, []).some(isLiteral);
  return [
    ...Object.entries(env).flatMap(([name, value]) =>
      value !== '' && has({ env: { [name]: value } }) ? [`env.${shown(name)}`] : [],
    ),
    ...Object.entries(headers).flatMap(([name, value]) =>
      has({ headers: { [name]: value } }) ? [`headers.${shown(name)}`] : [],
    ),
    ...(url !== undefined && has({ url }) ? ['url'] : []),
    ...(args !== undefined && has({ args }) ? ['args'] : []),
  ];
};
