/** The thread in which a program of a model runs. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { openEngine } from '../llm/code/engine.ts';
import { prelude } from '../llm/code/prelude.ts';
import type { GuestProgram } from '../llm/code/sandbox.ts';

/** What the thread is given. */
interface ThreadData {
  /** The URL of quickjs-wasi. */
  engine: string;
  wasm: WebAssembly.Module;
  program: GuestProgram;
}

/** What the thread itself may take beside the memory of the engine. */
const HEAP_MB = 96;
const STACK_MB = 4;
/** What the engine may take of that stack: it has to see the end of its own before the thread sees that of its. */
const ENGINE_STACK_BYTES = 256 * 1024;

/** What all threads have in common. */
export interface ThreadParts {
  /** Starts a thread, which posts its turns and is posted answers. */
  start(program: GuestProgram): Worker;
}

/** Finds the engine and compiles it. Rejects where it cannot be found. */
export const threadParts = async (): Promise<ThreadParts> => {
  const { resolve } = createRequire(import.meta.url);
  const wasm = await WebAssembly.compile(await readFile(resolve('quickjs-wasi/quickjs.wasm')));
  const engine = pathToFileURL(resolve('quickjs-wasi')).href;
  const source = threadSource();
  return {
    start(program) {
      const workerData: ThreadData = { engine, wasm, program };
      return new Worker(source, {
        eval: true,
        name: 'toolway-code',
        workerData,
        env: {},
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, stackSizeMb: STACK_MB },
      });
    },
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
const { parentPort: port, workerData: { engine, wasm, program } } = require('node:worker_threads');
const fail = (error) => port.postMessage({ stopped: { by: 'lost', message: String(error && error.message) } });
import(engine).then(async ({ QuickJS }) => {
  const now = () => performance.now();
  const run = await openEngine({ QuickJS, wasm, prelude, maxStackBytes: ${ENGINE_STACK_BYTES}, now }, program);
  port.on('message', (answers) => port.postMessage(run(answers)));
  port.postMessage(run(''));
}).catch(fail);
`;
