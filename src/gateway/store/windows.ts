/** Counters in memory: one window of time for each key. */
import type { Counters } from './store.ts';

export interface Window {
  spent: number;
  /** In milliseconds since the Unix epoch. */
  endsAt: number;
}

export interface WindowsOptions {
  today(): number;
  /** What was spent before. */
  known?: Iterable<[string, Window]>;
  /** Hears of each window in which something was spent. */
  onSpent?: (key: string, window: Window) => void;
}

/** When they have ended, windows are forgotten, now and then. */
const SWEEP_EVERY = 256;

export const createWindows = ({ today, known = [], onSpent }: WindowsOptions): Counters => {
  const windows = new Map(known);
  let begun = 0;
  const begin = (key: string, windowMs: number, now: number): Window => {
    begun += 1;
    if (begun % SWEEP_EVERY === 0) for (const [one, { endsAt }] of windows) if (endsAt <= now) windows.delete(one);
    const window = { spent: 0, endsAt: now + windowMs };
    windows.set(key, window);
    return window;
  };
  return {
    async spend(key, { limit, windowMs }) {
      const now = today();
      const found = windows.get(key);
      const window = found !== undefined && found.endsAt > now ? found : begin(key, windowMs, now);
      if (window.spent >= limit) return false;
      window.spent += 1;
      onSpent?.(key, window);
      return { left: limit - window.spent, resetMs: window.endsAt - now };
    },
  };
};
