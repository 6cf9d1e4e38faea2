/** The connections to one server: the one of all who do not isolate themselves, and one for each scope of those who do. */
import type { ChildStatus } from '../api.ts';
import type { Call } from '../call.ts';
import { backoffMs } from '../connection/backoff.ts';
import { type Connection, type ConnectionOptions, createConnection, HOPELESS } from '../connection/connection.ts';
import type { ConnectionState } from '../connection/state.ts';
import { ToolwayError } from '../errors.ts';
import type { Turn } from '../middleware/fuse.ts';
import { once } from '../once.ts';
import type { Session } from '../protocol/session.ts';
import { onceLoaded } from '../waits.ts';
import type { Dialer } from './dialer.ts';
import type { Pool } from './pool.ts';
import type { ServerRecord } from './record.ts';
import type { Scopes } from './scopes.ts';
import type { ServerBase } from './server.ts';
import { DEFAULTS, healthIntervalMs, LIMITS } from './settings.ts';

export interface ConnectionsOptions extends ServerBase {
  dial: Dialer['dial'];
  record: ServerRecord;
  /** Hears of each change of a connection. */
  turned(turn: Turn): void;
}

export interface Connections {
  /** The one without a scope; that of its principal where the server is one's own. */
  readonly main: Connection;
  /** That of a scope, made with its first use. Rejects with `backpressure` where there are too many. */
  of(scope: string): Promise<Connection>;
  /** The same, if there is one. */
  known(scope: string): Connection | undefined;
  /** By scope, the one without a scope first. */
  all(): [scope: string, connection: Connection][];
  /** Closes that of a scope, if there is one. */
  release(scope: string): Promise<void>;
  /** That of the main one; failed also where that lives, and none can be started for a scope. */
  state(): ConnectionState;
  /** What there is to be told of each child, where they are cared for. */
  children(): ChildStatus[] | undefined;
  /** Connects anew, and lets scopes that were given up begin afresh. */
  reconnect(): Promise<Session>;
  /** Resolves when nothing of any link is left. */
  close(): Promise<void>;
}

export const createConnections = (options: ConnectionsOptions): Connections => {
  const { name, config, kind, house, owner, mainScope, newCall, warn, dial, record, turned } = options;
  const isMain = (scope: string): boolean => scope === mainScope || scope === '';
  const { clock } = house.deadlines;
  const isOff = config.disabled === true || config.untrusted === true;
  let scopes: Scopes | undefined;
  let pool: Pool | undefined;
  let closed = false;

  const hasCall = (scope: string, fits: (call: Call) => boolean): boolean =>
    house.calls.find((call) => call.server === name && call.scope === scope && fits(call)) !== undefined;

  /** Looks after a session where that is wanted. */
  const watch = (
    scope: string,
    session: Session,
    lost: (cause: ToolwayError) => void,
  ): { stop(): void } | undefined => {
    const intervalMs = healthIntervalMs(config, session);
    if (intervalMs <= 0) return undefined;
    return onceLoaded(
      import('../connection/health.ts'),
      ({ watchHealth }) => ({
        stop: watchHealth({
          session,
          clock,
          intervalMs,
          newCall: () => newCall('ping', { scope }),
          onCheck: (check) => record.checked(scope, check),
          onHeard: () => record.checked(scope),
          lost,
        }),
      }),
      (cause) => warn('the server is not watched', { cause }),
    );
  };

  const heard = (scope: string): ConnectionOptions['onState'] => {
    const note = record.hear(scope);
    return (state, before) => {
      note(state, before);
      const atWork = before.name === 'ready' && hasCall(scope, (call) => WITH_THE_SERVER.has(call.state));
      turned({ scope, state, before, atWork });
    };
  };

  const open = (scope: string, gone?: () => Promise<void> | undefined): Connection =>
    createConnection({
      clock,
      isChild: kind === 'stdio',
      autoReconnect: !isOff && (config.autoReconnect ?? true),
      maxRetries: config.maxRetries ?? Number.POSITIVE_INFINITY,
      retryDelayMs: config.retryDelayMs ?? DEFAULTS.retryDelayMs,
      async connect(attempt) {
        if (isOff) throw (await import('./off.ts')).whyOff(name, config);
        await gone?.();
        return loadPool === undefined ? dial({ scope }, attempt) : (await loadPool()).dial(scope, attempt);
      },
      watch(session, lost) {
        const watching = watch(scope, session, lost);
        const left = pool?.entered(session, lost);
        return () => {
          watching?.stop();
          left?.();
        };
      },
      onState: heard(scope),
    });

  const loadScopes = once(async () => {
    const { createScopes } = await import('./scopes.ts');
    scopes = createScopes({
      ...LIMITS,
      ...house.limits,
      pool: config.pool,
      clock,
      open,
      hasCall: (scope) => hasCall(scope, () => true),
      isHeld: (scope) => house.heldScopes.has(scope),
    });
    return scopes;
  });
  /** Only what is started can be started ahead, and gets old. */
  const { pool: settings } = config;
  const loadPool =
    settings && (kind ?? 'stdio') === 'stdio'
      ? once(async () => {
          const { createPool } = await import('./pool.ts');
          if (closed) throw removed();
          pool = createPool({ ...options, ...LENT, settings, connectionOf: known, scopes: () => scopes });
          return pool;
        })
      : undefined;

  const main = open(mainScope, owner?.gone);
  const known = (scope: string): Connection | undefined => (isMain(scope) ? main : scopes?.known(scope));
  return {
    main,
    async of(scope) {
      if (isMain(scope)) return main;
      const loaded = await loadScopes();
      if (closed) throw removed();
      return loaded.of(scope);
    },
    known,
    all: () => [[mainScope, main], ...(scopes?.all() ?? [])],
    release: async (scope) => scopes?.release(scope),
    state() {
      const cause = main.current() && (scopes?.failing() ?? pool?.failing());
      return cause ? { name: 'failed', cause } : main.state;
    },
    children: () => pool?.children(),
    reconnect() {
      scopes?.releaseFailed();
      return main.reconnect();
    },
    async close() {
      closed = true;
      await Promise.all([main.close(), scopes?.close(), pool?.close()]);
    },
  };
};

/** What is loaded long before is handed to what is loaded later: bundlers would cut it into pieces of their own. */
const LENT = { DEFAULTS, LIMITS, HOPELESS, backoffMs, healthIntervalMs };
/** That of the pool. */
export type Lent = typeof LENT;

const removed = (): ToolwayError => new ToolwayError('closed', 'the server was removed', { executed: 'no' });

const WITH_THE_SERVER: ReadonlySet<Call['state']> = new Set(['handed_over', 'answering']);
