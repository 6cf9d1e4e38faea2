/** YAML 1.2 (core schema, with merge keys), with places. Anchors are fine, as long as what they blow up to is small. */
import { Composer, type Document, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, type Node, Parser } from 'yaml';
import { MAX_CONFIG_DEPTH, type ParsedText } from './parsed-text.ts';
import { pointerStep, pointerSteps } from './places.ts';

const MAX_ALIASES = 100;
/** Beside one entry for each level, the parser has the document and a scalar on its stack. */
const MAX_STACK = MAX_CONFIG_DEPTH + 2;

class Stop extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Reads one YAML document. */
export const parseYaml = (text: string): ParsedText => {
  const lines = new LineCounter();
  const placeOf = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  try {
    const document = compose(text, lines);
    const duplicates: string[] = [];
    survey(document.contents, '', document, duplicates);
    const value: unknown = document.contents === null ? null : toValue(document);
    return {
      ok: true,
      value,
      duplicates,
      liberties: [],
      locate: (pointer) => {
        const offset = offsetAt(document, pointer);
        return offset === undefined ? undefined : placeOf(offset);
      },
    };
  } catch (error) {
    if (error instanceof Stop) return { ok: false, message: error.message, place: placeOf(error.offset) };
    throw error;
  }
};

/** The depth is looked at before anything is composed: composing recurses, and takes a process down that is not stopped in time. */
const compose = (text: string, lines: LineCounter): Document => {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens = [];
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > MAX_STACK) throw new Stop(`nested deeper than ${MAX_CONFIG_DEPTH} levels`, parser.offset);
  }
  tokens.push(...parser.end());
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: true,
    uniqueKeys: false,
    prettyErrors: false,
  });
  const [document, second] = [...composer.compose(tokens, true, text.length)];
  if (document === undefined) throw new Stop('holds nothing', 0);
  if (second !== undefined) throw new Stop('a second document begins; a configuration is one', second.range[0]);
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw new Stop(inWords(problem.message), problem.pos[0]);
  return document as Document;
};

const inWords = (message: string): string => message.charAt(0).toLowerCase() + message.slice(1);

const toValue = (document: Document): unknown => {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    checkDepth(value, 1);
    return value;
  } catch (error) {
    if (error instanceof Stop) throw error;
    // Aliases lead somewhere, so this is the only reason that the library has to throw one.
    if (error instanceof ReferenceError) throw new Stop(`aliases blow it up more than ${MAX_ALIASES}-fold`, 0);
    throw error;
  }
};

/** Aliases can make a value deeper than its text, or without end. */
const checkDepth = (value: unknown, depth: number): void => {
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_CONFIG_DEPTH) throw new Stop(`nested deeper than ${MAX_CONFIG_DEPTH} levels`, 0);
  for (const part of Object.values(value)) checkDepth(part, depth + 1);
};

const keyOf = (key: unknown): string => (isScalar(key) ? String(key.value) : String(key));

/** Finds names that are given twice, and aliases that lead nowhere. */
const survey = (node: unknown, pointer: string, document: Document, duplicates: string[]): void => {
  if (isAlias(node) && node.resolve(document) === undefined) {
    throw new Stop(`there is no anchor &${node.source} before this alias`, node.range?.[0] ?? 0);
  }
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) survey(item, pointer + pointerStep(index), document, duplicates);
  }
  if (!isMap(node)) return;
  const seen = new Set<string>();
  for (const { key, value } of node.items) {
    const here = pointer + pointerStep(keyOf(key));
    if (seen.has(here) && keyOf(key) !== '<<') duplicates.push(here);
    seen.add(here);
    survey(value, here, document, duplicates);
  }
};

/** Where the key of the last step stands, or the item of a list. Aliases are followed; what was merged in has no place. */
const offsetAt = (document: Document, pointer: string): number | undefined => {
  let node: unknown = document.contents;
  let offset = (document.contents as Node | null)?.range?.[0];
  for (const step of pointerSteps(pointer)) {
    if (isAlias(node)) node = node.resolve(document);
    if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = (node as Node | undefined)?.range?.[0];
    } else if (isMap(node)) {
      const pair = node.items.findLast(({ key }) => keyOf(key) === step);
      node = pair?.value;
      offset = (pair?.key as Node | undefined)?.range?.[0];
    } else return undefined;
    if (offset === undefined) return undefined;
  }
  return offset;
};
