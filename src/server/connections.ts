/** The connections to one server: the one of all who do not isolate themselves, and one for each scope of those who do. */
import type { Call } from '../call.ts';
import { type Connection, createConnection } from '../connection/connection.ts';
import { ToolwayError } from '../errors.ts';
import type { Session } from '../protocol/session.ts';
import type { Dialer } from './dialer.ts';
import type { ServerRecord } from './record.ts';
import type { Scope, Sweeper } from './scopes.ts';
import type { ServerBase } from './server.ts';
import { DEFAULTS, healthIntervalMs, LIMITS } from './settings.ts';

export interface ConnectionsOptions extends ServerBase {
  dial: Dialer['dial'];
  record: ServerRecord;
}

export interface Connections {
  /** The one without a scope. */
  readonly main: Connection;
  /** That of a scope, made with its first use. Throws `backpressure` where there are too many. */
  of(scope: string): Connection;
  /** The same, if there is one. */
  known(scope: string): Connection | undefined;
  /** Connects anew, and lets scopes that were given up begin afresh. */
  reconnect(): Promise<Session>;
  /** Resolves when nothing of any link is left. */
  close(): Promise<void>;
}

export const createConnections = (options: ConnectionsOptions): Connections => {
  const { name, config, kind, house, newCall, warn, dial, record } = options;
  const { clock } = house.deadlines;
  const { maxScopes, scopeIdleMs } = { ...LIMITS, ...house.limits };
  const scopes = new Map<string, Scope>();
  /** Scopes that were let go of and are not gone yet: two children of one scope never live at a time. */
  const leaving = new Map<string, Promise<void>>();
  let sweeper: Promise<Sweeper> | undefined;
  let closed = false;

  const hasCall = (scope: string, fits: (call: Call) => boolean): boolean =>
    house.calls.find((call) => call.server === name && call.scope === scope && fits(call)) !== undefined;

  const watch = (scope: string, session: Session, lost: (cause: ToolwayError) => void): (() => void) => {
    const intervalMs = healthIntervalMs(config, session);
    let stop: (() => void) | undefined;
    let wanted = intervalMs > 0;
    const begin = async (): Promise<void> => {
      const { watchHealth } = await import('../connection/health.ts');
      if (!wanted) return;
      stop = watchHealth({
        session,
        clock,
        intervalMs,
        newCall: () => newCall('ping', { scope }),
        isBusySince: (at) => hasCall(scope, ({ state, startedAt }) => state !== 'queued' && startedAt < at),
        onCheck: (check) => record.checked(scope, check),
        onHeard: () => record.checked(scope),
        lost,
      });
    };
    if (wanted) begin().catch((cause: unknown) => warn('the server is not watched', { cause }));
    return () => {
      wanted = false;
      stop?.();
    };
  };

  const open = (scope: string): Connection =>
    createConnection({
      clock,
      isChild: kind === 'stdio',
      autoReconnect: config.disabled !== true && (config.autoReconnect ?? true),
      maxRetries: config.maxRetries ?? Number.POSITIVE_INFINITY,
      retryDelayMs: config.retryDelayMs ?? DEFAULTS.retryDelayMs,
      async connect(lost, signal) {
        if (config.disabled === true) throw refusal('not_connected', 'the server is disabled in the configuration');
        await leaving.get(scope);
        return dial(scope, lost, signal);
      },
      watch: (session, lost) => watch(scope, session, lost),
      onState: record.hear(scope),
    });

  const release = (scope: string): void => {
    const gone = scopes.get(scope)?.connection.close();
    scopes.delete(scope);
    if (gone === undefined) return;
    leaving.set(scope, gone);
    void gone.then(() => {
      if (leaving.get(scope) === gone) leaving.delete(scope);
    });
  };
  const admit = (scope: string): Scope => {
    if (closed) throw refusal('closed', 'the server was removed');
    if (scopes.size >= maxScopes)
      throw refusal('backpressure', `there are connections for ${maxScopes} scopes already`, maxScopes);
    const made = { connection: open(scope), usedAt: 0 };
    scopes.set(scope, made);
    sweeper ??= import('./scopes.ts').then(({ createSweeper }) =>
      createSweeper({ clock, idleMs: scopeIdleMs, scopes, isBusy: (each) => hasCall(each, () => true), release }),
    );
    sweeper.then(
      (loaded) => loaded.wake(),
      (cause: unknown) => warn('idle connections stay open', { cause }),
    );
    return made;
  };

  const main = open('');
  return {
    main,
    of(scope) {
      if (scope === '') return main;
      const found = scopes.get(scope) ?? admit(scope);
      found.usedAt = clock.now();
      return found.connection;
    },
    known: (scope) => (scope === '' ? main : scopes.get(scope)?.connection),
    reconnect() {
      for (const [scope, { connection }] of scopes) if (connection.state.name === 'failed') release(scope);
      return main.reconnect();
    },
    async close() {
      closed = true;
      for (const scope of [...scopes.keys()]) release(scope);
      await Promise.all([main.close(), ...leaving.values(), sweeper?.then((loaded) => loaded.stop()).catch(() => {})]);
    },
  };
};

const refusal = (code: ToolwayError['code'], reason: string, limit?: number): ToolwayError =>
  new ToolwayError(code, reason, { executed: 'no', limit });
