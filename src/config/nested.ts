/** The fields of a server that are objects themselves. */
import type { BreakerOption, PoolOption, RetryOption, ServerConfig } from '../options.ts';
import { nearest } from './nearest.ts';
import {
  count,
  isObject,
  kindOf,
  limitMs,
  names,
  positive,
  type Read,
  type Reader,
  some,
  someText,
} from './readers.ts';

type Parts<T> = { [K in keyof T]-?: Reader<NonNullable<T[K]>> };

/** Reads an object whose parts are all optional but those in `required`; a part that nobody knows is an error. */
const object =
  <T extends object>(parts: Parts<T>, required: readonly (keyof T & string)[] = []): Reader<T> =>
  (value) => {
    const shape = `{ ${Object.keys(parts)
      .map((part) => ((required as readonly string[]).includes(part) ? part : `${part}?`))
      .join(', ')} }`;
    if (!isObject(value)) return { ok: false, message: `must be an object ${shape}, not ${kindOf(value)}` };
    const stray = Object.keys(value).find((key) => !Object.hasOwn(parts, key));
    if (stray !== undefined) {
      const [close] = nearest(stray, Object.keys(parts));
      const meant = close === undefined ? '' : `; did you mean ${close}?`;
      return { ok: false, message: `is no part of ${shape}${meant}`, step: stray };
    }
    const missing = required.find((part) => value[part] === undefined);
    if (missing !== undefined) return { ok: false, message: `needs ${missing}: it is an object ${shape}` };
    const read: Partial<T> = {};
    for (const key of Object.keys(parts) as (keyof T & string)[]) {
      if (value[key] === undefined) continue;
      const part: Read<T[typeof key]> = parts[key](value[key]);
      if (!part.ok) return { ok: false, message: part.message, step: key };
      read[key] = part.value;
    }
    return { ok: true, value: read as T };
  };

export const rateLimit = object<NonNullable<ServerConfig['rateLimit']>>({ perSecond: positive, burst: some }, [
  'perSecond',
]);
export const cache = object<NonNullable<ServerConfig['cache']>>({ ttlMs: positive, tools: names }, ['tools']);
export const tls = object<NonNullable<ServerConfig['tls']>>({ ca: someText, cert: someText, key: someText });

export const pool = object<PoolOption>({
  warm: count,
  max: some,
  maxLifetimeMs: limitMs,
  maxMemoryMb: some,
  idleMs: limitMs,
});

const thresholds = object<Exclude<BreakerOption, false>>({ failures: some, openMs: limitMs });
const attempts = object<Exclude<RetryOption, false>>({ attempts: some }, ['attempts']);

/** `false` turns the whole thing off. */
const orFalse =
  <T extends object>(read: Reader<T>): Reader<false | T> =>
  (value) =>
    value === false ? { ok: true, value } : read(value);
export const retry = orFalse(attempts);
export const breaker = orFalse(thresholds);
