/** Which results are kept, within a number of bytes: the oldest make room. */

export interface Shelf {
  /** Puts one on; gives those that have to go for it. */
  add(id: string, bytes: number): string[];
  remove(id: string): void;
}

/** More than so many go in turn as well, whatever their size. */
const MAX_ENTRIES = 10_000;

export const createShelf = ({ maxBytes }: { maxBytes: number }): Shelf => {
  const sizes = new Map<string, number>();
  let total = 0;
  const remove = (id: string): void => {
    total -= sizes.get(id) ?? 0;
    sizes.delete(id);
  };
  return {
    remove,
    add(id, bytes) {
      sizes.set(id, bytes);
      total += bytes;
      const gone: string[] = [];
      for (const oldest of sizes.keys()) {
        // The last one stays: somebody was promised it a moment ago.
        if ((total <= maxBytes && sizes.size <= MAX_ENTRIES) || oldest === id) break;
        gone.push(oldest);
        remove(oldest);
      }
      return gone;
    },
  };
};
