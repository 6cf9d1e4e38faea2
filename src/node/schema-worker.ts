/**
 * One thread for schemas that may take forever. Everything it does is watched: what takes too long, or ends the thread,
 * condemns the schema that was worked on, and the rest goes on in a fresh thread.
 */
import { createRequire } from 'node:module';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { JsonObject } from '../protocol/types.ts';
import type { Errand } from '../schema/errand.ts';
import type { Failure } from '../schema/explain.ts';
import { createLine } from '../schema/line.ts';
import { type Answer, type Order, type ThreadData, threadSource } from './schema-worker-thread.ts';

/** How long one compilation or one check may take. */
export const WATCHDOG_MS = 250;

/** How long the watchdog waits for a thread that the machine gives no time to work. */
const LONGEST_MS = 4 * WATCHDOG_MS;
/** A thread that had less than this part of its time on a processor, all of the process counted, was starved. */
const STARVED = 0.8;
const START_MS = 10_000;
const MEMORY_MB = 256;
const KEPT_SCHEMAS = 256;

/** A schema that lives in the worker. */
export interface WorkerSchema {
  readonly id: number;
  readonly text: string;
  readonly usesUnevaluated: boolean;
  /** Who has it checked: each owner has its turn. */
  readonly owner: object;
  /** Why it is not used any more. */
  condemned?: string;
  /** Whether a check has come to an end, which puts it before schemas that nobody knows. */
  proven: boolean;
}

/** What came out of a check: nothing wrong, failures, or no answer. */
export type CheckOutcome = { failures?: Failure[] } | { reason: string };

export interface SchemaWorker {
  admit(schema: JsonObject, facts: Pick<WorkerSchema, 'usesUnevaluated' | 'owner'>): WorkerSchema;
  /** Resolves with the reason when the schema cannot be used. */
  compile(schema: WorkerSchema, errand: Errand): Promise<string | undefined>;
  /** Checks a value that is given as JSON text; somebody waits for that. */
  check(schema: WorkerSchema, text: string): Promise<CheckOutcome>;
  close(): Promise<void>;
}

interface Job {
  schema: WorkerSchema;
  errand: Errand;
  /** The value to check; without one, the schema is only compiled. */
  text?: string;
  done(outcome: CheckOutcome): void;
}

interface Thread {
  worker: Worker;
  port: MessagePort;
  ready: boolean;
  known: Set<WorkerSchema>;
}

const noThread = (reason: string): string => `it needs a worker thread, which could not be started: ${reason}`;

/** Starts no thread before the first schema is compiled. The thread never keeps the process alive, work in it does. */
export const createSchemaWorker = (): SchemaWorker => {
  const line = createLine<Job>();
  let thread: Thread | undefined;
  let current: Job | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed: string | undefined;
  let lastId = 0;

  const start = (): void => {
    try {
      const { resolve } = createRequire(import.meta.url);
      const { port1, port2 } = new MessageChannel();
      const workerData: ThreadData = { port: port2, ajv: resolve('ajv/dist/2020.js'), re2js: resolve('re2js') };
      const worker = new Worker(threadSource(), {
        eval: true,
        name: 'toolway-schemas',
        workerData,
        transferList: [port2],
        env: {},
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
      });
      const own: Thread = { worker, port: port1, ready: false, known: new Set() };
      thread = own;
      port1.on('message', (answer: Answer) => thread === own && hear(answer));
      worker.on('error', (error) => thread === own && lose(error.message));
      worker.on('exit', (code) => thread === own && lose(`exit code ${code}`));
      watch(START_MS, START_MS, 'did not start');
    } catch (error) {
      giveUp(noThread(error instanceof Error ? error.message : String(error)));
    }
  };

  const watch = (ms: number, longestMs: number, reason: string): void => {
    clearTimeout(timer);
    const own = thread;
    const began = performance.now();
    const cpu = process.cpuUsage();
    const look = (): void => {
      // The answer may wait in the port while this thread was busy with other things.
      const waiting = own === undefined ? undefined : receiveMessageOnPort(own.port);
      const { user, system } = process.cpuUsage(cpu);
      const starved = (user + system) / 1_000 < ms * STARVED && performance.now() - began < longestMs;
      if (waiting !== undefined) hear(waiting.message as Answer);
      else if (starved) timer = setTimeout(look, ms / 5);
      else lose(reason);
    };
    timer = setTimeout(look, ms);
  };

  const hear = (answer: Answer): void => {
    clearTimeout(timer);
    if (thread === undefined) return;
    if ('ready' in answer) thread.ready = true;
    else if (current !== undefined) settle(current, answer, thread);
    next();
  };

  const settle = (job: Job, answer: Exclude<Answer, { ready: true }>, own: Thread): void => {
    current = undefined;
    const { schema, text } = job;
    const compiled = own.known.has(schema);
    if (!compiled && answer.error === undefined) remember(own, schema);
    if (!compiled && answer.error !== undefined) schema.condemned = answer.error;
    else if (!compiled && text !== undefined) {
      line.add(job, job.errand, { isQuick: schema.proven, isNext: true });
      return;
    } else if (text !== undefined) schema.proven = true;
    job.done(answer.error === undefined ? answer : { reason: answer.error });
  };

  const remember = ({ known, port }: Thread, schema: WorkerSchema): void => {
    known.add(schema);
    const [oldest] = known;
    if (known.size <= KEPT_SCHEMAS || oldest === undefined) return;
    known.delete(oldest);
    port.postMessage({ do: 'forget', schema: oldest.id } satisfies Order);
  };

  const lose = (reason: string): void => {
    const lost = thread;
    const job = current;
    void discard();
    if (job !== undefined) {
      job.schema.condemned = reason;
      job.done({ reason });
    } else if (lost?.ready === false) giveUp(noThread(reason));
    next();
  };

  const discard = (): Promise<unknown> => {
    clearTimeout(timer);
    const lost = thread;
    thread = undefined;
    current = undefined;
    lost?.port.close();
    return lost?.worker.terminate() ?? Promise.resolve();
  };

  const giveUp = (reason: string): void => {
    for (let job = line.take(); job !== undefined; job = line.take()) job.done({ reason });
  };

  /** The next job; those of schemas that are not used any more are told so when it is their turn. */
  const taken = (): Job | undefined => {
    for (let job = line.take(); job !== undefined; job = line.take()) {
      const reason = job.schema.condemned;
      if (reason === undefined) return job;
      job.done({ reason });
    }
    return undefined;
  };

  const next = (): void => {
    if (current !== undefined) return;
    if (line.size > 0 && thread === undefined) start();
    hold(line.size > 0);
    if (thread === undefined || !thread.ready) return;
    current = taken();
    hold(current !== undefined);
    if (current === undefined) return;
    const { schema, text } = current;
    const order: Order =
      thread.known.has(schema) && text !== undefined
        ? { do: 'check', schema: schema.id, text }
        : { do: 'compile', schema: schema.id, text: schema.text, usesUnevaluated: schema.usesUnevaluated };
    watch(WATCHDOG_MS, LONGEST_MS, `took longer than ${WATCHDOG_MS} ms`);
    thread.port.postMessage(order);
  };

  const hold = (busy: boolean): void => {
    if (thread === undefined) return;
    for (const held of [thread.worker, thread.port]) busy ? held.ref() : held.unref();
  };

  const run = (schema: WorkerSchema, errand: Errand, text?: string): Promise<CheckOutcome> =>
    new Promise((done) => {
      const reason = closed ?? schema.condemned;
      if (reason !== undefined) return done({ reason });
      const job = text === undefined ? { schema, errand, done } : { schema, errand, text, done };
      line.add(job, errand, { isQuick: schema.proven });
      if (thread !== undefined) hold(true);
      next();
    });

  return {
    admit(schema, facts) {
      lastId += 1;
      return { ...facts, id: lastId, text: JSON.stringify(schema), proven: false };
    },
    async compile(schema, errand) {
      const outcome = await run(schema, errand);
      return 'reason' in outcome ? outcome.reason : undefined;
    },
    check: (schema, text) => run(schema, { owner: schema.owner, urgent: true }, text),
    async close() {
      const job = current;
      const ended = discard();
      closed = 'the validator is closed';
      job?.done({ reason: closed });
      giveUp(closed);
      await ended;
    },
  };
};
