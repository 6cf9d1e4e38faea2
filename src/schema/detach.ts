/** A copy of a value that an interpreter can be trusted with: bounded, plain JSON, and without prototypes. */
import type { JsonObject } from '../protocol/types.ts';

/** Values in one value, and levels, that an interpreter is given at most. */
export const MAX_INTERPRETED_NODES = 200_000;
const MAX_DEPTH = 128;

export interface Detached {
  copy: unknown;
  nodes: number;
  /** Characters of the longest string. */
  longest: number;
  /** The most comparisons of nodes that finding equal items of one array takes. */
  pairs: number;
}

/** Copies what JSON would keep; `undefined` when the value is too large, too deep, or no JSON. */
export const detach = (value: unknown): Detached | undefined => {
  let nodes = 0;
  let longest = 0;
  let pairs = 0;
  let acceptable = true;

  const copyOf = (node: unknown, depth: number): unknown => {
    nodes += 1;
    if (typeof node === 'string') longest = Math.max(longest, node.length);
    else if (typeof node === 'number') acceptable &&= Number.isFinite(node);
    else if (typeof node !== 'object') acceptable &&= typeof node === 'boolean';
    acceptable &&= nodes <= MAX_INTERPRETED_NODES && depth <= MAX_DEPTH;
    if (!acceptable || typeof node !== 'object' || node === null) return node;
    const before = nodes;
    if (!Array.isArray(node)) return copyObject(node as JsonObject, depth);
    const items: unknown[] = [];
    for (const item of node) {
      if (!acceptable) break;
      items.push(copyOf(item === undefined ? null : item, depth + 1));
    }
    pairs = Math.max(pairs, items.length * (nodes - before));
    return items;
  };

  const copyObject = (node: JsonObject, depth: number): JsonObject => {
    const copy: JsonObject = Object.create(null);
    for (const key of Object.keys(node)) {
      if (!acceptable) break;
      const child = node[key];
      if (child !== undefined) copy[key] = copyOf(child, depth + 1);
    }
    return copy;
  };

  const copy = copyOf(value, 0);
  return acceptable ? { copy, nodes, longest, pairs } : undefined;
};
