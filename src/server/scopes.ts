/** The connections of the scopes of one server: each is made with its first use, and let go of when nobody uses it any more. Loaded with the first scope. */
import type { Clock, Timer } from '../clock.ts';
import type { Connection } from '../connection/connection.ts';
import { ToolwayError } from '../errors.ts';

export interface ScopesOptions {
  clock: Clock;
  maxScopes: number;
  /** A scope without a call for so long is let go of, a quarter to a half of that later. */
  scopeIdleMs: number;
  /** `gone` tells, when a link is wanted, what has to end before. */
  open(scope: string, gone: () => Promise<void> | undefined): Connection;
  /** Whether it has a call in flight, or somebody holds it. */
  isBusy(scope: string): boolean;
}

export interface Scopes {
  /** Throws `backpressure` where there are too many. */
  of(scope: string): Connection;
  /** The same, if there is one. */
  known(scope: string): Connection | undefined;
  all(): [scope: string, connection: Connection][];
  /** Lets one go now, whether it is in use or not. Resolves when nothing of its link is left. */
  release(scope: string): Promise<void>;
  /** Lets those that were given up begin afresh. */
  releaseFailed(): void;
  /** Resolves when nothing of any link is left. */
  close(): Promise<void>;
}

interface Scope {
  readonly connection: Connection;
  /** When it was last asked for, or seen in use. */
  usedAt: number;
}

export const createScopes = ({ clock, maxScopes, scopeIdleMs, open, isBusy }: ScopesOptions): Scopes => {
  const scopes = new Map<string, Scope>();
  /** Scopes that were let go of and are not gone yet: two children of one scope never live at a time. */
  const leaving = new Map<string, Promise<void>>();
  const everyMs = scopeIdleMs / 4;
  let timer: Timer | undefined;

  const release = (scope: string): void => {
    const gone = scopes.get(scope)?.connection.close();
    scopes.delete(scope);
    if (gone === undefined) return;
    leaving.set(scope, gone);
    void gone.then(() => {
      if (leaving.get(scope) === gone) leaving.delete(scope);
    });
  };

  /** Looks at all scopes now and then, so that a call pays for nothing but the time of its start. */
  const sweep = (): void => {
    const now = clock.now();
    for (const [scope, each] of scopes) {
      if (isBusy(scope)) each.usedAt = now;
      // A call that came and went between two looks may have ended that much later than it began.
      else if (now - each.usedAt >= scopeIdleMs + everyMs) release(scope);
    }
    timer = undefined;
    wake();
  };
  const wake = (): void => {
    if (timer !== undefined || scopes.size === 0) return;
    timer = clock.after(everyMs, sweep);
    timer.keepAlive(false);
  };

  const known = (scope: string): Connection | undefined => {
    const found = scopes.get(scope);
    if (found !== undefined) found.usedAt = clock.now();
    return found?.connection;
  };
  const admit = (scope: string): Connection => {
    if (scopes.size >= maxScopes)
      throw new ToolwayError('backpressure', `there are connections for ${maxScopes} scopes already`, {
        executed: 'no',
        limit: maxScopes,
      });
    const connection = open(scope, () => leaving.get(scope));
    scopes.set(scope, { connection, usedAt: clock.now() });
    wake();
    return connection;
  };

  return {
    of: (scope) => known(scope) ?? admit(scope),
    known,
    all: () => [...scopes].map(([scope, { connection }]) => [scope, connection]),
    async release(scope) {
      release(scope);
      await leaving.get(scope);
    },
    releaseFailed() {
      for (const [scope, { connection }] of scopes) if (connection.state.name === 'failed') release(scope);
    },
    async close() {
      timer?.cancel();
      for (const scope of [...scopes.keys()]) release(scope);
      await Promise.all(leaving.values());
    },
  };
};
