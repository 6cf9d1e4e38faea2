/** The root of a schema: an object without unions, whose keys a provider takes. */
import { canonicalJson } from '../../canonical.ts';
import type { JsonObject } from '../../protocol/types.ts';
import { isObject } from '../../schema/document.ts';
import type { Back, Written } from './back.ts';
import { fromProperties, inTurn } from './back.ts';
import { hash8 } from './hash.ts';
import { isNever } from './merge.ts';
import type { Pen } from './pen.ts';
import { below, escaped, type Node, Unacceptable } from './read.ts';
import { allTypes } from './types-of.ts';
import { sayKeywords } from './words.ts';
import { mergeAll } from './write.ts';

/** Branches of a union that are told in words, and levels of unions in unions that are read. */
const MAX_TOLD = 12;
const MAX_LEVELS = 4;

/** The written root, and what can only be said in the description of the tool. */
export const writeRoot = (root: Node, pen: Pen): Written & { notes: string[] } => {
  const notes: string[] = [];
  let node = root;
  if (node.$ref !== undefined || (node.allOf !== undefined && pen.rules.rootForbids.includes('allOf'))) {
    node = mergeAll(node, pen);
  }
  const expanded = pen.expanded.get(node) ?? [];
  pen.open.push(...expanded);
  if (isNever(node)) throw new Unacceptable('malformed', 'no arguments at all are accepted');
  const types = allTypes(node);
  if (types.length > 0 && !types.includes('object')) {
    throw new Unacceptable('root_type', `arguments are objects, and the schema wants ${types.join(', ')}`);
  }
  if (node.type !== 'object') {
    pen.note(root, 'type', 'add-type', 'none');
    node = pen.like(root, { ...node, type: 'object' });
  }
  for (const keyword of ['oneOf', 'anyOf']) {
    if (node[keyword] !== undefined && pen.rules.rootForbids.includes('anyOf'))
      node = flatten(node, keyword, pen, notes);
  }
  for (const keyword of pen.rules.rootForbids) {
    if (node[keyword] === undefined || ['allOf', 'anyOf', 'oneOf'].includes(keyword)) continue;
    const { [keyword]: value, ...rest } = node;
    notes.push(`The arguments must fit ${sayKeywords([[keyword, value]])}.`);
    pen.note(root, keyword, 'describe', 'hint');
    node = pen.like(root, rest);
  }
  if (node.properties === undefined) {
    pen.note(root, 'properties', 'add-properties', 'none');
    node = pen.like(root, { ...node, properties: {} });
  }
  const renamed = renameKeys(node, pen, notes);
  const written = pen.write(renamed.node);
  pen.open.length -= expanded.length;
  return { schema: written.schema, back: inTurn([written.back, renamed.back]), notes };
};

/** The branches of a union as one object with all their keys; which of them belong together is told. */
const flatten = (node: Node, keyword: string, pen: Pen, notes: string[]): Node => {
  const { [keyword]: union, ...base } = node;
  const branches = (union as Node[]).flatMap((branch) => branchesOf(branch, pen, 0));
  const possible = branches.filter((branch) => !isNever(branch) && objectLike(branch));
  if (possible.length === 0) throw new Unacceptable('root_type', `no branch of ${keyword} is an object`);
  pen.note(node, keyword, 'flatten', 'weaker');
  const own = mapOf(base);
  const variants = new Map<string, Node[]>();
  for (const branch of possible) {
    for (const [key, child] of Object.entries(mapOf(branch))) {
      if (!variants.has(key)) variants.set(key, []);
      variants.get(key)?.push(child as Node);
    }
  }
  const properties: JsonObject = { ...own };
  for (const [key, schemas] of variants) {
    const joined = unionOf(schemas, pen);
    const before = Object.hasOwn(own, key) ? (own[key] as Node) : undefined;
    if (before === undefined) properties[key] = joined;
    else if (canonicalJson(before) !== canonicalJson(joined)) properties[key] = pen.like(before, both(before, joined));
  }
  const [first = new Set<string>(), ...others] = possible.map((branch) => new Set(requiredOf(branch)));
  const inAll = [...first].filter((key) => others.every((keys) => keys.has(key)));
  const always = [...new Set([...requiredOf(base), ...inAll])];
  const open = !isNever(base.additionalProperties) && !possible.every((branch) => isNever(branch.additionalProperties));
  const { required: _, additionalProperties: __, ...rest } = base;
  notes.push(sayBranches(keyword, possible));
  return pen.like(node, {
    ...rest,
    properties,
    ...(always.length > 0 && { required: always }),
    ...(!open && { additionalProperties: { not: {} } }),
    ...(open && base.additionalProperties !== undefined && { additionalProperties: base.additionalProperties }),
  });
};

const branchesOf = (branch: Node, pen: Pen, level: number): Node[] => {
  pen.count();
  const node = branch.$ref !== undefined || branch.allOf !== undefined ? mergeAll(branch, pen) : branch;
  const union = node.anyOf ?? node.oneOf;
  if (!Array.isArray(union) || level >= MAX_LEVELS) return [node];
  const { anyOf: _, oneOf: __, ...rest } = node;
  return union.flatMap((inner) =>
    branchesOf(mergeAll(pen.like(branch, { allOf: [rest, inner] }), pen), pen, level + 1),
  );
};

const objectLike = (node: Node): boolean => {
  const types = allTypes(node);
  return types.length === 0 || types.includes('object');
};

const mapOf = (node: Node): JsonObject => (isObject(node.properties) ? node.properties : {});
const requiredOf = (node: Node): string[] => (Array.isArray(node.required) ? (node.required as string[]) : []);

/** What a key may be in one branch or another: constants become one list. */
const unionOf = (schemas: Node[], pen: Pen): Node => {
  const distinct = [...new Map(schemas.map((schema) => [canonicalJson(schema), schema])).values()];
  const [first] = distinct;
  if (first === undefined || distinct.length === 1) return first ?? {};
  const values = distinct.map((schema) => (schema.const === undefined ? schema.enum : [schema.const]));
  if (values.every((list) => Array.isArray(list))) {
    const { const: _, ...rest } = first;
    return pen.like(first, { ...rest, enum: [...new Set(values.flat())] });
  }
  return pen.like(first, { anyOf: distinct });
};

const both = (before: Node, joined: Node): Node => {
  // A branch that only narrows what the root says: the narrower one stands in for both where it says its type itself.
  const narrow = joined.const !== undefined || joined.enum !== undefined;
  return narrow && joined.anyOf === undefined ? { ...before, ...joined } : before;
};

const sayBranches = (keyword: string, branches: readonly Node[]): string => {
  const told = branches.slice(0, MAX_TOLD).map((branch) => {
    const fixed = Object.entries(mapOf(branch)).flatMap(([key, child]) => {
      const value = (child as Node).const;
      return value === undefined ? [] : [`${key} = ${JSON.stringify(value)?.slice(0, 60)}`];
    });
    const named = new Set(fixed.map((text) => text.slice(0, text.indexOf(' ='))));
    const required = requiredOf(branch).filter((key) => !named.has(key));
    const parts = [...fixed, ...required].slice(0, MAX_TOLD);
    return `(${parts.length === 0 ? Object.keys(mapOf(branch)).slice(0, MAX_TOLD).join(', ') : parts.join(', ')})`;
  });
  const more = branches.length > told.length ? `, or one of ${branches.length - told.length} more` : '';
  const how = keyword === 'oneOf' ? 'exactly one' : 'at least one';
  return `Give ${how} of these sets of arguments: ${[...new Set(told)].join(' or ')}${more}.`;
};

/** Keywords that name keys of the root: they would no longer mean anything. */
const NAMING = [
  'dependentRequired',
  'dependentSchemas',
  'if',
  'then',
  'else',
  'not',
  'propertyNames',
  'patternProperties',
];

/** Keys that a provider takes, for those that it does not. */
const renameKeys = (node: Node, pen: Pen, notes: string[]): { node: Node; back?: Back } => {
  const { propertyKey } = pen.profile;
  const properties = mapOf(node);
  if (propertyKey === undefined) return { node };
  const expression = new RegExp(`^(?:${propertyKey})$`);
  const extra = requiredOf(node).filter((key) => !Object.hasOwn(properties, key));
  const odd = Object.keys(properties).filter((key) => !expression.test(key));
  if (odd.length === 0) return { node };
  const used = new Set([...Object.keys(properties), ...extra]);
  const names = new Map<string, string>();
  for (const key of odd) {
    const stem = key
      .slice(0, 200)
      .replaceAll(/[^A-Za-z0-9_]+/g, '_')
      .replaceAll(/^_+|_+$/g, '');
    const plain = (/^[A-Za-z]/.test(stem) ? stem : `p_${stem}`).slice(0, 50);
    let name = plain;
    for (let salt = 0; used.has(name); salt += 1) name = `${plain}_${hash8(`${key}${salt || ''}`)}`;
    used.add(name);
    names.set(key, name);
    pen.note(node, 'properties', 'rename', 'none', below('/properties', escaped(key)));
  }
  const renamed = (key: string): string => names.get(key) ?? key;
  const out: Node = { ...node };
  out.properties = Object.fromEntries(Object.entries(properties).map(([key, child]) => [renamed(key), child]));
  if (node.required !== undefined) out.required = requiredOf(node).map(renamed);
  const said = NAMING.filter((keyword) => node[keyword] !== undefined).map(
    (keyword) => [keyword, node[keyword]] as const,
  );
  for (const [keyword] of said) {
    delete out[keyword];
    pen.note(node, keyword, 'describe', 'hint');
  }
  if (said.length > 0) notes.push(`The arguments must fit ${sayKeywords(said)}.`);
  const back = fromProperties(new Map([...names].map(([key, name]) => [name, { key, nullIsAbsent: false }])));
  return { node: pen.like(node, out), back };
};
