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

/** Sees everything, so that lists are made once for all callers. */
const EVERYBODY: Caller = { principal: { id: 'gateway', may: () => true, sees: () => true } };

export const createLists = ({ toolkit, dispatch, clock, closing }: GatewayContext): Lists => {
  const made = new Map<string, Made>();
  const making = new Map<string, Promise<Made>>();
  let known: { names: readonly string[]; madeAt: number } | undefined;

  const forget = ({ scope }: { scope: string }): void => {
    // The lists are those of the connection that all share.
    if (scope !== '') return;
    made.clear();
    making.clear();
    known = undefined;
  };
  const stops = NEWS.map((event) => toolkit.on(event, forget));
  whenAborted(closing, () => {
    for (const stop of stops) stop();
  });

  const readListed = (kind: ServedKind, server: string | undefined): Promise<(Listed & JsonObject)[]> => {
    return dispatch[kind](EVERYBODY, server) as Promise<(Listed & JsonObject)[]>;
  };
  const make = async (kind: ServedKind, server: string | undefined): Promise<Made> => {
    const listed = await readListed(kind, server);
    const aliases = new Map<string, Target>();
    const entries: Entry[] = [];
    for (const each of listed) {
      const { server: from, qualifiedName: _name, fetchedAt: _at, stale: _stale, ...own } = each;
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
  const madeOf = async (kind: ServedKind, server: string | undefined): Promise<Made> => {
    const key = server === undefined ? kind : `${kind} ${server}`;
    const before = made.get(key);
    if (before !== undefined && clock.now() - before.madeAt < MAX_AGE_MS) return before;
    const underWay = making.get(key);
    if (underWay !== undefined) return underWay;
    const promise = make(kind, server);
    making.set(key, promise);
    try {
      const latest = await promise;
      // What was forgotten meanwhile is of the past; whoever asked before may still have it.
      if (making.get(key) === promise) made.set(key, latest);
      return latest;
    } finally {
      if (making.get(key) === promise) making.delete(key);
    }
  };

  return {
    async read(kind, { principal }, server) {
      const { entries, whole } = await madeOf(kind, server);
      const visible = entries.filter((entry) => sees(principal, kind, entry));
      return visible.length === entries.length ? whole : { [kind]: shown(kind, visible) };
    },
    async targetOfAlias(kind, alias) {
      return (await madeOf(kind, undefined)).aliases.get(alias);
    },
    async serverOfTemplate({ principal }, uriTemplate) {
      const { entries } = await madeOf('resourceTemplates', undefined);
      return entries.find(({ server, item }) => item.uriTemplate === uriTemplate && principal.sees(server))?.server;
    },
    names() {
      if (known === undefined || clock.now() - known.madeAt >= MAX_AGE_MS)
        known = { names: Object.keys(toolkit.status()), madeAt: clock.now() };
      return known.names;
    },
  };
};

const sees = (principal: Principal, kind: ServedKind, { server, name }: Entry): boolean =>
  kind === 'tools' ? principal.sees(server, name) : principal.sees(server);

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
