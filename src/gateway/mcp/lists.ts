/** The lists that endpoints serve: what the toolkit lists, under served names and without what the toolkit adds, made anew only when something has changed. */
import type { Listed } from '../../api.ts';
import type { EventName } from '../../events.ts';
import type { JsonObject } from '../../protocol/types.ts';
import { isObject } from '../../protocol/wire.ts';
import { whenAborted } from '../../when-aborted.ts';
import type { GatewayContext } from '../context.ts';
import type { Target } from '../dispatch.ts';
import type { Caller, Principal } from '../principal.ts';
import { servedName } from './served-names.ts';

export type ServedKind = 'tools' | 'resources' | 'resourceTemplates' | 'prompts';

export interface Lists {
  /** The result of a list's method, of one server or of all. */
  read(kind: ServedKind, caller: Caller, server?: string): Promise<JsonObject>;
  targetOfAlias(kind: 'tools' | 'prompts', alias: string): Promise<Target | undefined>;
  /** The first server among those that the caller sees that lists this very template. */
  serverOfTemplate(caller: Caller, uriTemplate: string): Promise<string | undefined>;
  /** All servers, in the order of the configuration. */
  names(): readonly string[];
}

interface Entry {
  server: string;
  /** By which its server knows it. */
  name: string;
  /** As it is served. */
  item: JsonObject;
}
interface Made {
  entries: readonly Entry[];
  /** What a caller is given who sees everything. */
  whole: JsonObject;
  aliases: ReadonlyMap<string, Target>;
  madeAt: number;
}

/** What no event tells of, such as a server that was taken in, is noticed after this long. */
const MAX_AGE_MS = 1_000;

const NEWS = [
  'tools_changed',
  'resources_changed',
  'prompts_changed',
  'connected',
  'disconnected',
  'failed',
] as const satisfies EventName[];

/** Lists of principals' own that are kept at a time, beside those of all. */
const MAX_KEPT = 1_000;
const MAX_ALIASES = 10_000;

/** What a list is made of. */
interface Wanted {
  kind: ServedKind;
  /** Of the endpoint; undefined where it serves all, under names that say whose each is. */
  server: string | undefined;
  /** The server that is asked, where it is one of all. */
  named?: string | undefined;
  /** For whom, where it is different for each. */
  caller?: Caller;
}

/** Sees everything, so that lists are made once for all callers. */
const EVERYBODY: Caller = { principal: { id: 'gateway', may: () => true, sees: () => true } };

export const createLists = ({ toolkit, dispatch, clock, closing }: GatewayContext): Lists => {
  const made = new Map<string, Made>();
  const making = new Map<string, Promise<Made>>();
  let known: { names: readonly string[]; madeAt: number } | undefined;
  /** An alias stands for one name of one server, whoever has it there. */
  const ownAliases = new Map<string, Target>();

  const forget = ({ server, scope }: { server: string; scope: string }): void => {
    // The lists are those of the connection that all share, or of what is a principal's own.
    if (scope !== '' && !toolkit.wantsCredentials(server)) return;
    made.clear();
    making.clear();
    known = undefined;
  };
  const stops = NEWS.map((event) => toolkit.on(event, forget));
  whenAborted(closing, () => {
    for (const stop of stops) stop();
  });

  const make = async ({ kind, server, named = server, caller = EVERYBODY }: Wanted): Promise<Made> => {
    const listed = (await dispatch[kind](caller, named)) as (Listed & JsonObject)[];
    const aliases = new Map<string, Target>();
    const entries: Entry[] = [];
    for (const each of listed) {
      const {
        server: from,
        qualifiedName: _name,
        fetchedAt: _at,
        stale: _stale,
        trustedResults: _trust,
        changed: _changed,
        ...own
      } = each;
      const name = String(own.name);
      const item = kind === 'tools' ? withObjectSchema(own) : own;
      const isNamed = server === undefined && (kind === 'tools' || kind === 'prompts');
      if (isNamed) {
        const served = servedName(from, name);
        item.name = typeof served === 'string' ? served : await served;
        if (typeof served !== 'string') aliases.set(item.name as string, { server: from, name });
      }
      entries.push({ server: from, name, item });
    }
    return { entries, whole: { [kind]: shown(kind, entries) }, aliases, madeAt: clock.now() };
  };
  const madeOf = async (wanted: Wanted): Promise<Made> => {
    const { kind, server, named, caller } = wanted;
    const key = JSON.stringify([kind, server, named, caller?.principal.id]);
    const before = made.get(key);
    if (before !== undefined && clock.now() - before.madeAt < MAX_AGE_MS) return before;
    const underWay = making.get(key);
    if (underWay !== undefined) return underWay;
    const promise = make(wanted);
    making.set(key, promise);
    try {
      const latest = await promise;
      // What was forgotten meanwhile is of the past; whoever asked before may still have it.
      if (making.get(key) === promise) keep(key, latest, caller !== undefined);
      return latest;
    } finally {
      if (making.get(key) === promise) making.delete(key);
    }
  };

  const keep = (key: string, latest: Made, isOwn: boolean): void => {
    if (made.size >= MAX_KEPT) made.clear();
    made.set(key, latest);
    if (!isOwn) return;
    for (const [alias, target] of latest.aliases) {
      if (ownAliases.size >= MAX_ALIASES) ownAliases.clear();
      ownAliases.set(alias, target);
    }
  };
  /** What a caller has of its own at servers that are another one to each; what it lacks the credentials for is nothing yet. */
  const ownOf = async (kind: ServedKind, caller: Caller): Promise<Made[]> => {
    const servers = names().filter((name) => toolkit.wantsCredentials(name) && caller.principal.sees(name));
    const each = servers.map((named) => madeOf({ kind, server: undefined, named, caller }).catch(() => undefined));
    return (await Promise.all(each)).filter((one) => one !== undefined);
  };
  const names: Lists['names'] = () => {
    if (known === undefined || clock.now() - known.madeAt >= MAX_AGE_MS)
      known = { names: Object.keys(toolkit.status()), madeAt: clock.now() };
    return known.names;
  };

  return {
    names,
    async read(kind, caller, server) {
      const { principal } = caller;
      if (server !== undefined && toolkit.wantsCredentials(server))
        return filtered(kind, principal, [await madeOf({ kind, server, caller })]);
      const shared = await madeOf({ kind, server });
      const own = server === undefined ? await ownOf(kind, caller) : [];
      if (own.length > 0) return filtered(kind, principal, [shared, ...own]);
      const { entries, whole } = shared;
      const visible = entries.filter((entry) => sees(principal, kind, entry));
      return visible.length === entries.length ? whole : { [kind]: shown(kind, visible) };
    },
    async targetOfAlias(kind, alias) {
      return (await madeOf({ kind, server: undefined })).aliases.get(alias) ?? ownAliases.get(alias);
    },
    async serverOfTemplate(caller, uriTemplate) {
      const { principal } = caller;
      const shared = await madeOf({ kind: 'resourceTemplates', server: undefined });
      const all = [shared, ...(await ownOf('resourceTemplates', caller))].flatMap(({ entries }) => entries);
      return all.find(
        ({ server, item }) => item.uriTemplate === uriTemplate && principal.sees(server, uriTemplate, 'resources'),
      )?.server;
    },
  };
};

const sees = (principal: Principal, kind: ServedKind, { server, name, item }: Entry): boolean => {
  if (kind === 'tools') return principal.sees(server, name);
  if (kind === 'prompts') return principal.sees(server, name, kind);
  return principal.sees(server, String(item[KEYS[kind]]), 'resources');
};

const filtered = (kind: ServedKind, principal: Principal, lists: readonly Made[]): JsonObject => {
  const entries = lists.flatMap((list) => list.entries).filter((entry) => sees(principal, kind, entry));
  return { [kind]: shown(kind, entries) };
};

/** What is told apart by its URI is served by the first server that has it. */
const KEYS = { resources: 'uri', resourceTemplates: 'uriTemplate' } as const;

const shown = (kind: ServedKind, entries: readonly Entry[]): JsonObject[] => {
  const items = entries.map(({ item }) => item);
  if (kind === 'tools' || kind === 'prompts') return items;
  const taken = new Set<unknown>();
  return items.filter((item) => {
    const key = item[KEYS[kind]];
    return !taken.has(key) && taken.add(key);
  });
};

/** Clients refuse a whole list for one schema without a type, and arguments are an object anyway. */
const withObjectSchema = (tool: JsonObject): JsonObject =>
  isObject(tool.inputSchema) && tool.inputSchema.type === undefined
    ? { ...tool, inputSchema: { type: 'object', ...tool.inputSchema } }
    : tool;
