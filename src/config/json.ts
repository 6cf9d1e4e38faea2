/**
 * JSON for people: where each value stands in the text, names that are given twice, errors with line and column.
 * Comments and trailing commas are read over and told. It is written by hand because nearly every start of the command
 * line reads such a file, and loading a library costs more time than all the rest of reading it.
 */

import { type Liberty, MAX_CONFIG_DEPTH, type ParsedText } from './parsed-text.ts';
import { createPlaces, pointerStep } from './places.ts';

const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in strings.
const STRING = /"(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\r\n]*/y;
const LINE = /[^\r\n]*/y;

class Stop extends Error {}

/** Reads JSON, with or without the liberties of JSONC. */
export const parseJson = (text: string): ParsedText => {
  const placeOf = createPlaces(text);
  const starts = new Map<string, number>();
  const duplicates: string[] = [];
  const liberties: Liberty[] = [];
  const blanks: [from: number, to: number][] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  const begin = at;

  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  };
  /** What JSON does not have is blanked out, so that what is left keeps its places. */
  const liberty = (from: number, to: number, message: string): void => {
    blanks.push([from, to]);
    if (!liberties.some((known) => known.message === message)) liberties.push({ message, place: placeOf(from) });
  };
  const space = (): void => {
    for (;;) {
      take(SPACE);
      const start = at;
      if (text.startsWith('//', at)) take(LINE);
      else if (text.startsWith('/*', at)) {
        const end = text.indexOf('*/', at + 2);
        if (end === -1) throw new Stop('this comment is not closed');
        at = end + 2;
      } else return;
      liberty(start, at, 'comments are not part of JSON');
    }
  };
  const expected = (what: string): never => {
    const next = text[at];
    if (next === '#') throw new Stop('comments begin with "//" in JSON, not with "#"');
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
    space();
    for (let index = 0; text[at] !== close; index += 1) {
      item(index);
      space();
      if (text[at] === close) break;
      if (text[at] !== ',') expected(`"," or "${close}"`);
      const comma = at;
      at += 1;
      space();
      if (text[at] === close) liberty(comma, comma + 1, `a comma before "${close}" is not part of JSON`);
    }
    at += 1;
  };
  const value = (pointer: string, depth: number): void => {
    space();
    starts.set(pointer, at);
    if (text[at] === '{') {
      const seen = new Set<string>();
      items('}', depth, () => {
        const start = at;
        const name = key();
        const child = pointer + pointerStep(name);
        if (seen.has(name)) duplicates.push(child);
        seen.add(name);
        space();
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
    space();
    if (at < text.length) expected('the end');
  } catch (error) {
    if (error instanceof Stop) return { ok: false, message: error.message, place: placeOf(at) };
    throw error;
  }
  return {
    ok: true,
    value: JSON.parse(withBlanks(text, begin, blanks)),
    duplicates,
    liberties,
    locate: (pointer) => {
      const start = starts.get(pointer);
      return start === undefined ? undefined : placeOf(start);
    },
  };
};

const withBlanks = (text: string, begin: number, blanks: readonly [number, number][]): string => {
  let clean = '';
  let at = begin;
  for (const [from, to] of [...blanks].sort(([one], [other]) => one - other)) {
    clean += `${text.slice(at, from)} `;
    at = to;
  }
  return clean + text.slice(at);
};
