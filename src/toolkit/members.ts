/** The servers of a toolkit: who is in, and who is not gone yet. */
import { isServerName } from '../config/names.ts';
import { areUsual, isPlain } from '../config/plain.ts';
import type { ServerConfig, ToolkitOptions } from '../options.ts';
import { createServer, type House, type ManagedServer } from '../server/server.ts';

export interface Members {
  readonly servers: Map<string, ManagedServer>;
  /** Servers that were removed and are not gone yet: two of one name never live at a time. */
  readonly leaving: Map<string, Promise<void>>;
  /** The name and the configuration that are meant. Rejects with `invalid_config`. */
  settle(name: string, config: ServerConfig): Promise<[string, ServerConfig]>;
  /** Takes in a server of which both are settled; it has the name from then on. */
  enrol(name: string, config: ServerConfig): Promise<ManagedServer>;
  /** Takes in a server under whatever name a file gives it: a bad one gets an alias. One whose name is taken is left out, with a warning. */
  addAsNamed(name: string, config: ServerConfig): Promise<void>;
  close(): Promise<void>;
}

export interface MembersOptions {
  house: House;
  /** Any server field, for servers that do not say otherwise. */
  defaults: Partial<ServerConfig> | undefined;
}

/** The defaults of all servers; those that take longer to read are checked and read with more than is loaded before. Rejects with `invalid_config`. */
export const defaultsOf = async (given: ToolkitOptions['defaults']): Promise<ToolkitOptions['defaults']> =>
  given === undefined || areUsual(given) ? given : (await import('../config/settle.ts')).settleDefaults(given);

export const createMembers = ({ house, defaults }: MembersOptions): Members => {
  const servers: Members['servers'] = new Map();
  const leaving: Members['leaving'] = new Map();

  /** Configurations in a spelling of another host, or with an unusable name, take longer: what reads them is loaded then. */
  const settle: Members['settle'] = async (name, config) => {
    if (isPlain(name, config)) return [name, { ...defaults, ...config }];
    return (await import('../config/settle.ts')).settleServer(name, isServerName(name), config, defaults);
  };
  const enrol: Members['enrol'] = async (name, config) => {
    const server = createServer(name, config, house);
    servers.set(name, server);
    await house.catalogues?.attach(server);
    return server;
  };

  return {
    servers,
    leaving,
    settle,
    enrol,
    async addAsNamed(original, raw) {
      const [name, config] = await settle(original, raw);
      if (!servers.has(name)) {
        await enrol(name, config);
        return;
      }
      const message = `"${original}" is left out: it would be called "${name}", as another server is`;
      house.events.emit('warning', { server: name, scope: '', message });
    },
    async close() {
      await Promise.allSettled([...leaving.values(), ...[...servers.values()].map((server) => server.close())]);
    },
  };
};
