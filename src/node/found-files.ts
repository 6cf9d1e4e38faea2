/** Files that were found rather than named: what nobody agreed to is held back before it can do anything. */
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import {
  definitionText,
  type LaunchDefinition,
  launchDefinition,
  type SettingsDefinition,
  settingsDefinition,
} from '../config/launch-definition.ts';
import { overrideServers } from '../config/merge.ts';
import { emptyConfig, type ParsedConfig } from '../config/parse.ts';
import { ToolwayError } from '../errors.ts';
import type { InputDefinition } from '../options.ts';
import { stateFolder } from './state-folder.ts';
import { type Agreements, readAgreements, trustFile } from './trust-file.ts';

/** Something in a found file that has to be agreed to. */
export interface FoundDefinition {
  /** The server; for what a file says of all servers, the name of the file, which no server can have. */
  name: string;
  file: string;
  definition: LaunchDefinition | SettingsDefinition;
  /** SHA-256 of the canonical definition, in hex. */
  hash: string;
  trusted: boolean;
}

/** What is known of a found file. */
interface FoundFile {
  path: string;
  /** The real path of the folder that it lies in. */
  folder: string;
  /** The inputs of the layers below it, which no found file can change. */
  inputs: readonly InputDefinition[];
  isTrusted(hash: string): boolean;
}

/** A found file, as far as it may be used. */
interface HeldBack {
  config: ParsedConfig;
  definitions: FoundDefinition[];
}

/** Marks servers that nobody agreed to as untrusted, and takes out what an untrusted file says of all servers. */
const holdBack = (read: ParsedConfig, { path, folder, inputs: known, isTrusted }: FoundFile): HeldBack => {
  const config = withoutOurs(read);
  const definitions: FoundDefinition[] = [];
  const found = (name: string, definition: LaunchDefinition | SettingsDefinition): boolean => {
    const hash = hashOf(definition);
    const trusted = isTrusted(hash);
    definitions.push({ name, file: path, definition, hash, trusted });
    return trusted;
  };
  const own = config.inputs.filter(({ id }) => known.every((one) => one.id !== id));
  const servers = overrideServers(config, (server, name) => {
    const definition = launchDefinition(server, { folder, inputs: [...known, ...own] });
    if (definition === undefined) return server;
    // What is switched off is not asked about; somebody may switch it on later.
    const trusted = server.disabled === true ? isTrusted(hashOf(definition)) : found(name, definition);
    return trusted ? server : { ...server, untrusted: true };
  });
  const settings = settingsDefinition(config, folder);
  if (settings === undefined || found(basename(path), settings))
    return { config: { ...config, servers, inputs: own }, definitions };
  const { policy: _policy, pins: _pins, batchWindowMs: _window, ...rest } = config;
  const { defaults, defaultOrigins, rootOrigins, limits } = emptyConfig();
  return { config: { ...rest, servers, inputs: own, defaults, defaultOrigins, rootOrigins, limits }, definitions };
};

/**
 * No found file says where files of ours lie: one that brings its own list of what was seen before would put aside what
 * this user has seen, and every path would be written to. Nor does it say who may come into a gateway of this user,
 * nor to whom its key of a model and its words are sent.
 */
const withoutOurs = (read: ParsedConfig): ParsedConfig => {
  const config = { ...read, rootOrigins: { ...read.rootOrigins }, problems: [...read.problems] };
  for (const name of ['pinFile', 'catalogueFile', 'gateway', 'chat'] as const) {
    if (config[name] === undefined) continue;
    const { kind: _kind, ...place } = config.rootOrigins[name] ?? { kind: 'file' };
    const message = 'is not taken from a file that was found; your own file, or one that you name, can set it';
    config.problems.push({ level: 'warning', path: `/${name}`, message, ...place });
    delete config[name];
    delete config.rootOrigins[name];
  }
  return config;
};

const hashOf = (definition: LaunchDefinition | SettingsDefinition): string =>
  createHash('sha256').update(definitionText(definition)).digest('hex');

/** What the files that were found say together. */
export interface FoundFiles {
  layers: ParsedConfig[];
  /** Of a server that several files define, the definition that counts. */
  definitions: FoundDefinition[];
  /** Those that could not be read. */
  unread: string[];
}

export interface FoundFilesOptions {
  paths: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** The inputs of the layers below. */
  inputs: readonly InputDefinition[];
  read(path: string): Promise<ParsedConfig>;
}

/** Reads files that were found. What is wrong with one of them, or with the list of what is trusted, is among the problems and stops nothing else. */
export const readFoundFiles = async ({ paths, env, inputs, read }: FoundFilesOptions): Promise<FoundFiles> => {
  const layers: ParsedConfig[] = [];
  const definitions = new Map<string, FoundDefinition>();
  const warn = (file: string, message: string): void => {
    layers.push({ ...emptyConfig(), problems: [{ level: 'warning', file, path: '', message }] });
  };
  let agreements: Agreements = new Map();
  try {
    agreements = await readAgreements(trustFile(stateFolder({ env })));
  } catch (error) {
    layers.push({ ...emptyConfig(), problems: [{ level: 'warning', path: '', message: messageOf(error) }] });
  }
  const known = [...inputs];
  const unread: string[] = [];
  for (const path of paths) {
    try {
      const folder = await realpath(dirname(path));
      const held = holdBack(await read(path), {
        path,
        folder,
        inputs: known,
        isTrusted: (hash) => agreements.has(hash),
      });
      layers.push(held.config);
      known.push(...held.config.inputs);
      for (const definition of held.definitions) definitions.set(definition.name, definition);
    } catch (error) {
      if (!(error instanceof ToolwayError)) throw error;
      warn(basename(path), `is not used: ${error.message}`);
      unread.push(path);
    }
  }
  return { layers, definitions: [...definitions.values()], unread };
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
