/** One schema for several that must all hold. Exact wherever possible; what is not is told. */
import { canonicalJson } from '../../canonical.ts';
import type { JsonObject } from '../../protocol/types.ts';
import { isObject } from '../../schema/document.ts';
import { ANNOTATIONS, type Node } from './read.ts';

/** Told about a keyword of which only one side could be kept. */
export type Lost = (keyword: string) => void;

type Join = (a: never, b: never) => unknown;

const same = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);
const larger = (a: number, b: number): number => Math.max(a, b);
const smaller = (a: number, b: number): number => Math.min(a, b);
const both = (a: Node, b: Node): Node => (same(a, b) ? a : { allOf: [...(listIn(a, 'allOf') ?? [a]), b] });
const either = (a: Node, b: Node): Node => (same(a, b) ? a : { anyOf: [...(listIn(a, 'anyOf') ?? [a]), b] });

/** The list of a schema that is nothing else. */
const listIn = (node: Node, keyword: string): Node[] | undefined => {
  const list = node[keyword];
  return Array.isArray(list) && Object.keys(node).length === 1 ? (list as Node[]) : undefined;
};

const JOINS = new Map<string, Join>([
  ['minimum', larger],
  ['exclusiveMinimum', larger],
  ['minLength', larger],
  ['minItems', larger],
  ['minProperties', larger],
  ['maximum', smaller],
  ['exclusiveMaximum', smaller],
  ['maxLength', smaller],
  ['maxItems', smaller],
  ['maxProperties', smaller],
  ['uniqueItems', (a: boolean, b: boolean) => a || b],
  ['required', (a: string[], b: string[]) => [...new Set([...a, ...b])]],
  ['propertyNames', both],
  ['items', both],
  ['not', either],
  [
    'enum',
    (a: unknown[], b: unknown[]) => {
      const shared = textsOf(b);
      return a.filter((value) => shared.has(canonicalJson(value)));
    },
  ],
]);

const texts = new WeakMap<readonly unknown[], ReadonlySet<string>>();
/** The texts of the values of an `enum`, written once. */
const textsOf = (values: readonly unknown[]): ReadonlySet<string> => {
  const known = texts.get(values) ?? new Set(values.map(canonicalJson));
  texts.set(values, known);
  return known;
};

/** What holds where both hold. A reference must have been resolved before. */
export const merge = (a: Node, b: Node, lost: Lost): Node => {
  const out: Node = { ...a };
  const skipped = new Set(GROUPS.filter((group) => clash(group, a, b)).flat());
  for (const [keyword, value] of Object.entries(b)) {
    if (value === undefined) continue;
    if (skipped.has(keyword)) {
      lost(keyword);
      continue;
    }
    const own = out[keyword];
    if (OBJECT.includes(keyword)) out[keyword] = value;
    else if (own === undefined || same(own, value)) {
      out[keyword] = value;
    } else {
      const join = JOINS.get(keyword);
      if (join !== undefined) out[keyword] = join(own as never, value as never);
      else if (keyword === 'type') out.type = commonTypes(own, value);
      else if (keyword === 'description') out.description = `${own}\n${value}`;
      else if (!ANNOTATIONS.includes(keyword)) lost(keyword);
    }
  }
  mergeObjects(out, a, b, lost);
  const impossible =
    (Array.isArray(out.type) && out.type.length === 0) || (Array.isArray(out.enum) && out.enum.length === 0);
  return impossible ? { not: {} } : out;
};

/** Keywords that mean something together only. */
const GROUPS: readonly (readonly string[])[] = [
  ['if', 'then', 'else'],
  ['contains', 'minContains', 'maxContains'],
  ['prefixItems', 'items'],
];

const clash = (group: readonly string[], a: Node, b: Node): boolean => {
  const [one, other] = [a, b].map((node) => group.map((keyword) => node[keyword] ?? null));
  if (group[0] === 'prefixItems' && a.prefixItems === undefined && b.prefixItems === undefined) return false;
  const present = (values: unknown[] = []): boolean => values.some((value) => value !== null);
  return present(one) && present(other) && !same(one, other);
};

const OBJECT = ['properties', 'additionalProperties', 'patternProperties'];

/** Keys that only one side knows are, on the other, judged by `additionalProperties`. */
const mergeObjects = (out: Node, a: Node, b: Node, lost: Lost): void => {
  if (a.properties === undefined && b.properties === undefined && b.additionalProperties === undefined) return;
  if ((a.patternProperties ?? b.patternProperties) !== undefined && !same(a.patternProperties, b.patternProperties)) {
    lost('patternProperties');
  }
  const one = mapOf(a);
  const other = mapOf(b);
  const properties: JsonObject = {};
  const required = new Set(namesIn(out));
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const left = Object.hasOwn(one, key) ? one[key] : a.additionalProperties;
    const right = Object.hasOwn(other, key) ? other[key] : b.additionalProperties;
    if (isNever(left) || isNever(right)) {
      if (required.has(key)) properties[key] = { not: {} };
      continue;
    }
    properties[key] = left === undefined ? right : right === undefined ? left : both(left as Node, right as Node);
  }
  if (a.properties !== undefined || b.properties !== undefined) out.properties = properties;
  const [left, right] = [a.additionalProperties, b.additionalProperties];
  if (left !== undefined && right !== undefined) {
    out.additionalProperties = isNever(left) || isNever(right) ? { not: {} } : both(left as Node, right as Node);
  }
};

const namesIn = (node: Node): readonly string[] => (node.required as string[] | undefined) ?? [];
const mapOf = (node: Node): JsonObject => (isObject(node.properties) ? node.properties : {});

/** Whether a schema takes nothing at all, in the one way that is written here. */
export const isNever = (node: unknown): boolean =>
  isObject(node) && isObject(node.not) && Object.keys(node.not).length === 0;

const commonTypes = (a: unknown, b: unknown): unknown => {
  const [one, other] = [[a].flat() as string[], [b].flat() as string[]];
  const has = (types: string[], type: string): boolean =>
    types.includes(type) || (type === 'integer' && types.includes('number'));
  const shared = [...new Set([...one.filter((type) => has(other, type)), ...other.filter((type) => has(one, type))])];
  return shared.length === 1 ? shared[0] : shared;
};

/** Whether no value can be of both: only then are `oneOf` and `anyOf` the same. */
export const isDisjoint = (a: Node, b: Node): boolean => {
  const [one, other] = [valuesOf(a), valuesOf(b)];
  if (one !== undefined && other !== undefined) {
    const others = textsOf(other);
    return [...textsOf(one)].every((text) => !others.has(text));
  }
  const types = [a.type, b.type];
  if (types.every((type) => type !== undefined)) {
    const shared = [commonTypes(a.type, b.type)].flat();
    if (shared.length === 0) return true;
    if (shared.length > 1 || shared[0] !== 'object') return false;
    const [left, right] = [mapOf(a), mapOf(b)];
    const refuses = (node: Node, keys: JsonObject, other: Node): boolean =>
      isNever(node.additionalProperties) &&
      node.patternProperties === undefined &&
      namesIn(other).some((key) => !Object.hasOwn(keys, key));
    if (refuses(a, left, b) || refuses(b, right, a)) return true;
    const needed = new Set(namesIn(b));
    return namesIn(a).some((key) => {
      if (!needed.has(key) || !Object.hasOwn(left, key) || !Object.hasOwn(right, key)) return false;
      return isDisjoint(left[key] as Node, right[key] as Node);
    });
  }
  return false;
};

const valuesOf = (node: Node): unknown[] | undefined => {
  if (node.const !== undefined) return [node.const];
  return Array.isArray(node.enum) ? node.enum : undefined;
};
