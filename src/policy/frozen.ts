/** Copies that nobody can change any more. */
import { ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';

/** An object as it would travel: what JSON leaves out is left out, and what it turns into text is text. Throws `invalid_arguments`. */
export const frozenCopy = (value: unknown): JsonObject => {
  let copy: unknown;
  try {
    copy = copied(value, 0);
  } catch (cause) {
    throw notJson(cause);
  }
  if (!isObject(copy)) throw notJson();
  return copy;
};

const DEEPEST_PLAIN = 32;

/** Nearly all arguments are JSON as they are: only what is not goes the way through text. Everything is read once. */
const copied = (value: unknown, depth: number): unknown => {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value !== 'object' || depth > DEEPEST_PLAIN || 'toJSON' in value) return throughText(value);
  if (Array.isArray(value)) return Object.freeze(Array.from(value, (item) => copied(item, depth + 1) ?? null));
  if (Object.getPrototypeOf(value) !== Object.prototype || Object.hasOwn(value, '__proto__')) return throughText(value);
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) {
    const inner = copied((value as JsonObject)[key], depth + 1);
    if (inner !== undefined) copy[key] = inner;
  }
  return Object.freeze(copy);
};

const throughText = (value: unknown): unknown => {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) return undefined;
  const copy: unknown = JSON.parse(text);
  const open = [copy];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    for (const inner of Object.values(next)) open.push(inner);
    Object.freeze(next);
  }
  return copy;
};

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const notJson = (cause?: unknown): ToolwayError =>
  new ToolwayError('invalid_arguments', 'the arguments cannot be written as a JSON object', { executed: 'no', cause });
