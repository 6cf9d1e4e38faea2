/** The thread in which a program of a model runs. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { openEngine } from '../llm/code/engine.ts';
import { prelude } from '../llm/code/prelude.ts';
import type { GuestProgram, Turn } from '../llm/code/sandbox.ts';

/** What the thread is given. */
interface ThreadData {
  /** The URL of quickjs-wasi. */
  engine: string;
  wasm: WebAssembly.Module;
  program: GuestProgram;
  /** Where answers come and turns go. */
  port: MessagePort;
  /** How many answers came so far; one more wakes the thread. */
  count: SharedArrayBuffer;
  awakeMs: number;
}

/** What the thread itself may take beside the memory of the engine. */
const HEAP_MB = 96;
const STACK_MB = 4;
/** What the engine may take of that stack: it has to see the end of its own before the thread sees that of its. */
const ENGINE_STACK_BYTES = 256 * 1024;

/**
 * A thread that sleeps is awake some 50 microseconds after it was called, and both sides sleep once in a call: more
 * than all else that a call costs. Where the other side was last heard within this time, and there is a second core,
 * each looks for what it waits for as long before it sleeps; the calling thread does what else it has to do meanwhile.
 */
const AWAKE_MS = 0.2;

/** A thread with a program. Its turns, but for the one that says that it could not begin, go to who started it. */
export interface CodeThread {
  worker: Worker;
  answer(text: string): void;
}

/** What all threads have in common. */
export interface ThreadParts {
  start(program: GuestProgram, hear: (turn: Turn) => void): CodeThread;
}

/** Finds the engine and compiles it. Rejects where it cannot be found. */
export const threadParts = async (): Promise<ThreadParts> => {
  const { resolve } = createRequire(import.meta.url);
  const wasm = await WebAssembly.compile(await readFile(resolve('quickjs-wasi/quickjs.wasm')));
  const engine = pathToFileURL(resolve('quickjs-wasi')).href;
  const source = threadSource();
  const awakeMs = availableParallelism() > 1 ? AWAKE_MS : 0;
  return {
    start(program, hear) {
      const { port1: port, port2 } = new MessageChannel();
      const count = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
      const workerData: ThreadData = { engine, wasm, program, port: port2, count, awakeMs };
      const worker = new Worker(source, {
        eval: true,
        name: 'toolway-code',
        workerData,
        transferList: [port2],
        env: {},
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, stackSizeMb: STACK_MB },
      });
      return { worker, answer: converse(port, count, awakeMs, hear) };
    },
  };
};

/** Hears the turns of a thread; gives what hands it an answer. */
const converse = (
  port: MessagePort,
  count: SharedArrayBuffer,
  awakeMs: number,
  hear: (turn: Turn) => void,
): CodeThread['answer'] => {
  const counter = new Int32Array(count);
  let answeredAt = 0;
  let isQuick = true;
  let isLooking = false;
  const take = (turn: Turn): void => {
    isQuick = performance.now() - answeredAt < awakeMs;
    hear(turn);
  };
  const look = (): void => {
    const found = receiveMessageOnPort(port);
    isLooking = found === undefined && performance.now() - answeredAt < awakeMs;
    if (isLooking) setImmediate(look);
    else if (found !== undefined) take(found.message);
  };
  port.on('message', take);
  return (text) => {
    port.postMessage(text);
    Atomics.add(counter, 0, 1);
    Atomics.notify(counter, 0);
    answeredAt = performance.now();
    if (!isQuick || isLooking) return;
    isLooking = true;
    setImmediate(look);
  };
};

/**
 * The program of the thread, as CommonJS for `new Worker(…, { eval: true })`: found wherever this module is, in `dist`,
 * in a bundle, and when a test runs the TypeScript sources. Nothing that a model or a server wrote is part of it.
 */
const threadSource = (): string => `'use strict';
const __name = (value) => value;
const prelude = ${JSON.stringify(prelude.toString())};
const openEngine = ${openEngine.toString()};
const { parentPort, receiveMessageOnPort, workerData } = require('node:worker_threads');
const { engine, wasm, program, port, count, awakeMs } = workerData;
const now = () => performance.now();
const counter = new Int32Array(count);
let taken = 0;
let waitedMs = 0;
const nextAnswer = () => {
  const beganAt = now();
  if (waitedMs < awakeMs) while (Atomics.load(counter, 0) === taken && now() - beganAt < awakeMs);
  // What wakes it may be late: meant for an answer that was found before it slept.
  while (Atomics.load(counter, 0) === taken) Atomics.wait(counter, 0, taken);
  taken += 1;
  waitedMs = now() - beganAt;
  return receiveMessageOnPort(port).message;
};
const fail = (error) => parentPort.postMessage({ stopped: { by: 'lost', message: String(error && error.message) } });
import(engine).then(async ({ QuickJS }) => {
  const run = await openEngine({ QuickJS, wasm, prelude, maxStackBytes: ${ENGINE_STACK_BYTES}, now }, program);
  for (let turn = run(''); ; turn = run(nextAnswer())) port.postMessage(turn);
}).catch(fail);
`;
