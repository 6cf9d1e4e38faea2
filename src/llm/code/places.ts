/** How many programs a sandbox runs at a time. */
import { refuse } from '../odd-names.ts';
import type { Turn } from './sandbox.ts';

export const DEFAULT_PROGRAMS = 32;

/** Places for programs. */
export interface Places {
  /** Takes one; gives what gives it back, once, or undefined where there is none. */
  take(): (() => void) | undefined;
  /** What is said of a program for which there is none. */
  readonly full: Turn;
}

/** Throws `invalid_arguments` for a number that is none. */
export const createPlaces = (maxPrograms: number): Places => {
  if (!Number.isSafeInteger(maxPrograms) || maxPrograms < 1) {
    refuse([{ path: '/maxPrograms', message: 'must be a whole number from 1' }]);
  }
  let taken = 0;
  return {
    take() {
      if (taken >= maxPrograms) return undefined;
      taken += 1;
      let isTaken = true;
      return () => {
        if (isTaken) taken -= 1;
        isTaken = false;
      };
    },
    full: { stopped: { by: 'full', limit: maxPrograms } },
  };
};
