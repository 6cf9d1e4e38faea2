/** Toolway for Node, Bun and Deno: everything of `toolway`, and servers that are started, configuration files, pooled HTTP. */
import type { Toolkit } from '../api.ts';
import type { ToolkitOptions } from '../options.ts';
import { assembleToolkit } from '../toolkit.ts';
import { nodeRuntime } from './runtime.ts';

export { ToolwayError } from '../errors.ts';
export type * from '../index.ts';
export type { LoadConfigOptions, LoadedConfig } from './config-files.ts';
export { loadConfig } from './config-files.ts';
export { releaseChildren } from './stdio.ts';

/**
 * Makes a toolkit over child processes, pooled HTTP and WebSockets. Rejects with `invalid_config` only when the options
 * as a whole are unusable; a server that cannot be reached is `failed` and never stops the others.
 */
export const createToolkit = (options: ToolkitOptions = {}): Promise<Toolkit> =>
  assembleToolkit(options, nodeRuntime(options.env));
