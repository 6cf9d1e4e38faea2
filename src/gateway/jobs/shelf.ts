/** Which results are kept, within a number of bytes: of whoever has most of them, the oldest make room. */

export interface Shelf {
  /** Puts one on; gives those that have to go for it. */
  add(owner: string, id: string, bytes: number): string[];
  remove(id: string): void;
}

export interface ShelfOptions {
  maxBytes: number;
  /** More than so many go in turn as well, whatever their size. Default 10 000. */
  maxEntries?: number;
}

/** Of one owner, the oldest first. */
interface Own {
  readonly sizes: Map<string, number>;
  bytes: number;
}

export const createShelf = ({ maxBytes, maxEntries = 10_000 }: ShelfOptions): Shelf => {
  const owners = new Map<string, string>();
  const own = new Map<string, Own>();
  let total = 0;

  const remove = (id: string): void => {
    const owner = owners.get(id) ?? '';
    const of = own.get(owner);
    const bytes = of?.sizes.get(id);
    if (of === undefined || bytes === undefined) return;
    owners.delete(id);
    of.sizes.delete(id);
    of.bytes -= bytes;
    total -= bytes;
    if (of.sizes.size === 0) own.delete(owner);
  };
  const most = (measure: (of: Own) => number): Own | undefined => {
    let found: Own | undefined;
    for (const of of own.values()) if (found === undefined || measure(of) > measure(found)) found = of;
    return found;
  };
  /** The last one that was added stays: somebody was promised it a moment ago. */
  const oldestBut = (latest: string, from: Own | undefined): string | undefined => {
    for (const id of from?.sizes.keys() ?? []) if (id !== latest) return id;
    return undefined;
  };

  return {
    remove,
    add(owner, id, bytes) {
      remove(id);
      const of = own.get(owner) ?? { sizes: new Map(), bytes: 0 };
      own.set(owner, of);
      owners.set(id, owner);
      of.sizes.set(id, bytes);
      of.bytes += bytes;
      total += bytes;
      const gone: string[] = [];
      while (total > maxBytes || owners.size > maxEntries) {
        const oldest = oldestBut(id, total > maxBytes ? most((each) => each.bytes) : most(({ sizes }) => sizes.size));
        if (oldest === undefined) break;
        gone.push(oldest);
        remove(oldest);
      }
      return gone;
    },
  };
};
