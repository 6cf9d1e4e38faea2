/** A sandbox for programs of models: each runs in a thread of its own, which is ended whatever it does. */
import { createPlaces, DEFAULT_PROGRAMS } from '../llm/code/places.ts';
import type { Sandbox, Turn } from '../llm/code/sandbox.ts';
import type { CodeThread, ThreadParts } from './code-thread.ts';

/** A thread that computes is ended this long after the engine should have stopped by itself. */
const GRACE_MS = 500;

/** What `createCodeSandbox` may be told. */
export interface CodeSandboxOptions {
  /** Programs, and threads, at a time; a further one is not run (`backpressure`). Default 32. */
  maxPrograms?: number;
}

/**
 * Makes a sandbox for `codeTool`: each program runs in a thread of its own, with an engine of its own, and is ended
 * whatever it does. Nothing is loaded, and no thread started, before the first program. Throws `invalid_arguments` for a
 * `maxPrograms` that is no whole number from 1.
 */
export const createCodeSandbox = ({ maxPrograms = DEFAULT_PROGRAMS }: CodeSandboxOptions = {}): Sandbox => {
  const places = createPlaces(maxPrograms);
  let parts: Promise<ThreadParts> | undefined;
  return {
    open(program, hear) {
      const leave = places.take();
      let thread: CodeThread | undefined;
      let isOpen = true;
      let watchdog: NodeJS.Timeout | undefined;
      const close = (): void => {
        isOpen = false;
        clearTimeout(watchdog);
        // A thread keeps its place until it has ended.
        if (thread === undefined) leave?.();
        else void thread.worker.terminate();
      };
      const tell = (turn: Turn): void => {
        if (!isOpen) return;
        clearTimeout(watchdog);
        if (turn.stopped !== undefined) close();
        hear(turn);
      };
      const watch = (): void => {
        watchdog = setTimeout(() => tell({ stopped: { by: 'time' } }), program.computeMs + GRACE_MS);
      };
      const lose = (message: string): void => tell({ stopped: { by: 'lost', message } });
      const start = async (): Promise<void> => {
        parts ??= import('./code-thread.ts').then(({ threadParts }) => threadParts());
        try {
          const { start: startThread } = await parts;
          if (!isOpen) return;
          thread = startThread(program, tell);
        } catch (error) {
          parts = undefined;
          return lose(error instanceof Error ? error.message : String(error));
        }
        const { worker } = thread;
        worker.on('message', tell);
        worker.on('error', (error) => lose(error.message));
        worker.on('exit', (code) => {
          leave?.();
          lose(`the thread ended with ${code}`);
        });
        watch();
      };
      if (leave === undefined) queueMicrotask(() => tell(places.full));
      else void start();
      return {
        answer(text) {
          if (!isOpen) return;
          watch();
          thread?.answer(text);
        },
        close,
      };
    },
  };
};
