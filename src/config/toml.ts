/** TOML 1.0, with places. */
import { type AST, ParseError, parseTOML } from 'toml-eslint-parser';
import { MAX_CONFIG_DEPTH, type ParsedText } from './parsed-text.ts';
import { type Place, pointerStep } from './places.ts';

/** Reads a TOML text. Dates and times are read as the strings they are written as. */
export const parseToml = (text: string): ParsedText => {
  try {
    const places = new Map<string, Place>([['', { line: 1, column: 1 }]]);
    const [top] = parseTOML(text).body;
    const value: Table = {};
    for (const part of top.body) {
      if (part.type === 'TOMLKeyValue') readPair(part, value, '', places);
      else readTable(part, value, places);
    }
    return { ok: true, value, duplicates: [], liberties: [], locate: (pointer) => places.get(pointer) };
  } catch (error) {
    if (error instanceof ParseError) {
      const { lineNumber: line, column, message } = error;
      return {
        ok: false,
        message: message.charAt(0).toLowerCase() + message.slice(1),
        place: { line, column: column + 1 },
      };
    }
    // The parser recurses; a text that exhausts the stack is far beyond the depth that is allowed.
    if (error instanceof RangeError) return tooDeep({ line: 1, column: 1 });
    if (error instanceof TooDeep) return tooDeep(error.place);
    throw error;
  }
};

type Table = Record<string, unknown>;

class TooDeep extends Error {
  readonly place: Place;
  constructor(place: Place) {
    super('too deep');
    this.place = place;
  }
}

const tooDeep = (place: Place): ParsedText => ({
  ok: false,
  message: `nested deeper than ${MAX_CONFIG_DEPTH} levels`,
  place,
});

const placeOf = ({ loc }: { loc: AST.SourceLocation }): Place => ({
  line: loc.start.line,
  column: loc.start.column + 1,
});

const nameOf = (key: AST.TOMLBare | AST.TOMLQuoted): string => (key.type === 'TOMLBare' ? key.name : key.value);

const set = (table: Table, key: string, value: unknown): void => {
  Object.defineProperty(table, key, { value, enumerable: true, configurable: true, writable: true });
};

/** The table under a name, made where there is none; of a list of tables the last one. */
const enter = (table: Table, key: string | number): Table => {
  if (!Object.hasOwn(table, key)) set(table, String(key), {});
  return table[key] as Table;
};

/** `[a.b]` and `[[a.b]]`; the parser has numbered the tables of a list. */
const readTable = (table: AST.TOMLTable, root: Table, places: Map<string, Place>): void => {
  checkDepth(table.resolvedKey.length, table);
  let here = root;
  let pointer = '';
  let named = 0;
  for (const [index, key] of table.resolvedKey.entries()) {
    pointer += pointerStep(key);
    const node = typeof key === 'string' ? table.key.keys[named++] : table;
    if (node !== undefined && !places.has(pointer)) places.set(pointer, placeOf(node));
    if (typeof table.resolvedKey[index + 1] === 'number' && !Object.hasOwn(here, key)) set(here, String(key), []);
    here = enter(here, key);
  }
  for (const pair of table.body) readPair(pair, here, pointer, places);
};

const readPair = (
  { key, value }: AST.TOMLKeyValue,
  table: Table,
  pointer: string,
  places: Map<string, Place>,
): void => {
  checkDepth(stepsOf(pointer) + key.keys.length, key);
  let here = table;
  let path = pointer;
  for (const [index, part] of key.keys.entries()) {
    const name = nameOf(part);
    path += pointerStep(name);
    if (!places.has(path)) places.set(path, placeOf(part));
    if (index === key.keys.length - 1) set(here, name, readValue(value, path, places));
    else here = enter(here, name);
  }
};

const readValue = (node: AST.TOMLContentNode, pointer: string, places: Map<string, Place>): unknown => {
  if (node.type === 'TOMLValue') return node.value instanceof Date ? text(node) : node.value;
  checkDepth(stepsOf(pointer) + 1, node);
  if (node.type === 'TOMLArray') {
    return node.elements.map((element, index) => {
      const here = pointer + pointerStep(index);
      places.set(here, placeOf(element));
      return readValue(element, here, places);
    });
  }
  const table: Table = {};
  for (const pair of node.body) readPair(pair, table, pointer, places);
  return table;
};

const text = (node: AST.TOMLValue): string => ('datetime' in node ? node.datetime : String(node.value));

const stepsOf = (pointer: string): number => pointer.split('/').length - 1;

const checkDepth = (depth: number, node: { loc: AST.SourceLocation }): void => {
  if (depth > MAX_CONFIG_DEPTH) throw new TooDeep(placeOf(node));
};
