/** A running toolkit, and the configuration that its servers follow. */
import type { Toolkit } from '../api.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import type { LoadedConfig } from './config-files.ts';

/** What following needs of a toolkit. */
export type FollowingToolkit = Pick<Toolkit, 'addServer' | 'removeServer' | 'status' | 'on'>;

/** Servers by name. */
export type Servers = Readonly<Record<string, ServerConfig>>;

/** One toolkit that follows. */
export interface Applied {
  /** Resolves when every server is on its way to what the configuration says; one configuration after the other. */
  follow(config: LoadedConfig): Promise<void>;
}

export interface AppliedOptions {
  toolkit: FollowingToolkit;
  servers(config: LoadedConfig): Servers;
  /** What the toolkit has. */
  made: Servers;
  report(error: ToolwayError): void;
}

export const createApplied = ({ toolkit, servers, made, report }: AppliedOptions): Applied => {
  const applied = new Map(Object.entries(made));
  let turn: Promise<void> = Promise.resolve();

  const remove = async (name: string): Promise<void> => {
    applied.delete(name);
    await toolkit.removeServer(name).catch((error: unknown) => {
      // Somebody else may have removed it.
      if (!(error instanceof ToolwayError && error.code === 'unknown_server')) report(ToolwayError.from(error));
    });
  };
  /** Resolves when the server is in; whether it can be reached is its own affair. */
  const add = (name: string, config: ServerConfig): Promise<void> =>
    new Promise((resolve) => {
      applied.set(name, config);
      const off = toolkit.on('connecting', ({ server }) => {
        if (server === name) done();
      });
      const done = (): void => {
        off();
        resolve();
      };
      toolkit.addServer(name, config).then(done, (error: unknown) => {
        if (toolkit.status()[name] === undefined) report(ToolwayError.from(error));
        done();
      });
    });
  const follow = async (config: LoadedConfig): Promise<void> => {
    const wanted = new Map(Object.entries(servers(config)));
    for (const name of [...applied.keys()]) if (!wanted.has(name)) await remove(name);
    for (const [name, server] of wanted) {
      const before = applied.get(name);
      if (before !== undefined && textOf(before) === textOf(server)) continue;
      if (before !== undefined && isUsable(before) && !isUsable(server)) {
        // Somebody is in the middle of writing it.
        report(await whyUnusable(server));
        continue;
      }
      if (before !== undefined) await remove(name);
      await add(name, server);
    }
  };

  return {
    follow(config) {
      turn = turn.then(() => follow(config)).catch((error: unknown) => report(ToolwayError.from(error)));
      return turn;
    },
  };
};

const isUsable = ({ transport }: ServerConfig): boolean => typeof transport !== 'function';

const whyUnusable = async ({ transport }: ServerConfig): Promise<ToolwayError> => {
  try {
    if (typeof transport === 'function') await transport();
  } catch (error) {
    return ToolwayError.from(error);
  }
  return new ToolwayError('invalid_config', 'the server cannot be used', { executed: 'no' });
};

const textOf = (server: ServerConfig): string =>
  JSON.stringify(server, (_key, part: unknown) => (typeof part === 'function' ? 'function' : part));
