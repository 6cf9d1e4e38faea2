/** The nearest of a few names, for people who mistyped one. */

/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other, case ignored. */
const distance = (left: string, right: string): number => {
  const a = left.toLowerCase();
  const b = right.toLowerCase();
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
};

const LONGEST_WORD = 64;

/** Up to three candidates that `word` may have been meant for, the nearest first. */
export const nearest = (word: string, candidates: Iterable<string>): string[] => {
  if (word.length > LONGEST_WORD) return [];
  const allowed = Math.max(1, Math.floor(word.length / 3));
  const close: { name: string; edits: number }[] = [];
  for (const name of candidates) {
    if (Math.abs(name.length - word.length) > allowed) continue;
    const edits = distance(word, name);
    if (edits <= allowed) close.push({ name, edits });
  }
  return close
    .sort((one, other) => one.edits - other.edits)
    .slice(0, 3)
    .map(({ name }) => name);
};
