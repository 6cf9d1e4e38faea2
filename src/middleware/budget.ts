/**
 * How much sending again one server is asked to bear: a bucket of tokens that failures empty and successes fill (gRPC
 * A6, "Throttling Retry Attempts and Hedged RPCs"). Counted in tenths of a token, which never need rounding.
 */

export interface RetryBudget {
  /** Notes a success and hands its result on. */
  readonly credit: <T>(result: T) => T;
  /** Notes a failure after which sending again would be safe. False: so many have failed lately that it must not be. */
  charge(): boolean;
}

const FULL = 100;
const FAILURE = 10;
const SUCCESS = 1;
/** Sending again takes more than this. */
const HALF = FULL / 2;
/** It never gets emptier, so that 50 successes are enough for the failure after them to be mended. */
const FLOOR = HALF + FAILURE + 1 - 50 * SUCCESS;

export const createRetryBudget = (): RetryBudget => {
  let tenths = FULL;
  return {
    credit(result) {
      if (tenths < FULL) tenths += SUCCESS;
      return result;
    },
    charge() {
      tenths = Math.max(FLOOR, tenths - FAILURE);
      return tenths > HALF;
    },
  };
};
