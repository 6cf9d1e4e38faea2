/** Bounded walks over JSON that nobody has looked at yet. None of them can overflow the stack or run away. */
import type { JsonObject } from '../protocol/types.ts';

/** What `measureJson` found: the length of the JSON text, or why the value is not acceptable. */
export type Measure = { chars: number } | { reason: string };

/** Walks a whole value and stops at the first limit that it breaks. `chars` counts UTF-16 units, escapes aside. */
export const measureJson = (value: unknown, maxChars: number, maxDepth: number): Measure => {
  let chars = 0;
  const walk = (node: unknown, depth: number): string | undefined => {
    if (typeof node === 'string') chars += node.length + 2;
    else if (typeof node === 'number') chars += String(node).length;
    else if (typeof node === 'boolean' || node === null) chars += 5;
    else if (typeof node !== 'object') return `holds a ${typeof node}, which is not JSON`;
    else if (depth >= maxDepth) return `is nested deeper than ${maxDepth} levels`;
    else {
      const isArray = Array.isArray(node);
      chars += 2;
      for (const key of Object.keys(node)) {
        if (chars > maxChars) break;
        const child = (node as JsonObject)[key];
        if (child === undefined) continue;
        chars += isArray ? 1 : key.length + 4;
        const reason = walk(child, depth + 1);
        if (reason !== undefined) return reason;
      }
    }
    return chars > maxChars ? `is larger than ${maxChars / 1024} KiB` : undefined;
  };
  const reason = walk(value, 0);
  return reason === undefined ? { chars } : { reason };
};

/** Nodes of a value whose depth is known to be bounded; a string counts once more for each 64 characters. */
export const nodesOf = (value: unknown): number => {
  if (typeof value === 'string') return 1 + (value.length >> 6);
  if (typeof value !== 'object' || value === null) return 1;
  let nodes = 1;
  for (const child of Object.values(value)) nodes += nodesOf(child);
  return nodes;
};

/** What one look at a value costs: so much for each node, so much for each 64 characters of a string. */
export interface Price {
  node: number;
  text: number;
  /** Levels of the value that are looked at; what lies deeper is free. */
  reach: number;
}

const DEEPEST = 128;

/** What is left of `budget` after paying for `value`; negative as soon as it does not suffice. */
export const spend = (value: unknown, price: Price, budget: number, depth = 0): number => {
  let left = budget - price.node;
  if (typeof value === 'string') return price.text === 0 ? left : left - (value.length >> 6) * price.text;
  if (typeof value !== 'object' || value === null || depth >= price.reach) return left;
  if (depth >= DEEPEST) return -1;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && left >= 0; index += 1) {
      left = spend(value[index], price, left, depth + 1);
    }
    return left;
  }
  for (const key in value) {
    if (left < 0) break;
    left = spend((value as JsonObject)[key], price, left, depth + 1);
  }
  return left;
};
