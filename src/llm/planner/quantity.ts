/** Numbers with units, as the parameter counts them. */

import type { JsonObject } from '../../protocol/types.ts';
import { termsOf } from '../../search/terms.ts';
import type { Span } from './spans.ts';

/** How many of the smallest one each holds. */
const TIMES: Record<string, number> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZES: Record<string, number> = { b: 1, kb: 1_000, mb: 1_000_000, gb: 1_000_000_000 };
const NAMES: Record<string, string> = {
  ms: 'ms',
  millisecond: 'ms',
  s: 's',
  sec: 's',
  second: 's',
  min: 'min',
  minute: 'min',
  h: 'h',
  hour: 'h',
  d: 'd',
  day: 'd',
  byte: 'b',
  kb: 'kb',
  kilobyte: 'kb',
  mb: 'mb',
  megabyte: 'mb',
  gb: 'gb',
};

/** The number in the unit that the parameter names; undefined where it names none, and the request does. */
export const numberFor = (
  { value, unit }: Span,
  { terms, schema }: { terms: readonly string[]; schema: JsonObject },
): string | undefined => {
  if (unit === undefined || unit === '%') return value;
  const scale = unit in TIMES ? TIMES : SIZES;
  const said = typeof schema.description === 'string' ? termsOf(schema.description) : [];
  const wanted = [...terms, ...said].map((term) => NAMES[term]).find((name) => name !== undefined && name in scale);
  if (wanted === undefined) return undefined;
  return String((Number(value) * (scale[unit] ?? 1)) / (scale[wanted] ?? 1));
};
