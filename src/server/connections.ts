/** The connections to one server: the one of all who do not isolate themselves, and one for each scope of those who do. */
import type { Call } from '../call.ts';
import { type Connection, type ConnectionOptions, createConnection } from '../connection/connection.ts';
import { ToolwayError } from '../errors.ts';
import { once } from '../later.ts';
import type { Turn } from '../middleware/fuse.ts';
import type { Session } from '../protocol/session.ts';
import type { Dialer } from './dialer.ts';
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
  /** Connects anew, and lets scopes that were given up begin afresh. */
  reconnect(): Promise<Session>;
  /** Resolves when nothing of any link is left. */
  close(): Promise<void>;
}

export const createConnections = (options: ConnectionsOptions): Connections => {
  const { name, config, kind, house, owner, newCall, warn, dial, record, turned } = options;
  const mainScope = owner?.principal ?? '';
  const isMain = (scope: string): boolean => scope === mainScope || scope === '';
  const { clock } = house.deadlines;
  let scopes: Scopes | undefined;
  let closed = false;

  const hasCall = (scope: string, fits: (call: Call) => boolean): boolean =>
    house.calls.find((call) => call.server === name && call.scope === scope && fits(call)) !== undefined;

  /** Looks after a session where that is wanted; returns the means to stop. */
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
      autoReconnect: config.disabled !== true && config.untrusted !== true && (config.autoReconnect ?? true),
      maxRetries: config.maxRetries ?? Number.POSITIVE_INFINITY,
      retryDelayMs: config.retryDelayMs ?? DEFAULTS.retryDelayMs,
      async connect(attempt) {
        if (config.disabled === true)
          throw new ToolwayError('not_connected', 'the server is disabled', { executed: 'no' });
        if (config.untrusted === true) throw untrusted(name);
        await gone?.();
        return dial(scope, attempt);
      },
      watch: (session, lost) => watch(scope, session, lost),
      onState: heard(scope),
    });

  const loadScopes = once(async () => {
    const { createScopes } = await import('./scopes.ts');
    const isBusy = (scope: string): boolean => house.heldScopes.has(scope) || hasCall(scope, () => true);
    scopes = createScopes({ ...LIMITS, ...house.limits, clock, open, isBusy });
    return scopes;
  });

  const main = open(mainScope, owner?.gone);
  return {
    main,
    async of(scope) {
      if (isMain(scope)) return main;
      const loaded = await loadScopes();
      if (closed) throw new ToolwayError('closed', 'the server was removed', { executed: 'no' });
      return loaded.of(scope);
    },
    known: (scope) => (isMain(scope) ? main : scopes?.known(scope)),
    all: () => [[mainScope, main], ...(scopes?.all() ?? [])],
    release: async (scope) => scopes?.release(scope),
    reconnect() {
      scopes?.releaseFailed();
      return main.reconnect();
    },
    async close() {
      closed = true;
      await Promise.all([main.close(), scopes?.close()]);
    },
  };
};

const untrusted = (server: string): ToolwayError =>
  new ToolwayError(
    'denied',
    `nobody has agreed to how this server is started or reached; "toolway trust ${server}" shows it and asks`,
    { server, executed: 'no', permanent: true },
  );

const WITH_THE_SERVER: ReadonlySet<Call['state']> = new Set(['handed_over', 'answering']);
