/** Where values stand: places in texts, and the JSON Pointers by which they are asked for. */

/** A place in a text; both count from 1. */
export interface Place {
  line: number;
  column: number;
}

/** One step of a JSON Pointer (RFC 6901). */
export const pointerStep = (key: string | number): string =>
  `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** The steps of a JSON Pointer. */
export const pointerSteps = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** Finds places in a text; the lines are counted once, however many places are asked for. */
export const createPlaces = (text: string): ((offset: number) => Place) => {
  let lines: number[] | undefined;
  return (offset) => {
    lines ??= [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
    let low = 0;
    for (let high = lines.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if ((lines[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (lines[low] ?? 0) + 1 };
  };
};
