/** Copies that nobody can change any more. */
import { ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';

/** An object as it would travel: what JSON leaves out is left out, and what it turns into text is text. Throws `invalid_arguments`. */
export const frozenCopy = (value: unknown): JsonObject => {
  const copy: unknown = parsed(value);
  if (!isObject(copy)) throw notJson();
  const open: object[] = [copy];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const inner of Object.values(next)) if (typeof inner === 'object' && inner !== null) open.push(inner);
    Object.freeze(next);
  }
  return copy;
};

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parsed = (value: unknown): unknown => {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null');
  } catch (cause) {
    throw notJson(cause);
  }
};

export const notJson = (cause?: unknown): ToolwayError =>
  new ToolwayError('invalid_arguments', 'the arguments cannot be written as a JSON object', { executed: 'no', cause });
