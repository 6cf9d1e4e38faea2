/** The catalogue of all servers: which server and tool a name means, and the lists under one roof. */
import type { Listed, ListedPrompt, ListedResource, ListedResourceTemplate, ListedTool } from './api.ts';
import { ToolwayError } from './errors.ts';
import { qualify, splitName } from './names.ts';
import type { ListKind } from './protocol/lists.ts';
import type { ToolEntry } from './server/catalog.ts';
import type { ManagedServer } from './server/server.ts';
import { allows } from './server/settings.ts';

/** Where a name leads. Without an entry the tool's definition could not be read, and calls go unchecked. */
export interface Route {
  server: ManagedServer;
  tool: string;
  entry?: ToolEntry;
}

interface ListedKinds {
  tools: ListedTool;
  resources: ListedResource;
  resourceTemplates: ListedResourceTemplate;
  prompts: ListedPrompt;
}

type Servers = ReadonlyMap<string, ManagedServer>;

/** What a name that leads nowhere is told is loaded with the first of them; where that fails, it is told in few words. */
const failureOf = (
  code: 'unknown_tool' | 'ambiguous_tool',
  name: string,
  tell: (words: typeof import('./no-such-tool.ts')) => ToolwayError,
): Promise<ToolwayError> =>
  import('./no-such-tool.ts').then(
    tell,
    (cause: unknown) => new ToolwayError(code, `"${name}" does not name one tool`, { executed: 'no', cause }),
  );

/** The failure of a name that leads to none of the tools of some servers; `server` is that of a qualified name. */
export const unknownTool = (tool: string, among: readonly ManagedServer[], server?: string): Promise<ToolwayError> =>
  failureOf('unknown_tool', tool, (words) => words.unknownTool(tool, among, { qualify, server }));

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
  throw await unknownTool(tool, [server], server.name);
};

/** The route of a bare name, among the servers whose tools are known; within a group the first one that is connected. */
export const routeOfBareName = async (servers: readonly ManagedServer[], name: string): Promise<Required<Route>> => {
  const routes = servers.flatMap((server): Required<Route>[] => {
    const entry = server.catalog.tool(name);
    return entry === undefined ? [] : [{ server, tool: name, entry }];
  });
  const [first] = routes;
  if (first === undefined) throw await unknownTool(name, servers);
  const { group } = first.server.config;
  const standIns = group !== undefined && routes.every(({ server }) => server.config.group === group);
  if (routes.length > 1 && !standIns)
    throw await failureOf('ambiguous_tool', name, (words) => words.ambiguousTool(name, routes, qualify));
  return routes.find(({ server }) => server.connection().current() !== undefined) ?? first;
};

/** One list of several servers, each entry with where it comes from and how old it is. */
export const listedBy = <K extends ListKind>(servers: readonly ManagedServer[], kind: K): ListedKinds[K][] =>
  servers.flatMap((server) => {
    const list = server.catalog.known(kind);
    const about: Omit<Listed, 'server'> = {
      fetchedAt: list?.fetchedAt ?? 0,
      stale: server.connection().current() === undefined || list?.restored === true,
    };
    return (list?.items ?? []).map(
      (item) =>
        ({ ...item, server: server.name, qualifiedName: qualify(server.name, item.name), ...about }) as ListedKinds[K],
    );
  });
