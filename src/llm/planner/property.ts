/** What a parameter of a tool wants, told by its schema, its name and what is said of it. */
import type { JsonObject } from '../../protocol/types.ts';
import { alternatives } from '../../schema/signature.ts';
import { termsOf } from '../../search/terms.ts';
import { numberFor } from './quantity.ts';
import type { Span, SpanKind } from './spans.ts';

export type PropertyKind =
  | 'path'
  | 'url'
  | 'email'
  | 'date'
  | 'glob'
  | 'text'
  | 'name'
  | 'number'
  | 'boolean'
  | 'choice'
  | 'list'
  | 'parts'
  | 'any';

export interface Property {
  name: string;
  terms: string[];
  schema: JsonObject;
  kind: PropertyKind;
  required: boolean;
  /** Whether a span is of the kind that it wants. */
  takes(span: Span): boolean;
  /** Of several that it takes, the one that it is for. */
  prefers(span: Span): boolean;
  /** Whether words of the request may be it as they stand. */
  takesWords: boolean;
  /** What stands before its span: `to` before a destination. */
  way?: RegExp;
  /** How much the words beside a number speak of it. */
  nearness(words: readonly string[], span: Span): number;
  /** Whether a word is of its name, or of what is said of it. */
  speaksOf(word: string): boolean;
  /** It is what is left out. */
  excludes: boolean;
  /** It says what something is about: words after `about` may be it. */
  isSubject: boolean;
  /** Optional ones are given only where the request names them, or where the kind of the span leaves no doubt. */
  isNamedBy(words: readonly string[], span: Span): boolean;
}

const has = (terms: readonly string[], of: string): boolean => of.split(' ').some((one) => terms.includes(one));

const FORMATS: Record<string, PropertyKind> = { uri: 'url', email: 'email', date: 'date', 'date-time': 'date' };
const PATH = 'path file filename filepath dir directory folder source destination src dest';
const TEXT =
  'content text message body query comment description title prompt topic question thought note subject search keyword summary sentence input q term command code data value';
const SUBJECT = 'topic subject query question q search term keyword prompt command title';
const DATE = 'date day deadline since until due start end';

const kindOfText = (terms: readonly string[], schema: JsonObject): PropertyKind => {
  const last = terms.slice(-1);
  const said = typeof schema.description === 'string' ? schema.description : '';
  if (typeof schema.format === 'string' && FORMATS[schema.format] !== undefined)
    return FORMATS[schema.format] as PropertyKind;
  if (has(last, 'url uri link href')) return 'url';
  if (has(terms, 'email')) return 'email';
  if (has(terms, 'pattern glob regex')) return 'glob';
  if (has(last, PATH) || (has(last, 'name') && (has(terms, 'file folder directory') || /\bfile\b/i.test(said))))
    return 'path';
  if (has(last, DATE)) return 'date';
  if (has(last, TEXT)) return 'text';
  if (/^(?:the )?(?:full |absolute |relative )?(?:path|file path)\b/i.test(said)) return 'path';
  if (/^(?:the )?url\b/i.test(said)) return 'url';
  return 'name';
};

const kindOf = (terms: readonly string[], types: readonly JsonObject[], root: JsonObject): PropertyKind => {
  const [schema = {}] = types;
  const { type } = schema;
  if (Array.isArray(schema.enum) || Object.hasOwn(schema, 'const')) return 'choice';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'boolean') return 'boolean';
  if (type === 'object' || (type === undefined && schema.properties !== undefined)) return 'parts';
  if (type === 'array' || (type === undefined && schema.items !== undefined)) {
    const [item = {}] = alternatives(schema.items ?? {}, root);
    return item.type === 'object' || item.type === 'array' ? 'parts' : 'list';
  }
  if (type === 'string') return kindOfText(terms, schema);
  return type === undefined ? 'any' : 'name';
};

const TAKES: Record<PropertyKind, SpanKind[]> = {
  path: ['path', 'quote'],
  url: ['url'],
  email: ['email'],
  date: ['date'],
  glob: ['glob', 'quote'],
  text: ['quote', 'name', 'id', 'json', 'email', 'url', 'date'],
  name: ['name', 'quote', 'id', 'email'],
  number: ['number', 'id'],
  boolean: [],
  choice: [],
  list: [],
  parts: ['json'],
  any: ['quote', 'json', 'number', 'name'],
};
const SURE: ReadonlySet<SpanKind> = new Set(['url', 'email', 'glob', 'date']);

const waysOf = (terms: readonly string[]): RegExp | undefined => {
  if (has(terms, 'destination dest target to new output into end until')) return /\b(?:to|into|as|until|with|by)\s*$/i;
  if (has(terms, 'source src from old start since')) return /\b(?:from|instead of)\s*$/i;
  if (has(terms, 'path dir directory folder root'))
    return /\b(?:in|inside|under|within|below|from)(?: the)?(?: folder| directory)?\s*$/i;
  return undefined;
};
/** Words for the two ends of something, which parameters are seldom named after. */
const ENDS: Record<string, string> = { top: 'first', beginning: 'first', start: 'first', bottom: 'last', end: 'last' };

export const propertyOf = (name: string, given: unknown, root: JsonObject, required: boolean): Property => {
  const types = alternatives(given, root);
  const [first = {}] = types;
  const terms = termsOf(name);
  const kind = kindOf(terms, types, root);
  const items = kind === 'list' ? kindOf(terms, alternatives(first.items ?? {}, root), root) : kind;
  const said = termsOf(typeof first.description === 'string' ? first.description : '');
  const isNamed = (words: readonly string[]): boolean => terms.some((term) => words.includes(term));
  const way = waysOf(terms);
  const isFile = ({ kind: of, value }: Span): boolean => of === 'path' && !value.includes('/') && value.includes('.');
  return {
    name,
    terms,
    schema: given as JsonObject,
    kind,
    required,
    takes: (span) =>
      TAKES[items].includes(span.kind) ||
      (items === 'glob' && isFile(span)) ||
      (items === 'path' && span.kind === 'name' && span.key !== undefined),
    prefers: (span) => span.kind === TAKES[items][0],
    takesWords: ['text', 'name', 'glob', 'any'].includes(items),
    ...(way === undefined ? {} : { way }),
    nearness: (words, span) =>
      numberFor(span, { terms, schema: first }) === undefined
        ? 0
        : words.reduce(
            (sum, word) => sum + (terms.includes(word) ? 3 : 0) + (said.includes(ENDS[word] ?? word) ? 1 : 0),
            span.unit ? 2 : 0,
          ),
    speaksOf: (word) => terms.includes(word) || said.includes(ENDS[word] ?? word),
    excludes: has(terms, 'exclude excluded ignore ignored skip without'),
    isSubject: has(terms, SUBJECT),
    isNamedBy: (words, span) => isNamed(words) || (SURE.has(span.kind) && TAKES[items][0] === span.kind),
  };
};

/** The values of which it is one, where there are such. */
export const choicesOf = ({ schema }: Property): (string | number)[] => {
  const values = alternatives(schema, schema).flatMap((one) => (Array.isArray(one.enum) ? one.enum : []));
  return values.filter((value) => typeof value === 'string' || typeof value === 'number');
};
