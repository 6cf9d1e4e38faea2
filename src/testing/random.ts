/** Chance that can be repeated: everything random in this kit comes from one number. */

/** `TOOLWAY_SEED` from the environment, so that a run can be repeated; else any. */
export const chooseSeed = (): number => {
  const given = Number(process.env.TOOLWAY_SEED ?? Number.NaN);
  return Number.isInteger(given) ? given >>> 0 : Math.floor(Math.random() * 2 ** 32);
};

/** Numbers from 0 to below 1, the same ones for the same seed (mulberry32). */
export const createRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
