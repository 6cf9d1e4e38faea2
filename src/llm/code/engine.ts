/** One engine, QuickJS as WebAssembly, with one program in it. */
import type { JSValueHandle, QuickJS } from 'quickjs-wasi';
import type { prelude as Prelude } from './prelude.ts';
import type { GuestProgram, Turn } from './sandbox.ts';

/** What an engine is made of. */
export interface EngineParts {
  QuickJS: typeof QuickJS;
  wasm: WebAssembly.Module | BufferSource;
  prelude: typeof Prelude | string;
  /** How deep calls may go, as bytes of the engine's own stack: less than the thread has. */
  maxStackBytes: number;
  now(): number;
}

/** Runs until there is nothing left to do but wait. The first turn takes no answers. After one that is `stopped`, there is no other. */
export type RunTurn = (answers: string) => Turn;

/**
 * Must not use any name from outside itself: a thread is made of its text. No function of the host is reachable from
 * inside: the engine is asked what it has to say. It is never disposed of, but dropped: what is left of a program that
 * was interrupted is no sound state.
 */
export const openEngine = async (parts: EngineParts, program: GuestProgram): Promise<RunTurn> => {
  // Beside these, `Intrinsics` of quickjs-wasi are wanted: WeakRef, performance, DOMException, atob and btoa are not.
  const UNWANTED = 512 | 1024 | 2048 | 4096;
  const LAST_WORDS_MS = 50;
  let leftMs = program.computeMs;
  let beganAt = 0;
  let isOverdue = false;
  const vm = await parts.QuickJS.create({
    wasm: parts.wasm,
    memoryLimit: program.maxMemoryBytes,
    maxStackSize: parts.maxStackBytes,
    intrinsics: ~UNWANTED,
    interruptHandler: () => {
      if (parts.now() - beganAt > leftMs) isOverdue = true;
      return isOverdue;
    },
    // Nothing that the engine has to say belongs on the streams of the process.
    wasi: () => ({ fd_write: () => 8 }),
  });

  let turn: JSValueHandle | undefined;
  let take: JSValueHandle | undefined;
  const pass = (answers: string): Turn => {
    if (turn === undefined || take === undefined) {
      const { code, tools, maxCalls, maxOutputChars } = program;
      const made = vm.evalCode(`const __name = (value) => value; (${parts.prelude.toString()})`, 'prelude');
      const doors = vm.callFunction(
        made,
        vm.undefined,
        vm.newString(JSON.stringify({ code, tools, maxCalls, maxOutputChars })),
      );
      turn = doors.getProp('turn');
      take = doors.getProp('take');
    }
    const text = vm.newString(answers);
    vm.callFunction(turn, vm.undefined, text).dispose();
    text.dispose();
    vm.executePendingJobs();
    return words(take);
  };
  const words = (from: JSValueHandle): Turn => {
    const said = vm.callFunction(from, vm.undefined);
    const text = said.toString();
    said.dispose();
    return { text };
  };
  /** What it had to say when it was stopped, if that can still be had. */
  const lastWords = (): Turn => {
    try {
      isOverdue = false;
      leftMs = LAST_WORDS_MS;
      beganAt = parts.now();
      return take === undefined ? {} : words(take);
    } catch {
      return {};
    }
  };

  return (answers) => {
    beganAt = parts.now();
    try {
      const said = pass(answers);
      leftMs -= parts.now() - beganAt;
      return said;
    } catch {
      return isOverdue ? { ...lastWords(), stopped: { by: 'time' } } : { stopped: { by: 'exhausted' } };
    }
  };
};
