/** One look at a value before an interpreter gets it, whose work cannot be stopped once it has begun. */
import type { JsonObject } from '../protocol/types.ts';

/** Values in one value, and levels, that an interpreter is given at most. */
export const MAX_INTERPRETED_NODES = 200_000;
const MAX_DEPTH = 128;

export interface Survey {
  /** The value as JSON would keep it; the value itself where that is the same. */
  value: unknown;
  nodes: number;
  /** Characters of the longest string. */
  longest: number;
  /** Properties of the object that has most. */
  widest: number;
  /** The most comparisons of nodes that finding equal items of one array takes. */
  pairs: number;
}

/** Measures a value; `undefined` when it is too large, too deep, or no JSON. */
export const survey = (value: unknown): Survey | undefined => {
  let nodes = 0;
  let longest = 0;
  let widest = 0;
  let pairs = 0;
  let hasGaps = false;
  let acceptable = true;

  const look = (node: unknown, depth: number): void => {
    nodes += 1;
    if (typeof node === 'string') longest = Math.max(longest, node.length);
    else if (typeof node === 'number') acceptable &&= Number.isFinite(node);
    else if (typeof node !== 'object') acceptable &&= typeof node === 'boolean';
    acceptable &&= nodes <= MAX_INTERPRETED_NODES && depth <= MAX_DEPTH;
    if (!acceptable || typeof node !== 'object' || node === null) return;
    const before = nodes;
    if (Array.isArray(node)) {
      for (let index = 0; index < node.length && acceptable; index += 1) visit(node[index], depth);
      pairs = Math.max(pairs, node.length * (nodes - before));
      return;
    }
    let width = 0;
    for (const key in node) {
      if (!acceptable) break;
      width += 1;
      visit((node as JsonObject)[key], depth);
    }
    widest = Math.max(widest, width);
  };
  const visit = (child: unknown, depth: number): void => {
    if (child === undefined) hasGaps = true;
    else look(child, depth + 1);
  };

  look(value, 0);
  if (!acceptable) return undefined;
  return { value: hasGaps ? JSON.parse(JSON.stringify(value)) : value, nodes, longest, widest, pairs };
};
