/**
 * What one server offers: its lists as last read, when they were read, and the checks made from its schemas. A server
 * that keeps saying "changed" is read again at a bounded pace.
 */
import type { Clock, Timer } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { ListKind, ListKinds, WholeList } from '../protocol/lists.ts';
import type { JsonObject, Tool } from '../protocol/types.ts';
import { type Check, isRefusal, type Validator } from '../schema/validator.ts';

/** A tool with the checks of its two schemas; absent until compiled, or where there is none that can be used. */
export interface ToolEntry {
  readonly tool: Tool;
  input?: Check;
  output?: Check;
  /** Resolves when both schemas are compiled or refused. */
  readonly compiled: Promise<void>;
  ready: boolean;
}

export interface ServerList<K extends ListKind> {
  items: readonly ListKinds[K][];
  /** Milliseconds since the Unix epoch. */
  fetchedAt: number;
  /** When the server's word for it runs out, on the monotonic clock. */
  freshUntil: number;
}

export interface CatalogOptions {
  clock: Clock;
  validator: Validator;
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
  /** The server says that a list has changed. */
  changed(kind: ListKind): void;
  tool(name: string): ToolEntry | undefined;
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
  const { clock, validator, allows, announces, connected, onChanged, onWarning } = options;
  const lists = new Map<ListKind, ServerList<ListKind>>();
  const reading = new Map<ListKind, Promise<ServerList<ListKind>>>();
  const due = new Map<ListKind, Timer>();
  const lastChangeRead = new Map<ListKind, number>();
  let tools: ReadonlyMap<string, ToolEntry> = new Map();
  let toolsError: ToolwayError | undefined;

  /** A list that is read again says the same again: that is worth one warning. */
  const told = new Set<string>();
  const warnOnce: CatalogOptions['onWarning'] = (message, facts) => {
    const what = JSON.stringify([facts?.tool, message]);
    if (told.has(what)) return;
    if (told.size >= MAX_TOLD) told.clear();
    told.add(what);
    onWarning(message, facts);
  };

  const compile = async (entry: ToolEntry, schema: JsonObject | undefined, side: 'input' | 'output'): Promise<void> => {
    if (schema === undefined) return;
    const check = await validator.compile(schema);
    if (isRefusal(check)) warnOnce(`the ${side} schema is not checked: ${check.reason}`, { tool: entry.tool.name });
    else entry[side] = check;
  };

  const entryOf = (tool: Tool): ToolEntry => {
    const entry: ToolEntry = { tool, ready: false, compiled: Promise.resolve() };
    const compiled = Promise.all([
      compile(entry, tool.inputSchema, 'input'),
      compile(entry, tool.outputSchema, 'output'),
    ])
      .catch((cause: unknown) => onWarning('a schema could not be compiled', { tool: tool.name, cause }))
      .then(() => {
        entry.ready = true;
      });
    return Object.assign(entry, { compiled });
  };

  const keepTools = (offered: readonly Tool[]): readonly Tool[] => {
    const byName = new Map<string, ToolEntry>();
    for (const tool of offered) {
      if (!allows(tool.name)) continue;
      if (byName.has(tool.name))
        warnOnce('the server lists two tools of this name: the first one is used', { tool: tool.name });
      else byName.set(tool.name, entryOf(tool));
    }
    tools = byName;
    toolsError = undefined;
    return [...byName.values()].map(({ tool }) => tool);
  };

  const readNow = async (kind: ListKind, fetch: ReadList, isLatest: () => boolean): Promise<ServerList<ListKind>> => {
    const whole = await fetch(kind);
    const newer = lists.get(kind);
    if (!isLatest() && newer !== undefined) return newer;
    for (const reason of whole.dropped) warnOnce(`left out of the list: ${reason}`);
    const items = kind === 'tools' ? keepTools(whole.items as Tool[]) : whole.items;
    const before = lists.get(kind);
    const list = { items, fetchedAt: Date.now(), freshUntil: clock.now() + whole.ttlMs };
    lists.set(kind, list);
    if (before !== undefined && JSON.stringify(before.items) !== JSON.stringify(items)) onChanged(kind);
    return list;
  };

  const readAnew = (kind: ListKind, fetch: ReadList): Promise<ServerList<ListKind>> => {
    const promise: Promise<ServerList<ListKind>> = readNow(kind, fetch, () => reading.get(kind) === promise).finally(
      () => {
        if (reading.get(kind) === promise) reading.delete(kind);
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

  const schedule = (kind: ListKind): void => {
    if (due.has(kind)) return;
    const since = clock.now() - (lastChangeRead.get(kind) ?? Number.NEGATIVE_INFINITY);
    const timer = clock.after(Math.max(COALESCE_MS, LEAST_PACE_MS - since), () => {
      due.delete(kind);
      lastChangeRead.set(kind, clock.now());
      // Without a session there is nothing to ask; the next one reads everything anyway.
      const again = (): void => {
        if (connected()) void quietly(kind, readOnce(kind));
      };
      const running = reading.get(kind);
      if (running === undefined) again();
      else void running.then(again, again);
    });
    timer.keepAlive(false);
    due.set(kind, timer);
  };

  return {
    known: <K extends ListKind>(kind: K) => lists.get(kind) as ServerList<K> | undefined,
    async read<K extends ListKind>(kind: K) {
      const known = lists.get(kind);
      const fresh = known !== undefined && (announces(kind) || clock.now() < known.freshUntil);
      return (fresh ? known : await readOnce(kind)) as ServerList<K>;
    },
    refreshAll(fetch) {
      // A reading that is under way may be waiting for the very connection that waits for this one.
      const each = KINDS.map((kind) => quietly(kind, readAnew(kind, fetch)));
      return { tools: each[0] ?? Promise.resolve(), all: Promise.all(each).then(() => {}) };
    },
    changed(kind) {
      schedule(kind);
      if (kind === 'resources') schedule('resourceTemplates');
    },
    tool: (name) => tools.get(name),
    async upToDate() {
      if (connected() && (due.has('tools') || reading.has('tools'))) await quietly('tools', readOnce('tools'));
    },
    get toolsError() {
      return toolsError;
    },
    close() {
      for (const timer of due.values()) timer.cancel();
      due.clear();
    },
  };
};
