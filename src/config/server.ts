/** One server of a configuration: its fields read, and what is wrong with them said. */
import { type Problem, ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import { credentialProblems } from './credentials.ts';
import type { Dialect } from './dialect.ts';
import { fieldNamed, fieldNames, isWithoutEffect } from './fields.ts';
import { pointerStep } from './places.ts';
import { type ConfigProblem, describeProblem, type Where } from './problem.ts';
import { isObject, kindOf } from './readers.ts';
import { type Folders, settleReferences } from './references.ts';

/** A part of a server's configuration, and the problems that were met on the way. */
export interface ReadFields {
  config: Partial<ServerConfig>;
  problems: ConfigProblem[];
  /** The JSON Pointer of what gave each field its value; entries of `env` and `headers` have their own, as `env/NAME`. */
  sources: Record<string, string>;
}

/** The name that a mistyped one was probably meant for. */
export type Suggest = (name: string, known: readonly string[]) => string | undefined;

/** What reading depends on beside the fields themselves. */
export interface ReadOptions {
  suggest?: Suggest;
  /** Default: the spellings that everybody shares. */
  dialect?: Dialect;
  folders?: Folders;
}

const RECORDS = ['env', 'headers'] as const;

/** Reads the fields of an object as those of a server; `path` is where it stands in its file. */
export const readFields = (
  value: Record<string, unknown>,
  path: string,
  { suggest = () => undefined, dialect, folders }: ReadOptions = {},
): ReadFields => {
  const problems: ConfigProblem[] = [];
  const setBy = new Map<string, string>();
  const sources = Object.create(null) as Record<string, string>;
  let config: Partial<ServerConfig> = {};

  for (const [name, given] of Object.entries(value)) {
    const here = path + pointerStep(name);
    const field = fieldNamed(name, dialect);
    if (given === null || given === undefined) continue;
    if (field === undefined) {
      problems.push(...unknownField(name, given, here, suggest, dialect));
      continue;
    }
    const read = field(given);
    if (!read.ok) {
      const step = read.step === undefined ? '' : pointerStep(read.step);
      problems.push({ level: 'error', path: here + step, message: read.message });
      continue;
    }
    if (read.remark !== undefined) problems.push({ level: 'warning', path: here, message: read.remark });
    for (const key of Object.keys(read.value)) {
      const before = setBy.get(key);
      setBy.set(key, name);
      sources[key] = here;
      const adds = key === 'env' || key === 'headers' || LISTS.includes(key);
      if (before === undefined || adds || (key === 'transport' && name === 'httpUrl')) continue;
      problems.push({ level: 'warning', path: here, message: `says the same as ${before}; this one counts` });
    }
    for (const key of RECORDS) {
      const entries = read.value[key];
      if (entries === undefined) continue;
      const within = name === key || given === entries || isObject(given);
      for (const entry of Object.keys(entries)) {
        sources[key + pointerStep(entry)] = within ? here + pointerStep(entry) : here;
      }
    }
    config = merged(config, read.value);
  }
  if (dialect?.bareUrl !== undefined && config.url !== undefined && config.transport === undefined) {
    config.transport = dialect.bareUrl;
    sources.transport = sources.url ?? path;
  }
  return { config: dialect === undefined ? config : settleReferences(config, dialect, folders), problems, sources };
};

/** Lists that two fields may both add to. */
const LISTS: readonly string[] = ['autoApprove', 'disabledTools'];

const merged = (config: Partial<ServerConfig>, more: Partial<ServerConfig>): Partial<ServerConfig> => {
  const { env, headers, autoApprove, disabledTools, ...rest } = more;
  return {
    ...config,
    ...rest,
    ...(env !== undefined && { env: { ...config.env, ...env } }),
    ...(headers !== undefined && { headers: { ...config.headers, ...headers } }),
    ...(autoApprove !== undefined && { autoApprove: [...(config.autoApprove ?? []), ...autoApprove] }),
    ...(disabledTools !== undefined && { disabledTools: [...(config.disabledTools ?? []), ...disabledTools] }),
  };
};

const unknownField = (
  name: string,
  given: unknown,
  path: string,
  suggest: Suggest,
  dialect: Dialect | undefined,
): ConfigProblem[] => {
  if (dialect?.ignored?.includes(name)) return [];
  if (isWithoutEffect(name, dialect)) {
    return given === false ? [] : [{ level: 'warning', path, message: 'has no effect in this version' }];
  }
  const close = suggest(name, fieldNames(dialect));
  if (close === undefined) return [{ level: 'note', path, message: 'is not a field of Toolway' }];
  return [{ level: 'error', path, message: `is not a field; did you mean ${close}?` }];
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

/** One server as it was read. With an error among the problems, the configuration is one that always fails with that error. */
export interface ReadServer {
  config: ServerConfig;
  problems: ConfigProblem[];
  sources: Record<string, string>;
}

/** Reads one server. `check` finds what else is wrong with fields that are right by themselves. */
export const readServer = (
  name: string,
  value: unknown,
  path: string,
  where: Where,
  options: ReadOptions & { check?(config: Partial<ServerConfig>): Problem[] } = {},
): ReadServer => {
  const shape: ConfigProblem = { level: 'error', path, message: `must be an object, not ${kindOf(value)}` };
  const read: ReadFields = isObject(value)
    ? readFields(value, path, options)
    : { config: {}, problems: [shape], sources: {} };
  if (!read.problems.some(isError)) {
    const clash = contradiction(read.config);
    const wrong = [...(clash === undefined ? [] : [{ ...clash, path: '' }]), ...(options.check?.(read.config) ?? [])];
    read.problems.push(...wrong.map((problem) => ({ level: 'error' as const, ...problem, path: path + problem.path })));
    for (const { path: at, message } of credentialProblems(read.config)) {
      const given = read.sources[at.slice(1)] ?? path + at;
      read.problems.push({ level: 'error', path: given, message });
    }
  }
  const problems = read.problems.map((problem) => ({ ...problem, server: name, ...where(problem.path) }));
  const { config, sources } = read;
  return {
    config: problems.some(isError) ? unusableServer(name, problems, config) : config,
    problems,
    sources,
  };
};

const isError = ({ level }: ConfigProblem): boolean => level === 'error';

/** A server that is listed with where it is, and fails with what is wrong in its configuration as soon as it is used. */
export const unusableServer = (
  server: string,
  problems: ConfigProblem[],
  { disabled = false, command, url }: Partial<ServerConfig> = {},
): ServerConfig => {
  const errors = problems.filter(isError);
  const error = new ToolwayError('invalid_config', errors.map(describeProblem).join('; '), {
    server,
    executed: 'no',
    problems: errors.map(({ path, message }) => ({ path, message })),
  });
  return {
    disabled,
    // What it was meant to be is told beside the failure.
    ...(command !== undefined && { command }),
    ...(url !== undefined && { url }),
    transport: () => Promise.reject(error),
  };
};
