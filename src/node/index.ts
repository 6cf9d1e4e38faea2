/** Toolway for Node, Bun and Deno: everything of `toolway`, and servers that are started, configuration files, pooled HTTP. */
import type { Toolkit } from '../api.ts';
import type { Chat } from '../gateway/chat/port.ts';
import type { Store } from '../gateway/store/store.ts';
import type { ToolkitOptions } from '../options.ts';
import { assembleToolkit } from '../toolkit/toolkit.ts';
import type { GatewayChatOptions } from './chat.ts';
import type { LoadConfigOptions, LoadedConfig } from './config-files.ts';
import { nodeRuntime } from './runtime.ts';
import type { ServedGateway, ServeOptions } from './serve.ts';
import type { SqliteStoreOptions } from './store/sqlite.ts';
import type { WatchConfigOptions, WatchedConfig } from './watch-config.ts';

export { ToolwayError } from '../errors.ts';
export type * from '../index.ts';
export type { GatewayChatOptions } from './chat.ts';
export { type CodeSandboxOptions, createCodeSandbox } from './code-sandbox.ts';
export type { LoadConfigOptions, LoadedConfig } from './config-files.ts';
export type { DrainOptions } from './drain.ts';
export { drainOnSignals } from './drain.ts';
export type { FoundDefinition } from './found-files.ts';
export { releaseChildren } from './release.ts';
export type { ServedGateway, ServeOptions } from './serve.ts';
export type { SqliteStoreOptions } from './store/sqlite.ts';
export type { ConfigChange, FollowingToolkit, WatchConfigOptions, WatchedConfig } from './watch-config.ts';

/**
 * Makes a toolkit over child processes, pooled HTTP and WebSockets. Rejects with `invalid_config` only when the options
 * as a whole are unusable; a server that cannot be reached is `failed` and never stops the others.
 */
export const createToolkit = (options: ToolkitOptions = {}): Promise<Toolkit> =>
  assembleToolkit(options, (checked) => nodeRuntime(checked));

/**
 * Reads configuration files, named or found, and the environment into options for `createToolkit`. Rejects with
 * `invalid_config` when a named file cannot be read; a server that is wrong is among `problems` and fails alone.
 */
export const loadConfig = async (options?: LoadConfigOptions): Promise<LoadedConfig> =>
  (await import('./config-files.ts')).loadConfig(options);

/**
 * As `loadConfig`, and from then on: what changes in the files is applied to the toolkits that follow. Rejects with
 * `invalid_config` as `loadConfig` does; later a file that cannot be read changes nothing until it can be.
 */
export const watchConfig = async (options?: WatchConfigOptions): Promise<WatchedConfig> =>
  (await import('./watch-config.ts')).watchConfig(options);

/**
 * Serves a toolkit as a gateway (`toolway/gateway`) over HTTP and WebSockets. Make the toolkit with `gatewayHandlers`.
 * Rejects with `invalid_config` where the port cannot be had or the options cannot be meant.
 */
export const serveGateway = async (toolkit: Toolkit, options?: ServeOptions): Promise<ServedGateway> =>
  (await import('./serve.ts')).serveGateway(toolkit, options);

/** A model that answers at `POST /api/chat`, for `serveGateway({ chat })`. */
export const createGatewayChat = async (options: GatewayChatOptions): Promise<Chat> =>
  (await import('./chat.ts')).createGatewayChat(options);

/**
 * Opens a store for `serveGateway({ store })` that outlives it: jobs, approvals, the history of calls, quotas. What its
 * records resolved for survives a crash. Rejects with `invalid_config` where another live process has the file, a later
 * version wrote it, or none can be there.
 */
export const createSqliteStore = async (options: SqliteStoreOptions): Promise<Store> =>
  (await import('./store/sqlite.ts')).createSqliteStore(options);
