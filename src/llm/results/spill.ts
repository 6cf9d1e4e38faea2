/** Where what is too long for a model is kept whole, so that it can read on. */

/** What is kept. */
export interface Spilled {
  bytes: Uint8Array;
  /** As in MIME; texts are in UTF-8. */
  mediaType: string;
  /** What it is, for people. */
  name: string;
}

/** Keeps results; a folder or a store can be one as well. What it throws costs what was to be kept and nothing else. */
export interface Spill {
  /** Resolves to an id that nobody can guess, or to undefined where it is not kept. */
  put(bytes: Uint8Array, mediaType: string, name: string): Promise<string | undefined>;
  /** Resolves to undefined where there is nothing of this id any more. */
  get(id: string): Promise<Spilled | undefined>;
}

/** Keeps results in memory. Where they are more than `maxBytes` (default 32 MiB), the oldest ones go. */
export const createMemorySpill = ({ maxBytes = 32 * 1024 * 1024 }: { maxBytes?: number } = {}): Spill => {
  const kept = new Map<string, Spilled>();
  let total = 0;
  return {
    async put(bytes, mediaType, name) {
      if (bytes.length > maxBytes) return undefined;
      for (const [id, old] of kept) {
        if (total + bytes.length <= maxBytes) break;
        kept.delete(id);
        total -= old.bytes.length;
      }
      const id = crypto.randomUUID();
      kept.set(id, { bytes, mediaType, name });
      total += bytes.length;
      return id;
    },
    async get(id) {
      return kept.get(id);
    },
  };
};

/** As `put`; a spill that is none, or that fails, keeps nothing. */
export const keep = async (
  spill: Spill | undefined,
  ...what: Parameters<Spill['put']>
): Promise<string | undefined> => {
  try {
    return await spill?.put(...what);
  } catch {
    return undefined;
  }
};
