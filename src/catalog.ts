/** The catalogue of all servers: which server and tool a name means, and the lists under one roof. */
import type { Listed, ListedPrompt, ListedResource, ListedResourceTemplate, ListedTool } from './api.ts';
import { nearest } from './config/nearest.ts';
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

/** Where a qualified name leads, without waiting for anything: without an entry where its tool is not known yet. */
export const routeAtOnce = (servers: Servers, name: string): Route | undefined => {
  const split = splitName(name, (server) => servers.has(server));
  if (split === undefined) return undefined;
  const server = servers.get(split.server);
  if (server === undefined) return undefined;
  const entry = server.catalog.tool(split.tool);
  return entry === undefined ? { server, tool: split.tool } : { server, tool: split.tool, entry };
};

/** The route of a qualified name, once its server's lists have been read. */
export const routeOn = async (server: ManagedServer, tool: string): Promise<Route> => {
  if (!allows(server.config, tool)) throw unknownTool(tool, toolNames([server]), server.name);
  if (server.catalog.tool(tool) === undefined) await server.catalog.upToDate();
  const entry = server.catalog.tool(tool);
  if (entry !== undefined) return { server, tool, entry };
  if (server.catalog.toolsError !== undefined) return { server, tool };
  throw unknownTool(tool, toolNames([server]), server.name);
};

/** The route of a bare name, among the servers whose tools are known; within a group the first one that is connected. */
export const routeOfBareName = (servers: readonly ManagedServer[], name: string): Required<Route> => {
  const routes = servers.flatMap((server): Required<Route>[] => {
    const entry = server.catalog.tool(name);
    return entry === undefined ? [] : [{ server, tool: name, entry }];
  });
  const [first] = routes;
  if (first === undefined) throw unknownTool(name, toolNames(servers));
  const { group } = first.server.config;
  const standIns = group !== undefined && routes.every(({ server }) => server.config.group === group);
  if (routes.length > 1 && !standIns) throw ambiguous(name, routes);
  return routes.find(({ server }) => server.connection().current() !== undefined) ?? first;
};

/** The route of part of a name: an exact one first, else the only one that contains it. */
export const routeOfPart = (servers: readonly ManagedServer[], part: string): Required<Route> => {
  const wanted = part.toLowerCase();
  const all = servers.flatMap((server) =>
    (server.catalog.known('tools')?.items ?? []).flatMap(({ name }): Required<Route>[] => {
      const entry = server.catalog.tool(name);
      return entry === undefined ? [] : [{ server, tool: name, entry }];
    }),
  );
  if (all.some(({ tool }) => tool === part)) return routeOfBareName(servers, part);
  const fits = all.filter(({ server, tool }) => qualify(server.name, tool).toLowerCase().includes(wanted));
  const [only] = fits;
  if (only === undefined) throw unknownTool(part, toolNames(servers));
  if (fits.length > 1) throw ambiguous(part, fits);
  return only;
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

const toolNames = (servers: readonly ManagedServer[]): string[] =>
  servers.flatMap((server) =>
    (server.catalog.known('tools')?.items ?? []).map(({ name }) => qualify(server.name, name)),
  );

const ambiguous = (name: string, routes: readonly Route[]): ToolwayError => {
  const matches = routes.map(({ server, tool }) => qualify(server.name, tool));
  return new ToolwayError('ambiguous_tool', `"${name}" could be ${matches.slice(0, 10).join(', ')}`, {
    executed: 'no',
    matches,
  });
};

const unknownTool = (name: string, known: readonly string[], server?: string): ToolwayError => {
  const wanted = server === undefined ? name : qualify(server, name);
  const byBareName = known.filter((qualified) => qualified.endsWith(`.${name}`));
  const matches = byBareName.length > 0 ? byBareName : nearest(wanted, known);
  const hint = matches.length === 0 ? '' : `; did you mean ${matches.join(', ')}?`;
  return new ToolwayError('unknown_tool', `there is no tool "${wanted}"${hint}`, {
    executed: 'no',
    matches,
    ...(server === undefined ? {} : { server, tool: name }),
  });
};
