/** When to try again: gRPC's connection backoff (initial delay × 1.6 each time, ± 20 %), with a cap for people who wait. */

export interface BackoffOptions {
  /** Delay after the first failure. */
  firstMs?: number;
  capMs?: number;
  random?: () => number;
}

const FACTOR = 1.6;
const JITTER = 0.2;

/** The delay after `failures` failed attempts in a row (1, 2, …). */
export const backoffMs = (
  failures: number,
  { firstMs = 1_000, capMs = 30_000, random = Math.random }: BackoffOptions = {},
): number => {
  const plain = Math.min(capMs, firstMs * FACTOR ** Math.max(0, failures - 1));
  return Math.min(capMs, plain * (1 - JITTER + 2 * JITTER * random()));
};

/** The delay after a live link was lost: a child is started again at once, a remote server is not stormed by all its clients. */
export const afterLossMs = (isChild: boolean, random: () => number = Math.random): number =>
  isChild ? 0 : random() * 1_000;
