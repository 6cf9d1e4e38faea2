/** The store for as long as the gateway lives: what tests and small gateways need, and the twin that every other one is held to. */
import type { CallRecord, HistoryFilter, Store } from './store.ts';
import { closedStore, keptCall, shownCall, textOf, wantedOf } from './values.ts';
import { createWindows } from './windows.ts';

/** What bounds the store. */
export interface MemoryStoreOptions {
  /** The time of day, in milliseconds since the Unix epoch. Default: the system's. */
  today?: () => number;
  /** Calls that are remembered. Default 10 000; the oldest make room. */
  maxCalls?: number;
  /** How long a call is remembered, in milliseconds. Default 7 days. */
  maxAgeMs?: number;
}

interface Entry {
  /** As JSON, so that nobody else can change it and it is what every other store would give. */
  text: string;
  order: number;
  expiresAt: number;
}

const DAY_MS = 86_400_000;
/** Values of a kind that have expired are forgotten each time so many were put. */
const SWEEP_EVERY = 256;

/** Makes a store that forgets everything with the process. */
export const createMemoryStore = (options: MemoryStoreOptions = {}): Store => {
  const { today = Date.now, maxCalls = 10_000, maxAgeMs = 7 * DAY_MS } = options;
  const kinds = new Map<string, Map<string, Entry>>();
  const calls: CallRecord[] = [];
  const windows = createWindows({ today });
  let order = 0;
  let closed = false;

  const mustBeOpen = (): void => {
    if (closed) throw closedStore();
  };
  const entriesOf = (kind: string): Map<string, Entry> => {
    mustBeOpen();
    const entries = kinds.get(kind) ?? new Map<string, Entry>();
    kinds.set(kind, entries);
    return entries;
  };
  /** Of a kind, all that has not expired. */
  const alive = (kind: string): Map<string, Entry> => {
    const entries = entriesOf(kind);
    const now = today();
    for (const [id, { expiresAt }] of entries) if (expiresAt <= now) entries.delete(id);
    return entries;
  };
  const find = (kind: string, id: string): Entry | undefined => {
    const entry = entriesOf(kind).get(id);
    return entry !== undefined && entry.expiresAt > today() ? entry : undefined;
  };
  const keep = (kind: string, id: string, text: string, expiresAt: number): void => {
    order += 1;
    const entries = order % SWEEP_EVERY === 0 ? alive(kind) : entriesOf(kind);
    entries.set(id, { text, order: find(kind, id)?.order ?? order, expiresAt });
  };
  const endOf = (ttlMs: number | undefined): number =>
    ttlMs === undefined ? Number.POSITIVE_INFINITY : today() + ttlMs;

  return {
    records: {
      get: async <T>(kind: string, id: string) => contentOf<T>(find(kind, id)),
      put: async (kind, id, value, { ttlMs } = {}) => keep(kind, id, textOf(value), endOf(ttlMs)),
      async update<T>(
        kind: string,
        id: string,
        change: (value: T | undefined) => T | undefined,
        { ttlMs }: { ttlMs?: number } = {},
      ) {
        const entry = find(kind, id);
        const changed = change(contentOf<T>(entry));
        if (changed === undefined) {
          entriesOf(kind).delete(id);
          return undefined;
        }
        const text = textOf(changed);
        keep(kind, id, text, ttlMs === undefined ? (entry?.expiresAt ?? endOf(ttlMs)) : endOf(ttlMs));
        return JSON.parse(text) as T;
      },
      async delete(kind, id) {
        const there = find(kind, id) !== undefined;
        entriesOf(kind).delete(id);
        return there;
      },
      list: async <T>(kind: string, { limit = 1_000 }: { limit?: number } = {}) =>
        [...alive(kind)]
          .sort(([, a], [, b]) => b.order - a.order)
          .slice(0, Math.max(0, limit))
          .map(([id, entry]) => ({ id, value: contentOf<T>(entry) as T })),
    },
    history: {
      append(record) {
        if (closed) return;
        calls.push(keptCall(record));
        // Not one by one: taking the first element of a long array away moves all others.
        if (calls.length >= maxCalls * 1.25) calls.splice(0, calls.length - maxCalls);
      },
      async find(filter = {}) {
        mustBeOpen();
        return findCalls(calls.slice(-maxCalls), filter, today() - maxAgeMs);
      },
    },
    counters: {
      async spend(key, wanted) {
        mustBeOpen();
        return windows.spend(key, wanted);
      },
    },
    async close() {
      closed = true;
    },
  };
};

const contentOf = <T>(entry: Entry | undefined): T | undefined =>
  entry === undefined ? undefined : (JSON.parse(entry.text) as T);

const findCalls = (calls: readonly CallRecord[], filter: HistoryFilter, oldest: number): CallRecord[] => {
  const { limit: _, since = oldest, before = Number.POSITIVE_INFINITY, ...wanted } = filter;
  const most = wantedOf(filter);
  const fits = (record: CallRecord): boolean =>
    record.at >= Math.max(since, oldest) &&
    record.at < before &&
    Object.entries(wanted).every(([key, value]) => value === undefined || record[key as keyof typeof wanted] === value);
  const found: CallRecord[] = [];
  for (let at = calls.length - 1; at >= 0 && found.length < most; at -= 1) {
    const record = calls[at] as CallRecord;
    if (fits(record)) found.push(shownCall(record));
  }
  return found;
};
