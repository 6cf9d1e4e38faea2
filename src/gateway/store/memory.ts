/** The store for as long as the gateway lives: what tests and small gateways need, and the twin that every other one is held to. */
import type { CallRecord, HistoryFilter, Store } from './store.ts';

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
  value: unknown;
  order: number;
  expiresAt: number;
}

const DAY_MS = 86_400_000;

/** Makes a store that forgets everything with the process. */
export const createMemoryStore = (options: MemoryStoreOptions = {}): Store => {
  const { today = Date.now, maxCalls = 10_000, maxAgeMs = 7 * DAY_MS } = options;
  const kinds = new Map<string, Map<string, Entry>>();
  const calls: CallRecord[] = [];
  const windows = new Map<string, { spent: number; endsAt: number }>();
  let order = 0;

  const entriesOf = (kind: string): Map<string, Entry> => {
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
  const keep = (kind: string, id: string, value: unknown, expiresAt: number): void => {
    order += 1;
    alive(kind).set(id, { value: structuredClone(value), order: find(kind, id)?.order ?? order, expiresAt });
  };

  return {
    records: {
      get: async <T>(kind: string, id: string) => structuredClone(find(kind, id)?.value) as T | undefined,
      put: async (kind, id, value, { ttlMs = Number.POSITIVE_INFINITY } = {}) => keep(kind, id, value, today() + ttlMs),
      async update<T>(kind: string, id: string, change: (value: T | undefined) => T | undefined) {
        const entry = find(kind, id);
        const changed = change(structuredClone(entry?.value) as T | undefined);
        if (changed === undefined) entriesOf(kind).delete(id);
        else keep(kind, id, changed, entry?.expiresAt ?? Number.POSITIVE_INFINITY);
        return changed;
      },
      async delete(kind, id) {
        const there = find(kind, id) !== undefined;
        entriesOf(kind).delete(id);
        return there;
      },
      list: async <T>(kind: string, { limit = 1_000 }: { limit?: number } = {}) =>
        [...alive(kind)]
          .sort(([, a], [, b]) => b.order - a.order)
          .slice(0, limit)
          .map(([id, { value }]) => ({ id, value: structuredClone(value) as T })),
    },
    history: {
      append(record) {
        calls.push(record);
        // Not one by one: taking the first element of a long array away moves all others.
        if (calls.length >= maxCalls * 1.25) calls.splice(0, calls.length - maxCalls);
      },
      find: async (filter = {}) => findCalls(calls.slice(-maxCalls), filter, today() - maxAgeMs),
    },
    counters: {
      async spend(key, { limit, windowMs }) {
        const now = today();
        const known = windows.get(key);
        const window = known !== undefined && known.endsAt > now ? known : { spent: 0, endsAt: now + windowMs };
        if (window !== known) forget(windows, now);
        windows.set(key, window);
        if (window.spent >= limit) return false;
        window.spent += 1;
        return { left: limit - window.spent, resetMs: window.endsAt - now };
      },
    },
    close: async () => {},
  };
};

const forget = (windows: Map<string, { endsAt: number }>, now: number): void => {
  for (const [key, { endsAt }] of windows) if (endsAt <= now) windows.delete(key);
};

/** The most calls that one question is answered with. */
export const MOST_FOUND = 1_000;

const findCalls = (calls: readonly CallRecord[], filter: HistoryFilter, oldest: number): CallRecord[] => {
  const { limit = 100, since = oldest, before = Number.POSITIVE_INFINITY, ...wanted } = filter;
  const fits = (record: CallRecord): boolean =>
    record.at >= Math.max(since, oldest) &&
    record.at < before &&
    Object.entries(wanted).every(([key, value]) => value === undefined || record[key as keyof typeof wanted] === value);
  const found: CallRecord[] = [];
  for (let at = calls.length - 1; at >= 0 && found.length < Math.min(limit, MOST_FOUND); at -= 1) {
    const record = calls[at] as CallRecord;
    if (fits(record)) found.push(record);
  }
  return found;
};
