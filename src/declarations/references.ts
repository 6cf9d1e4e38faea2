/** References within one schema: what they mean, and which of them come back to where they began. */
import { pointerStep, pointerSteps } from '../config/places.ts';

/** A place in a schema and what is there. */
export interface Target {
  pointer: string;
  schema: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export interface References {
  /** What a `$ref` or `$dynamicRef` means; undefined for what is elsewhere or nowhere. */
  resolve(reference: unknown): Target | undefined;
  /** Whether `from` is, with nothing around it, also what is at `pointer`: a type that would be its own definition. Beyond 200 000 places that were looked at in all, it counts as one. */
  isWithin(pointer: string, from: Target): boolean;
}

const MAX_ANCHOR_DEPTH = 32;
const MAX_VISITS = 200_000;

export const createReferences = (root: unknown): References => {
  let anchors: Map<string, Target> | undefined;
  let visits = 0;

  const collect = (schema: unknown, pointer: string, found: Map<string, Target>, depth: number): void => {
    if (typeof schema !== 'object' || schema === null || depth > MAX_ANCHOR_DEPTH) return;
    if (isObject(schema)) {
      for (const anchor of [schema.$anchor, schema.$dynamicAnchor]) {
        if (typeof anchor === 'string' && !found.has(anchor)) found.set(anchor, { pointer, schema });
      }
    }
    for (const [key, value] of Object.entries(schema)) collect(value, pointer + pointerStep(key), found, depth + 1);
  };
  const anchored = (name: string): Target | undefined => {
    if (anchors === undefined) {
      anchors = new Map();
      collect(root, '', anchors, 0);
    }
    return anchors.get(name);
  };
  const resolve: References['resolve'] = (reference) => {
    if (typeof reference !== 'string' || !reference.startsWith('#')) return undefined;
    let pointer: string;
    try {
      pointer = decodeURIComponent(reference.slice(1));
    } catch {
      return undefined;
    }
    if (pointer === '') return { pointer, schema: root };
    if (!pointer.startsWith('/')) return anchored(pointer);
    let schema: unknown = root;
    for (const step of pointerSteps(pointer)) {
      if (typeof schema !== 'object' || schema === null || !Object.hasOwn(schema, step)) return undefined;
      schema = (schema as Record<string, unknown>)[step];
    }
    return { pointer, schema };
  };

  const isWithin: References['isWithin'] = (pointer, from) => {
    const seen = new Set<string>();
    const open: unknown[] = [];
    if (visits >= MAX_VISITS) return true;
    const visit = (target: Target | undefined): boolean => {
      visits += 1;
      if (target === undefined || seen.has(target.pointer)) return false;
      if (target.pointer === pointer || visits >= MAX_VISITS) return true;
      seen.add(target.pointer);
      open.push(target.schema);
      return false;
    };
    if (visit(from)) return true;
    while (open.length > 0) {
      const schema = open.pop();
      if (!isObject(schema)) continue;
      if (visit(resolve(schema.$ref)) || visit(resolve(schema.$dynamicRef))) return true;
      for (const members of [schema.anyOf, schema.oneOf, schema.allOf]) {
        if (Array.isArray(members)) open.push(...members.slice(0, 1_000));
      }
    }
    return false;
  };
  return { resolve, isWithin };
};
