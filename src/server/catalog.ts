/**
 * What one server offers: its lists as last read, when they were read, and the checks made from its schemas. A server
 * that keeps saying "changed" is read again at a bounded pace.
 */
import type { Clock, Timer } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Drift } from '../policy/drift.ts';
import type { ListKind, ListKinds, WholeList } from '../protocol/lists.ts';
import type { Tool } from '../protocol/types.ts';
import type { Errand } from '../schema/errand.ts';
import { type Check, isRefusal, type Validator } from '../schema/validator.ts';
import type { Pins, Seen } from './pins.ts';

/** A tool with the checks of its two schemas; absent until compiled, or where there is none that can be used. */
export interface ToolEntry {
  readonly tool: Tool;
  input?: Check;
  output?: Check;
  /** Resolves when both schemas are compiled or refused. */
  readonly compiled: Promise<void>;
  /** Puts that before what nobody waits for. */
  hurry(): void;
  ready: boolean;
  /** The server lists two tools of this name. */
  readonly ambiguous: boolean;
  /** Present while the definition is not the one first seen. */
  drift: Drift | undefined;
}

export interface ServerList<K extends ListKind> {
  items: readonly ListKinds[K][];
  /** Milliseconds since the Unix epoch. */
  fetchedAt: number;
  /** When the server's word for it runs out, on the monotonic clock. */
  freshUntil: number;
  /** It is of an earlier run, and was not read in this one. */
  restored: boolean;
}

export interface CatalogOptions {
  clock: Clock;
  validator: Validator;
  /** What its tools are held to, if they are. */
  pins: { blocks: boolean; load(): Promise<Pins> } | undefined;
  /** Reads one list over the session that is live. */
  fetch: ReadList;
  /** Whether there is a live session. */
  connected(): boolean;
  /** Which tools are offered to callers. */
  allows(tool: string): boolean;
  /** True while the server would tell us of a change by itself. */
  announces(kind: ListKind): boolean;
  onChanged(kind: ListKind): void;
  onWarning(message: string, facts?: { tool?: string; cause?: unknown }): void;
}

/** Reads one list from the server. */
export type ReadList = <K extends ListKind>(kind: K) => Promise<WholeList<K>>;

export interface Catalog {
  /** The list as last read, if it was. */
  known<K extends ListKind>(kind: K): ServerList<K> | undefined;
  /** The list, read anew where it was never read or the server's word for it has run out. */
  read<K extends ListKind>(kind: K): Promise<ServerList<K>>;
  /** Reads all lists over a new session; what is being read over an older one counts no more. A list that fails is a warning. */
  refreshAll(fetch: ReadList): { tools: Promise<void>; all: Promise<void> };
  /** Takes a list of an earlier run, unless a newer one is known; its tools are shown, and can be called when they were read anew. */
  restore<K extends ListKind>(kind: K, items: readonly ListKinds[K][], fetchedAt: number): void;
  /** A list was read; `isNews` when it says something else than before. */
  onread: ((isNews: boolean) => void) | undefined;
  /** The server says that a list has changed. */
  changed(kind: ListKind): void;
  tool(name: string): ToolEntry | undefined;
  /** True while a call of a tool needs a closer look before it leaves: a change was announced and not read, or was read. */
  readonly alarmed: boolean;
  /** Holds a tool to its present definition. Rejects with `tool_changed` where that is not the one of the hash. */
  accept(tool: ToolEntry, hash?: string): Promise<void>;
  /** Resolves when no change of the tools is known that has not been read. */
  upToDate(): Promise<void>;
  /** Why the tools could not be listed, when they could not. */
  readonly toolsError: ToolwayError | undefined;
  close(): void;
}

const KINDS: readonly ListKind[] = ['tools', 'resources', 'resourceTemplates', 'prompts'];
/** A burst of change notices is waited for this long, and one list is not read more often than this. */
const COALESCE_MS = 300;
const LEAST_PACE_MS = 5_000;
/** Warnings that are remembered, so that they are not given twice. */
const MAX_TOLD = 4_096;

export const createCatalog = (options: CatalogOptions): Catalog => {
  const { clock, validator, pins, allows, announces, connected, onChanged, onWarning } = options;
  const lists = new Map<ListKind, ServerList<ListKind>>();
  const reading = new Map<ListKind, Promise<ServerList<ListKind>>>();
  const due = new Map<ListKind, Timer>();
  const lastChangeRead = new Map<ListKind, number>();
  let tools: ReadonlyMap<string, ToolEntry> = new Map();
  let toolsError: ToolwayError | undefined;
  /** How often the server has said that its tools changed, and how much of that the reading under way and the latest one cover. */
  const notices = { said: 0, beingRead: 0, read: 0 };
  let drifting = false;

  /** A list that is read again says the same again: that is worth one warning. */
  const told = new Set<string>();
  const warnOnce: CatalogOptions['onWarning'] = (message, facts) => {
    const what = JSON.stringify([facts?.tool, message]);
    if (told.has(what)) return;
    if (told.size >= MAX_TOLD) told.clear();
    told.add(what);
    onWarning(message, facts);
  };

  const compile = async (entry: ToolEntry, side: 'input' | 'output', errand: Errand): Promise<void> => {
    const schema = entry.tool[`${side}Schema`];
    if (schema === undefined) return;
    const check = await validator.compile(schema, errand);
    if (isRefusal(check)) warnOnce(`the ${side} schema is not checked: ${check.reason}`, { tool: entry.tool.name });
    else entry[side] = check;
  };

  const entryOf = (tool: Tool, ambiguous: boolean, drift: Drift | undefined): ToolEntry => {
    const input: Errand = { owner: catalog, urgent: false };
    const output: Errand = { ...input };
    const hurry = (): void => {
      for (const errand of [input, output]) {
        errand.urgent = true;
        errand.raise?.();
      }
    };
    const entry = { tool, ambiguous, drift, ready: false, compiled: Promise.resolve(), hurry };
    const compiled = Promise.all([compile(entry, 'input', input), compile(entry, 'output', output)])
      .catch((cause: unknown) => onWarning('a schema could not be compiled', { tool: tool.name, cause }))
      .then(() => {
        entry.ready = true;
      });
    return Object.assign(entry, { compiled });
  };

  const lookForDrift = (): void => {
    drifting = [...tools.values()].some(({ drift }) => drift?.blocks);
  };
  /** The first tool of each name, and the names that are given twice. */
  const offeredOf = (listed: readonly Tool[]): { offered: Map<string, Tool>; twice: Set<string> } => {
    const offered = new Map<string, Tool>();
    const twice = new Set<string>();
    for (const tool of listed) {
      if (!allows(tool.name)) continue;
      if (offered.has(tool.name)) twice.add(tool.name);
      else offered.set(tool.name, tool);
    }
    return { offered, twice };
  };
  const keepTools = ({ offered, twice }: ReturnType<typeof offeredOf>, seen: Seen | undefined): readonly Tool[] => {
    tools = new Map([...offered].map(([name, tool]) => [name, entryOf(tool, twice.has(name), seen?.drifts.get(name))]));
    for (const tool of twice) warnOnce('the server lists two tools of this name: the first one is used', { tool });
    toolsError = undefined;
    lookForDrift();
    return [...offered.values()];
  };

  const readNow = async (kind: ListKind, fetch: ReadList, isLatest: () => boolean): Promise<ServerList<ListKind>> => {
    const whole = await fetch(kind);
    const listed = kind === 'tools' ? offeredOf(whole.items as Tool[]) : undefined;
    const seen = listed && (await (await pins?.load())?.see(listed.offered.values()));
    const newer = lists.get(kind);
    if (!isLatest() && newer !== undefined) return newer;
    for (const reason of whole.dropped) warnOnce(`left out of the list: ${reason}`);
    const items = listed === undefined ? whole.items : keepTools(listed, seen);
    const before = lists.get(kind);
    const list = { items, fetchedAt: Date.now(), freshUntil: clock.now() + whole.ttlMs, restored: false };
    lists.set(kind, list);
    const differs = before !== undefined && JSON.stringify(before.items) !== JSON.stringify(items);
    if (differs) onChanged(kind);
    catalog.onread?.(differs || before === undefined || before.restored);
    seen?.tell();
    return list;
  };

  const readAnew = (kind: ListKind, fetch: ReadList): Promise<ServerList<ListKind>> => {
    const { said } = notices;
    if (kind === 'tools') notices.beingRead = said;
    const promise: Promise<ServerList<ListKind>> = readNow(kind, fetch, () => reading.get(kind) === promise).finally(
      () => {
        if (reading.get(kind) !== promise) return;
        reading.delete(kind);
        if (kind === 'tools') notices.read = said;
      },
    );
    reading.set(kind, promise);
    return promise;
  };
  /** One reading of a list at a time; whoever asks meanwhile shares it. */
  const readOnce = (kind: ListKind): Promise<ServerList<ListKind>> =>
    reading.get(kind) ?? readAnew(kind, options.fetch);

  const quietly = (kind: ListKind, list: Promise<ServerList<ListKind>>): Promise<void> =>
    list.then(
      () => {},
      (error: unknown) => {
        const cause = ToolwayError.from(error);
        if (kind === 'tools') toolsError = cause;
        onWarning(`the list of ${kind} could not be read: ${cause.message}`, { cause });
      },
    );

  /** Reads a list because of a notice: what was asked for before the notice does not count. */
  const readDue = async (kind: ListKind): Promise<void> => {
    due.get(kind)?.cancel();
    due.delete(kind);
    lastChangeRead.set(kind, clock.now());
    if (kind !== 'tools' || notices.beingRead < notices.said) await reading.get(kind)?.catch(() => {});
    // Without a session there is nothing to ask; the next one reads everything anyway.
    if (connected()) await quietly(kind, readOnce(kind));
  };
  const schedule = (kind: ListKind): void => {
    if (kind === 'tools') notices.said += 1;
    if (due.has(kind)) return;
    const since = clock.now() - (lastChangeRead.get(kind) ?? Number.NEGATIVE_INFINITY);
    const timer = clock.after(Math.max(COALESCE_MS, LEAST_PACE_MS - since), () => void readDue(kind));
    timer.keepAlive(false);
    due.set(kind, timer);
  };

  const catalog: Catalog = {
    onread: undefined,
    known: <K extends ListKind>(kind: K) => lists.get(kind) as ServerList<K> | undefined,
    async read<K extends ListKind>(kind: K) {
      const known = lists.get(kind);
      const fresh = known?.restored === false && (announces(kind) || clock.now() < known.freshUntil);
      return (fresh ? known : await readOnce(kind)) as ServerList<K>;
    },
    refreshAll(fetch) {
      // A reading that is under way may be waiting for the very connection that waits for this one.
      const each = KINDS.map((kind) => quietly(kind, readAnew(kind, fetch)));
      return { tools: each[0] ?? Promise.resolve(), all: Promise.all(each).then(() => {}) };
    },
    restore(kind, items, fetchedAt) {
      if (lists.has(kind)) return;
      const shown = kind === 'tools' ? items.filter(({ name }) => allows(name)) : items;
      lists.set(kind, { items: shown, fetchedAt, freshUntil: 0, restored: true });
    },
    changed(kind) {
      schedule(kind);
      if (kind === 'resources') schedule('resourceTemplates');
    },
    tool: (name) => tools.get(name),
    get alarmed() {
      return drifting || (notices.read < notices.said && pins?.blocks === true);
    },
    async accept(entry, hash) {
      const held = await pins?.load();
      if (hash !== undefined) await held?.mustBe(entry.tool, hash);
      entry.drift = undefined;
      lookForDrift();
      await held?.accept(entry.tool);
    },
    async upToDate() {
      if (notices.read < notices.said) await readDue('tools');
      else if (connected() && reading.has('tools')) await quietly('tools', readOnce('tools'));
    },
    get toolsError() {
      return toolsError;
    },
    close() {
      for (const timer of due.values()) timer.cancel();
      due.clear();
    },
  };
  return catalog;
};
