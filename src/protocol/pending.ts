/** The requests in flight by id: slots in an array, because the tables of a `Map` cost more than the engine (see `roster.ts`). */

export interface PendingTable<T> {
  readonly size: number;
  /** Gives the entry an id that was never given before. */
  add(entry: T): number;
  /** The entry with exactly this id. */
  get(id: unknown): T | undefined;
  /** The same, and the id is free. */
  take(id: unknown): T | undefined;
  /** All ids that are taken. */
  ids(): number[];
}

const FIRST_CAPACITY = 64;

/** An id's slot is its low bits. An id whose slot is taken is left out, so that a long call never makes the table grow. */
export const createPendingTable = <T>(): PendingTable<T> => {
  let ids: number[] = new Array<number>(FIRST_CAPACITY).fill(0);
  let entries: (T | undefined)[] = new Array<T | undefined>(FIRST_CAPACITY).fill(undefined);
  let mask = FIRST_CAPACITY - 1;
  let size = 0;
  let lastId = 0;

  const grow = (): void => {
    const before = { ids, entries };
    const capacity = (mask + 1) * 2;
    mask = capacity - 1;
    ids = new Array<number>(capacity).fill(0);
    entries = new Array<T | undefined>(capacity).fill(undefined);
    for (const [slot, entry] of before.entries.entries()) {
      if (entry === undefined) continue;
      const id = before.ids[slot] as number;
      ids[id & mask] = id;
      entries[id & mask] = entry;
    }
  };
  const slotOf = (id: unknown): number => {
    if (typeof id !== 'number') return -1;
    const slot = id & mask;
    // What stands in a free slot is no id, whatever number it is and whoever answers under it.
    return ids[slot] === id && entries[slot] !== undefined ? slot : -1;
  };

  return {
    get size() {
      return size;
    },
    add(entry) {
      if (size * 2 > mask) grow();
      do lastId += 1;
      while (entries[lastId & mask] !== undefined);
      const slot = lastId & mask;
      ids[slot] = lastId;
      entries[slot] = entry;
      size += 1;
      return lastId;
    },
    get(id) {
      const slot = slotOf(id);
      return slot < 0 ? undefined : entries[slot];
    },
    take(id) {
      const slot = slotOf(id);
      if (slot < 0) return undefined;
      const entry = entries[slot];
      entries[slot] = undefined;
      ids[slot] = 0;
      size -= 1;
      return entry;
    },
    ids: () => ids.filter((_, slot) => entries[slot] !== undefined),
  };
};
