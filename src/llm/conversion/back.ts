/** The way back of a value: from what the rewritten schema asks for to what the original takes. */
import { canonicalJson } from '../../canonical.ts';
import type { JsonObject } from '../../protocol/types.ts';
import { isObject } from '../../schema/document.ts';
import { isNever } from './merge.ts';
import type { Node } from './read.ts';
import { isOfType } from './types-of.ts';

/** Undefined, where there is one, means that the value is the same. What does not fit is handed on as it is. */
export type Back = (value: unknown) => unknown;

/** A schema that was rewritten, and the way back of its values. */
export interface Written {
  schema: Node;
  back?: Back;
}

/** The definitions of the rewritten schema, by name. */
interface Definitions {
  get(name: string): Node | undefined;
  /** Counts steps, and throws where there are too many. */
  step(steps?: number): void;
}

/** Levels of a value that are looked at; the model's arguments are bounded by what it can write. */
const MAX_DEPTH = 100;

/** JSON in a string. A string that is none is the value itself. */
export const fromJsonText: Back = (value) => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
};

/** Values of an `enum` that were written as strings; case may differ where nothing else is meant by it. */
export const fromTexts = (values: readonly unknown[]): Back => {
  const exact = new Map(values.map((value) => [enumText(value), value]));
  const loose = new Map<string, unknown>();
  for (const [text, value] of exact) {
    const lower = text.toLowerCase();
    loose.set(lower, loose.has(lower) ? undefined : value);
  }
  return (value) => {
    if (typeof value !== 'string') return value;
    if (exact.has(value)) return exact.get(value);
    const meant = loose.get(value.toLowerCase());
    return meant === undefined ? value : meant;
  };
};

/** How a value of an `enum` is written as a string. */
export const enumText = (value: unknown): string => (typeof value === 'string' ? value : canonicalJson(value));

/** A list of `{ key, value }` that stands for an object. */
export const fromEntries =
  (back: Back | undefined): Back =>
  (value) => {
    if (!Array.isArray(value) || !value.every((entry) => isObject(entry) && typeof entry.key === 'string'))
      return value;
    return Object.fromEntries(
      value.map(({ key, value: content }) => [key, back === undefined ? content : back(content)]),
    );
  };

export interface PropertyBack {
  key: string;
  /** Null means that it is absent. */
  nullIsAbsent: boolean;
  back?: Back;
}

/** The properties of an object by the names that the model knows. */
export const fromProperties =
  (properties: ReadonlyMap<string, PropertyBack>, others?: Back): Back =>
  (value) => {
    if (!isObject(value)) return value;
    const entries: [string, unknown][] = [];
    for (const [name, content] of Object.entries(value)) {
      const property = properties.get(name);
      if (property === undefined) entries.push([name, others === undefined ? content : others(content)]);
      else if (content !== null || !property.nullIsAbsent) {
        entries.push([property.key, property.back === undefined ? content : property.back(content)]);
      }
    }
    return Object.fromEntries(entries);
  };

/** The items of a list, the first ones each in their own way. */
export const fromItems =
  (first: readonly (Back | undefined)[], others: Back | undefined): Back =>
  (value) => {
    if (!Array.isArray(value)) return value;
    return value.map((item, index) => {
      const back = index < first.length ? first[index] : others;
      return back === undefined ? item : back(item);
    });
  };

/** The way of the branch that the value fits. */
export const fromBranches =
  (branches: readonly Written[], definitions: Definitions): Back =>
  (value) => {
    const branch = branches.find(({ schema }) => fits(schema, value, definitions));
    return branch?.back === undefined ? value : branch.back(value);
  };

/** One way after the other. */
export const inTurn = (backs: readonly (Back | undefined)[]): Back | undefined => {
  const ways = backs.filter((back) => back !== undefined);
  if (ways.length === 0) return undefined;
  return (value) => ways.reduce((before, back) => back(before), value);
};

/** Whether a value has the form of a schema: enough to tell branches apart, not a validation. */
export const fits = (node: unknown, value: unknown, definitions: Definitions, depth = 0): boolean => {
  definitions.step();
  if (typeof node === 'boolean') return node;
  if (!isObject(node) || depth > MAX_DEPTH) return true;
  if (isNever(node)) return false;
  const below = (child: unknown, content: unknown): boolean => fits(child, content, definitions, depth + 1);
  if (typeof node.$ref === 'string' && !below(definitions.get(node.$ref.slice('#/$defs/'.length)), value)) return false;
  if (node.type !== undefined && ![node.type].flat().some((type) => isOfType(value, String(type)))) return false;
  if (Array.isArray(node.enum)) {
    definitions.step(node.enum.length >> 4);
    if (!node.enum.some((item) => isSame(item, value))) return false;
  }
  if (node.const !== undefined && !isSame(node.const, value)) return false;
  for (const keyword of ['anyOf', 'oneOf']) {
    const branches = node[keyword];
    if (Array.isArray(branches) && !branches.some((branch) => below(branch, value))) return false;
  }
  if (Array.isArray(node.allOf) && !node.allOf.every((branch) => below(branch, value))) return false;
  if (Array.isArray(value)) return value.every((item) => below(node.items, item));
  if (!isObject(value)) return true;
  if (Array.isArray(node.required) && !node.required.every((key) => Object.hasOwn(value, key))) return false;
  const properties = isObject(node.properties) ? node.properties : {};
  return Object.entries(value).every(([key, content]) => {
    if (Object.hasOwn(properties, key)) return below(properties[key], content);
    return node.additionalProperties !== false;
  });
};

const isSame = (a: unknown, b: unknown): boolean => {
  if (typeof a !== 'object' || a === null) return a === b;
  return typeof b === 'object' && b !== null && canonicalJson(a) === canonicalJson(b as JsonObject);
};
