/** Toolway for Node, Bun and Deno: everything of `toolway`, and servers that are started, configuration files, pooled HTTP. */
import type { Toolkit } from '../api.ts';
import type { ToolkitOptions } from '../options.ts';
import { assembleToolkit } from '../toolkit.ts';
import type { LoadConfigOptions, LoadedConfig } from './config-files.ts';
import { nodeRuntime } from './runtime.ts';

export { ToolwayError } from '../errors.ts';
export type * from '../index.ts';
export type { LoadConfigOptions, LoadedConfig } from './config-files.ts';
export type { DrainOptions } from './drain.ts';
export { drainOnSignals } from './drain.ts';
export { releaseChildren } from './release.ts';

/**
 * Makes a toolkit over child processes, pooled HTTP and WebSockets. Rejects with `invalid_config` only when the options
 * as a whole are unusable; a server that cannot be reached is `failed` and never stops the others.
 */
export const createToolkit = (options: ToolkitOptions = {}): Promise<Toolkit> =>
  assembleToolkit(options, nodeRuntime(options));

/**
 * Reads configuration files, named or found, and the environment into options for `createToolkit`. Rejects with
 * `invalid_config` when a named file cannot be read; a server that is wrong is among `problems` and fails alone.
 */
export const loadConfig = async (options?: LoadConfigOptions): Promise<LoadedConfig> =>
  (await import('./config-files.ts')).loadConfig(options);
