/** A store of answers, bounded by number and by bytes: who has not been asked for longest makes room. */
import type { JsonObject } from '../protocol/types.ts';
import type { Subject } from './overtaken.ts';

/** An answer as text, so that every reader has a copy of its own. */
export interface Kept {
  readonly subject: Subject;
  readonly keptAt: number;
  /** When it holds no longer, on the monotonic clock. */
  readonly until: number;
  read(): JsonObject;
}

export interface KeptStore {
  /** Counts as a use. */
  get(key: string): Kept | undefined;
  /** One that is larger than all that may be kept is not. */
  put(key: string, answer: JsonObject, about: Omit<Kept, 'read'>): void;
  delete(key: string): void;
  deleteWhere(fits: (kept: Kept) => boolean): void;
}

interface Entry extends Kept {
  readonly bytes: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** JSON as bytes: what it weighs is known, and is not more than that. */
export const pack = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));
export const unpack = (bytes: Uint8Array): JsonObject => JSON.parse(decoder.decode(bytes)) as JsonObject;
/** What a key weighs: two bytes for each of its characters. */
export const weightOf = (key: string): number => key.length * 2;

export const createKeptStore = ({ maxEntries, maxBytes }: { maxEntries: number; maxBytes: number }): KeptStore => {
  /** The one that was used last is the last. */
  const entries = new Map<string, Entry>();
  let bytes = 0;

  const remove = (key: string): void => {
    bytes -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry;
    },
    put(key, answer, about) {
      remove(key);
      const packed = pack(answer);
      const weight = packed.length + weightOf(key);
      if (weight > maxBytes) return;
      entries.set(key, { ...about, bytes: weight, read: () => unpack(packed) });
      bytes += weight;
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && bytes <= maxBytes) break;
        remove(oldest);
      }
    },
    delete: remove,
    deleteWhere(fits) {
      for (const [key, entry] of entries) if (fits(entry)) remove(key);
    },
  };
};
