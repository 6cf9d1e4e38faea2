/** Looks for what a name without a server's may mean, among the servers as they are after their first attempts. Loaded with the first such name. */

import type { qualify } from '../names.ts';
import type { RequestOptions } from '../options.ts';
import type { ManagedServer } from '../server/server.ts';
import type { Route } from './catalog.ts';
import type { Finder } from './finder.ts';
import { ambiguousTool, unknownTool } from './no-such-tool.ts';

export interface BareNames {
  /** The route of a bare name, after the first attempts of all servers that may know it. */
  route(name: string, wanted: RequestOptions, startedAt: number): Promise<Route>;
  /** The same among the servers whose tools are known; within a group the first one that is connected. */
  routeNow(name: string): Route;
  /** Waits for servers of which nothing is known yet; those that failed before are not waited for again. */
  firstAttempts(wanted: RequestOptions, startedAt: number, among?: (server: ManagedServer) => boolean): Promise<void>;
  /** Looks for something, and once more when it is not found and there are servers that nobody has asked yet: those are asked first. */
  again<T>(find: () => Promise<T>, wanted: RequestOptions): Promise<T>;
}

export interface BareNamesOptions {
  finder: Finder;
  /** How names are made: handed in, since it is loaded long before. */
  qualify: typeof qualify;
}

export const createBareNames = ({ finder, qualify }: BareNamesOptions): BareNames => {
  const firstAttempts: BareNames['firstAttempts'] = async (wanted, startedAt, among = () => true) => {
    const attempts = finder
      .active()
      .filter(among)
      .flatMap((each) => each.connection().firstAttempt() ?? []);
    if (attempts.length > 0) await finder.waitFor(Promise.allSettled(attempts), wanted, startedAt);
  };
  /** What was known in an earlier run may do. */
  const again: BareNames['again'] = async (find, wanted) => {
    const startedAt = finder.now();
    try {
      return await find();
    } catch (error) {
      if (!finder.active().some(finder.isIdle)) throw error;
      await firstAttempts(wanted, startedAt);
      return find();
    }
  };
  const routeNow: BareNames['routeNow'] = (name) => {
    const servers = finder.active();
    const routes = servers.flatMap((server): Required<Route>[] => {
      const entry = server.catalog.tool(name);
      return entry === undefined ? [] : [{ server, tool: name, entry }];
    });
    const [first] = routes;
    if (first === undefined) throw unknownTool(name, servers, { qualify, server: undefined });
    const { group } = first.server.config;
    const standIns = group !== undefined && routes.every(({ server }) => server.config.group === group);
    if (routes.length > 1 && !standIns) throw ambiguousTool(name, routes, qualify);
    return routes.find(({ server }) => server.connection().current() !== undefined) ?? first;
  };
  return {
    route: (name, wanted, startedAt) =>
      again(async () => {
        const had = ({ catalog }: ManagedServer): boolean =>
          catalog.known('tools')?.items.some((tool) => tool.name === name) ?? true;
        await firstAttempts(wanted, startedAt, had);
        return routeNow(name);
      }, wanted),
    routeNow,
    firstAttempts,
    again,
  };
};
