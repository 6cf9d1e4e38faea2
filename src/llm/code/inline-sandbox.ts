/** A sandbox in the calling thread. */

import type { RunTurn } from './engine.ts';
import { openEngine } from './engine.ts';
import { createPlaces, DEFAULT_PROGRAMS } from './places.ts';
import { prelude } from './prelude.ts';
import type { Sandbox, Turn } from './sandbox.ts';

/** What the engine's stack may take of a thread that has about 1 MB. */
const STACK_BYTES = 64 * 1024;

/** What `createSandbox` needs to know. */
export interface SandboxOptions {
  /** The file `quickjs-wasi/quickjs.wasm`: its bytes, the module made of them, or what gives one of both when it is first needed. */
  wasm: Wasm | (() => Wasm | Promise<Wasm>);
  /** Programs at a time; a further one is not run (`backpressure`). Default 32. */
  maxPrograms?: number;
}
type Wasm = WebAssembly.Module | BufferSource;

/**
 * Makes a sandbox for any runtime: the engine runs in the calling thread, which does nothing else while a program
 * computes. A program that computes too long is stopped, but not within one long operation of the engine itself (a sort,
 * a join of a huge array): where programs are not to be trusted with the thread, make it in a worker. In Node, use
 * `createCodeSandbox` of `toolway/node`, which has one. `quickjs-wasi` is loaded with the first program.
 */
export const createSandbox = ({ wasm, maxPrograms = DEFAULT_PROGRAMS }: SandboxOptions): Sandbox => {
  const places = createPlaces(maxPrograms);
  let compiled: Promise<WebAssembly.Module> | undefined;
  const compile = async (): Promise<WebAssembly.Module> => {
    const given = typeof wasm === 'function' ? await wasm() : wasm;
    return given instanceof WebAssembly.Module ? given : WebAssembly.compile(given);
  };
  return {
    open(program, hear) {
      const leave = places.take();
      let isOpen = true;
      let run: RunTurn | undefined;
      const close = (): void => {
        isOpen = false;
        leave?.();
      };
      const tell = (turn: Turn): void => {
        if (!isOpen) return;
        if (turn.stopped !== undefined) close();
        hear(turn);
      };
      const start = async (): Promise<void> => {
        try {
          const { QuickJS } = await import('quickjs-wasi');
          compiled ??= compile();
          const parts = {
            QuickJS,
            wasm: await compiled,
            prelude,
            maxStackBytes: STACK_BYTES,
            now: () => performance.now(),
          };
          run = await openEngine(parts, program);
        } catch (error) {
          compiled = undefined;
          return tell({ stopped: { by: 'lost', message: error instanceof Error ? error.message : String(error) } });
        }
        if (isOpen) tell(run(''));
      };
      if (leave === undefined) queueMicrotask(() => tell(places.full));
      else void start();
      return {
        answer(text) {
          // Never on top of the call that brought the answer.
          queueMicrotask(() => isOpen && run !== undefined && tell(run(text)));
        },
        close,
      };
    },
  };
};
