/** Reads the parts that many answers of a server have, or throws `protocol_error` with what is wrong. */
import { ToolwayError } from '../errors.ts';
import { isObject } from './shape.ts';
import type { JsonObject } from './types.ts';

/** The failure of an answered request whose answer cannot be used; `problem` begins with the path that is wrong. */
export const broken = (method: string, problem: string): ToolwayError =>
  new ToolwayError('protocol_error', `the server answered ${method} with an unusable result: ${problem}`, {
    executed: 'yes',
  });

/** The answer to `method`, which is an object. */
export const objectOf = (method: string, value: unknown): JsonObject => {
  if (isObject(value)) return value;
  throw broken(method, 'it is not an object');
};

/** A required array in the answer to `method`. */
export const listOf = (method: string, owner: JsonObject, key: string): unknown[] => {
  const list = owner[key];
  if (Array.isArray(list)) return list;
  throw broken(method, `${key} is not an array`);
};

/** The longest time that a caching hint is believed: a day. */
export const MAX_TTL_MS = 86_400_000;
/** How long an answer may be kept, and whether callers with other rights may see it (2026-07-28 server/utilities/caching). */
export interface CacheHints {
  /** 0 where the server says nothing usable; at most a day. */
  ttlMs: number;
  cacheScope: 'public' | 'private';
}

/** The caching hints of an answer; what is missing or senseless counts as "do not keep, do not share". */
export const cacheHints = ({ ttlMs, cacheScope }: JsonObject): CacheHints => ({
  ttlMs: typeof ttlMs === 'number' && ttlMs > 0 && Number.isFinite(ttlMs) ? Math.min(ttlMs, MAX_TTL_MS) : 0,
  cacheScope: cacheScope === 'public' ? 'public' : 'private',
});
