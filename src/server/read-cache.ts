/** What resources said last, for as long as their server says that it holds (2026-07-28 server/utilities/caching). */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import type { CacheHints } from '../protocol/answer.ts';
import type { JsonObject } from '../protocol/types.ts';

export interface ReadCache {
  /** The answer of a `resources/read`: kept, or got by `read` and kept if it may be. A copy, so that nobody changes another's. */
  read(call: Call, read: (call: Call) => Promise<JsonObject>): Promise<JsonObject>;
  /** The resource has changed. */
  drop(uri: string): void;
  clear(): void;
}

export interface ReadCacheOptions {
  clock: Clock;
  /** What an answer says of how long it holds, and for whom. */
  hintsOf: (result: JsonObject) => CacheHints;
  maxEntries?: number;
  /** Characters of JSON, all entries together. */
  maxChars?: number;
}

interface Kept {
  uri: string;
  text: string;
  until: number;
}

export const createReadCache = ({
  clock,
  hintsOf,
  maxEntries = 512,
  maxChars = 64 * 1024 * 1024,
}: ReadCacheOptions): ReadCache => {
  const kept = new Map<string, Kept>();
  let chars = 0;
  /** Which word of the server on changes is the latest: what was asked for before it may be old. */
  let changes = 0;

  const remove = (key: string): void => {
    chars -= kept.get(key)?.text.length ?? 0;
    kept.delete(key);
  };
  const keep = (key: string, entry: Kept): void => {
    remove(key);
    if (entry.text.length > maxChars) return;
    kept.set(key, entry);
    chars += entry.text.length;
    for (const oldest of kept.keys()) {
      if (kept.size <= maxEntries && chars <= maxChars) break;
      remove(oldest);
    }
  };

  return {
    async read(call, read) {
      const uri = String(call.params.uri);
      // One connection has one set of rights: answers of two scopes never meet, and those of a principal are its own unless public.
      const shared = JSON.stringify([call.scope, uri]);
      const own = JSON.stringify([call.scope, uri, call.principal ?? '']);
      for (const key of [shared, own]) {
        const known = kept.get(key);
        if (known !== undefined && clock.now() < known.until) return JSON.parse(known.text) as JsonObject;
      }
      const before = changes;
      const result = await read(call);
      const { ttlMs, cacheScope } = hintsOf(result);
      const entry = { uri, text: '', until: clock.now() + ttlMs };
      if (ttlMs > 0 && changes === before)
        keep(cacheScope === 'public' ? shared : own, { ...entry, text: JSON.stringify(result) });
      return result;
    },
    drop(uri) {
      changes += 1;
      for (const [key, entry] of kept) if (entry.uri === uri) remove(key);
    },
    clear() {
      changes += 1;
      kept.clear();
      chars = 0;
    },
  };
};
