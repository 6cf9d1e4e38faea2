/** The lists of all servers as last read, in a file: a later run shows them before it has connected. Loaded where there is such a file. */
import type { Clock, Timer } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Emitter } from '../events.ts';
import { launchText } from '../policy/launch.ts';
import { sha256 } from '../policy/sha256.ts';
import type { ListKind, walkList } from '../protocol/lists.ts';
import type { JsonObject } from '../protocol/types.ts';
import type { FilePort } from '../runtime.ts';
import type { ManagedServer } from '../server/server.ts';

/** Of the file; what was written longest ago is left out first. */
export const MAX_CATALOGUE_BYTES = 32 * 1024 * 1024;
/** What stands around the servers. */
const FRAME_BYTES = 256;
/** A burst of lists is written together. */
const SAVE_AFTER_MS = 1_000;
const MARK = { toolway: 'catalogue', version: 1 };
const KINDS: readonly ListKind[] = ['tools', 'resources', 'resourceTemplates', 'prompts'];

export interface CatalogueFileOptions {
  path: string;
  /** None where there are no files: `invalid_config`. */
  files?: FilePort | undefined;
  clock: Clock;
  /** Checks a list as one of a server is checked. */
  walkList: typeof walkList;
  /** Hear of a file that cannot be used. */
  events: Emitter;
  /** Takes the secrets out of what is written. */
  masked<T>(value: T): T;
}

export interface CatalogueFile {
  /** Gives a server its lists of an earlier run, and keeps those that it reads from now on. */
  attach(server: Pick<ManagedServer, 'name' | 'config' | 'catalog'>): Promise<void>;
  /** Writes what is not written yet. */
  close(): Promise<void>;
}

/** What is known of one server; `lists` is unchecked where it comes from the file. */
interface Shelf {
  /** Milliseconds since the Unix epoch. */
  savedAt: number;
  lists: JsonObject;
}
/**
 * By the SHA-256 of launch definition and name: another server under an old name shares nothing with it, nor does another
 * account, whose name tells it from one at the same place, since what it is asked with is a secret.
 */
type Shelves = Map<string, Shelf>;

/** Reads the file. One that cannot be used is told and left alone: nothing is kept then. */
export const openCatalogueFile = async ({
  path,
  files,
  clock,
  walkList,
  events,
  masked,
}: CatalogueFileOptions): Promise<CatalogueFile> => {
  if (typeof path !== 'string' || path === '') throw invalid('catalogueFile must be the path of a file');
  if (files === undefined) throw invalid('catalogueFile needs files, which only toolway/node has');
  const load = async (): Promise<Shelves> => shelvesIn(await files.read(path, MAX_CATALOGUE_BYTES));
  let usable = true;
  const giveUp = (message: string) => (cause: unknown) => {
    usable = false;
    events.emit('warning', { server: '', scope: '', message: `the catalogue file ${path} ${message}`, cause });
    return new Map() as Shelves;
  };
  const known = await load().catch(giveUp('cannot be read: nothing is taken from it, and nothing is kept'));
  /** What is to be written. */
  const changed = new Map<string, ManagedServer['catalog']>();
  let timer: Timer | undefined;
  let saving: Promise<void> = Promise.resolve();

  /** A list that is none is as good as unknown: the server will be asked. */
  const restore = async (catalog: ManagedServer['catalog'], kind: ListKind, list: unknown): Promise<void> => {
    if (!isObject(list) || typeof list.fetchedAt !== 'number') return;
    const { items, dropped } = await walkList(kind, async () => ({ [kind]: list.items }));
    if (items.length > 0 || dropped.length === 0) catalog.restore(kind, items, list.fetchedAt);
  };

  const save = async (): Promise<void> => {
    timer?.cancel();
    timer = undefined;
    if (!usable || changed.size === 0) return;
    const read = [...changed];
    changed.clear();
    // Other programs may have written to it meanwhile.
    const present = await load();
    for (const [key, catalog] of read) present.set(key, { savedAt: Date.now(), lists: listsOf(catalog, masked) });
    await files.write(path, textOf(present));
  };
  const saveInTurn = (): Promise<void> => {
    saving = saving
      .then(save)
      .catch(giveUp('could not be written: nothing more is kept'))
      .then(() => {});
    return saving;
  };

  return {
    async attach({ name, config, catalog }) {
      const launch = launchText(config);
      if (launch === undefined || !usable) return;
      const key = await sha256(JSON.stringify([launch, name]));
      const { lists = {} } = known.get(key) ?? {};
      for (const kind of KINDS) await restore(catalog, kind, lists[kind]).catch(() => {});
      catalog.onread = (isNews) => {
        changed.set(key, catalog);
        if (!isNews) return;
        timer ??= clock.after(SAVE_AFTER_MS, () => void saveInTurn());
        timer.keepAlive(false);
      };
    },
    close: saveInTurn,
  };
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const invalid = (reason: string): ToolwayError => new ToolwayError('invalid_config', reason, { executed: 'no' });

const shelvesIn = (text: string | undefined): Shelves => {
  if (text === undefined) return new Map();
  const read: unknown = JSON.parse(text);
  if (!isObject(read) || read.toolway !== MARK.toolway || read.version !== MARK.version || !isObject(read.servers))
    throw new Error('it is no catalogue of this version of Toolway');
  return new Map(
    Object.entries(read.servers).flatMap(([key, shelf]): [string, Shelf][] =>
      isObject(shelf) && typeof shelf.savedAt === 'number' && isObject(shelf.lists)
        ? [[key, { savedAt: shelf.savedAt, lists: shelf.lists }]]
        : [],
    ),
  );
};

const encoder = new TextEncoder();

const textOf = (shelves: Shelves): string => {
  const newestFirst = [...shelves].sort(([, a], [, b]) => b.savedAt - a.savedAt);
  const texts: string[] = [];
  let left = MAX_CATALOGUE_BYTES - FRAME_BYTES;
  for (const [key, shelf] of newestFirst) {
    const text = `${JSON.stringify(key)}:${JSON.stringify(shelf)}`;
    left -= encoder.encode(text).length + 1;
    if (left < 0) break;
    texts.push(text);
  }
  return `{"toolway":"${MARK.toolway}","version":${MARK.version},"servers":{${texts.join(',')}}}\n`;
};

const listsOf = (catalog: ManagedServer['catalog'], masked: CatalogueFileOptions['masked']): JsonObject =>
  Object.fromEntries(
    KINDS.flatMap((kind) => {
      const list = catalog.known(kind);
      return list === undefined
        ? []
        : [[kind, { fetchedAt: list.fetchedAt, items: list.items.map((item) => masked(item)) }]];
    }),
  );
