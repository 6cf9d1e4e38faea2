/** Types of a schema: what it says or evidently means, and one branch for each where a provider takes no lists. */
import { isObject } from '../../schema/document.ts';
import type { Pen } from './pen.ts';
import type { Node } from './read.ts';

const OBJECT = [
  'properties',
  'required',
  'additionalProperties',
  'patternProperties',
  'propertyNames',
  'minProperties',
];
const OBJECTS = [...OBJECT, 'maxProperties', 'dependentRequired', 'dependentSchemas', 'unevaluatedProperties'];
const LISTS = ['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems', 'contains', 'minContains', 'maxContains'];
const TEXTS = ['minLength', 'maxLength', 'pattern', 'format', 'contentEncoding', 'contentMediaType'];
const NUMBERS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];

/** The keywords that say something about values of one type only. */
const OF_TYPE: Record<string, readonly string[]> = {
  object: OBJECTS,
  array: [...LISTS, 'unevaluatedItems'],
  string: TEXTS,
  number: NUMBERS,
  integer: NUMBERS,
};
const TYPED = new Set(Object.values(OF_TYPE).flat());
const COMPOUND = ['anyOf', 'oneOf', 'allOf', '$ref', 'not'];

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return isObject(value) ? 'object' : typeof value;
};

/** The types that a schema names or evidently means; none where it may be anything, or is a union. */
export const allTypes = (node: Node): string[] => {
  if (node.type !== undefined) return [node.type].flat() as string[];
  const values = node.const === undefined ? node.enum : [node.const];
  if (Array.isArray(values)) return [...new Set(values.map(typeOf))];
  const keywords = Object.keys(node);
  const types = ['object', 'array', 'string', 'number'].filter((type) =>
    keywords.some((keyword) => keyword !== 'format' && OF_TYPE[type]?.includes(keyword)),
  );
  return types.length === 1 ? types : [];
};

/** Whether nothing is said about a value that a provider would read. */
export const isAnything = (node: Node, pen: Pen): boolean => allTypes(node).length === 0 && !isCompound(node, pen);

const isCompound = (node: Node, pen: Pen): boolean =>
  COMPOUND.some((keyword) => node[keyword] !== undefined && pen.keeps(keyword));

/** A schema whose types a provider takes: with a type where there was none, or as a union. Undefined where it is one. */
export const split = (node: Node, pen: Pen): Node | undefined => {
  const { typeLists, enumOf } = pen.rules;
  if (typeLists === 'any' && pen.rules.closed !== true) return undefined;
  if (node.type === undefined && isCompound(node, pen)) return undefined;
  const found = allTypes(node);
  const types = found.includes('number') ? found.filter((type) => type !== 'integer') : found;
  if (types.length === 0) return undefined;
  if (types.length === 1) {
    if (node.type === types[0]) return undefined;
    pen.note(node, 'type', 'add-type', 'none');
    return pen.like(node, { ...node, type: types[0] });
  }
  if (typeLists === 'any') return node.type === undefined ? pen.like(node, { ...node, type: types }) : undefined;
  const values = node.const === undefined ? node.enum : [node.const];
  const pair = types.length === 2 && types.includes('null');
  const nullable = values === undefined || enumOf === 'any' || enumOf.includes('null');
  if (pair && typeLists === 'null' && nullable) {
    return node.type === undefined ? pen.like(node, { ...node, type: types }) : undefined;
  }
  if (node.anyOf !== undefined) return undefined;
  pen.note(node, 'type', 'split-types', 'none');
  const { title, description, default: standard, examples, type: _, enum: __, const: ___, ...rest } = node;
  const branches = types.flatMap((type) => {
    const own = Array.isArray(values) ? values.filter((value) => isOfType(value, type)) : undefined;
    if (own?.length === 0) return [];
    const kept = Object.entries(rest).filter(([keyword]) => !TYPED.has(keyword) || OF_TYPE[type]?.includes(keyword));
    return [pen.like(node, { type, ...Object.fromEntries(kept), ...(own !== undefined && { enum: own }) })];
  });
  const said = { title, description, default: standard, examples };
  const present = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  if (branches.length === 1) return pen.like(node, { ...branches[0], ...present });
  return pen.like(node, { ...present, ...(branches.length === 0 ? { not: {} } : { anyOf: branches }) });
};

/** Whether a value is of a type; `integer` is one too. */
export const isOfType = (value: unknown, type: string): boolean =>
  type === 'integer' ? Number.isInteger(value) : typeOf(value) === type;
