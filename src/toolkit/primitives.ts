/** Which server a resource's URI or a prompt's name belongs to. */
import { nearest } from '../config/nearest.ts';
import { ToolwayError } from '../errors.ts';
import type { qualify, splitName } from '../names.ts';
import type { RequestOptions } from '../options.ts';
import { matchTemplate } from '../protocol/uri-template.ts';
import { createTurns } from '../schema/turns.ts';
import type { ManagedServer } from '../server/server.ts';
import type { Finder } from './finder.ts';
import { readLists } from './listing.ts';

/** Where and how to look. What makes and takes apart names is handed in, since it is loaded long before. */
export interface Search {
  servers: ReadonlyMap<string, ManagedServer>;
  finder: Finder;
  wanted: RequestOptions;
  /** Only these, of which the first that has it is taken. */
  among?: readonly string[] | undefined;
  qualify: typeof qualify;
  splitName: typeof splitName;
}

/** The one server that lists the URI, else the one whose template matches it, else the only server there is. */
export const resourceServer = async (uri: string, { finder, wanted, among }: Search): Promise<ManagedServer> => {
  const [listed] = await Promise.all([
    readLists(finder, 'resources', wanted),
    readLists(finder, 'resourceTemplates', wanted),
  ]);
  const servers = listed.filter(({ name }) => among === undefined || among.includes(name));
  const listing = servers.filter(({ catalog }) => catalog.known('resources')?.items.some((item) => item.uri === uri));
  const fitting = listing.length > 0 ? [] : await serversThatFit(uri, servers);
  const candidates = listing.length > 0 ? listing : fitting.length > 0 ? fitting : servers.length === 1 ? servers : [];
  const [only] = candidates;
  if (only === undefined) {
    const known = servers.flatMap(({ catalog }) => (catalog.known('resources')?.items ?? []).map((item) => item.uri));
    const matches = nearest(uri, known);
    const hint = matches.length === 0 ? '' : `; did you mean ${matches.join(', ')}?`;
    throw new ToolwayError('unknown_resource', `no server lists "${uri}"${hint}`, { executed: 'no', matches });
  }
  if (candidates.length > 1 && among === undefined) {
    const matches = candidates.map(({ name }) => name);
    throw new ToolwayError('ambiguous_resource', `"${uri}" is offered by ${matches.join(', ')}: name the server`, {
      executed: 'no',
      matches,
    });
  }
  return only;
};

/** What finding out may cost for the templates of one server, in milliseconds of work; those behind it do not fit. */
const MATCHING_MS = 250;

/** The servers with a template that fits. No list of them, however long, keeps others from their turn. */
const serversThatFit = async (uri: string, servers: readonly ManagedServer[]): Promise<ManagedServer[]> => {
  const inTurn = createTurns();
  const fitting: ManagedServer[] = [];
  for (const server of servers) {
    let left = MATCHING_MS;
    const fits = (template: string): boolean => {
      const startedAt = performance.now();
      const matched = matchTemplate(template, uri) !== undefined;
      left -= performance.now() - startedAt;
      return matched;
    };
    for (const { uriTemplate } of server.catalog.known('resourceTemplates')?.items ?? []) {
      if (left <= 0) break;
      if (!(await inTurn(() => fits(uriTemplate)))) continue;
      fitting.push(server);
      break;
    }
  }
  return fitting;
};

/** The server and the name there of a prompt called `server.prompt`, `server__prompt`, or by a name that one server has. */
export const promptRoute = async (
  name: string,
  { servers, finder, wanted, qualify, splitName }: Search,
): Promise<{ server: ManagedServer; prompt: string }> => {
  const split = splitName(name, (server) => servers.has(server));
  const among = await readLists(finder, 'prompts', split === undefined ? wanted : { ...wanted, server: split.server });
  const prompt = split?.tool ?? name;
  const offering = among.filter(({ catalog }) => catalog.known('prompts')?.items.some((item) => item.name === prompt));
  const [only] = offering;
  const qualified = (some: readonly ManagedServer[]): string[] =>
    some.flatMap((server) =>
      (server.catalog.known('prompts')?.items ?? []).map((item) => qualify(server.name, item.name)),
    );
  if (only === undefined) {
    const matches = nearest(name, qualified(among));
    const hint = matches.length === 0 ? '' : `; did you mean ${matches.join(', ')}?`;
    throw new ToolwayError('unknown_prompt', `there is no prompt "${name}"${hint}`, { executed: 'no', matches });
  }
  if (offering.length > 1) {
    const matches = offering.map((server) => qualify(server.name, prompt));
    throw new ToolwayError('ambiguous_tool', `the prompt "${name}" could be ${matches.join(', ')}`, {
      executed: 'no',
      matches,
    });
  }
  return { server: only, prompt };
};
