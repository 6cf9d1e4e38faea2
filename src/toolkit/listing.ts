/** The lists of all servers under one roof. Loaded with the first that is asked for. */
import type { Listed, ListedPrompt, ListedResource, ListedResourceTemplate, ListedTool, ListFilter } from '../api.ts';
import type { qualify } from '../names.ts';
import { taints } from '../policy/taint.ts';
import type { ListKind } from '../protocol/lists.ts';
import type { Tool } from '../protocol/types.ts';
import type { ManagedServer } from '../server/server.ts';
import type { Finder } from './finder.ts';

interface ListedKinds {
  tools: ListedTool;
  resources: ListedResource;
  resourceTemplates: ListedResourceTemplate;
  prompts: ListedPrompt;
}

/** Has one list read wherever it is wanted. With one server named its failure is the caller's; else the others still count. */
export const readLists = async (
  finder: Finder,
  kind: ListKind,
  filter: ListFilter,
  startedAt = finder.now(),
): Promise<ManagedServer[]> => {
  const { server: name, ...wanted } = filter;
  const chosen = finder.chosen(filter);
  const each = chosen.map(async (named, index) => {
    const one = named.personal === undefined ? named : await finder.own(named, wanted);
    chosen[index] = one;
    const connection = one.connection();
    if (finder.isIdle(one) && one.catalog.known(kind) !== undefined) return;
    await (name === undefined ? connection.firstAttempt() : connection.firstOutcome());
    if (connection.current() !== undefined) await one.catalog.read(kind);
  });
  const all = name === undefined ? Promise.allSettled(each) : Promise.all(each);
  await finder
    .waitFor<unknown>(all, wanted, startedAt, name === undefined ? undefined : chosen[0])
    .catch((error: unknown) => {
      if (wanted.signal?.aborted) throw error;
      // What the servers last said is worth more than the error, and is marked as stale.
      if (name !== undefined && chosen[0]?.catalog.known(kind) === undefined) throw error;
    });
  return chosen.filter(({ personal }) => personal === undefined);
};

/** What the toolkit, and no server, says of a tool. In a group any member may have given its results. */
export const standingOf = ({ config, catalog }: ManagedServer, tool: Tool) =>
  ({
    trustedResults: (config.group === undefined && !taints(tool, config)) || undefined,
    changed: catalog.tool(tool.name)?.drift?.blocks || undefined,
  }) as Pick<ListedTool, 'trustedResults' | 'changed'>;

/** One list of several servers, each entry with where it comes from and how old it is. */
export const listedBy = <K extends ListKind>(
  servers: readonly ManagedServer[],
  kind: K,
  toName: typeof qualify,
): ListedKinds[K][] =>
  servers.flatMap((server) => {
    const list = server.catalog.known(kind);
    const about: Omit<Listed, 'server'> = {
      fetchedAt: list?.fetchedAt ?? 0,
      stale: server.connection().current() === undefined || list?.restored === true,
    };
    return (list?.items ?? []).map(
      (item) =>
        ({
          ...item,
          server: server.name,
          qualifiedName: toName(server.name, item.name),
          ...about,
          ...(kind === 'tools' && standingOf(server, item as Tool)),
        }) as ListedKinds[K],
    );
  });
