/**
 * Schema validation where no code may be generated: browsers, workers, pages with a strict CSP. The limits are those of
 * Node; patterns are not checked, because nothing there can stop one; and each check has a budget instead of a watchdog.
 */
import type { OutputUnit, Schema } from '@cfworker/json-schema';
import type { Problem } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import { failuresOf } from './cfworker-failures.ts';
import { classify, type Usable } from './classify.ts';
import { type Detached, detach } from './detach.ts';
import { isObject } from './document.ts';
import { explain } from './explain.ts';
import { nodesOf } from './measure.ts';
import { createTurns } from './turns.ts';
import type { Check, SchemaRefusal, Validator } from './validator.ts';
import { weaken } from './weaken.ts';

/** Steps of one check: nodes of the schema, each time they are looked at. One takes about 0.15 µs. */
export const MAX_STEPS = 250_000;

/** Above this many steps only the first problem is looked for. */
const MAX_EXPLAINED_STEPS = 20_000;
const STEP_CHARS = 256;
const STEP_PAIRS = 4;

type Library = typeof import('@cfworker/json-schema');

/** Loads its library when the first schema is compiled. Needs no `close`. */
export const createInterpretingValidator = (): Validator => {
  const compiled = new WeakMap<JsonObject, Promise<Check | SchemaRefusal>>();
  const inTurn = createTurns();
  const prepare = async (schema: JsonObject): Promise<Check | SchemaRefusal> => {
    try {
      const classified = await inTurn(() => classify(schema));
      if (classified.kind === 'refused') return { reason: classified.reason };
      const library = await import('@cfworker/json-schema');
      return await inTurn(() => checkWith(library, classified));
    } catch (error) {
      return { reason: `the schema cannot be used: ${error instanceof Error ? error.message : String(error)}` };
    }
  };
  return {
    async compile(schema) {
      if (!isObject(schema)) return prepare(schema);
      const check = compiled.get(schema) ?? prepare(schema);
      compiled.set(schema, check);
      return check;
    },
    async close() {},
  };
};

const checkWith = ({ validate }: Library, usable: Usable): Check => {
  const pieces = weaken(usable);
  const costs = new Map<string, (value: Detached) => number>();
  for (const [name, piece] of pieces) costs.set(name, costOf(piece));
  const root = pieces.get('#') ?? {};
  let left = 0;
  let value = NOTHING;

  const pay = (name: string): JsonObject | undefined => {
    left -= costs.get(name)?.(value) ?? 0;
    if (left < 0) throw new RangeError(`it takes more than ${MAX_STEPS} steps`);
    return pieces.get(name);
  };
  // Every reference and every body of a loop is looked up here, so nothing long can happen unpaid.
  const lookup = new Proxy<Record<string, Schema>>(Object.create(null), { get: (_, name) => pay(String(name)) });

  const run = (steps: number, everything: boolean): OutputUnit[] => {
    left = steps;
    pay('#');
    return validate(value.copy, root as Schema, '2020-12', lookup, !everything).errors;
  };

  return (given) => {
    const detached = detach(given);
    if (detached === undefined) return [unchecked('it is too large, too deep, or not JSON')];
    value = detached;
    try {
      const first = run(MAX_STEPS, false);
      if (first.length === 0) return undefined;
      const cheap = MAX_STEPS - left <= MAX_EXPLAINED_STEPS;
      const errors = cheap ? run(MAX_STEPS, true) : first;
      return explain(failuresOf(errors, pieces, value.copy), given);
    } catch (error) {
      return [unchecked(error instanceof Error ? error.message : String(error))];
    } finally {
      value = NOTHING;
    }
  };
};

const NOTHING: Detached = { copy: undefined, nodes: 0, longest: 0, pairs: 0 };

const unchecked = (reason: string): Problem => ({ path: '', message: `could not be checked: ${reason}` });

/** What one visit of a piece costs, apart from the pieces that it refers to. */
const costOf = (piece: JsonObject): ((value: Detached) => number) => {
  const size = nodesOf(piece);
  const texts = occurrences(piece, ['minLength', 'maxLength']);
  const uniques = occurrences(piece, ['uniqueItems']);
  if (texts + uniques === 0) return () => size;
  return ({ longest, pairs }) => size + (texts * longest) / STEP_CHARS + (uniques * pairs) / STEP_PAIRS;
};

const occurrences = (node: unknown, keywords: string[]): number => {
  if (typeof node !== 'object' || node === null) return 0;
  let count = 0;
  for (const [key, child] of Object.entries(node)) {
    count += (keywords.includes(key) ? 1 : 0) + occurrences(child, keywords);
  }
  return count;
};
