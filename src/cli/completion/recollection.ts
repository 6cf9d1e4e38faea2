/**
 * What servers listed in earlier runs, as far as completion needs it: a file of names in the state folder. It is no cache
 * of the catalogue, which holds a hundred times as much and is written when a toolkit is closed; a command that prints
 * and leaves never closes one.
 */
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Toolkit } from '../../api.ts';
import { makeFolder } from '../../node/make-folder.ts';
import { stateFolder } from '../../node/state-folder.ts';
import type { ServerConfig } from '../../options.ts';
import { launchText } from '../../policy/launch.ts';
import { type KnownServer, knownPrompt, knownTool, LONGEST_TEXT } from './known.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Names = Omit<KnownServer, 'name'>;
type Kind = keyof Names;

/** Of the file; what was listed longest ago is left out. */
export const MAX_NAMES_BYTES = 4 * 1024 * 1024;
/** Of each list of one server. */
const MOST_NAMES = 2_000;
const MARK = { toolway: 'names', version: 1 };
const KINDS: readonly Kind[] = ['tools', 'prompts', 'resources', 'templates'];

/** By the SHA-256 of the launch definition: another server under an old name shares nothing with it. */
type Shelves = Map<string, { at: number; names: Partial<Names> }>;

const fileOf = (env: Env): string => join(stateFolder({ env }), 'names.json');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Loaded where a file is read or written: listing tools does not wait for it. */
const loadKeyOf = async (): Promise<(launch: string | undefined) => string> => {
  const { createHash } = await import('node:crypto');
  return (launch) => (launch === undefined ? '' : createHash('sha256').update(launch).digest('hex'));
};

/** Nothing where there is no such file, or it cannot be used: then it is made anew. */
const load = async (file: string): Promise<Shelves> => {
  try {
    if ((await stat(file)).size > MAX_NAMES_BYTES) return new Map();
    const read: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (!isObject(read) || read.toolway !== MARK.toolway || read.version !== MARK.version || !isObject(read.servers))
      return new Map();
    return new Map(
      Object.entries(read.servers).flatMap(([key, shelf]): [string, { at: number; names: Partial<Names> }][] =>
        isObject(shelf) && typeof shelf.at === 'number' && isObject(shelf.names)
          ? [[key, { at: shelf.at, names: shelf.names as Partial<Names> }]]
          : [],
      ),
    );
  } catch {
    return new Map();
  }
};

const textOf = (shelves: Shelves): string => {
  const texts: string[] = [];
  let left = MAX_NAMES_BYTES - 256;
  for (const [key, shelf] of [...shelves].sort(([, a], [, b]) => b.at - a.at)) {
    const text = `${JSON.stringify(key)}:${JSON.stringify(shelf)}`;
    left -= Buffer.byteLength(text) + 1;
    if (left < 0) break;
    texts.push(text);
  }
  return `{"toolway":"${MARK.toolway}","version":${MARK.version},"servers":{${texts.join(',')}}}\n`;
};

export interface Recollection {
  /** The same toolkit, whose lists are noted. */
  attach(toolkit: Toolkit, servers: Readonly<Record<string, ServerConfig>> | undefined): Toolkit;
  /** Writes what is news. Never throws: a file that cannot be written costs completion, no command. */
  save(): Promise<void>;
}

export const createRecollection = (env: Env): Recollection => {
  /** By launch definition. */
  const news = new Map<string, Partial<Names>>();
  const short = (texts: readonly string[]): string[] =>
    texts.filter((text) => text.length <= LONGEST_TEXT).slice(0, MOST_NAMES);

  return {
    attach(toolkit, servers = {}) {
      const noting =
        <T extends { server: string; stale: boolean }>(
          list: (filter?: { server?: string }) => Promise<T[]>,
          kind: Kind,
          names: (items: T[]) => Partial<Names>[Kind],
        ) =>
        async (filter?: { server?: string }): Promise<T[]> => {
          const items = await list(filter);
          // One that did not answer has not said that it has nothing.
          const server = filter?.server;
          const config = server === undefined ? undefined : servers[server];
          const launch = config && launchText(config);
          const isThere = server !== undefined && toolkit.status()[server]?.connected === true;
          if (launch !== undefined && isThere && !items.some(({ stale }) => stale))
            news.set(launch, { ...news.get(launch), [kind]: names(items) });
          return items;
        };
      return {
        ...toolkit,
        listTools: noting(toolkit.listTools, 'tools', (tools) => tools.slice(0, MOST_NAMES).map(knownTool)),
        listPrompts: noting(toolkit.listPrompts, 'prompts', (all) => all.slice(0, MOST_NAMES).map(knownPrompt)),
        listResources: noting(toolkit.listResources, 'resources', (all) => short(all.map(({ uri }) => uri))),
        listResourceTemplates: noting(toolkit.listResourceTemplates, 'templates', (all) =>
          short(all.map(({ uriTemplate }) => uriTemplate)),
        ),
      };
    },
    async save() {
      if (news.size === 0) return;
      const file = fileOf(env);
      const keyOf = await loadKeyOf();
      const draft = `${file}.${crypto.randomUUID()}`;
      try {
        const shelves = await load(file);
        let isNews = false;
        for (const [launch, names] of news) {
          const key = keyOf(launch);
          const known = shelves.get(key)?.names;
          isNews ||= KINDS.some(
            (kind) => names[kind] !== undefined && JSON.stringify(names[kind]) !== JSON.stringify(known?.[kind]),
          );
          shelves.set(key, { at: Date.now(), names: { ...known, ...names } });
        }
        news.clear();
        if (!isNews) return;
        await makeFolder(stateFolder({ env }), { mode: 0o700 });
        await writeFile(draft, textOf(shelves), { mode: 0o600, flag: 'wx' });
        await rename(draft, file);
      } catch {
        await rm(draft, { force: true }).catch(() => {});
      }
    },
  };
};

/** What is remembered of these servers, in their order. */
export const recall = async (env: Env, servers: Readonly<Record<string, ServerConfig>>): Promise<KnownServer[]> => {
  const [shelves, keyOf] = await Promise.all([load(fileOf(env)), loadKeyOf()]);
  return Object.entries(servers).map(([name, config]) => {
    const names = shelves.get(keyOf(launchText(config)))?.names ?? {};
    const list = <T>(given: T[] | undefined): T[] => (Array.isArray(given) ? given : []);
    return {
      name,
      tools: list(names.tools),
      prompts: list(names.prompts),
      resources: list(names.resources),
      templates: list(names.templates),
    };
  });
};
