/** The side of the schema worker that runs in the thread, and its source text. */
import type { MessagePort } from 'node:worker_threads';
import type { JsonObject } from '../protocol/types.ts';
import type { Failure } from '../schema/explain.ts';
import { type Compile, type Compiled, createCompile } from './schema-ajv.ts';

/** What the thread is asked to do. Schemas and values travel as JSON text: cheap to copy, and nothing else fits in. */
export type Order =
  | { do: 'compile'; schema: number; text: string; usesUnevaluated: boolean }
  | { do: 'check'; schema: number; text: string }
  | { do: 'forget'; schema: number };

/** What it says: `ready` once, then one answer per `compile` and `check`. */
export type Answer = { ready: true } | { failures?: Failure[]; error?: string };

/** Where the thread finds its libraries. */
export interface ThreadData {
  port: MessagePort;
  ajv: string;
  re2js: string;
}

/** Must not use any name from outside itself, see `threadSource`. */
const runThread = (data: ThreadData, load: (path: string) => unknown, create: typeof createCompile): void => {
  // Above this many characters only the first failure of a value is looked for.
  const LONGEST_EXPLAINED = 64 * 1024;
  const { Ajv2020 } = load(data.ajv) as typeof import('ajv/dist/2020.js');
  const { RE2JS } = load(data.re2js) as typeof import('re2js');

  let patterns = 0;
  // RE2 matches in linear time. What it cannot say (lookaround, back references) is left to the engine of the
  // platform, and to the watchdog outside.
  const matcher = (pattern: string): { test(text: string): boolean } => {
    try {
      return RE2JS.compile(RE2JS.translateRegExp(pattern));
    } catch {
      try {
        return new RegExp(pattern, 'u');
      } catch {
        return new RegExp(pattern);
      }
    }
  };
  const regExp = Object.assign(
    (pattern: string) => {
      const engine = matcher(pattern);
      patterns += 1;
      // ajv keeps patterns under their toString(): two with the same text would be taken for one.
      const unique = `pattern ${patterns}`;
      return { test: (text: string) => engine.test(text), toString: () => unique } as RegExp;
    },
    { code: 'pattern' },
  );

  const compile: Compile = create(Ajv2020, regExp);
  const compiled = new Map<number, Compiled>();
  const obey = (order: Order): Answer | undefined => {
    if (order.do === 'forget') {
      compiled.delete(order.schema);
      return undefined;
    }
    if (order.do === 'compile') {
      compiled.set(order.schema, compile(JSON.parse(order.text) as JsonObject, order.usesUnevaluated));
      return {};
    }
    const schema = compiled.get(order.schema);
    if (schema === undefined) return { error: 'is not known to the worker' };
    const value: unknown = JSON.parse(order.text);
    if (schema.fits(value)) return {};
    return { failures: schema.failures(value, order.text.length <= LONGEST_EXPLAINED) };
  };

  data.port.on('message', (order: Order) => {
    let answer: Answer | undefined;
    try {
      answer = obey(order);
    } catch (error) {
      answer = { error: error instanceof Error ? error.message : String(error) };
    }
    if (answer !== undefined) data.port.postMessage(answer);
  });
  data.port.postMessage({ ready: true } satisfies Answer);
};

/**
 * The program of the worker, as CommonJS for `new Worker(…, { eval: true })`. A worker made from text is found wherever
 * this module is: in `dist`, in a bundle, and when a test runs the TypeScript sources. Nothing of a schema or a value
 * is part of it. `__name` is what some compilers wrap functions in.
 */
export const threadSource = (): string => `'use strict';
const __name = (value) => value;
const createCompile = ${createCompile.toString()};
const runThread = ${runThread.toString()};
runThread(require('node:worker_threads').workerData, require, createCompile);
`;
