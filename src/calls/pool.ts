/** A pool of work: any number of pieces, few of them at a time. */
import { ToolwayError } from '../errors.ts';

/** How many calls of one batch are under way at a time, unless the caller says otherwise. */
export const CONCURRENCY = 16;

/**
 * Does the pieces 0 … `size` − 1, each once, begun in order, at most `concurrency` at a time. A piece that waits costs
 * nothing. `work` also gets the place it works at, 0 … `concurrency` − 1, and must not reject.
 */
export const inPool = async (
  size: number,
  concurrency: number,
  work: (index: number, place: number) => Promise<void> | void,
): Promise<void> => {
  let next = 0;
  const worker = async (place: number): Promise<void> => {
    while (next < size) {
      const index = next;
      next += 1;
      await work(index, place);
    }
  };
  await Promise.all(Array.from({ length: Math.min(size, concurrency) }, (_, place) => worker(place)));
};

/** Throws `invalid_arguments` for what is no number of calls. */
export const checkConcurrency = (concurrency: unknown = CONCURRENCY): number => {
  if (typeof concurrency === 'number' && concurrency >= 1) return Math.floor(concurrency);
  throw new ToolwayError('invalid_arguments', `concurrency must be a number from 1, not ${String(concurrency)}`, {
    executed: 'no',
  });
};
