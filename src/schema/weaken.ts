/**
 * What is left of a normalized schema when nothing with a pattern is checked. The result accepts everything that the
 * schema accepts: where a weaker part would make the whole stricter (below `not`, `oneOf`, `if`, or beside
 * `additionalProperties`), the whole is given up.
 */
import type { JsonObject } from '../protocol/types.ts';
import { IN_PLACE, TO_CHILDREN } from './dialect.ts';
import { isObject, type Target } from './document.ts';
import type { Normalized, Unit } from './normalize.ts';

/** Keywords that apply one schema to any number of items or properties. */
const LOOPS = new Set([
  'items',
  'unevaluatedItems',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'propertyNames',
]);

const NOT_JUDGED = ['pattern', 'patternProperties', 'unevaluatedProperties', 'unevaluatedItems'];

/** A schema in pieces: `#` is the root, all others are reached by `$ref`, and so is every body of a loop or a list. */
export type Pieces = Map<string, Target>;

/** The pieces that accept everything, and nothing. */
const ALWAYS = '#always';
export const NEVER = '#never';

/** Splits a normalized schema into pieces, without its patterns. */
export const weaken = ({ schema, units, hasPatterns }: Normalized): Pieces => {
  const { $defs, ...root } = schema;
  const definitions = Object.entries(($defs ?? {}) as Record<string, Target>);
  const tainted = hasPatterns ? taintedOf(units) : new Set<string>();
  const pieces: Pieces = new Map([
    [ALWAYS, true],
    [NEVER, false],
  ]);
  const loses = (part: unknown): boolean => [part].flat().some((node) => mentions(node, tainted));

  const weak = (node: Target): Target => {
    if (!isObject(node)) return node;
    const out: JsonObject = {};
    for (const [keyword, value] of Object.entries(node)) {
      if (keyword === 'pattern' || keyword === 'patternProperties') continue;
      const shape = IN_PLACE.get(keyword) ?? TO_CHILDREN.get(keyword);
      if (shape === 'list') out[keyword] = (value as Target[]).map((child) => apart(weak(child)));
      else if (shape === 'map') out[keyword] = mapped(value as Record<string, Target>, weak);
      else if (shape === 'one')
        out[keyword] = LOOPS.has(keyword) ? apart(weak(value as Target)) : weak(value as Target);
      else out[keyword] = value;
    }
    if (hasPatterns) giveUp(node, out);
    return out;
  };

  const giveUp = (node: JsonObject, out: JsonObject): void => {
    if (node.patternProperties !== undefined) delete out.additionalProperties;
    delete out.unevaluatedProperties;
    delete out.unevaluatedItems;
    if (loses(node.not)) delete out.not;
    if (loses(node.contains)) delete out.maxContains;
    if (loses(node.if)) for (const keyword of ['if', 'then', 'else']) delete out[keyword];
    if (!loses(node.oneOf)) return;
    out.allOf = [...((out.allOf as Target[]) ?? []), { anyOf: out.oneOf }];
    delete out.oneOf;
  };

  const apart = (node: Target): Target => {
    if (!isObject(node)) return { $ref: node ? ALWAYS : NEVER };
    if (typeof node.$ref === 'string') return node;
    const name = `#part/${pieces.size}`;
    pieces.set(name, node);
    return { $ref: name };
  };

  for (const [number, definition] of definitions) pieces.set(`#/$defs/${number}`, weak(definition));
  pieces.set('#', weak(root));
  return pieces;
};

const mapped = (map: Record<string, Target>, change: (node: Target) => Target): JsonObject => {
  const out: JsonObject = Object.create(null);
  for (const [key, node] of Object.entries(map)) out[key] = change(node);
  return out;
};

/** References to the definitions from which something can be reached that is not judged. */
const taintedOf = (units: Unit[]): Set<string> => {
  const users = units.map((): number[] => []);
  for (const [index, { references }] of units.entries()) for (const { to } of references) users[to]?.push(index);
  const tainted = new Set<number>();
  const pending = units.flatMap(({ partial }, index) => (partial ? [index] : []));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (tainted.has(next)) continue;
    tainted.add(next);
    pending.push(...(users[next] ?? []));
  }
  return new Set([...tainted].map((index) => `#/$defs/${index - 1}`));
};

const mentions = (node: unknown, tainted: Set<string>): boolean => {
  if (!isObject(node)) return false;
  if (NOT_JUDGED.some((keyword) => node[keyword] !== undefined)) return true;
  if (typeof node.$ref === 'string' && tainted.has(node.$ref)) return true;
  return [...IN_PLACE, ...TO_CHILDREN].some(([keyword, shape]) => {
    const value = node[keyword];
    if (value === undefined) return false;
    return shape === 'one'
      ? mentions(value, tainted)
      : Object.values(value as object).some((n) => mentions(n, tainted));
  });
};
