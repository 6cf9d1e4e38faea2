/** What a schema says about a value itself, apart from its parts. */
import { canonicalJson } from '../../canonical.ts';
import { enumText, fromJsonText, fromTexts, type Written } from './back.ts';
import { isNever } from './merge.ts';
import type { Pen } from './pen.ts';
import { ANNOTATIONS, type Node } from './read.ts';
import { allTypes, isAnything, isOfType } from './types-of.ts';
import { sayKeywords, tell } from './words.ts';

/** Keywords that have their own place in the rewriting. */
const ELSEWHERE = new Set([
  ...['$ref', 'type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf'],
  ...['properties', 'required', 'additionalProperties', 'items', 'prefixItems'],
]);
/** Holds schemas: written by whoever writes the parts. */
const PARTS = new Set([
  ...['patternProperties', 'propertyNames', 'unevaluatedProperties', 'dependentSchemas'],
  ...['not', 'if', 'then', 'else', 'contains', 'unevaluatedItems'],
]);
/** What looks around, refers back, or needs more than a simple engine. */
const RICH_PATTERN = /\(\?|\\[1-9bBpPkuUx]|\{\d{3,}/;

/** The value as JSON in a string. */
export const asJsonText = (node: Node, what: string, pen: Pen): Written => {
  pen.note(node, 'type', 'json-text', 'shape');
  const { schema } = writeLeaf({ type: 'string', ...told(node) }, pen);
  return { schema: tell(schema, `JSON text of ${what}.`), back: fromJsonText };
};

const told = ({ title, description }: Node): Node => ({
  ...(title !== undefined && { title }),
  ...(description !== undefined && { description }),
});

/** What is said for its reader; what has no place of its own is said in words. */
export const writeAnnotations = (node: Node, pen: Pen): Node => {
  let out: Node = {};
  const words: [string, unknown][] = [];
  for (const keyword of ANNOTATIONS) {
    const value = node[keyword];
    if (value === undefined) continue;
    const { formats } = pen.rules;
    const known = keyword !== 'format' || formats === undefined || formats.includes(value as string);
    if (pen.keeps(keyword) && known) out[keyword] = value;
    else if (keyword === 'format' || keyword === 'default' || keyword === 'examples') {
      words.push([keyword, value]);
      pen.note(node, keyword, 'describe', 'none');
    } else pen.note(node, keyword, 'drop', 'none');
  }
  if (words.length > 0) out = tell(out, sayKeywords(words));
  return out;
};

/** `done` where nothing else of the node remains to be written. */
export const writeLeaf = (node: Node, pen: Pen): Written & { done?: boolean } => {
  if (isAnything(node, pen) && pen.rules.free === 'json-text')
    return { ...asJsonText(node, 'any value', pen), done: true };
  if (isNever(node) && pen.rules.keywords !== 'all') pen.note(node, 'not', 'drop', 'weaker');
  let out: Node = { ...(node.type !== undefined && { type: node.type }), ...writeAnnotations(node, pen) };
  const words: [string, unknown][] = [];
  for (const [keyword, value] of Object.entries(node)) {
    if (value === undefined || ELSEWHERE.has(keyword) || ANNOTATIONS.includes(keyword)) continue;
    const { richPatterns, maxMinItems } = pen.rules;
    const fits =
      pen.keeps(keyword) &&
      !(keyword === 'pattern' && richPatterns === false && RICH_PATTERN.test(value as string)) &&
      !(keyword === 'minItems' && maxMinItems !== undefined && (value as number) > maxMinItems);
    if (!fits) {
      if (keyword === 'not' && isNever(node)) continue;
      words.push([keyword, value]);
      pen.note(node, keyword, 'describe', 'hint');
    } else if (!PARTS.has(keyword)) out[keyword] = value;
  }
  if (words.length > 0) out = tell(out, sayKeywords(words));
  const values = node.const === undefined ? node.enum : [node.const];
  if (!Array.isArray(values)) return { schema: out };
  if (node.const !== undefined && Array.isArray(node.enum)) {
    const only = canonicalJson(node.const);
    // No value is both; what is left of it says more than the two together did.
    if (!node.enum.some((value) => canonicalJson(value) === only)) pen.note(node, 'enum', 'drop', 'weaker');
  }
  return writeValues(node, out, values, pen);
};

const writeValues = (node: Node, given: Node, values: unknown[], pen: Pen): Written & { done?: boolean } => {
  const { enumOf } = pen.rules;
  const allowed = (value: unknown): boolean => {
    if (enumOf === 'any') return true;
    const kind = value === null ? 'null' : typeof value;
    return enumOf.some((type) => type === kind);
  };
  if (!values.every(allowed)) {
    const types = allTypes(node);
    const possible = values.filter((value) => types.some((type) => isOfType(value, type)));
    if (possible.length === 0) {
      pen.note(node, 'enum', 'drop', 'weaker');
      return { schema: given };
    }
    if (possible.every((value) => value === null)) return { schema: { type: 'null', ...told(given) }, done: true };
    pen.note(node, 'enum', 'stringify', 'none');
    const texts = [...new Set(possible.map(enumText))];
    return { schema: { type: 'string', ...told(given), enum: texts }, back: fromTexts(possible), done: true };
  }
  const back = values.some((value) => typeof value === 'string') ? fromTexts(values.filter(isText)) : undefined;
  if (node.const !== undefined && pen.keeps('const')) return { schema: { ...given, const: node.const }, back };
  if (node.const !== undefined) pen.note(node, 'const', 'const-to-enum', 'none');
  return { schema: { ...given, enum: values }, back };
};

const isText = (value: unknown): boolean => typeof value === 'string';
