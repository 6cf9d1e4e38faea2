/** One server of a configuration: its fields read, and what is wrong with them said. */
import { type Problem, ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import { FIELD_NAMES, fieldNamed, isWithoutEffect } from './fields.ts';
import { pointerStep } from './places.ts';
import { type ConfigProblem, describeProblem, type Where } from './problem.ts';
import { isObject, kindOf } from './readers.ts';

/** A part of a server's configuration, and the problems that were met on the way. */
export interface ReadFields {
  config: Partial<ServerConfig>;
  problems: ConfigProblem[];
}

/** The name that a mistyped one was probably meant for. */
export type Suggest = (name: string, known: readonly string[]) => string | undefined;

/** Reads the fields of an object as those of a server; `path` is where it stands in its file. */
export const readFields = (
  value: Record<string, unknown>,
  path: string,
  suggest: Suggest = () => undefined,
): ReadFields => {
  const problems: ConfigProblem[] = [];
  const setBy = new Map<string, string>();
  let config: Partial<ServerConfig> = {};

  for (const [name, given] of Object.entries(value)) {
    const here = path + pointerStep(name);
    const field = fieldNamed(name);
    if (given === null || given === undefined) continue;
    if (field === undefined) {
      problems.push({ path: here, ...unknownField(name, suggest) });
      continue;
    }
    const read = field(given);
    if (!read.ok) {
      const step = read.step === undefined ? '' : pointerStep(read.step);
      problems.push({ level: 'error', path: here + step, message: read.message });
      continue;
    }
    for (const key of Object.keys(read.value)) {
      const before = setBy.get(key);
      setBy.set(key, name);
      const adds = key === 'env' || key === 'headers';
      if (before === undefined || adds || (key === 'transport' && name === 'httpUrl')) continue;
      problems.push({ level: 'warning', path: here, message: `says the same as ${before}; this one counts` });
    }
    const { env, headers, ...rest } = read.value;
    config = { ...config, ...rest };
    if (env !== undefined) config.env = { ...config.env, ...env };
    if (headers !== undefined) config.headers = { ...config.headers, ...headers };
  }
  return { config, problems };
};

const unknownField = (name: string, suggest: Suggest): Pick<ConfigProblem, 'level' | 'message'> => {
  if (isWithoutEffect(name)) return { level: 'warning', message: 'has no effect in this version' };
  const close = suggest(name, FIELD_NAMES);
  if (close === undefined) return { level: 'note', message: 'is not a field of Toolway' };
  return { level: 'warning', message: `is not a field; did you mean ${close}?` };
};

/** What the fields, each right by itself, get wrong together. */
const contradiction = ({ command, url, transport }: Partial<ServerConfig>): Omit<Problem, 'path'> | undefined => {
  if (command !== undefined && url !== undefined) return { message: 'has both a command and a url' };
  if (command === undefined && url === undefined) return { message: 'needs a command or a url' };
  if (command !== undefined && transport !== undefined && transport !== 'stdio') {
    return { message: `has a command, which transport ${String(transport)} cannot use` };
  }
  if (url === undefined) return undefined;
  if (transport === 'stdio') return { message: 'has a url, which transport stdio cannot use' };
  if (url.includes('${')) return undefined;
  const scheme = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (scheme === undefined) return { message: 'has a url that cannot be parsed' };
  return /^(https?|wss?):$/.test(scheme)
    ? undefined
    : { message: `has a url of the scheme ${scheme}, not http(s) or ws(s)` };
};

/** Reads one server. With an error among the problems, the configuration is one that always fails with that error. */
export const readServer = (
  name: string,
  value: unknown,
  path: string,
  where: Where,
  suggest?: Suggest,
): { config: ServerConfig; problems: ConfigProblem[] } => {
  const shape: ConfigProblem = { level: 'error', path, message: `must be an object, not ${kindOf(value)}` };
  const read: ReadFields = isObject(value) ? readFields(value, path, suggest) : { config: {}, problems: [shape] };
  const clash = read.problems.some(isError) ? undefined : contradiction(read.config);
  if (clash !== undefined) read.problems.push({ level: 'error', path, ...clash });
  const problems = read.problems.map((problem) => ({ ...problem, server: name, ...where(problem.path) }));
  const { config } = read;
  return { config: problems.some(isError) ? unusableServer(name, problems, config.disabled) : config, problems };
};

const isError = ({ level }: ConfigProblem): boolean => level === 'error';

/** A server that is listed, and fails with what is wrong in its configuration as soon as it is used. */
export const unusableServer = (server: string, problems: ConfigProblem[], disabled = false): ServerConfig => {
  const errors = problems.filter(isError);
  const error = new ToolwayError('invalid_config', errors.map(describeProblem).join('; '), {
    server,
    executed: 'no',
    problems: errors.map(({ path, message }) => ({ path, message })),
  });
  return { disabled, transport: () => Promise.reject(error) };
};
