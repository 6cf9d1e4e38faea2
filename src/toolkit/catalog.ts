/** The catalogue of all servers: which server and tool a name means, and the lists under one roof. */
import { ToolwayError } from '../errors.ts';
import { qualify, splitName } from '../names.ts';
import type { ToolEntry } from '../server/catalog.ts';
import type { ManagedServer } from '../server/server.ts';
import { allows } from '../server/settings.ts';

/** Where a name leads. Without an entry the tool's definition could not be read, and calls go unchecked. */
export interface Route {
  server: ManagedServer;
  tool: string;
  entry?: ToolEntry;
}

type Servers = ReadonlyMap<string, ManagedServer>;

/** The failure of a qualified name is loaded with the first of them; where that fails, it is told in few words. */
const unknownTool = (tool: string, server: ManagedServer): Promise<ToolwayError> =>
  import('./no-such-tool.ts').then(
    (words) => words.unknownTool(tool, [server], { qualify, server: server.name }),
    (cause: unknown) => new ToolwayError('unknown_tool', `there is no tool "${tool}"`, { executed: 'no', cause }),
  );

/** Where a qualified name leads, without waiting for anything: without an entry where its tool is not known yet. */
export const routeAtOnce = (servers: Servers, name: string, principal?: string): Route | undefined => {
  const split = splitName(name, (server) => servers.has(server));
  if (split === undefined) return undefined;
  const named = servers.get(split.server);
  if (named === undefined) return undefined;
  const server = named.personal?.made?.known(principal) ?? named;
  const entry = server.catalog.tool(split.tool);
  return entry === undefined ? { server, tool: split.tool } : { server, tool: split.tool, entry };
};

/** The route of a qualified name, once its server's lists have been read. */
export const routeOn = async (server: ManagedServer, tool: string): Promise<Route> => {
  const allowed = allows(server.config, tool);
  if (allowed && server.catalog.tool(tool) === undefined) await server.catalog.upToDate();
  const entry = allowed ? server.catalog.tool(tool) : undefined;
  if (entry !== undefined) return { server, tool, entry };
  if (allowed && server.catalog.toolsError !== undefined) return { server, tool };
  throw await unknownTool(tool, server);
};
