/** The servers of a toolkit: who is in, who comes, who leaves. */
import { isServerName } from './config/names.ts';
import { areUsual, isPlain } from './config/plain.ts';
import { ToolwayError } from './errors.ts';
import type { ServerConfig, ToolkitOptions } from './options.ts';
import { createServer, type House, type ManagedServer } from './server/server.ts';

export interface Members {
  readonly servers: ReadonlyMap<string, ManagedServer>;
  /** Takes a server in. Rejects with `invalid_config` where the name is taken or unusable. */
  add(name: string, config: ServerConfig): Promise<ManagedServer>;
  /** Takes in a server under whatever name a file gives it: a bad one gets an alias. One whose name is taken is left out, with a warning. */
  addAsNamed(name: string, config: ServerConfig): Promise<void>;
  /** Puts another configuration in the place of a server's. Resolves when nothing of the old one is left. */
  replace(server: ManagedServer, config: ServerConfig): Promise<ManagedServer>;
  /** Resolves when nothing of the server is left. */
  remove(server: ManagedServer): Promise<void>;
  close(): Promise<void>;
}

export interface MembersOptions {
  house: House;
  /** Any server field, for servers that do not say otherwise. */
  defaults: Partial<ServerConfig> | undefined;
  /** True once no server is taken in. */
  closed(): boolean;
}

/** The defaults of all servers; those that take longer to read are checked and read with more than is loaded before. Rejects with `invalid_config`. */
export const defaultsOf = async (given: ToolkitOptions['defaults']): Promise<ToolkitOptions['defaults']> =>
  given === undefined || areUsual(given) ? given : (await import('./config/settle.ts')).settleDefaults(given);

export const createMembers = ({ house, defaults, closed }: MembersOptions): Members => {
  const servers = new Map<string, ManagedServer>();
  /** Servers that were removed and are not gone yet: two of one name never live at a time. */
  const leaving = new Map<string, Promise<void>>();

  /** Configurations in a spelling of another host, or with an unusable name, take longer: what reads them is loaded then. */
  const settle = async (name: string, config: ServerConfig): Promise<[string, ServerConfig]> => {
    if (isPlain(name, config)) return [name, { ...defaults, ...config }];
    return (await import('./config/settle.ts')).settleServer(name, isServerName(name), config, defaults);
  };
  const enrol = async (name: string, config: ServerConfig): Promise<ManagedServer> => {
    const server = createServer(name, config, house);
    servers.set(name, server);
    await house.catalogues?.attach(server);
    return server;
  };
  const leave = async (server: ManagedServer): Promise<void> => {
    const gone = server.close();
    leaving.set(server.name, gone);
    await gone.finally(() => leaving.get(server.name) === gone && leaving.delete(server.name));
  };
  /** To be asked again after every wait: another may have taken the name, or closed the toolkit. */
  const admit = (name: string): void => {
    if (closed()) throw new ToolwayError('closed', 'the toolkit was closed', { executed: 'no' });
    if (servers.has(name))
      throw new ToolwayError('invalid_config', `there is a server "${name}" already`, { executed: 'no', server: name });
    if (!isServerName(name))
      throw new ToolwayError('invalid_config', `"${name}" cannot be the name of a server`, { executed: 'no' });
  };

  return {
    servers,
    async add(name, raw) {
      admit(name);
      const settled = await settle(name, raw);
      while (leaving.has(name)) await leaving.get(name);
      admit(name);
      return enrol(...settled);
    },
    async addAsNamed(original, raw) {
      const [name, config] = await settle(original, raw);
      if (!servers.has(name)) {
        await enrol(name, config);
        return;
      }
      const message = `"${original}" is left out: it would be called "${name}", as another server is`;
      house.events.emit('warning', { server: name, scope: '', message });
    },
    async replace(server, config) {
      const replaced = enrol(server.name, config);
      await leave(server);
      return replaced;
    },
    remove(server) {
      servers.delete(server.name);
      return leave(server);
    },
    async close() {
      await Promise.allSettled([...leaving.values(), ...[...servers.values()].map((server) => server.close())]);
    },
  };
};
