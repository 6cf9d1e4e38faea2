/** Keeps long lists of short jobs from blocking the event loop, and one that is somebody's own from holding up others. */
import type { Errand } from './errand.ts';
import { createLine } from './line.ts';

/** How long one turn of the event loop may be spent on such jobs. */
const TURN_MS = 10;

/**
 * Runs jobs one after the other, and lets the event loop turn whenever they have taken 10 ms. They keep their order, but
 * for what is urgent and for the turns of other owners; without an errand they are all of one owner.
 */
export type InTurn = <T>(job: () => T, errand?: Errand) => Promise<T>;

/** Makes a queue of its own. */
export const createTurns = (): InTurn => {
  const line = createLine<() => void>();
  const owner = {};
  let isAtWork = false;
  let began = 0;
  const breathe = async (): Promise<void> => {
    if (performance.now() - began < TURN_MS) return;
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    began = performance.now();
  };
  const work = async (): Promise<void> => {
    isAtWork = true;
    while (line.size > 0) {
      await breathe();
      line.take()?.();
    }
    isAtWork = false;
  };
  return (job, errand = { owner, urgent: false }) =>
    new Promise((resolve, reject) => {
      const run = (): void => {
        try {
          resolve(job());
        } catch (error) {
          reject(error);
        }
      };
      line.add(run, errand);
      if (!isAtWork) void work();
    });
};
