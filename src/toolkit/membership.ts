/** Servers that come, leave or are connected anew while a toolkit is in use. Loaded with the methods that stand beside calling tools. */
import type { isServerName } from '../config/names.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import type { Session } from '../protocol/session.ts';
import type { ManagedServer } from '../server/server.ts';
import type { Finder } from './finder.ts';
import type { Loaded } from './later.ts';
import type { Members } from './members.ts';

/** What is loaded long before is handed in: bundlers would cut it into pieces of their own. */
export interface MembershipOptions {
  members: Members;
  finder: Finder;
  isServerName: typeof isServerName;
  /** True once no server is taken in. */
  closed(): boolean;
  /** Waits for a first outcome, and then until the lists are read. */
  connectAndList(server: ManagedServer, first?: Promise<Session>): Promise<void>;
}

export type Membership = Loaded<'addServer' | 'disableServer' | 'enableServer' | 'removeServer' | 'reconnect'>;

export const createMembership = (options: MembershipOptions): Membership => {
  const { members, finder, isServerName, closed, connectAndList } = options;
  const { servers, leaving, settle, enrol } = members;

  /** To be asked again after every wait: another may have taken the name, or closed the toolkit. */
  const admit = (name: string): void => {
    if (closed()) throw new ToolwayError('closed', 'the toolkit was closed', { executed: 'no' });
    if (servers.has(name))
      throw new ToolwayError('invalid_config', `there is a server "${name}" already`, { executed: 'no', server: name });
    if (!isServerName(name))
      throw new ToolwayError('invalid_config', `"${name}" cannot be the name of a server`, { executed: 'no' });
  };
  /** Resolves when nothing of the server is left. */
  const leave = async (server: ManagedServer): Promise<void> => {
    const gone = server.close();
    leaving.set(server.name, gone);
    await gone.finally(() => leaving.get(server.name) === gone && leaving.delete(server.name));
  };
  /** Puts another configuration in the place of a server's. */
  const replace = async (server: ManagedServer, change: Partial<ServerConfig>): Promise<ManagedServer> => {
    const replaced = enrol(server.name, { ...server.config, ...change });
    await leave(server);
    return replaced;
  };

  return {
    async addServer([name, raw]) {
      admit(name);
      const settled = await settle(name, raw);
      while (leaving.has(name)) await leaving.get(name);
      admit(name);
      await connectAndList(await enrol(...settled));
    },
    async disableServer([name]) {
      const server = finder.server(name);
      if (server.config.disabled !== true) await replace(server, { disabled: true });
    },
    async enableServer([name]) {
      const server = finder.server(name);
      if (server.config.disabled === true) await connectAndList(await replace(server, { disabled: false }));
    },
    async removeServer([name]) {
      const server = finder.server(name);
      servers.delete(name);
      await leave(server);
    },
    async reconnect([name]) {
      const server = finder.server(name);
      await connectAndList(server, server.reconnect());
    },
  };
};
