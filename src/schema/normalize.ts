/**
 * A schema in the one form that the engines get: 2020-12, only keywords that say something about a value, every
 * reference resolved to `#/$defs/<number>`. What an engine would make of ids, anchors, older drafts or unknown keywords
 * no longer matters, and the engines cannot disagree about it.
 */
import type { JsonObject } from '../protocol/types.ts';
import { IN_PLACE, type Shape, TO_CHILDREN } from './dialect.ts';
import { isObject, readDocument, refuse, type Target } from './document.ts';
import { ASSERTIONS, modernized } from './keywords.ts';
import { nodesOf } from './measure.ts';

/** A reference in a unit: to which unit, and how many levels of the value below the unit's own. */
export interface Reference {
  to: number;
  level: number;
}

/** The root or one definition, with what it costs to look at. */
export interface Unit {
  /** Nodes of JSON in it; compiling and checking take time in proportion. */
  size: number;
  /** Keywords whose cost grows with the length of a string. */
  texts: number;
  /** Levels of the value that it looks at by itself. */
  reach: number;
  references: Reference[];
  /** It has patterns, or looks at what other parts left over: what an engine without patterns cannot judge. */
  partial: boolean;
}

export interface Normalized {
  schema: JsonObject;
  /** The root, then the definitions in the order of their numbers. */
  units: Unit[];
  hasPatterns: boolean;
  usesUnevaluated: boolean;
}

const READS_KEYS = ['additionalProperties', 'unevaluatedProperties', 'propertyNames', 'minProperties', 'maxProperties'];

/** Finding equal items costs about as much for each node of a value as so many nodes of a schema. */
const UNIQUE_SIZE = 30;

/** Throws `unsupported` with the reason when the schema is none, or breaks a limit. */
export const normalize = (root: JsonObject): Normalized => {
  const document = readDocument(root);
  const numbers = new Map<JsonObject, number>();
  const pending: JsonObject[] = [];
  const units: Unit[] = [];
  let unit = emptyUnit();
  let hasPatterns = false;
  let usesUnevaluated = false;

  const reference = (target: Target, level: number): Target => {
    if (!isObject(target)) return target;
    let number = numbers.get(target);
    if (number === undefined) {
      number = numbers.size + 1;
      numbers.set(target, number);
      pending.push(target);
    }
    unit.references.push({ to: number, level });
    unit.size += 2;
    return { $ref: `#/$defs/${number - 1}` };
  };

  const place = (node: Target, level: number): Target => {
    if (isObject(node) && document.targets.has(node)) return reference(node, level);
    return emit(node, level);
  };

  const below = (value: unknown, shape: Shape, level: number): unknown => {
    unit.size += 1;
    if (shape === 'one') return place(value as Target, level);
    if (shape === 'list') return (value as Target[]).map((child) => place(child, level));
    const map: JsonObject = Object.create(null);
    for (const [key, child] of Object.entries(value as JsonObject)) {
      // An own `__proto__` is never meant well, and ajv skips it: it stays unknown for everybody.
      if (key !== '__proto__') map[key] = place(child as Target, level);
    }
    return map;
  };

  const emit = (node: Target, level: number): Target => {
    unit.size += 1;
    if (!isObject(node)) return node;
    const site = document.sites.get(node);
    const pointer = site?.pointer ?? '';
    const ref = document.target(node, '$ref');
    if (ref !== undefined && site?.dialect.refHidesSiblings) return reference(ref, level);
    const source = modernized(node);
    const out: JsonObject = {};
    for (const [keyword, form] of ASSERTIONS) {
      const value = source[keyword];
      if (value === undefined) continue;
      if (!form.holds(value)) throw refuse(`${pointer}/${keyword}`, `is not ${form.wanted}`);
      out[keyword] = keyword === 'type' ? types(value) : value;
      unit.size += nodesOf(value);
    }
    for (const [keyword, shape] of IN_PLACE) {
      if (source[keyword] !== undefined) out[keyword] = below(source[keyword], shape, level);
    }
    for (const [keyword, shape] of TO_CHILDREN) {
      if (source[keyword] === undefined) continue;
      out[keyword] = below(source[keyword], shape, level + 1);
      unit.reach = Math.max(unit.reach, level + 1);
    }
    if (ref !== undefined) merge(out, reference(ref, level));
    for (const keyword of ['$dynamicRef', '$recursiveRef']) {
      const target = document.target(node, keyword);
      if (target !== undefined) out.allOf = [...((out.allOf as Target[]) ?? []), reference(target, level)];
    }
    if (out.contains !== undefined) {
      // Says nothing new, but ajv 8.20 takes an empty array for what the array before it was.
      const least = Math.max(Number(out.minItems ?? 0), Number(out.minContains ?? 1));
      if (least > 0) out.minItems = least;
    }
    if (out.minLength !== undefined || out.maxLength !== undefined) unit.texts += 1;
    if (READS_KEYS.some((keyword) => out[keyword] !== undefined)) unit.reach = Math.max(unit.reach, level + 1);
    if (out.uniqueItems === true) {
      unit.reach = Number.POSITIVE_INFINITY;
      unit.size += UNIQUE_SIZE;
    }
    const patterns = out.pattern !== undefined || out.patternProperties !== undefined;
    const unevaluated = out.unevaluatedProperties !== undefined || out.unevaluatedItems !== undefined;
    hasPatterns ||= patterns;
    usesUnevaluated ||= unevaluated;
    unit.partial ||= patterns || unevaluated;
    return out;
  };

  const begin = (): void => {
    unit = emptyUnit();
    units.push(unit);
  };

  begin();
  const placed = place(root, 0);
  const schema: JsonObject = isObject(placed) ? placed : placed ? {} : { not: {} };
  const definitions: Target[] = [];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    begin();
    definitions.push(emit(next, 0));
  }
  if (definitions.length > 0) schema.$defs = { ...definitions };
  return { schema, units, hasPatterns, usesUnevaluated };
};

const emptyUnit = (): Unit => ({ size: 0, texts: 0, reach: 0, references: [], partial: false });

const merge = (out: JsonObject, target: Target): void => {
  if (isObject(target)) Object.assign(out, target);
  else out.allOf = [...((out.allOf as Target[]) ?? []), target];
};

const types = (value: unknown): unknown => {
  const distinct = [...new Set([value].flat())];
  return distinct.length === 1 ? distinct[0] : distinct;
};
