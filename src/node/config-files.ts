/** Configuration from files and the environment: which files there are, and what they say together. */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type EnvironmentLayer, readEnvironment } from '../config/environment.ts';
import { mergeConfigs, overrideServers } from '../config/merge.ts';
import { type ParsedConfig, parseConfig } from '../config/parse.ts';
import type { ConfigText } from '../config/parsed-text.ts';
import type { Place } from '../config/places.ts';
import { type ConfigProblem, describeProblem, type Where } from '../config/problem.ts';
import { formatOf, MAX_CONFIG_BYTES, parseText } from '../config/text.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig, ToolkitOptions } from '../options.ts';

/** Where configuration is looked for. */
export interface LoadConfigOptions {
  /** Files that are trusted by being named; relative to `cwd`. With any of them, no other file is read. */
  files?: readonly string[];
  /** `false`: read no file that is not named. */
  found?: boolean;
  /** Default: the process's. */
  cwd?: string;
  /** Default: `process.env`. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** Options for `createToolkit`, and how they came about. */
export interface LoadedConfig extends ToolkitOptions {
  mcpServers: Record<string, ServerConfig>;
  problems: ConfigProblem[];
  /** The files that were read, in order. */
  files: string[];
  /** Files found in the working directory. Nobody named them, so they were not read. */
  untrusted: string[];
  /** For a server that could not keep its name: the name in the file, by the name it has now. */
  aliases: Record<string, string>;
}

const PROJECT_FILES = ['mcp.json', '.mcp.json', 'toolway.json'];

/**
 * Reads the named files; without any, the file in `TOOLWAY_CONFIG`; without that, the user's own
 * (`~/.config/toolway/config.json`). Later files replace servers of earlier ones; the environment comes last.
 * Throws `invalid_config` for a file that is missing or unreadable as a whole; a server that is wrong fails alone.
 */
export const loadConfig = async (options: LoadConfigOptions = {}): Promise<LoadedConfig> => {
  const { files = [], found = true, cwd = process.cwd(), env = process.env } = options;
  const named = files.length > 0 ? files : env.TOOLWAY_CONFIG ? [env.TOOLWAY_CONFIG] : [];
  const read: string[] = [];
  const untrusted: string[] = [];
  const layers: ParsedConfig[] = [];

  for (const file of named) {
    const path = resolve(cwd, file);
    layers.push(await readConfigFile(path, file));
    read.push(path);
  }
  if (named.length === 0 && found) {
    const path = join(userConfigFolder(env), 'config.json');
    if (await exists(path)) {
      layers.push(await readConfigFile(path));
      read.push(path);
    }
    for (const name of PROJECT_FILES) if (await exists(join(cwd, name))) untrusted.push(name);
  }

  const environment = readEnvironment(env);
  refuseEnvironment(environment);
  const merged = mergeConfigs([...layers, environment]);
  const { timeoutMs } = environment;
  return {
    mcpServers:
      timeoutMs === undefined ? merged.servers : overrideServers(merged, (server) => ({ ...server, timeoutMs })),
    defaults: timeoutMs === undefined ? merged.defaults : { ...merged.defaults, timeoutMs },
    limits: merged.limits,
    ...(merged.policy !== undefined && { policy: merged.policy }),
    ...(merged.pins !== undefined && { pins: merged.pins }),
    env: { ...env },
    problems: merged.problems,
    files: read,
    untrusted,
    aliases: merged.aliases,
  };
};

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** The folder of the user's own configuration: `$XDG_CONFIG_HOME/toolway`, or `~/.config/toolway`. */
const userConfigFolder = (env: Readonly<Record<string, string | undefined>>): string => {
  const base = env.XDG_CONFIG_HOME || join(env.HOME || env.USERPROFILE || homedir(), '.config');
  return join(base, 'toolway');
};

const invalid = (reason: string, cause?: unknown): ToolwayError =>
  new ToolwayError('invalid_config', reason, { executed: 'no', cause });

/** Reads one file; `shown` is what messages call it. Throws `invalid_config` with line and column. */
const readConfigFile = async (path: string, shown: string = path): Promise<ParsedConfig> => {
  const parsed = await parseText(await readText(path, shown), formatOf(path));
  if (!parsed.ok) throw invalid(`${shown}:${parsed.place.line}:${parsed.place.column}: ${parsed.message}`);

  const where: Where = (path) => ({ file: shown, ...placeOf(parsed, path) });
  const config = await parseConfig(parsed.value, where);
  for (const path of parsed.duplicates) {
    config.problems.push({ level: 'warning', path, message: 'is given twice; the last one counts', ...where(path) });
  }
  for (const { message, place } of parsed.liberties) {
    config.problems.push({ level: 'note', path: '', message, file: shown, ...place });
  }
  const fatal = config.problems.filter(({ level, server }) => level === 'error' && server === undefined);
  if (fatal.length > 0) throw invalid(fatal.map(describeProblem).join('; '));
  return config;
};

/** A field that is missing stands where the object stands that lacks it. */
const placeOf = ({ locate }: Pick<ConfigText, 'locate'>, path: string): Place | undefined => {
  for (let pointer = path; ; pointer = pointer.slice(0, pointer.lastIndexOf('/'))) {
    const place = locate(pointer);
    if (place !== undefined || pointer === '') return place;
  }
};

const readText = async (path: string, shown: string): Promise<string> => {
  try {
    const { size } = await stat(path);
    if (size > MAX_CONFIG_BYTES) throw invalid(`${shown}: larger than ${MAX_CONFIG_BYTES} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof ToolwayError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw invalid(`${shown}: ${code === 'ENOENT' ? 'there is no such file' : message}`, error);
  }
};

const refuseEnvironment = ({ problems }: EnvironmentLayer): void => {
  if (problems.length > 0) throw invalid(problems.map(describeProblem).join('; '));
};
