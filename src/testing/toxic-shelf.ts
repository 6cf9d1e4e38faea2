/** The toxics of one proxy: which ones there are now, and who has to hear of it when that changes. */
import { ToolwayError } from '../errors.ts';
import type { Direction, HttpToxic, LinkToxic, MessageToxic, Toxic } from './toxics.ts';

/** A toxic that was added. */
export interface AddedToxic<T extends Toxic = Toxic> {
  readonly name: string;
  readonly toxic: T;
  readonly stream: Direction;
  readonly toxicity: number;
  /** Requests that it may still be applied to. */
  left: number;
}

/** Told of each change, after it. */
export interface ShelfListener {
  added?(entry: AddedToxic): void | Promise<void>;
  removed?(entry: AddedToxic): void | Promise<void>;
}

/** What a test may do to the links of a proxy, at any time. */
export interface ToxicShelf {
  /** Resolves to its name when it is in force, for connections that are open as well. Throws `invalid_config` when it makes no sense here. */
  add(toxic: Toxic): Promise<string>;
  /** Resolves when it is gone; false where there was none of that name. */
  remove(name: string): Promise<boolean>;
  /** Removes all of them. */
  clear(): Promise<void>;
  /** Those in force, in the order in which data pass through them. */
  toxics(): Toxic[];
}

export interface OwnShelf extends ToxicShelf {
  readonly entries: readonly AddedToxic[];
  listen(listener: ShelfListener): () => void;
}

/** Numbers that cannot be below zero, by type. */
const AMOUNTS: Record<Toxic['type'], readonly string[]> = {
  latency: ['latencyMs', 'jitterMs'],
  bandwidth: ['bytesPerSecond'],
  slow_close: ['delayMs'],
  timeout: ['timeoutMs'],
  reset_peer: ['timeoutMs'],
  slicer: ['averageSize', 'sizeVariation', 'delayMs'],
  limit_data: ['bytes'],
  down: [],
  duplicate: [],
  reorder: ['of', 'withinMs'],
  status: ['status'],
  headers: [],
  cut: ['afterBytes', 'inEvent'],
};
const REQUIRED: Partial<Record<Toxic['type'], string>> = {
  latency: 'latencyMs',
  bandwidth: 'bytesPerSecond',
  slow_close: 'delayMs',
  timeout: 'timeoutMs',
  limit_data: 'bytes',
  status: 'status',
  headers: 'headers',
};

/** The types for bytes, for messages, and for HTTP alone. */
export const LINK_TYPES: readonly LinkToxic['type'][] = [
  'latency',
  'bandwidth',
  'slow_close',
  'timeout',
  'reset_peer',
  'slicer',
  'limit_data',
  'down',
];
export const MESSAGE_TYPES: readonly MessageToxic['type'][] = ['duplicate', 'reorder'];
export const HTTP_TYPES: readonly HttpToxic['type'][] = ['status', 'headers', 'cut'];

/** `types` are those that this kind of link can have. */
export const createToxicShelf = (types: readonly Toxic['type'][], kind: string): OwnShelf => {
  const entries: AddedToxic[] = [];
  const listeners = new Set<ShelfListener>();
  let count = 0;

  const check = (toxic: Toxic): void => {
    const { type, name, toxicity = 1 } = toxic;
    const fail = (why: string): never => {
      throw new ToolwayError('invalid_config', `toxic ${JSON.stringify(name ?? type)}: ${why}`);
    };
    const given = toxic as unknown as Record<string, unknown>;
    if (!(type in AMOUNTS)) fail(`there is none of type ${JSON.stringify(type)}`);
    if (!types.includes(type)) fail(`${kind} cannot have one of type "${type}"`);
    if (!(toxicity >= 0 && toxicity <= 1)) fail('toxicity must be from 0 to 1');
    const needed = REQUIRED[type];
    if (needed !== undefined && given[needed] === undefined) fail(`${needed} is missing`);
    for (const amount of AMOUNTS[type]) {
      const value = given[amount];
      if (value !== undefined && !(typeof value === 'number' && value >= 0)) fail(`${amount} must be 0 or more`);
    }
    for (const atLeastOne of ['bytesPerSecond', 'averageSize', 'of', 'inEvent'])
      if (Number(given[atLeastOne] ?? 1) < 1) fail(`${atLeastOne} must be 1 or more`);
    if (entries.some((entry) => entry.name === name)) fail('the name is taken');
  };

  const shelf: OwnShelf = {
    entries,
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async add(toxic) {
      check(toxic);
      count += 1;
      const entry: AddedToxic = {
        name: toxic.name ?? `${toxic.type}_${count}`,
        toxic,
        stream: toxic.stream ?? (toxic.type === 'status' ? 'upstream' : 'downstream'),
        toxicity: toxic.toxicity ?? 1,
        left: ('times' in toxic ? toxic.times : undefined) ?? Number.POSITIVE_INFINITY,
      };
      entries.push(entry);
      await Promise.all([...listeners].map((listener) => listener.added?.(entry)));
      return entry.name;
    },
    async remove(name) {
      const at = entries.findIndex((entry) => entry.name === name);
      const [entry] = at < 0 ? [] : entries.splice(at, 1);
      if (entry === undefined) return false;
      await Promise.all([...listeners].map((listener) => listener.removed?.(entry)));
      return true;
    },
    async clear() {
      for (const { name } of [...entries]) await shelf.remove(name);
    },
    toxics: () => entries.map(({ toxic }) => toxic),
  };
  return shelf;
};
