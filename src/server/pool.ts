/**
 * The children of one server whose number, age or memory is cared for: some are there before anybody wants them, and one
 * that is too old or too big is replaced while its calls go on. Loaded with the first link of a server that has a pool.
 */
import type { ChildStatus } from '../api.ts';
import type { Call } from '../call.ts';
import type { Attempt, Connection } from '../connection/connection.ts';
import { watchHealth } from '../connection/health.ts';
import { type ToolwayError, withoutUndefined } from '../errors.ts';
import type { PoolOption, ServerConfig } from '../options.ts';
import type { Session } from '../protocol/session.ts';
import type { Child, EndChild, StartChild } from './child.ts';
import type { Lent } from './connections.ts';
import type { Dialer } from './dialer.ts';
import { createRenewal } from './renewal.ts';
import type { Scopes } from './scopes.ts';
import type { ServerBase } from './server.ts';
import { upkeepOf } from './upkeep.ts';
import { createWarm } from './warm.ts';

export interface PoolOptions extends ServerBase, Lent {
  settings: PoolOption;
  dial: Dialer['dial'];
  connectionOf(scope: string): Connection | undefined;
  /** The connections of the scopes, once there are any. */
  scopes(): Scopes | undefined;
}

export interface Pool {
  /** A child for a scope: one that is there already, or a new one. */
  dial(scope: string, attempt: Attempt): Promise<Session>;
  /** The session is the live one of its scope, until the function that it gives is called. */
  entered(session: Session, lost: Attempt['lost']): () => void;
  children(): ChildStatus[];
  /** Why none could be started ahead, where no scope has one either. */
  failing(): ToolwayError | undefined;
  /** Ends those that no connection ends. Resolves when nothing of them is left. */
  close(): Promise<void>;
}

export const createPool = (options: PoolOptions): Pool => {
  const { name, config, house, newCall, warn, settings, dial, mainScope, scopes } = options;
  const { DEFAULTS, LIMITS, healthIntervalMs } = options;
  const { clock } = house.deadlines;
  const { warm: most = 0, max = { ...LIMITS, ...house.limits }.maxScopes, maxLifetimeMs, maxMemoryMb } = settings;
  const { retryDelayMs = DEFAULTS.retryDelayMs, maxRetries = Number.POSITIVE_INFINITY } = config;
  const children = new Map<Session, Child>();
  const ending = new Map<Child, Promise<void>>();
  /** Whether scopes are to be expected before the first one comes. */
  let expected = config.isolation === 'perSession' || config.isolation === 'perPrincipal';
  const scopeCount = (): number => scopes()?.all().length ?? 0;
  const asksForRoots = (config.roots ?? house.handlers.roots) !== undefined;

  const start: StartChild = async (whose, given) => {
    const startedAt = clock.now();
    let child: Child | undefined;
    let over = false;
    const lost = (cause: ToolwayError): void => {
      over = true;
      if (child !== undefined && !ending.has(child)) children.delete(child.session);
      (child ?? given).lost(cause);
      warm.fill();
    };
    const session = await dial(whose, { ...given, lost });
    const connectMs = clock.now() - startedAt;
    child = { whose, session, startedAt, connectMs, state: 'in_use', memoryBytes: undefined, lost: given.lost };
    if (!over) children.set(session, child);
    return child;
  };
  const end: EndChild = (child, cause) => {
    const known = ending.get(child);
    if (known !== undefined && cause === undefined) return known;
    child.state = 'ending';
    const gone = child.session.close(cause).finally(() => {
      ending.delete(child);
      children.delete(child.session);
    });
    ending.set(child, gone);
    return gone;
  };

  const warm = createWarm({
    ...options,
    clock,
    retryDelayMs,
    maxRetries,
    start,
    end,
    wanted: () => (expected && isForAnybody(config) ? Math.min(most, max - scopeCount()) : 0),
    watch(child) {
      const { session, whose } = child;
      const intervalMs = healthIntervalMs(config, session);
      if (intervalMs === 0) return () => {};
      const lost = (cause: ToolwayError): void => void end(child, cause);
      const ping = (): Call => newCall('ping', whose);
      return watchHealth({ session, clock, intervalMs, newCall: ping, lost, onCheck() {}, onHeard() {} });
    },
    onFailure: (cause) => warn(`no process could be started ahead: ${cause.message}`, { cause }),
  });
  const isAlive = (child: Child): boolean => children.has(child.session) && !ending.has(child);
  /** From then on it is that of the scope. */
  const takeWarm = async (scope: string): Promise<Child | undefined> => {
    const child = scope === mainScope ? undefined : await warm.take();
    if (child === undefined || !isAlive(child)) return undefined;
    child.whose.scope = scope;
    child.state = 'in_use';
    house.changes.tell({ server: name, scope, what: 'everything' });
    // What it was told before was nobody's.
    if (asksForRoots) child.session.rootsChanged();
    return child;
  };
  const renewal = createRenewal({ ...options, start, end, takeWarm, discardWarm: warm.discard, isAlive });

  let cannotMeasure = false;
  const leave =
    maxLifetimeMs === undefined && maxMemoryMb === undefined
      ? undefined
      : upkeepOf(house).join({
          pids: () =>
            maxMemoryMb === undefined ? [] : [...children.keys()].flatMap(({ transport: { pid } }) => pid ?? []),
          look(bytes) {
            if (bytes === undefined && maxMemoryMb !== undefined && !cannotMeasure) {
              cannotMeasure = true;
              warn('maxMemoryMb has no effect: here it cannot be told how much memory a process has in use');
            }
            for (const [session, child] of children) {
              const { pid } = session.transport;
              child.memoryBytes = pid === undefined ? undefined : bytes?.get(pid);
              renewal.look(child);
            }
          },
        });

  return {
    async dial(scope, attempt) {
      const ready = await takeWarm(scope);
      if (ready === undefined || !isAlive(ready)) return (await start({ scope }, attempt)).session;
      ready.lost = attempt.lost;
      return ready.session;
    },
    entered(session, lost) {
      const child = children.get(session);
      if (child === undefined) return () => {};
      child.lost = lost;
      child.state = 'in_use';
      if (child.whose.scope !== mainScope) expected = true;
      warm.fill(true);
      return () => {
        if (child.state === 'in_use') child.state = 'ending';
      };
    },
    children: () =>
      [...children.values()].map(({ state, session: { transport }, startedAt, memoryBytes }) =>
        withoutUndefined({ state, pid: transport.pid, ageMs: Math.round(clock.now() - startedAt), memoryBytes }),
      ),
    failing: () => (scopeCount() === 0 ? warm.failure : undefined),
    async close() {
      leave?.();
      await Promise.all([warm.close(), renewal.close(), ...[...children.values()].map((child) => end(child))]);
    },
  };
};

/** Whether one child is as good as another: what a definition takes from its principal is known with the principal only. */
const isForAnybody = ({ isolation, command, args, env, cwd, envFile }: ServerConfig): boolean =>
  isolation !== 'shared' && !JSON.stringify([command, args, env, cwd, envFile]).includes('${principal:');
