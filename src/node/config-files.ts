/** Configuration from files and the environment: which files there are, and what they say together. */
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path';
import type { ChatSettings } from '../config/chat.ts';
import { dialectOf } from '../config/dialects.ts';
import { type EnvironmentLayer, readEnvironment } from '../config/environment.ts';
import { escapeReferences } from '../config/expand.ts';
import { type GatewaySettings, gatewayFor } from '../config/gateway.ts';
import { mergeConfigs, overrideServers } from '../config/merge.ts';
import type { Origins } from '../config/origin.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { type ConfigProblem, describeProblem } from '../config/problem.ts';
import { isFatal, readConfigText } from '../config/read.ts';
import type { Folders } from '../config/references.ts';
import { formatOf, MAX_CONFIG_BYTES } from '../config/text.ts';
import { ToolwayError, withoutUndefined } from '../errors.ts';
import type { ServerConfig, ToolkitOptions } from '../options.ts';
import type { FoundDefinition } from './found-files.ts';
import { readBounded } from './read-bounded.ts';
import { readFailure } from './read-failure.ts';

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
  /** What is said of a gateway in front of these servers; the keys are references still, see `expandGateway`. */
  gateway?: GatewaySettings;
  /** Which model is spoken with, and how far a turn may go. */
  chat?: ChatSettings;
  problems: ConfigProblem[];
  /** The files that were read, in order. */
  files: string[];
  /** Files found in the working directory that hold something nobody has agreed to. */
  untrusted: string[];
  /** Files found there that could not be read; why is among the problems. */
  unread: string[];
  /** What has to be agreed to in the files that were found, whether it is or not. */
  found: FoundDefinition[];
  /** For a server that could not keep its name: the name in the file, by the name it has now. */
  aliases: Record<string, string>;
  /** Where the fields of each server were given. */
  origins: Record<string, Origins>;
  /** Where the fields of `defaults` were given. */
  defaultOrigins: Origins;
  /** Where `policy`, `pins`, `pinFile`, … and each of the `limits` were given, as `limits/NAME`. */
  rootOrigins: Origins;
}

const EXTENSIONS = ['json', 'jsonc', 'yaml', 'yml', 'toml'];
const USER_FILES = EXTENSIONS.map((extension) => `config.${extension}`);
const PROJECT_FILES = ['mcp.json', '.mcp.json', ...EXTENSIONS.map((extension) => `toolway.${extension}`)];

/**
 * Reads the named files; without any, the file in `TOOLWAY_CONFIG`; without that, the user's own
 * (`~/.config/toolway/config.json`, or another format's) and those of the working directory, whose servers are `untrusted`
 * until the user has agreed to them. Later files replace servers of earlier ones; the environment comes last. Throws `invalid_config` for a file that is missing or unreadable as a whole; a server that is wrong fails alone.
 */
export const loadConfig = async (options: LoadConfigOptions = {}): Promise<LoadedConfig> => {
  const { files = [], found: looks = true, cwd = process.cwd(), env = process.env } = options;
  const named = files.length > 0 ? files : env.TOOLWAY_CONFIG ? [env.TOOLWAY_CONFIG] : [];
  const read: string[] = [];
  const found: FoundDefinition[] = [];
  const broken: string[] = [];
  const layers: ParsedConfig[] = [];
  const folders = { cwd, home: homeOf(env) };

  for (const file of named) {
    const path = resolve(cwd, file);
    layers.push(await readConfigFile(path, file, folders));
    read.push(path);
  }
  if (named.length === 0 && looks) {
    const places = configPlaces(cwd, env);
    const [path, ...others] = await existing(places.user);
    if (path !== undefined) {
      const user = await readConfigFile(path, path, folders);
      for (const file of others) user.problems.push({ level: 'warning', file, path: '', message: unread(path) });
      layers.push(user);
      read.push(path);
    }
    const paths = await existing(places.project);
    if (paths.length > 0) {
      const { readFoundFiles } = await import('./found-files.ts');
      const inputs = layers.flatMap((layer) => layer.inputs);
      const there = await readFoundFiles({
        paths,
        env,
        inputs,
        read: (file) => readConfigFile(file, basename(file), folders),
      });
      layers.push(...there.layers);
      found.push(...there.definitions);
      broken.push(...there.unread);
      read.push(...paths);
    }
  }

  const environment = readEnvironment(env);
  refuseEnvironment(environment);
  const merged = mergeConfigs([...layers, environment]);
  const { overrides, overrideOrigins } = environment;
  for (const [name, origins] of Object.entries(merged.origins)) {
    merged.origins[name] = { ...origins, ...overrideOrigins };
  }
  const gateway = gatewayFor(merged.gateway, merged.servers, merged.defaults);
  return {
    mcpServers: overrideServers(merged, (server) => ({ ...server, ...overrides })),
    defaults: { ...merged.defaults, ...overrides },
    limits: merged.limits,
    ...(merged.policy !== undefined && { policy: merged.policy }),
    ...(merged.pins !== undefined && { pins: merged.pins }),
    ...withoutUndefined({
      pinFile: merged.pinFile,
      catalogueFile: merged.catalogueFile,
      batchWindowMs: merged.batchWindowMs,
    }),
    ...(gateway !== undefined && { gateway }),
    ...(merged.chat !== undefined && { chat: merged.chat }),
    ...(merged.inputs.length > 0 && { inputs: merged.inputs }),
    env: { ...env },
    problems: merged.problems,
    files: read,
    untrusted: [...new Set(found.filter(({ trusted }) => !trusted).map(({ file }) => basename(file)))],
    found,
    unread: broken,
    aliases: merged.aliases,
    origins: merged.origins,
    defaultOrigins: { ...merged.defaultOrigins, ...overrideOrigins },
    rootOrigins: merged.rootOrigins,
  };
};

const unread = (other: string): string => `is not read, because there is ${basename(other)} as well`;

/** Those of a few files that are there. */
export const existing = async (paths: readonly string[]): Promise<string[]> => {
  const there = await Promise.all(paths.map(exists));
  return paths.filter((_, index) => there[index]);
};

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

const homeOf = (env: Readonly<Record<string, string | undefined>>): string => env.HOME || env.USERPROFILE || homedir();

/** Where configuration is looked for that nobody has named, whether it is there or not. */
export const configPlaces = (
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): { user: string[]; project: string[] } => ({
  user: USER_FILES.map((name) => join(userConfigFolder(env), name)),
  project: PROJECT_FILES.map((name) => join(cwd, name)),
});

/** The folder of the user's own configuration: `$XDG_CONFIG_HOME/toolway`, or `~/.config/toolway`. */
const userConfigFolder = (env: Readonly<Record<string, string | undefined>>): string => {
  const base = env.XDG_CONFIG_HOME || join(homeOf(env), '.config');
  return join(base, 'toolway');
};

const invalid = (reason: string, cause?: unknown): ToolwayError =>
  new ToolwayError('invalid_config', reason, { executed: 'no', cause });

/** Reads one file; `shown` is what messages call it. Throws `invalid_config` with line and column. */
const readConfigFile = async (path: string, shown: string, folders: ConfigFolders): Promise<ParsedConfig> => {
  const dialect = dialectOf(path);
  const known = foldersOf(path, folders);
  const options = { file: shown, format: formatOf(path), dialect, folders: known };
  const config = await readConfigText(await readText(path, shown), options);
  const fatal = config.problems.filter(isFatal);
  if (fatal.length > 0) throw invalid(fatal.map(describeProblem).join('; '));
  const folder = dialect.hasFolders ? known.workspaceFolder : dirname(path);
  config.servers = overrideServers(config, (server) => anchored(server, folder));
  for (const name of ['pinFile', 'catalogueFile'] as const) {
    const given = config[name];
    if (given !== undefined)
      config[name] = resolve(
        folder,
        given.replace(/^~(?=[\\/])/, () => folders.home),
      );
  }
  return config;
};

/** Files that a server names are looked for beside the file that names them; with an editor's file, in the project. */
const anchored = (server: ServerConfig, folder: string): ServerConfig => {
  const { envFile, tls } = server;
  if (envFile === undefined && tls === undefined) return server;
  const anchor = (given: string): string =>
    isAbsolute(given) || /^(~[\\/]|\$\{|-----BEGIN)/.test(given) ? given : join(escapeReferences(folder), given);
  return {
    ...server,
    ...(envFile !== undefined && { envFile: anchor(envFile) }),
    ...(tls !== undefined && {
      tls: Object.fromEntries(Object.entries(tls).map(([part, file]) => [part, anchor(file)])),
    }),
  };
};

/** Where this process stands. */
interface ConfigFolders {
  cwd: string;
  home: string;
}

/** Files of an editor lie in a folder of the project they are about; the user's own are about the project that is open. */
const foldersOf = (path: string, { cwd, home }: ConfigFolders): Folders => {
  const folder = dirname(path);
  const isProject = /^\.(vscode|cursor|roo|devcontainer)$/.test(basename(folder)) && dirname(folder) !== home;
  return { workspaceFolder: isProject ? dirname(folder) : cwd, userHome: home, pathSeparator: sep };
};

const readText = async (path: string, shown: string): Promise<string> => {
  try {
    const text = await readBounded(path, MAX_CONFIG_BYTES);
    if (text === undefined) throw invalid(`${shown}: larger than ${MAX_CONFIG_BYTES} bytes`);
    return text;
  } catch (error) {
    if (error instanceof ToolwayError) throw error;
    throw invalid(`${shown}: ${readFailure(error)}`, error);
  }
};

const refuseEnvironment = ({ problems }: EnvironmentLayer): void => {
  if (problems.length > 0) throw invalid(problems.map(describeProblem).join('; '));
};
