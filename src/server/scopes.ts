/** The connections of the scopes of one server: each is made with its first use, and let go of when nobody uses it any more. Loaded with the first scope. */
import type { Clock, Timer } from '../clock.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionState } from '../connection/state.ts';
import { ToolwayError } from '../errors.ts';
import type { PoolOption } from '../options.ts';

export interface ScopesOptions {
  clock: Clock;
  maxScopes: number;
  /** A scope without a call for so long is let go of, a quarter to a half of that later. */
  scopeIdleMs: number;
  /** What the server's own configuration says instead. */
  pool: Pick<PoolOption, 'max' | 'idleMs'> | undefined;
  /** `gone` tells, when a link is wanted, what has to end before. */
  open(scope: string, gone: () => Promise<void> | undefined): Connection;
  /** Whether it has a call in flight. */
  hasCall(scope: string): boolean;
  /** Whether somebody holds it. */
  isHeld(scope: string): boolean;
}

export interface Scopes {
  /** Throws `backpressure` where there are too many, all of them in use. */
  of(scope: string): Connection;
  /** The same, if there is one. */
  known(scope: string): Connection | undefined;
  all(): [scope: string, connection: Connection][];
  /** Why no scope has a server, where there are scopes, and that of none can be started. */
  failing(): ToolwayError | undefined;
  /** Lets one go now, whether it is in use or not. Resolves when nothing of its link is left. */
  release(scope: string): Promise<void>;
  /** The same, unless it is in use. */
  releaseIdle(scope: string): boolean;
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

export const createScopes = (options: ScopesOptions): Scopes => {
  const { clock, pool, open, hasCall, isHeld } = options;
  const { max: most = options.maxScopes, idleMs = options.scopeIdleMs } = pool ?? {};
  const scopes = new Map<string, Scope>();
  /** Scopes that were let go of and are not gone yet: two children of one scope never live at a time. */
  const leaving = new Map<string, Promise<void>>();
  const everyMs = idleMs / 4;
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
  const isBusy = (scope: string, { connection }: Scope): boolean =>
    hasCall(scope) || connection.current()?.isBusySince(Number.POSITIVE_INFINITY) === true;

  /** Looks at all scopes now and then, so that a call pays for nothing but the time of its start. */
  const sweep = (): void => {
    const now = clock.now();
    for (const [scope, each] of scopes) {
      if (hasCall(scope)) each.usedAt = now;
      // A call that came and went between two looks may have ended that much later than it began.
      else if (!isHeld(scope) && now - each.usedAt >= idleMs + everyMs) release(scope);
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
  /** The one that was not used longest. One that somebody holds makes room only after it was idle for as long as others are kept. */
  const leastUsed = (): string | undefined => {
    const overdue = clock.now() - idleMs;
    const idle = [...scopes].filter(([scope, each]) => !isBusy(scope, each));
    const free = idle.filter(([scope]) => !isHeld(scope));
    const from = free.length > 0 ? free : idle.filter(([, { usedAt }]) => usedAt <= overdue);
    const [first] = from.sort(([, one], [, other]) => one.usedAt - other.usedAt);
    return first?.[0];
  };
  /** Makes room for one more; gives what has to be gone before. */
  const makeRoom = (): Promise<void> | undefined => {
    if (scopes.size < most) return undefined;
    const scope = leastUsed();
    if (scope !== undefined) {
      release(scope);
      return leaving.get(scope);
    }
    throw new ToolwayError('backpressure', `there are connections for ${most} scopes already, and all are in use`, {
      executed: 'no',
      limit: most,
    });
  };
  const admit = (scope: string): Connection => {
    const room = makeRoom();
    const connection = open(scope, () => bothOf(leaving.get(scope), room));
    scopes.set(scope, { connection, usedAt: clock.now() });
    wake();
    return connection;
  };

  return {
    of: (scope) => known(scope) ?? admit(scope),
    known,
    all: () => [...scopes].map(([scope, { connection }]) => [scope, connection]),
    failing() {
      const causes = [...scopes.values()].map(({ connection }) => failureOf(connection.state));
      return causes.includes(undefined) ? undefined : causes.at(-1);
    },
    async release(scope) {
      release(scope);
      await leaving.get(scope);
    },
    releaseIdle(scope) {
      const each = scopes.get(scope);
      if (each === undefined || isHeld(scope) || isBusy(scope, each)) return false;
      release(scope);
      return true;
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

const bothOf = (one: Promise<void> | undefined, other: Promise<void> | undefined): Promise<void> | undefined =>
  one !== undefined && other !== undefined ? Promise.all([one, other]).then(() => {}) : (one ?? other);

/** Why a link cannot be made; one that was lost and is being made for the first time since has not failed to start. */
const failureOf = (state: ConnectionState): ToolwayError | undefined => {
  if (state.name === 'failed') return state.cause;
  return (state.name === 'waiting' || state.name === 'connecting') && state.attempt > 1 ? state.cause : undefined;
};
