/** Makes sessions with one server: opens the link that its configuration asks for, reads its lists, and restores what was subscribed to. */
import type { Call, CallInit } from '../call.ts';
import { connect, type SessionEvents } from '../connection/connect.ts';
import { type Attempt, within } from '../connection/connection.ts';
import { ToolwayError } from '../errors.ts';
import { guarded } from '../events.ts';
import type { ServerConfig } from '../options.ts';
import type { ServerRequests } from '../protocol/server-requests.ts';
import type { Session } from '../protocol/session.ts';
import type { EraName } from '../protocol/wire.ts';
import type { Reference } from '../telemetry/secret-values.ts';
import { DEFAULT_MAX_MESSAGE_BYTES, type Transport } from '../transport/transport.ts';
import { bounded } from '../waits.ts';
import type { Catalog } from './catalog.ts';
import { serverRequestsFor } from './requests.ts';
import type { ServerBase } from './server.ts';
import { CONNECT_TIMEOUT_MS, handlersOf, LIMITS } from './settings.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface DialerOptions extends ServerBase {
  catalog: Catalog;
  /** Those of the server, once somebody has asked for any. */
  subscriptions(): Subscriptions | undefined;
}

/** Whose a session is: one that was made ahead is given to a scope later. */
export interface Whose {
  scope: string;
}

export interface Dialer {
  /** One connection attempt; `lost` hears when the link of its session ends. */
  dial(whose: Whose, attempt: Attempt): Promise<Session>;
  /** Resolves when all lists of the latest session have been read, or take too long to wait for. */
  listed(): Promise<void>;
}

/** How long a server's word that it is of the legacy era is believed: an upgraded one would still answer `initialize`. */
const LEGACY_VERDICT_MS = 3_600_000;

/** Beside the tools, other lists are waited for this long by whoever waits for a connection. */
const LISTS_GRACE_MS = 1_000;

export const createDialer = (options: DialerOptions): Dialer => {
  const { name, config, kind, house, owner, mainScope, newCall, warn, catalog, subscriptions } = options;
  const { runtime, deadlines, events, changes, secrets } = house;
  const { clock } = deadlines;
  const { maxDepth, maxInputRounds, maxPages, maxTools, maxListBytes } = { ...LIMITS, ...house.limits };
  const own = handlersOf(config, house.handlers);
  const pinned = config.era === 'auto' ? undefined : config.era;
  const { connectTimeoutMs = kind === 'stdio' ? CONNECT_TIMEOUT_MS.stdio : CONNECT_TIMEOUT_MS.other } = config;
  let verdict: { era: EraName; at: number } | undefined;
  let listed: Promise<void> = Promise.resolve();

  const knownEra = (): EraName | undefined => {
    if (verdict !== undefined && clock.now() - verdict.at > LEGACY_VERDICT_MS) verdict = undefined;
    return pinned ?? (kind === 'sse' ? 'legacy' : verdict?.era);
  };

  const requestsOf = (whose: Whose): Promise<ServerRequests> =>
    serverRequestsFor(
      {
        handlers: {
          ...own,
          onLog(message, context) {
            events.emit('log', { server: name, ...whose, ...message });
            return own.onLog?.(message, context);
          },
        },
        server: name,
        get scope() {
          return whose.scope;
        },
        clock,
        report: (cause: unknown) => warn('a handler failed', { cause }),
      },
      Object.keys(own).length > 0 || events.heard('log'),
    );

  /** Those in whose course a request of the server can be. */
  const asking = (scope: string): readonly Call[] =>
    house.calls.values().filter((call) => call.server === name && call.scope === scope && call.state !== 'queued');

  const expandedConfig = async (credentials?: Readonly<Record<string, string>>): Promise<ServerConfig> => {
    const found: Reference[] = [];
    const expanded = await runtime.expand(name, config, (reference) => found.push(reference), credentials);
    await secrets.learn(expanded, found);
    return expanded;
  };

  const openTransport = async (fallback?: 'sse'): Promise<Transport> => {
    if (typeof config.transport === 'function') return config.transport();
    const expanded = await (owner === undefined ? expandedConfig() : owner.configured(expandedConfig));
    const maxMessageBytes = config.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
    return runtime.openTransport({ server: name, kind: fallback ?? kind ?? 'http', config: expanded, maxMessageBytes });
  };

  const reread = (scope: string): void => {
    changes.tell({ server: name, scope, what: 'everything' });
    for (const list of ['tools', 'resources', 'prompts'] as const) catalog.changed(list);
  };

  const eventsOf = (whose: Whose, lost: (cause: ToolwayError) => void, renew: () => void): SessionEvents => ({
    onListChanged(list) {
      if (list !== 'tools') changes.tell({ server: name, what: list });
      catalog.changed(list);
    },
    onResourceUpdated(uri) {
      changes.tell({ server: name, what: 'resources', uri });
      events.emit('resource_updated', { server: name, ...whose, uri });
      subscriptions()?.updated(uri);
    },
    onElicitationCompleted: (elicitationId) =>
      events.emit('elicitation_completed', { server: name, ...whose, elicitationId }),
    onTask: (task, { signal }, about) =>
      guarded(
        () => own.onTask?.(task, { server: name, ...whose, signal, call: about }),
        (cause) => warn('a handler failed', { cause }),
      ),
    onGap: () => reread(whose.scope),
    onReopened() {
      reread(whose.scope);
      renew();
    },
    onWarning: (message, cause) => warn(message, { cause }),
    onClose: (cause) => lost(secrets.masked(cause)),
  });

  const connectTo = async (
    whose: Whose,
    events: SessionEvents,
    { signal, onStderr }: Omit<Attempt, 'lost'>,
  ): Promise<Session> =>
    connect({
      server: name,
      ...whose,
      openTransport,
      mayFallBackToSse: kind === 'http' && config.transport === undefined && pinned !== 'modern',
      known: knownEra(),
      requests: await requestsOf(whose),
      asking: () => asking(whose.scope),
      clientInfo: house.clientInfo,
      deadlines,
      timeoutMs: connectTimeoutMs,
      maxDepth,
      maxInputRounds,
      listLimits: { maxPages, maxTools, maxBytes: maxListBytes },
      events,
      onStderr,
      signal,
    });

  const perform = <T>(method: string, run: (call: Call) => Promise<T>, limits?: Partial<CallInit>): Promise<T> =>
    bounded(newCall(method, limits), deadlines, run);

  const askForLogs = (session: Session): void => {
    if (own.onLog === undefined || session.identity.capabilities.logging === undefined) return;
    const level = config.logLevel ?? 'info';
    perform('logging/setLevel', (call) => session.setLogLevel(call, level)).catch((cause: unknown) =>
      warn('the log level could not be set', { cause }),
    );
  };
  const subscribe = async (session: Session, limits?: Partial<CallInit>): Promise<void> =>
    subscriptions()?.restore((uri) => perform('resources/subscribe', (call) => session.subscribe(call, uri), limits));

  /** The catalogue and the subscriptions are those of the unscoped connection; tools and subscriptions are in place before anybody gets the session. */
  const settle = async (session: Session, remainingMs: number, signal: AbortSignal): Promise<void> => {
    const limits = { timeoutMs: remainingMs, totalTimeoutMs: remainingMs, signal };
    const reading = catalog.refreshAll((kind) => perform(kind, (call) => session.list(kind, call), limits));
    listed = within(clock, LISTS_GRACE_MS, reading.all, false);
    askForLogs(session);
    await reading.tools;
    await subscribe(session, limits);
  };

  return {
    async dial(whose, { lost, ...attempt }) {
      const { scope } = whose;
      const startedAt = clock.now();
      let session: Session;
      const renew = (): void => {
        if (scope !== mainScope) return;
        askForLogs(session);
        void subscribe(session);
      };
      try {
        session = await connectTo(whose, eventsOf(whose, lost, renew), attempt);
      } catch (error) {
        verdict = undefined;
        const cause = secrets.masked(ToolwayError.from(error, { server: name }));
        throw pinned === undefined || cause.rpcCode === undefined ? cause : await eraRefused(pinned, cause);
      }
      changes.tell({ server: name, scope, what: 'everything' });
      verdict = session.era === 'legacy' ? { era: 'legacy', at: clock.now() } : undefined;
      if (scope === mainScope)
        await settle(session, Math.max(0, startedAt + connectTimeoutMs - clock.now()), attempt.signal);
      return session;
    },
    listed: () => listed,
  };
};

/** The failure to connect with a server of which the era is pinned: it may be the era itself that is refused. */
const eraRefused = (pinned: EraName, cause: ToolwayError): Promise<ToolwayError> =>
  import('../protocol/negotiate-refused.ts').then(
    ({ pinnedRefusal }) => pinnedRefusal(pinned, cause),
    () => cause,
  );
