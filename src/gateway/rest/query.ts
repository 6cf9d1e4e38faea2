/** What stands behind the question mark of a URL, checked. */
import { unfit } from './body.ts';

/** A whole number from 1 to `most`. Throws `invalid_arguments`. */
export const limitOf = (text: string | undefined, { fallback, most }: { fallback: number; most: number }): number => {
  if (text === undefined) return fallback;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit;
  throw unfit(`limit must be a whole number from 1 to ${most}`, [{ path: '/limit', message: `1 to ${most}` }]);
};

/** A time of ISO 8601, or milliseconds since the Unix epoch; as the latter. Throws `invalid_arguments`. */
export const timeOf = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(time)) return time;
  const message = 'must be a time of ISO 8601, or milliseconds since 1970';
  throw unfit(`${name} ${message}`, [{ path: `/${name}`, message }]);
};
