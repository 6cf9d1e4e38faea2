/** What goes on beyond one request: it ends when the key ends that it began with. */
import type { Clock, Timer } from '../clock.ts';
import type { Ended, Principal } from './principal.ts';

export interface Lasting {
  /**
   * Tells, within half a second, that the credential of whoever something is for has ended, and again for as long as
   * that is so. Gives what takes this back.
   */
  hold(of: () => Principal, onEnded: (how: Ended) => void): () => void;
}

/** How often it is looked whose credentials have ended. */
const LOOK_MS = 500;

export const createLasting = ({ clock }: { clock: Clock }): Lasting => {
  const holds = new Set<() => void>();
  let timer: Timer | undefined;

  const wake = (): void => {
    if (timer !== undefined || holds.size === 0) return;
    timer = clock.after(LOOK_MS, () => {
      timer = undefined;
      for (const look of [...holds]) if (holds.has(look)) look();
      wake();
    });
    timer.keepAlive(false);
  };
  return {
    hold(of, onEnded) {
      const look = (): void => {
        const how = of().ended?.();
        if (how !== undefined) onEnded(how);
      };
      holds.add(look);
      wake();
      return () => void holds.delete(look);
    },
  };
};
