/** How many there were in the last half minute. What gets too old leaves by the clock, however little happens. */

export interface Tally {
  add(now: number): void;
  within(now: number): number;
  /** Forgets everything. */
  clear(): void;
}

/** The window, and the steps in which it moves: what was counted leaves it after 29.9 to 30 seconds. */
const WINDOW_MS = 30_000;
const STEP_MS = 100;
const STEPS = WINDOW_MS / STEP_MS;

export const createTally = (): Tally => {
  /** Of each place: for which step it counts now. */
  const steps = new Float64Array(STEPS).fill(-STEPS);
  const counts = new Float64Array(STEPS);
  return {
    add(now) {
      const step = Math.floor(now / STEP_MS);
      const place = step % STEPS;
      if (steps[place] !== step) {
        steps[place] = step;
        counts[place] = 0;
      }
      counts[place] = (counts[place] as number) + 1;
    },
    within(now) {
      const oldest = Math.floor(now / STEP_MS) - STEPS + 1;
      return counts.reduce((sum, count, place) => ((steps[place] as number) < oldest ? sum : sum + count), 0);
    },
    clear() {
      steps.fill(-STEPS);
    },
  };
};
