/** Readers of single values: `unknown` in, the typed value or what is wrong with it out. */

/** `remark`: what its writer should know, although the value is usable. */
export type Read<T> = { ok: true; value: T; remark?: string } | { ok: false; message: string; step?: string };
export type Reader<T> = (value: unknown) => Read<T>;

const ok = <T>(value: T): Read<T> => ({ ok: true, value });
const wrong = (message: string, step?: string): Read<never> => ({ ok: false, message, step });

/** What a value is, in a person's words. */
export const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value === undefined) return 'undefined';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};

/** Whether a value is an object with named fields. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const text: Reader<string> = (value) =>
  typeof value === 'string' ? ok(value) : wrong(`must be a string, not ${kindOf(value)}`);

export const someText: Reader<string> = (value) => (value === '' ? wrong('must not be empty') : text(value));

export const flag: Reader<boolean> = (value) =>
  typeof value === 'boolean' ? ok(value) : wrong(`must be true or false, not ${kindOf(value)}`);

/** A string; numbers and booleans are written out, because files of other hosts hold them in `env` and `args`. */
const scalar: Reader<string> = (value) =>
  typeof value === 'number' || typeof value === 'boolean' ? ok(String(value)) : text(value);

export const words: Reader<string[]> = (value) => {
  if (!Array.isArray(value)) return wrong(`must be a list of strings, not ${kindOf(value)}`);
  const read: string[] = [];
  for (const [index, item] of value.entries()) {
    const word = scalar(item);
    if (!word.ok) return wrong(word.message, String(index));
    read.push(word.value);
  }
  return ok(read);
};

/** A list of names; a single string is a list of one. */
export const names: Reader<string[]> = (value) => words(typeof value === 'string' ? [value] : value);

export const strings: Reader<Record<string, string>> = (value) => {
  if (!isObject(value)) return wrong(`must be an object of strings, not ${kindOf(value)}`);
  const read: Record<string, string> = {};
  for (const [key, item] of Object.entries(value)) {
    // Some hosts unset a variable that way; nothing that is not named reaches a server here.
    if (item === null) continue;
    const word = scalar(item);
    if (!word.ok) return wrong(word.message, key);
    Object.defineProperty(read, key, { value: word.value, enumerable: true, configurable: true, writable: true });
  }
  return ok(read);
};

/** JSON knows no NaN. */
const shown = (value: unknown): string =>
  typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? kindOf(value));

const wholeFrom =
  (least: number): Reader<number> =>
  (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least
      ? ok(value)
      : wrong(`must be a whole number of ${least} or more, not ${shown(value)}`);

export const count = wholeFrom(0);
/** A number of things of which there has to be one. */
export const some = wholeFrom(1);

export const positive: Reader<number> = (value) =>
  typeof value === 'number' && Number.isFinite(value) && value > 0
    ? ok(value)
    : wrong(`must be a number above 0, not ${shown(value)}`);

/** The longest that timers can be set to. Of its own, since what browsers load at first is not to be cut up for it. */
const MOST_MS = 2 ** 31 - 1;

/** A time in a unit of its own, turned into milliseconds. */
const time =
  (unit: string, unitMs: number, isNone: (value: number) => boolean, least: string): Reader<number> =>
  (value) => {
    if (typeof value !== 'number' || !Number.isFinite(value) || isNone(value))
      return wrong(`must be a number of ${unit}${least}, not ${shown(value)}`);
    const most = Math.floor(MOST_MS / unitMs);
    return value <= most ? ok(value * unitMs) : wrong(`must be at most ${most} ${unit} (24 days), not ${shown(value)}`);
  };
const from0 = (value: number): boolean => value < 0;
const above0 = (value: number): boolean => value <= 0;

/** Milliseconds. */
export const ms = time('milliseconds', 1, from0, '');
/** Milliseconds that cannot be none: a time limit. */
export const limitMs = time('milliseconds', 1, above0, ' above 0');

/** Seconds, turned into milliseconds. */
export const seconds = time('seconds', 1000, from0, '');
/** The same for a time limit. */
export const limitSeconds = time('seconds', 1000, above0, ' above 0');

/** A time limit whose unit the field does not say: below 1000 it is in seconds, else in milliseconds. */
export const limitSecondsOrMs: Reader<number> = (value) =>
  typeof value === 'number' && value < 1000 ? limitSeconds(value) : limitMs(value);

export const oneOf =
  <T extends string>(choices: readonly T[]): Reader<T> =>
  (value) => {
    const found = choices.find((choice) => choice === value);
    return found === undefined ? wrong(`must be one of ${choices.join(', ')}`) : ok(found);
  };
