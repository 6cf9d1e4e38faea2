/** What a person agrees to who trusts a file that was found: all that decides what is started or reached, and what it may do unasked. */
import { canonicalJson } from '../canonical.ts';
import type { InputDefinition, ServerConfig } from '../options.ts';
import type { ParsedConfig } from './parse.ts';
import { inputsOf } from './references.ts';

/** Fields that start nothing, reach nothing and allow nothing. Any other, also one that is yet to come, is part of the definition. */
const HARMLESS: readonly (keyof ServerConfig)[] = [
  'disabled',
  'enabledTools',
  'disabledTools',
  'autoReconnect',
  'maxRetries',
  'retryDelayMs',
  'healthCheckIntervalMs',
  'connectTimeoutMs',
  'timeoutMs',
  'totalTimeoutMs',
  'maxConcurrency',
  'maxMessageBytes',
  'rateLimit',
  'retry',
  'breaker',
  'era',
  'logLevel',
];

/** What one server of a found file would do, as the file has it: nothing in it is expanded. */
export interface LaunchDefinition {
  /** The folder that relative paths begin in: the same words mean another program elsewhere. */
  folder: string;
  server: Partial<ServerConfig>;
  /** The inputs that it refers to: a default is as good as a literal. */
  inputs?: InputDefinition[];
}

/** What a found file says of all servers. */
export interface SettingsDefinition {
  folder: string;
  settings: Pick<Partial<ParsedConfig>, 'policy' | 'pins' | 'defaults' | 'limits' | 'batchWindowMs'>;
}

/** What is agreed to for a server; nothing for one that can never be started. */
export const launchDefinition = (
  config: ServerConfig,
  { folder, inputs }: { folder: string; inputs: readonly InputDefinition[] },
): LaunchDefinition | undefined => {
  if (typeof config.transport === 'function') return undefined;
  const fields = Object.entries(config).filter(
    ([field, value]) => value !== undefined && !HARMLESS.some((harmless) => harmless === field),
  );
  const server = Object.fromEntries(fields) as Partial<ServerConfig>;
  const wanted = new Set(inputsOf(config).map(({ id }) => id));
  const used = inputs.filter(({ id }) => wanted.has(id));
  return { folder, server, ...(used.length > 0 && { inputs: used }) };
};

/** What is agreed to for a file as a whole; nothing where it says nothing of all servers. */
export const settingsDefinition = (
  { policy, pins, defaults, limits, batchWindowMs }: ParsedConfig,
  folder: string,
): SettingsDefinition | undefined => {
  const settings = {
    ...(policy !== undefined && { policy }),
    ...(pins !== undefined && { pins }),
    ...(Object.keys(defaults).length > 0 && { defaults }),
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(batchWindowMs !== undefined && { batchWindowMs }),
  };
  return Object.keys(settings).length === 0 ? undefined : { folder, settings };
};

/** The definition as the one text that it has. */
export const definitionText = (definition: LaunchDefinition | SettingsDefinition): string => canonicalJson(definition);
