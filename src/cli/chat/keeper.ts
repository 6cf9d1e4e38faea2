/** Writes what changes while it is written: one write after another, of which only the newest waits. */

/** Resolves once all that was there when it was called is written, and rejects where that fails. */
export const createKeeper = (write: () => Promise<void>): (() => Promise<void>) => {
  let writing: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const begin = (): Promise<void> => {
    next = undefined;
    const mine = write().finally(() => {
      if (writing === mine) writing = undefined;
    });
    writing = mine;
    return mine;
  };
  return () => {
    if (next !== undefined) return next;
    if (writing === undefined) return begin();
    next = writing.then(begin, begin);
    return next;
  };
};
