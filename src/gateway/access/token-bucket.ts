/** How fast somebody may go on: a bucket that fills evenly and is emptied by one with each step. */
import type { Clock } from '../../clock.ts';

export interface TokenBucketOptions {
  /** Steps in one period. */
  rate: number;
  periodMs: number;
  /** How many steps at once. */
  burst: number;
  clock: Clock;
}

export interface TokenBucket {
  /** How long until the next step may be taken, in milliseconds; 0 when it may be now. */
  waitMs(): number;
  /** Takes a step, whether or not it may be. */
  take(): void;
}

/** Parts of a token that are lost in sums of fractions. */
const ROUNDING = 1e-6;

export const createTokenBucket = ({ rate, periodMs, burst, clock }: TokenBucketOptions): TokenBucket => {
  const perMs = rate / periodMs;
  let tokens = burst;
  let filledAt = clock.now();
  const fill = (): void => {
    const now = clock.now();
    tokens = Math.min(burst, tokens + (now - filledAt) * perMs);
    filledAt = now;
  };
  return {
    waitMs() {
      fill();
      const missing = 1 - tokens;
      return missing <= ROUNDING ? 0 : Math.ceil((missing - ROUNDING) / perMs);
    },
    take() {
      tokens -= 1;
    },
  };
};
