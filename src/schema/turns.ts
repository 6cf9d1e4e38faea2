/** Keeps long lists of short jobs from blocking the event loop. */

/** How long one turn of the event loop may be spent on such jobs. */
const TURN_MS = 10;

/** Runs jobs in order, one after the other, and lets the event loop turn whenever they have taken 10 ms. */
export type InTurn = <T>(job: () => T) => Promise<T>;

/** Makes a queue of its own. */
export const createTurns = (): InTurn => {
  let queue: Promise<unknown> = Promise.resolve();
  let began = 0;
  const breathe = async (): Promise<void> => {
    if (performance.now() - began < TURN_MS) return;
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    began = performance.now();
  };
  return (job) => {
    const done = queue.then(breathe).then(job);
    queue = done.catch(() => undefined);
    return done;
  };
};
