/**
 * Schema validation where no code may be generated: browsers, workers, pages with a strict CSP. The limits are those of
 * Node; patterns are not checked, because nothing there can stop one; and each check has a budget instead of a watchdog.
 */
import type { OutputUnit, Schema } from '@cfworker/json-schema';
import type { Problem } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import { failuresOf } from './cfworker-failures.ts';
import { classify, type Usable } from './classify.ts';
import { IN_PLACE, TO_CHILDREN } from './dialect.ts';
import { isObject, type Target } from './document.ts';
import { type Errand, follow } from './errand.ts';
import { explain } from './explain.ts';
import { nodesOf } from './measure.ts';
import { type Survey, survey } from './survey.ts';
import { createTurns } from './turns.ts';
import type { Check, SchemaRefusal, Validator } from './validator.ts';
import { weaken } from './weaken.ts';

/**
 * Steps of one check: the nodes of each part of the schema, each time it is looked at, and what the library adds for each
 * schema. A step takes 0.1 to 0.2 µs before the code is hot.
 */
export const MAX_STEPS = 250_000;

/**
 * The library reads all keys of an object in each schema that it applies to it, and all characters of a string for each
 * limit of its length. Where a value has larger ones than these, steps do not tell the time, and it is limited as well.
 */
const WIDE = 256;
const LONG = 16 * 1024;
const DEMANDING_MS = 25;

/** Everything that is wrong is looked for in smaller values and fewer steps only; else the first problem must do. */
const MAX_EXPLAINED_NODES = 2_000;
const MAX_EXPLAINED_STEPS = 20_000;
const VISIT_STEPS = 20;
const REJECT_STEPS = 60;
const CHILD_STEPS = 4;
const IN_PLACE_STEPS = 20;
const STEP_CHARS = 64;
const STEP_PAIRS = 4;

type Library = typeof import('@cfworker/json-schema');

/** Loads its library when the first schema is compiled. Needs no `close`. */
export const createInterpretingValidator = (): Validator => {
  const compiled = new WeakMap<JsonObject, { check: Promise<Check | SchemaRefusal>; errand: Errand }>();
  const inTurn = createTurns();
  const anybody = {};
  const prepare = async (schema: JsonObject, errand: Errand): Promise<Check | SchemaRefusal> => {
    try {
      const classified = await inTurn(() => classify(schema), errand);
      if (classified.kind === 'refused') return { reason: classified.reason };
      const library = await import('@cfworker/json-schema');
      return await inTurn(() => checkWith(library, classified), errand);
    } catch (error) {
      return { reason: `the schema cannot be used: ${error instanceof Error ? error.message : String(error)}` };
    }
  };
  return {
    async compile(schema, errand = { owner: anybody, urgent: false }) {
      if (!isObject(schema)) return prepare(schema, errand);
      const work = compiled.get(schema) ?? { check: prepare(schema, errand), errand };
      compiled.set(schema, work);
      follow(errand, work.errand);
      return work.check;
    },
    async close() {},
  };
};

const checkWith = ({ validate }: Library, usable: Usable): Check => {
  const pieces = weaken(usable);
  const costs = new Map<string, (subject: Survey) => number>();
  for (const [name, piece] of pieces) costs.set(name, costOf(piece));
  let left = 0;
  let endsAt = 0;
  let subject = NOTHING;

  const pay = (name: string): Target | undefined => {
    left -= costs.get(name)?.(subject) ?? 0;
    if (left < 0) throw new RangeError(`it takes more than ${MAX_STEPS} steps`);
    if (performance.now() > endsAt) throw new RangeError(`it takes longer than ${DEMANDING_MS} ms`);
    return pieces.get(name);
  };
  // Every reference and every body of a loop is looked up here, so nothing long can happen unpaid.
  const lookup = new Proxy<Record<string, Schema | boolean>>(Object.create(null), {
    get: (_, name) => pay(String(name)),
  });

  const run = (steps: number, all: boolean): OutputUnit[] => {
    left = steps;
    const demanding = subject.widest > WIDE || subject.longest > LONG;
    endsAt = demanding ? performance.now() + DEMANDING_MS : Number.POSITIVE_INFINITY;
    return validate(subject.value, pay('#') as Schema, '2020-12', lookup, !all).errors;
  };

  const everything = (first: OutputUnit[]): OutputUnit[] => {
    if (subject.nodes > MAX_EXPLAINED_NODES) return first;
    try {
      return run(MAX_EXPLAINED_STEPS, true);
    } catch {
      return first;
    }
  };

  return (given) => {
    const surveyed = survey(given);
    if (surveyed === undefined) return [unchecked('it is too large, too deep, or not JSON')];
    subject = surveyed;
    try {
      const first = run(MAX_STEPS, false);
      if (first.length === 0) return undefined;
      return explain(failuresOf(everything(first), pieces, subject.value), given);
    } catch (error) {
      return [unchecked(error instanceof Error ? error.message : String(error))];
    } finally {
      subject = NOTHING;
    }
  };
};

const NOTHING: Survey = { value: undefined, nodes: 0, longest: 0, widest: 0, pairs: 0 };

const unchecked = (reason: string): Problem => ({ path: '', message: `could not be checked: ${reason}` });

/** What one visit of a piece costs, apart from the pieces that it refers to. */
const costOf = (piece: Target): ((subject: Survey) => number) => {
  if (piece === false) return () => REJECT_STEPS;
  const size = VISIT_STEPS + nodesOf(piece) + overheadOf(piece);
  const texts = occurrences(piece, ['minLength', 'maxLength']);
  const uniques = occurrences(piece, ['uniqueItems']);
  if (texts + uniques === 0) return () => size;
  return ({ longest, pairs }) => size + (texts * Math.min(longest, LONG)) / STEP_CHARS + (uniques * pairs) / STEP_PAIRS;
};

const overheadOf = (node: unknown): number => {
  if (!isObject(node)) return 0;
  let steps = 0;
  for (const [keyword, shape] of [...IN_PLACE, ...TO_CHILDREN]) {
    if (node[keyword] === undefined) continue;
    const children: unknown[] = shape === 'one' ? [node[keyword]] : Object.values(node[keyword] as object);
    for (const child of children) steps += overheadOf(child) + (IN_PLACE.has(keyword) ? IN_PLACE_STEPS : CHILD_STEPS);
  }
  return steps;
};

const occurrences = (node: unknown, keywords: string[]): number => {
  if (typeof node !== 'object' || node === null) return 0;
  let count = 0;
  for (const [key, child] of Object.entries(node)) {
    count += (keywords.includes(key) ? 1 : 0) + occurrences(child, keywords);
  }
  return count;
};
