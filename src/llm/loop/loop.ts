/** The loop as programs call it. */
import { systemClock } from '../../clock.ts';
import { createEventQueue, createTell, type LoopEvent } from './events.ts';
import type { LoopOptions, LoopResult } from './options.ts';
import { type LoopSurroundings, runLoop } from './run.ts';

/** The two ways to run it. */
export interface Loops {
  run(options: LoopOptions): Promise<LoopResult>;
  stream(options: LoopOptions): AsyncGenerator<LoopEvent, LoopResult>;
}

export const createLoops = (surroundings: LoopSurroundings): Loops => ({
  run: (options) => runLoop(options, surroundings, createTell(options?.onEvent)),
  async *stream(options) {
    const queue = createEventQueue();
    const tell = createTell(options?.onEvent);
    const left = new AbortController();
    const running = runLoop(
      options,
      surroundings,
      (event) => {
        tell(event);
        queue.tell(event);
      },
      { left: left.signal, room: queue.room },
    );
    running.then(queue.end, queue.end);
    try {
      for (let event = await queue.next(); event !== undefined; event = await queue.next()) yield event;
      return await running;
    } finally {
      // Who stops listening wants no more done.
      left.abort();
      await running.catch(() => {});
    }
  },
});

const loops = createLoops({ clock: systemClock, random: Math.random });

/**
 * Asks the model, runs the calls that it writes, and asks again until it is done or a limit is reached, which the result
 * names. What becomes of a call is told to the model, whatever it is. Rejects with `ModelError` where the model fails,
 * with `unsupported` or `invalid_config` where it says that its package or its key is missing, with `cancelled` when
 * `signal` aborts, and with `invalid_arguments` for options that are wrong; the conversation stays one that can go on.
 */
export const runToolLoop = (options: LoopOptions): Promise<LoopResult> => loops.run(options);

/**
 * As `runToolLoop`, event by event; it returns the result. Who stops iterating cancels the run. Where 256 events wait to be
 * taken, no call is begun and the model is not asked until there are fewer; pieces of text come in one then, and of the
 * progress of a call only the last.
 */
export const streamToolLoop = (options: LoopOptions): AsyncGenerator<LoopEvent, LoopResult> => loops.stream(options);
