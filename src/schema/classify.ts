/** Decides, before any engine sees it, what may be done with a schema that a server sent. */
import { ToolwayError } from '../errors.ts';
import { isObject } from './document.ts';
import { measureJson, type Price } from './measure.ts';
import { type Normalized, normalize, type Unit } from './normalize.ts';

/** Characters of a schema's JSON text. */
export const MAX_SCHEMA_CHARS = 256 * 1024;

/**
 * The largest schema, in nodes of JSON, that is compiled on the calling thread. ajv without its optimizer takes
 * 23–26 µs per node on the 2-core machine of the measurements (100 flat properties, 350 nodes: 8 ms), so this is
 * 10 ms, a fifth of the 50 ms that a stall may last.
 */
export const MAX_COMPILED_SIZE = 400;

/** The largest schema, counted with every reference written out, whose checks stay on the calling thread. */
const MAX_EXPANDED_SIZE = 10_000;

/** References in a row that stay on the calling thread; each is a frame of the stack. */
const MAX_CHAIN = 50;
/** Levels of JSON in a schema, including what it only quotes. */
export const MAX_SCHEMA_JSON_DEPTH = 128;

/** A schema that may be used. */
export interface Usable extends Normalized {
  /**
   * `simple`: compiled and checked on the calling thread. `careful`: only where it can be stopped, because it has
   * patterns, refers to itself, or is large.
   */
  kind: 'simple' | 'careful';
  /** What one check costs at most, per node of the value. */
  price: Price;
}

export type Classified = Usable | { kind: 'refused'; reason: string };

/** Reads an untrusted schema once, within bounds. Never throws. */
export const classify = (schema: unknown): Classified => {
  if (!isObject(schema)) return refused(`is ${describe(schema)}, not an object`);
  const measured = measureJson(schema, MAX_SCHEMA_CHARS, MAX_SCHEMA_JSON_DEPTH);
  if ('reason' in measured) return refused(measured.reason);
  try {
    const normalized = normalize(schema);
    const costs = costsOf(normalized.units);
    if (costs.endless) return refused('refers to itself without end');
    const size = normalized.units.reduce((sum, unit) => sum + unit.size, 0);
    const small = size <= MAX_COMPILED_SIZE && costs.size <= MAX_EXPANDED_SIZE && costs.chain <= MAX_CHAIN;
    const kind = small && !normalized.hasPatterns && !costs.cyclic ? 'simple' : 'careful';
    return { ...normalized, kind, price: { node: costs.size, text: costs.texts, reach: costs.reach } };
  } catch (error) {
    return refused(error instanceof ToolwayError ? error.message : String(error));
  }
};

const refused = (reason: string): Classified => ({ kind: 'refused', reason: `the schema ${reason}`.slice(0, 500) });

const describe = (value: unknown): string => {
  if (value === null || typeof value !== 'object') return value === undefined ? 'missing' : String(value).slice(0, 40);
  return 'an array';
};

interface Cost {
  size: number;
  texts: number;
  reach: number;
  chain: number;
}

/** Adds up what the root costs with all references written out; infinite when it refers to itself. */
const costsOf = (units: Unit[]): Cost & { cyclic: boolean; endless: boolean } => {
  const done = new Map<number, Cost>();
  const open = new Set<number>();
  const inPlace = new Set<number>();
  const settled = new Set<number>();
  let cyclic = false;
  let endless = false;

  const cost = (index: number): Cost => {
    const known = done.get(index);
    if (known !== undefined) return known;
    if (open.has(index)) {
      cyclic = true;
      return { size: Infinity, texts: Infinity, reach: Infinity, chain: Infinity };
    }
    open.add(index);
    const { size, texts, reach, references } = units[index] as Unit;
    const total: Cost = { size, texts, reach, chain: 1 };
    for (const { to, level } of references) {
      const other = cost(to);
      total.size += other.size;
      total.texts += other.texts;
      total.reach = Math.max(total.reach, level + other.reach);
      total.chain = Math.max(total.chain, 1 + other.chain);
    }
    open.delete(index);
    done.set(index, total);
    return total;
  };
  const walkInPlace = (index: number): void => {
    if (settled.has(index)) return;
    if (inPlace.has(index)) {
      endless = true;
      return;
    }
    inPlace.add(index);
    for (const { to, level } of units[index]?.references ?? []) if (level === 0) walkInPlace(to);
    inPlace.delete(index);
    settled.add(index);
  };

  const total = cost(0);
  for (let index = 0; index < units.length; index += 1) walkInPlace(index);
  return { ...total, cyclic, endless };
};
