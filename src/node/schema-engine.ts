/** Schema validation in Node: ajv on the calling thread for schemas that cannot hurt, in a watched worker for all others. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical.ts';
import type { Problem } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import { classify, MAX_SCHEMA_CHARS, MAX_SCHEMA_JSON_DEPTH, type Usable } from '../schema/classify.ts';
import { isObject } from '../schema/document.ts';
import { type Errand, follow } from '../schema/errand.ts';
import { explain } from '../schema/explain.ts';
import { measureJson, type Price, spend } from '../schema/measure.ts';
import { createTurns } from '../schema/turns.ts';
import type { Check, SchemaRefusal, Validator } from '../schema/validator.ts';
import { type Compile, createCompile } from './schema-ajv.ts';
import { createSchemaWorker, type SchemaWorker, type WorkerSchema } from './schema-worker.ts';

/**
 * What one check may cost on the calling thread: nodes of the schema times nodes of the value that it looks at. ajv
 * takes 5–10 ns for each, a few times more before the code is hot.
 */
export const MAX_WORK = 1_000_000;
/** Largest value that the worker is given: nodes, and characters of strings (one message has at most 10 MiB). */
export const MAX_VALUE_NODES = 500_000;
export const MAX_VALUE_CHARS = 12 * 1024 * 1024;

/** What listing everything that is wrong may cost; above it, the first problem must do. */
const MAX_EXPLAINED_WORK = 100_000;
const KEPT_SCHEMAS = 2_048;

/** A schema that was compiled or refused; a later failure of its check refuses it too. */
interface Entry {
  check?: Check;
  refusal?: SchemaRefusal;
}

/** The making of an entry, and the errand on which it is made. */
interface Work {
  entry: Promise<Entry>;
  errand: Errand;
}

/** Loads ajv and starts the worker when they are first needed. The same schema, or an equal one, is compiled once. */
export const createAjvValidator = (): Validator => {
  const worker = createSchemaWorker();
  const bySchema = new WeakMap<JsonObject, Work>();
  const byContent = new Map<string, Work>();
  const inTurn = createTurns();
  const anybody = {};
  let compiler: Promise<Compile> | undefined;

  const prepare = async (schema: JsonObject, errand: Errand): Promise<Entry> => {
    const classified = await inTurn(() => classify(schema), errand);
    if (classified.kind === 'refused') return { refusal: { reason: classified.reason } };
    if (classified.kind === 'careful') return carefulEntry(classified, worker, errand);
    compiler ??= loadCompiler();
    const compile = await compiler;
    return { check: await inTurn(() => simpleCheck(classified, compile, worker, errand.owner), errand) };
  };

  const find = async (schema: JsonObject, errand: Errand): Promise<Entry> => {
    try {
      const key = await inTurn(() => contentOf(schema), errand);
      if (typeof key !== 'string') return { refusal: key };
      const work = byContent.get(key) ?? { entry: prepare(schema, errand), errand };
      follow(errand, work.errand);
      byContent.delete(key);
      byContent.set(key, work);
      const [oldest] = byContent.keys();
      if (byContent.size > KEPT_SCHEMAS && oldest !== undefined) byContent.delete(oldest);
      return await work.entry;
    } catch (error) {
      return { refusal: { reason: `the schema cannot be compiled: ${messageOf(error)}` } };
    }
  };

  return {
    async compile(schema, errand = { owner: anybody, urgent: false }) {
      const work = bySchema.get(schema) ?? { entry: find(schema, errand), errand };
      if (isObject(schema)) bySchema.set(schema, work);
      follow(errand, work.errand);
      const { check, refusal } = await work.entry;
      return refusal ?? check ?? { reason: 'the schema was not compiled' };
    },
    async close() {
      byContent.clear();
      await worker.close();
    },
  };
};

/** Loads what the first schema needs. */
export const loadAjv = () => import('ajv/dist/2020.js');

const loadCompiler = async (): Promise<Compile> => {
  const { Ajv2020 } = await loadAjv();
  return createCompile(Ajv2020, undefined);
};

const contentOf = (schema: JsonObject): string | SchemaRefusal => {
  const measured = measureJson(schema, MAX_SCHEMA_CHARS, MAX_SCHEMA_JSON_DEPTH);
  if ('reason' in measured) return { reason: `the schema ${measured.reason}` };
  return createHash('sha256').update(canonicalJson(schema)).digest('base64');
};

const simpleCheck = (usable: Usable, compile: Compile, worker: SchemaWorker, owner: object): Check => {
  const compiled = compile(usable.schema, usable.usesUnevaluated);
  const { price } = usable;
  let remote: Check | undefined;
  return (value) => {
    const left = spend(value, price, MAX_WORK);
    if (left < 0) {
      remote ??= workerCheck(worker, {}, admitted(usable, worker, owner));
      return remote(value);
    }
    if (compiled.fits(value)) return undefined;
    return explain(compiled.failures(value, MAX_WORK - left <= MAX_EXPLAINED_WORK), value);
  };
};

const carefulEntry = async (usable: Usable, worker: SchemaWorker, errand: Errand): Promise<Entry> => {
  const entry: Entry = {};
  const schema = admitted(usable, worker, errand.owner);
  const reason = await worker.compile(schema, errand);
  if (reason !== undefined) return { refusal: { reason: `the schema cannot be compiled: ${reason}` } };
  entry.check = workerCheck(worker, entry, schema);
  return entry;
};

const admitted = ({ schema, usesUnevaluated }: Usable, worker: SchemaWorker, owner: object): WorkerSchema =>
  worker.admit(schema, { usesUnevaluated, owner });

const WHOLE_VALUE: Price = { node: 1, text: 0, reach: Number.POSITIVE_INFINITY };

/** Checks that leave the thread. A value that could not be checked does not pass. */
const workerCheck = (worker: SchemaWorker, entry: Entry, resident: WorkerSchema): Check => {
  return async (value) => {
    const text = textOf(value);
    if (typeof text !== 'string') return [text];
    const outcome = await worker.check(resident, text);
    if (resident.condemned !== undefined)
      entry.refusal = { reason: `checking against the schema ${resident.condemned}` };
    if ('reason' in outcome) return [unchecked(outcome.reason)];
    return outcome.failures && explain(outcome.failures, value);
  };
};

const unchecked = (reason: string): Problem => ({ path: '', message: `could not be checked: ${reason}` });

const textOf = (value: unknown): string | Problem => {
  if (spend(value, WHOLE_VALUE, MAX_VALUE_NODES) < 0) {
    return unchecked(`it has more than ${MAX_VALUE_NODES} values, or is nested too deeply`);
  }
  try {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) return unchecked('it is not JSON');
    return text.length > MAX_VALUE_CHARS ? unchecked(`it has more than ${MAX_VALUE_CHARS} characters`) : text;
  } catch (error) {
    return unchecked(messageOf(error));
  }
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
