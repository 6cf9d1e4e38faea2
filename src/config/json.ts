/** JSON for people: where each value stands in the text, names that are given twice, and errors with line and column. */

export interface Place {
  line: number;
  column: number;
}

/** What a text held. `duplicates` are the JSON Pointers of names that their object has twice. */
export interface JsonText {
  value: unknown;
  duplicates: string[];
  /** Where the value at a JSON Pointer stands; for a field, where its name does. */
  locate(pointer: string): Place | undefined;
}

/** What a text held, or where it stops being JSON. */
export type ParsedJson = ({ ok: true } & JsonText) | { ok: false; message: string; place: Place };

/** Levels of arrays and objects that a configuration may have. */
export const MAX_CONFIG_DEPTH = 64;

const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in strings.
const STRING = /"(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\r\n]*/y;

/** One step of a JSON Pointer (RFC 6901). */
export const pointerStep = (key: string | number): string =>
  `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Finds places in a text; the lines are counted once, however many places are asked for. */
const createPlaces = (text: string): ((offset: number) => Place) => {
  let lines: number[] | undefined;
  return (offset) => {
    lines ??= [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
    let low = 0;
    for (let high = lines.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if ((lines[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (lines[low] ?? 0) + 1 };
  };
};

class Stop extends Error {}

/** Reads strict JSON. Comments and trailing commas are errors that say what they are. */
export const parseJson = (text: string): ParsedJson => {
  const placeOf = createPlaces(text);
  const starts = new Map<string, number>();
  const duplicates: string[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  const begin = at;

  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  };
  const expected = (what: string): never => {
    const next = text[at];
    if (next === '/' || next === '#') throw new Stop('comments are not allowed in JSON');
    if (next === undefined) throw new Stop(`the text ends where ${what} is expected`);
    throw new Stop(`${what} is expected, not ${JSON.stringify(next)}`);
  };
  const key = (): string => {
    const found = take(STRING);
    if (found === '') expected('a name in double quotes');
    return JSON.parse(found) as string;
  };
  const items = (close: string, depth: number, item: (index: number) => void): void => {
    if (depth > MAX_CONFIG_DEPTH) throw new Stop(`nested deeper than ${MAX_CONFIG_DEPTH} levels`);
    at += 1;
    take(SPACE);
    for (let index = 0; text[at] !== close; index += 1) {
      item(index);
      take(SPACE);
      if (text[at] === close) break;
      if (text[at] !== ',') expected(`"," or "${close}"`);
      at += 1;
      take(SPACE);
      if (text[at] === close) throw new Stop(`a comma before "${close}" is not allowed in JSON`);
    }
    at += 1;
  };
  const value = (pointer: string, depth: number): void => {
    take(SPACE);
    starts.set(pointer, at);
    if (text[at] === '{') {
      const seen = new Set<string>();
      items('}', depth, () => {
        const start = at;
        const name = key();
        const child = pointer + pointerStep(name);
        if (seen.has(name)) duplicates.push(child);
        seen.add(name);
        take(SPACE);
        if (text[at] !== ':') expected('":"');
        at += 1;
        value(child, depth + 1);
        starts.set(child, start);
      });
    } else if (text[at] === '[') items(']', depth, (index) => value(pointer + pointerStep(index), depth + 1));
    else if (text[at] === '"') {
      if (take(STRING) === '') throw new Stop('this string is not closed, or has a bad escape or a line break in it');
    } else if (take(LITERAL) === '') expected('a value');
  };

  try {
    value('', 1);
    take(SPACE);
    if (at < text.length) expected('the end');
  } catch (error) {
    if (error instanceof Stop) return { ok: false, message: error.message, place: placeOf(at) };
    throw error;
  }
  return {
    ok: true,
    value: JSON.parse(text.slice(begin)),
    duplicates,
    locate: (pointer) => {
      const start = starts.get(pointer);
      return start === undefined ? undefined : placeOf(start);
    },
  };
};
