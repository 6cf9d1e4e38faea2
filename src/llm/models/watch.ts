/** The watch over one request: its time, and its abort. */
import type { Clock } from '../../clock.ts';
import { whenAborted } from '../../when-aborted.ts';
import { ModelError } from '../model-error.ts';

export interface Waits {
  /** Longest wait for the beginning of an answer, and for all of one that is not streamed, in milliseconds. Default 600 000. */
  answerTimeoutMs: number;
  /** Longest wait from one piece of a stream to the next, in milliseconds. Default 120 000 for Anthropic, which sends signs of life, else 300 000. */
  idleTimeoutMs: number;
}

export interface Watch {
  readonly signal: AbortSignal;
  /** Why it was given up, where that was not the provider's doing. */
  readonly cause: ModelError | undefined;
  /** On its clock. */
  now(): number;
  /** `ofMs`: the last part of so long a wait. */
  until<T>(begin: () => Promise<T>, ms: number, ofMs?: number): Promise<T>;
  /** Leaves all waits from now on so long together; who asks for it again gets no more. */
  hurry(ms: number): void;
  close(): void;
}

/** Waits no longer than it should, and gives up at once when the caller does, also where what it waits for does not heed a signal. */
export const createWatch = (outer: AbortSignal, clock: Clock): Watch => {
  const controller = new AbortController();
  let endsAt: number | undefined;
  // One wait at a time: this ends it.
  let fail: (cause: ModelError) => void = () => {};
  const giveUp = (cause: ModelError): void => {
    watch.cause ??= cause;
    controller.abort();
    fail(watch.cause);
  };
  const watch = {
    signal: controller.signal,
    cause: undefined as ModelError | undefined,
    now: () => clock.now(),
    async until<T>(begin: () => Promise<T>, wanted: number, ofMs?: number): Promise<T> {
      if (watch.cause !== undefined) throw watch.cause;
      const ms = endsAt === undefined ? wanted : Math.min(wanted, Math.max(0, endsAt - clock.now()));
      const words = ofMs === undefined ? `nothing came for ${ms} ms` : `the answer was not whole after ${ofMs} ms`;
      const timer = clock.after(ms, () =>
        giveUp(new ModelError('timeout', words, { retryable: true, limit: ofMs ?? ms })),
      );
      try {
        return await new Promise<T>((resolve, reject) => {
          fail = reject;
          begin().then(resolve, reject);
        });
      } finally {
        timer.cancel();
      }
    },
    hurry(ms: number) {
      endsAt ??= clock.now() + ms;
    },
    close() {
      stop();
      controller.abort();
    },
  };
  const stop = whenAborted(outer, (cause) => giveUp(new ModelError('aborted', 'aborted', { cause })));
  return watch;
};
