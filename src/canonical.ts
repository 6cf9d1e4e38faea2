/** JSON in one spelling, so that equal values have equal text: RFC 8785 (JCS). */
import { ToolwayError } from './errors.ts';
import type { JsonObject } from './protocol/types.ts';

/** How deep a value may nest before `canonicalJson` refuses it. */
export const MAX_CANONICAL_DEPTH = 512;

/**
 * The canonical text of a JSON value: keys sorted by UTF-16 code units, no spaces, numbers and strings as ECMAScript
 * writes them. `undefined` is left out of objects and is `null` in arrays. Lone surrogates are escaped instead of
 * refused, because hostile definitions must have a text too. Throws `unsupported` for what JSON cannot say (NaN,
 * functions, bigints) and for more than 512 levels.
 */
export const canonicalJson = (value: unknown): string => write(value, 0);

const write = (value: unknown, depth: number): string => {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw new ToolwayError('unsupported', `${value} is not a JSON number`);
      return JSON.stringify(value);
    case 'object':
      if (depth >= MAX_CANONICAL_DEPTH) {
        throw new ToolwayError('unsupported', 'nested too deeply', { limit: MAX_CANONICAL_DEPTH });
      }
      return Array.isArray(value) ? writeArray(value, depth) : writeObject(value as JsonObject, depth);
    default:
      throw new ToolwayError('unsupported', `a ${typeof value} is not JSON`);
  }
};

const writeArray = (items: unknown[], depth: number): string => {
  const parts: string[] = [];
  for (const item of items) parts.push(item === undefined ? 'null' : write(item, depth + 1));
  return `[${parts.join(',')}]`;
};

const writeObject = (object: JsonObject, depth: number): string => {
  const parts: string[] = [];
  for (const key of Object.keys(object).sort()) {
    const value = object[key];
    if (value !== undefined) parts.push(`${JSON.stringify(key)}:${write(value, depth + 1)}`);
  }
  return `{${parts.join(',')}}`;
};
