/** Lets go of the connections of scopes that nobody uses any more. Loaded with the first scope. */
import type { Clock, Timer } from '../clock.ts';
import type { Connection } from '../connection/connection.ts';

export interface Scope {
  readonly connection: Connection;
  /** When it was last asked for, or seen in use. */
  usedAt: number;
}

export interface SweeperOptions {
  clock: Clock;
  /** A scope without a call for so long is let go of, a quarter to a half of that later. */
  idleMs: number;
  scopes: ReadonlyMap<string, Scope>;
  /** Whether it has a call in flight. */
  isBusy(scope: string): boolean;
  release(scope: string): void;
}

export interface Sweeper {
  /** Goes to work, until there are no scopes left. */
  wake(): void;
  stop(): void;
}

/** Looks at all scopes now and then, so that a call pays for nothing but the time of its start. */
export const createSweeper = ({ clock, idleMs, scopes, isBusy, release }: SweeperOptions): Sweeper => {
  const everyMs = idleMs / 4;
  let timer: Timer | undefined;

  const sweep = (): void => {
    const now = clock.now();
    for (const [scope, each] of scopes) {
      if (isBusy(scope)) each.usedAt = now;
      // A call that came and went between two looks may have ended that much later than it began.
      else if (now - each.usedAt >= idleMs + everyMs) release(scope);
    }
    timer = undefined;
    wake();
  };
  const wake = (): void => {
    if (timer !== undefined || scopes.size === 0) return;
    timer = clock.after(everyMs, sweep);
    timer.keepAlive(false);
  };
  return { wake, stop: () => timer?.cancel() };
};
