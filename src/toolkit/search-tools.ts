/** `toolkit.searchTools`: the lists as they are now, and what of them a query means. Loaded with the first search. */
import type { FoundTool, SearchOptions } from '../api.ts';
import type { qualify } from '../names.ts';
import { createToolIndex } from '../search/index.ts';
import type { Finder } from './finder.ts';
import { readLists, standingOf } from './listing.ts';

const DEFAULT_LIMIT = 10;

export type ToolSearch = (query: string, options: SearchOptions) => Promise<FoundTool[]>;

export const createToolSearch = (finder: Finder, qualified: typeof qualify): ToolSearch => {
  const index = createToolIndex();
  return async (query, { limit = DEFAULT_LIMIT, ...filter }) => {
    const listed = await readLists(finder, 'tools', filter);
    const asked = new Set(listed.map(({ name }) => name));
    const servers = new Map([...finder.active(), ...listed].map((server) => [server.name, server]));
    const lists = [...servers.values()].flatMap(({ name, catalog }) => {
      const list = catalog.known('tools');
      return list === undefined ? [] : [{ server: name, tools: list.items }];
    });
    index.update(lists);
    return index.find(query, { limit: Math.floor(limit), admits: (server) => asked.has(server) }).map((hit) => {
      const server = servers.get(hit.server);
      const list = server?.catalog.known('tools');
      return {
        ...hit.tool,
        server: hit.server,
        qualifiedName: qualified(hit.server, hit.tool.name),
        fetchedAt: list?.fetchedAt ?? 0,
        stale: server?.connection().current() === undefined || list?.restored === true,
        ...(server && standingOf(server, hit.tool)),
        score: hit.score,
      };
    });
  };
};
