/** Configuration that follows its files: what changes in them is applied to a running toolkit, and nothing else is touched. */
import { resolve } from 'node:path';
import { ToolwayError } from '../errors.ts';
import type { InputDefinition, ServerConfig } from '../options.ts';
import { configPlaces, type LoadConfigOptions, type LoadedConfig, loadConfig } from './config-files.ts';
import { watchFiles } from './file-watch.ts';
import { type Applied, createApplied, type FollowingToolkit, type Servers } from './server-changes.ts';

export type { FollowingToolkit } from './server-changes.ts';

import { stateFolder } from './state-folder.ts';
import { trustFile } from './trust-file.ts';

/** What is watched, and who hears of it. */
export interface WatchConfigOptions extends LoadConfigOptions {
  /** Files have to be still for so long before they are read again. Default 100. */
  debounceMs?: number;
  /** The files say something else, and what follows them has been changed. */
  onChange?: (change: ConfigChange) => void;
  /** A file, or a server in it, cannot be used: what was there before goes on. Default: nobody hears of it. */
  onError?: (error: ToolwayError) => void;
}

/** How a configuration differs from the one before it. */
export interface ConfigChange {
  config: LoadedConfig;
  /** Names of servers. */
  added: string[];
  removed: string[];
  changed: string[];
  /** Settings of the whole that have changed, and that only a new toolkit would have: `policy`, `pins`, `limits`, `pinFile`, … */
  pending: string[];
  /** What is said of a gateway has changed: its keys, for one. */
  gateway: boolean;
}

/** A configuration that follows its files until it is closed. */
export interface WatchedConfig extends AsyncDisposable {
  /** Options for `createToolkit`, as of now. The `defaults` of the files stand in each server already. */
  readonly options: LoadedConfig;
  /**
   * Keeps the servers of a toolkit that was made from `options` as the files have them: those that are new are added,
   * those that are gone are removed, those that have changed are made anew. `servers` decides what of a configuration
   * this toolkit has; `made` is what it has now, where that is something else. Gives the means to stop.
   */
  apply(toolkit: FollowingToolkit, how?: { servers?: (config: LoadedConfig) => Servers; made?: Servers }): () => void;
  /** Resolves when nothing is watched any more. The servers stay as they are. */
  close(): Promise<void>;
}

const SETTINGS = ['policy', 'pins', 'limits', 'pinFile', 'catalogueFile', 'batchWindowMs'] as const;

/**
 * Reads configuration as `loadConfig` does, and again whenever one of its files changes, comes or goes. Rejects with
 * `invalid_config` as `loadConfig` does; later a file that cannot be read changes nothing until it can be. It does not
 * keep the program alive.
 */
export const watchConfig = async (options: WatchConfigOptions = {}): Promise<WatchedConfig> => {
  const { debounceMs = 100, onChange, onError, ...where } = options;
  const { files = [], found = true, cwd = process.cwd(), env = process.env } = where;
  const followers = new Set<Applied>();
  /** One and the same list, so that toolkits know of inputs that come later. */
  const inputs: InputDefinition[] = [];
  const told = <T>(handler: ((news: T) => void) | undefined, news: T): void => {
    try {
      handler?.(news);
    } catch (cause) {
      if (handler !== onError) report(new ToolwayError('internal', 'the handler of a change failed', { cause }));
    }
  };
  const report = (error: ToolwayError): void => told(onError, error);

  const load = async (): Promise<LoadedConfig> => {
    const { defaults = {}, ...config } = await loadConfig(where);
    const mcpServers = Object.create(null) as Record<string, ServerConfig>;
    for (const [name, server] of Object.entries(config.mcpServers)) mcpServers[name] = { ...defaults, ...server };
    return { ...config, mcpServers };
  };
  const enter = (config: LoadedConfig): LoadedConfig => {
    inputs.splice(0, inputs.length, ...(config.inputs ?? []));
    return { ...config, inputs };
  };
  const reload = async (): Promise<void> => {
    let next: LoadedConfig;
    try {
      next = await load();
      refuseBroken(current, next);
    } catch (error) {
      return report(ToolwayError.from(error));
    }
    const before = current;
    current = enter(next);
    const changes = compare(before, current);
    await Promise.all([...followers].map((follower) => follower.follow(current)));
    const { added, removed, changed, pending, gateway } = changes;
    if (gateway || added.length + removed.length + changed.length + pending.length > 0)
      told(onChange, { config: current, ...changes });
  };

  const named = files.length > 0 ? files : env.TOOLWAY_CONFIG ? [env.TOOLWAY_CONFIG] : [];
  const places = configPlaces(cwd, env);
  const looked = found ? [...places.user, ...places.project, trustFile(stateFolder({ env }))] : [];
  const watching = await watchFiles({
    paths: named.length > 0 ? named.map((file) => resolve(cwd, file)) : looked,
    debounceMs,
    onChange: () => reload(),
    onError: (cause) => report(new ToolwayError('internal', 'the configuration cannot be watched', { cause })),
  });
  let current: LoadedConfig;
  try {
    current = enter(await load());
  } catch (error) {
    watching.close();
    throw error;
  }
  /** What the toolkit was made from that is about to follow: files may have changed while it was made. */
  let handed: LoadedConfig = current;

  const watched: WatchedConfig = {
    get options() {
      handed = current;
      return current;
    },
    apply(toolkit, { servers = ({ mcpServers }: LoadedConfig): Servers => mcpServers, made = servers(handed) } = {}) {
      const follower = createApplied({ toolkit, servers, made, report });
      followers.add(follower);
      void follower.follow(current);
      return () => void followers.delete(follower);
    },
    async close() {
      watching.close();
      followers.clear();
    },
    [Symbol.asyncDispose]: () => watched.close(),
  };
  return watched;
};

/** A found file that could be read and now cannot is in the middle of something. */
const refuseBroken = (before: LoadedConfig, { unread, problems }: LoadedConfig): void => {
  const broken = unread.filter((file) => before.files.includes(file) && !before.unread.includes(file));
  if (broken.length === 0) return;
  const reasons = problems.filter(({ message }) => message.startsWith('is not used: ')).map(({ message }) => message);
  throw new ToolwayError('invalid_config', reasons.join('; ').replaceAll('is not used: ', ''), { executed: 'no' });
};

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === 'function' ? 'function' : part)) ?? '';

const compare = (before: LoadedConfig, after: LoadedConfig): Omit<ConfigChange, 'config'> => {
  const has = (config: LoadedConfig, name: string): boolean => Object.hasOwn(config.mcpServers, name);
  const names = Object.keys(after.mcpServers);
  return {
    added: names.filter((name) => !has(before, name)),
    removed: Object.keys(before.mcpServers).filter((name) => !has(after, name)),
    changed: names.filter(
      (name) => has(before, name) && textOf(before.mcpServers[name]) !== textOf(after.mcpServers[name]),
    ),
    pending: SETTINGS.filter((setting) => textOf(before[setting]) !== textOf(after[setting])),
    gateway: textOf(before.gateway) !== textOf(after.gateway),
  };
};
