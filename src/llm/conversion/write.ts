/** Rewrites a schema from the inside out by the rules of a profile. Each step is exact or says what it loses. */
import { isObject } from '../../schema/document.ts';
import { nodesOf } from '../../schema/measure.ts';
import { fromBranches, fromItems, inTurn, type Written } from './back.ts';
import { writeAnnotations, writeLeaf } from './leaf.ts';
import { isDisjoint, isNever, merge } from './merge.ts';
import { writeObject } from './object.ts';
import type { Pen } from './pen.ts';
import { ANNOTATIONS, type Node } from './read.ts';
import { allTypes, split } from './types-of.ts';
import { sayKeywords, tell } from './words.ts';

/** How often a schema that refers to itself is written out within itself. */
const UNROLLED = 2;
/** Branches that are compared or multiplied; more are told in words. */
const MAX_BRANCHES = 64;

export const writeNode = (given: Node, pen: Pen): Written => {
  pen.count();
  const names = pen.expanded.get(given) ?? [];
  pen.open.push(...names);
  try {
    return writeOpen(given, pen);
  } finally {
    pen.open.length -= names.length;
  }
};

const writeOpen = (given: Node, pen: Pen): Written => {
  let node = given;
  if (node.$ref !== undefined) {
    const kept = writeReference(node, pen);
    if (kept !== undefined) return kept;
    const name = nameIn(node);
    if (pen.open.filter((open) => open === name).length >= UNROLLED || !pen.roomy) {
      pen.note(node, '$ref', 'unroll', 'shape');
      return pen.write(pen.like(given, shallow(pen.source.definitions.get(name) ?? {}, node)));
    }
    pen.open.push(name);
    try {
      return pen.write(resolve(node, pen));
    } finally {
      pen.open.pop();
    }
  }
  if (node.allOf !== undefined && pen.rules.allOf === 'merge') return pen.write(mergeAll(node, pen));
  node = writeOneOf(node, pen);
  if (pen.rules.unionSiblings === false) {
    const distributed = distribute(node, pen);
    if (distributed !== undefined) node = distributed;
  }
  const parts = split(node, pen);
  if (parts !== undefined) {
    pen.note(given, 'type', 'split-types', 'none');
    node = parts;
  }
  return assemble(node, pen);
};

const nameIn = (node: Node): string => String(node.$ref).slice('#/$defs/'.length);

/** A reference that may stay one. */
const writeReference = (node: Node, pen: Pen): Written | undefined => {
  const name = nameIn(node);
  if (pen.rules.refs === 'inline') return undefined;
  const { $ref, ...siblings } = node;
  const asserts = Object.keys(siblings).some((keyword) => !ANNOTATIONS.includes(keyword));
  if (asserts && pen.rules.refs === 'alone') return undefined;
  if (pen.rules.recursion === false && pen.open.includes(name)) {
    pen.note(node, '$ref', 'unroll', 'shape');
    return undefined;
  }
  if (pen.definitions.get(name) === undefined) {
    const placeholder: Written = { schema: {} };
    pen.definitions.set(name, placeholder);
    pen.open.push(name);
    Object.assign(placeholder, pen.write(pen.source.definitions.get(name) ?? {}));
    pen.open.pop();
  }
  const back = (value: unknown): unknown => {
    pen.step();
    const way = pen.definitions.get(name)?.back;
    return way === undefined ? value : way(value);
  };
  if (!asserts) return { schema: { $ref, ...writeAnnotations(siblings, pen) }, back };
  const rest = pen.write(pen.like(node, siblings));
  return { schema: { $ref, ...rest.schema }, back: inTurn([back, rest.back]) };
};

/** What a reference means, with what stands beside it. */
const resolve = (node: Node, pen: Pen): Node => {
  const { $ref: _, ...siblings } = node;
  const target = pen.source.definitions.get(nameIn(node)) ?? {};
  pen.note(node, '$ref', 'inline', 'none');
  if (Object.keys(siblings).length === 0) return target;
  // What is said beside a reference is about this place, and is heard before what is said of all.
  const { title, description, ...rest } = siblings;
  const said = { ...(title !== undefined && { title }), ...(description !== undefined && { description }) };
  if (Object.keys(rest).length === 0) return pen.like(node, { ...target, ...said });
  return pen.like(node, { ...combine([target, rest], node, pen), ...said });
};

/** What is left of a schema that is not written out any further. */
const shallow = (target: Node, { title, description }: Node): Node => {
  const said = { ...(title !== undefined && { title }), ...(description !== undefined && { description }) };
  if (target.type === undefined || allTypes(target).includes('array')) return { ...said };
  return { type: target.type, ...(target.description !== undefined && { description: target.description }), ...said };
};

const combine = (nodes: readonly Node[], at: Node, pen: Pen): Node => {
  let merged: Node = {};
  for (const node of nodes) {
    if (node.$ref !== undefined || node.allOf !== undefined) {
      // Resolved later, together with the rest.
      merged = { ...merged, allOf: [...((merged.allOf as Node[] | undefined) ?? []), node] };
    } else {
      merged = merge(merged, node, (keyword) => pen.note(at, keyword, 'merge', 'weaker'));
      pen.joined(nodesOf(merged));
    }
  }
  return pen.like(at, merged);
};

/** A schema whose `allOf` is part of it. References in it are resolved, each once at most. */
export const mergeAll = (node: Node, pen: Pen): Node => {
  const flat: Node[] = [];
  const written = pen.open.filter((name, index) => pen.open.indexOf(name) !== index);
  const seen = new Set<string>(written);
  const collect = (part: Node): void => {
    pen.count();
    const { allOf, $ref, ...rest } = part;
    if (typeof $ref === 'string') {
      const name = nameIn(part);
      if (seen.has(name) || !pen.roomy) {
        pen.note(node, '$ref', 'unroll', 'shape');
      } else {
        seen.add(name);
        collect(pen.source.definitions.get(name) ?? {});
      }
    }
    if (Object.keys(rest).length > 0) flat.push(rest);
    for (const branch of (allOf as Node[] | undefined) ?? []) collect(branch);
  };
  collect(node);
  pen.note(node, 'allOf', 'merge', 'none');
  let merged = combine(flat, node, pen);
  const settled = !['anyOf', 'oneOf', 'if', 'dependentSchemas'].some((keyword) => merged[keyword] !== undefined);
  if (settled && merged.unevaluatedProperties !== undefined) {
    const { unevaluatedProperties, ...rest } = merged;
    merged = pen.like(node, { additionalProperties: unevaluatedProperties, ...rest });
  }
  pen.expanded.set(
    merged,
    [...seen].filter((name) => !written.includes(name)),
  );
  return merged;
};

const writeOneOf = (node: Node, pen: Pen): Node => {
  if (node.oneOf === undefined || pen.rules.oneOf === 'keep') return node;
  const { oneOf, ...rest } = node;
  if (rest.anyOf !== undefined) {
    pen.note(node, 'oneOf', 'describe', 'hint');
    return pen.like(node, tell(rest, sayKeywords([['oneOf', oneOf]])));
  }
  const branches = (oneOf as Node[]).map((branch) => opened(branch, pen));
  const few = branches.length <= MAX_BRANCHES;
  const exact = few && branches.every((one, at) => branches.slice(at + 1).every((other) => isDisjoint(one, other)));
  pen.note(node, 'oneOf', 'one-of-to-any-of', exact ? 'none' : 'weaker');
  return pen.like(node, { ...rest, anyOf: oneOf });
};

/** What a reference means, one step far: enough to compare it. */
const opened = (node: Node, pen: Pen): Node => {
  if (node.$ref === undefined) return node;
  return { ...(pen.source.definitions.get(nameIn(node)) ?? {}), ...node };
};

/** `A` and one of `B`, `C` is one of `A and B`, `A and C`. Undefined where nothing stands beside the union. */
const distribute = (node: Node, pen: Pen): Node | undefined => {
  if (node.anyOf === undefined) return undefined;
  const { anyOf, title, description, ...rest } = node;
  const said = { ...(title !== undefined && { title }), ...(description !== undefined && { description }) };
  const asserts = Object.keys(rest).filter((keyword) => !ANNOTATIONS.includes(keyword));
  if (asserts.length === 0) return undefined;
  const branches = anyOf as Node[];
  if (branches.length > MAX_BRANCHES) {
    pen.note(node, 'anyOf', 'describe', 'hint');
    return pen.like(node, tell({ ...rest, ...said }, sayKeywords([['anyOf', anyOf]])));
  }
  pen.note(node, 'anyOf', 'distribute', 'none');
  const merged = branches.map((branch) => mergeAll(pen.like(branch, { allOf: [rest, branch] }), pen));
  const possible = merged.filter((branch) => !isNever(branch));
  if (possible.length === 0) return pen.like(node, { not: {}, ...said });
  return pen.like(node, { ...said, anyOf: possible });
};

/** Keywords that are written with objects. */
const OF_OBJECTS = [
  ...['required', 'additionalProperties', 'patternProperties', 'dependentSchemas'],
  ...['propertyNames', 'unevaluatedProperties'],
];

/** The parts of a schema, each rewritten, and what cannot stay told in words. */
const assemble = (node: Node, pen: Pen): Written => {
  const backs: Written['back'][] = [];
  const leaf = writeLeaf(node, pen);
  backs.push(leaf.back);
  if (leaf.done) return { schema: leaf.schema, back: leaf.back };
  let out = leaf.schema;
  const isObjectLike = allTypes(node).includes('object') || node.properties !== undefined;
  // Of any type, and says something about objects and about others.
  const isMixed = !isObjectLike && node.type === undefined && OF_OBJECTS.some((keyword) => node[keyword] !== undefined);
  if (isMixed && pen.rules.closed === true) pen.note(node, 'type', 'drop', 'weaker');
  else if (isObjectLike || isMixed) {
    const object = writeObject(node, out, pen);
    if (object.done) return { schema: object.schema, back: object.back };
    out = object.schema;
    backs.push(object.back);
  }
  if (node.items !== undefined || node.prefixItems !== undefined || (isList(node) && pen.rules.itemsNeeded === true)) {
    const list = writeList(node, out, pen);
    out = list.schema;
    backs.push(list.back);
  }
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    const branches = node[keyword];
    if (!Array.isArray(branches) || !pen.keeps(keyword)) continue;
    const written = branches.map((branch) => pen.write(branch as Node));
    out[keyword] = written.map(({ schema }) => schema);
    if (keyword === 'allOf') backs.push(inTurn(written.map(({ back }) => back)));
    else if (written.some(({ back }) => back !== undefined)) {
      backs.push(fromBranches(written, { get: (name) => pen.definitions.get(name)?.schema, step: pen.step }));
    }
  }
  writeConditions(node, out, pen);
  return { schema: out, back: inTurn(backs) };
};

/** What a value must not be, or must be if: with anything lost in it, such a schema would say more than it did. */
const writeConditions = (node: Node, out: Node, pen: Pen): void => {
  for (const keyword of ['not', 'if', 'then', 'else', 'contains', 'unevaluatedItems']) {
    const child = node[keyword];
    if (!isObject(child) || !pen.keeps(keyword)) continue;
    if ((keyword === 'then' || keyword === 'else') && out.if === undefined) continue;
    if (isNever(child)) {
      out[keyword] = false;
      continue;
    }
    const before = pen.losses;
    const { schema } = pen.write(child);
    if (pen.losses === before || (keyword !== 'not' && keyword !== 'if')) out[keyword] = plainly(schema);
    else pen.note(node, keyword, 'drop', 'weaker');
  }
};

/** `false` for what takes nothing: so it is read again. */
const plainly = (schema: Node): Node | boolean => (isNever(schema) ? false : schema);

const isList = (node: Node): boolean => allTypes(node).includes('array') && node.type !== undefined;

const writeList = (node: Node, given: Node, pen: Pen): Written => {
  const out: Node = { ...given };
  const tuple = Array.isArray(node.prefixItems) ? (node.prefixItems as Node[]) : [];
  const first = tuple.map((item) => pen.write(item));
  const items = isObject(node.items) ? node.items : undefined;
  if (tuple.length === 0 || pen.keeps('prefixItems')) {
    if (tuple.length > 0) out.prefixItems = first.map(({ schema }) => schema);
    if (items === undefined) {
      if (pen.rules.itemsNeeded !== true) return { schema: out, back: fromFirst(first, undefined) };
      pen.note(node, 'items', 'add-items', 'none');
      const any = pen.write({});
      out.items = any.schema;
      return { schema: out, back: fromFirst(first, any.back) };
    }
    const others = isNever(items) ? undefined : pen.write(items);
    out.items = others === undefined ? false : plainly(others.schema);
    return { schema: out, back: fromFirst(first, others?.back) };
  }
  // A list whose places mean different things becomes one in which each item is one of them.
  pen.note(node, 'prefixItems', 'flatten', 'weaker');
  const branches = items === undefined || isNever(items) ? tuple : [...tuple, items];
  const any = branches.length === 1 ? (branches[0] as Node) : pen.like(node, { anyOf: branches });
  const written = pen.write(any);
  out.items = written.schema;
  return { schema: tell(out, sayKeywords([['prefixItems', tuple]])), back: fromFirst([], written.back) };
};

const fromFirst = (first: readonly Written[], others: Written['back']): Written['back'] => {
  if (others === undefined && first.every(({ back }) => back === undefined)) return undefined;
  return fromItems(
    first.map(({ back }) => back),
    others,
  );
};
