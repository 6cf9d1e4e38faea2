/** All sessions of the legacy era: found by their id and by nobody but their principal, ended when nobody uses them, told what their servers say. */
import type { Timer } from '../../../clock.ts';
import type { JsonRpcNotification } from '../../../protocol/wire.ts';
import { whenAborted } from '../../../when-aborted.ts';
import type { GatewayContext } from '../../context.ts';
import type { OfferKind, Principal } from '../../principal.ts';
import { Refusal } from '../../refusal.ts';
import { createMethods, type RunMethod } from '../methods.ts';
import type { Surface } from '../surface.ts';
import { createLiveScopes } from './live-scopes.ts';
import { createLogLevels, isLoud } from './log-levels.ts';
import { createSession, type LegacySession, type SessionHouse } from './session.ts';
import { createSubscriptions } from './subscriptions.ts';

export interface Sessions {
  /** Begins one. Throws a `Refusal`, 503, where there are too many. */
  begin(surface: Surface, principal: Principal): LegacySession;
  /** That of an id, for its own principal at its own endpoint; everybody else is told that there is none. */
  find(id: string, surface: Surface, principal: Principal): LegacySession | undefined;
  /** Runs a single request outside of any session. */
  methodsOf(surface: Surface): RunMethod;
  /** Calls back every few seconds while there are sessions. */
  onTick(callback: () => void): void;
  readonly size: number;
  /** Ends all of them at once. Those that are idle end when the gateway begins to close, others with their last answer. */
  close(): void;
}

/** How often it is looked which sessions are still in use. */
export const TICK_MS = 5_000;

export const createSessions = (context: GatewayContext): Sessions => {
  const { toolkit, dispatch, credentials, clock, limits, closing } = context;
  const sessions = new Map<string, LegacySession>();
  const runs = new WeakMap<Surface, RunMethod>();
  const ticks = new Set<() => void>();
  let timer: Timer | undefined;

  const live = createLiveScopes(context);
  const levels = createLogLevels(context, live, () => sessions.values());
  const subscriptions = createSubscriptions(context);

  const house: SessionHouse = {
    context,
    subscribe: subscriptions.add,
    unsubscribe: subscriptions.remove,
    levelChanged: levels.changed,
    rootsChanged({ surface, caller, roots }) {
      for (const server of surface.servers(caller)) {
        const scope = dispatch.scopeOf(caller, server);
        if (!live.has(server, scope)) continue;
        // Whose roots are those of a server that all share, nobody can say outside of a call.
        const own = scope === '' ? {} : { scope, principal: caller.principal.id, handlers: { roots } };
        toolkit
          .server(server)
          .rootsChanged(own)
          .catch(() => {});
      }
    },
    closed(session) {
      sessions.delete(session.id);
      subscriptions.drop(session);
    },
  };

  const sweep = (): void => {
    timer = undefined;
    const now = clock.now();
    for (const callback of ticks) callback();
    for (const session of sessions.values()) {
      if (session.busy) session.usedAt = now;
      if (now - session.usedAt >= limits.sessionIdleMs) session.close();
    }
    wake();
  };
  const wake = (): void => {
    if (timer !== undefined || sessions.size === 0) return;
    timer = clock.after(TICK_MS, sweep);
    timer.keepAlive(false);
  };

  const methodsOf = (surface: Surface): RunMethod => {
    const known = runs.get(surface) ?? createMethods(context, surface);
    runs.set(surface, known);
    return known;
  };

  /** Sessions that a message of a server concerns. */
  const concerned = (server: string, scope: string): LegacySession[] =>
    [...sessions.values()].filter(
      ({ surface, caller }) =>
        (surface.server ?? server) === server &&
        caller.principal.sees(server) &&
        (scope === '' || dispatch.scopeOf(caller, server) === scope),
    );
  /** What is of one principal's own connection is told to that one alone. */
  const tell = (server: string, scope: string, kind: OfferKind): void => {
    const message: JsonRpcNotification = { jsonrpc: '2.0', method: `notifications/${kind}/list_changed` };
    for (const session of concerned(server, toolkit.wantsCredentials(server) ? scope : ''))
      if (session.caller.principal.sees(server, undefined, kind)) session.outlet(message);
  };
  const tellAll = (server: string, scope = ''): void => {
    for (const kind of ['tools', 'resources', 'prompts'] as const) tell(server, scope, kind);
  };
  const tellVisited = (server: string | undefined, scope: string, elicitationId: string): void => {
    const params = { elicitationId };
    const message: JsonRpcNotification = { jsonrpc: '2.0', method: 'notifications/elicitation/complete', params };
    const asked = server === undefined ? ofPrincipal(scope) : concerned(server, scope);
    for (const session of asked) if (session.visits.has(elicitationId)) session.outlet(message);
  };
  const ofPrincipal = (principal: string): LegacySession[] =>
    [...sessions.values()].filter(({ caller }) => caller.principal.id === principal);

  /** Servers whose lists are known; what one that comes or goes has to offer is news. */
  const present = new Set(Object.entries(toolkit.status()).flatMap(([name, { connected }]) => (connected ? name : [])));
  const stops = [
    toolkit.on('tools_changed', ({ server, scope }) => tell(server, scope, 'tools')),
    toolkit.on('prompts_changed', ({ server, scope }) => tell(server, scope, 'prompts')),
    toolkit.on('resources_changed', ({ server, scope }) => tell(server, scope, 'resources')),
    toolkit.on('connected', ({ server, scope }) => {
      if (scope !== '' || present.has(server)) return;
      present.add(server);
      tellAll(server);
    }),
    toolkit.on('disconnected', ({ server, scope }) => {
      const state = toolkit.status()[server]?.state;
      if (scope !== '' || (state !== undefined && state !== 'disabled')) return;
      if (present.delete(server)) tellAll(server);
    }),
    toolkit.on('elicitation_completed', ({ server, scope, elicitationId }) =>
      tellVisited(server, scope, elicitationId),
    ),
    ...(credentials === undefined
      ? []
      : [
          credentials.onVisited(({ principal, elicitationId }) => tellVisited(undefined, principal, elicitationId)),
          credentials.on(({ server, principal }) => tellAll(server, principal)),
        ]),
    toolkit.on('log', ({ server, scope, level, logger, data }) => {
      const params = { level, logger: logger ?? server, data };
      for (const session of concerned(server, scope))
        if (isLoud(level, session.level)) session.outlet({ jsonrpc: '2.0', method: 'notifications/message', params });
    }),
  ];
  whenAborted(closing, () => {
    for (const stop of stops) stop();
    timer?.cancel();
    for (const session of [...sessions.values()]) session.finish();
  });

  /** Of whoever has most of them, the one ends that was not used longest, unless each is in use. */
  const makeRoom = (): boolean => {
    const own = new Map<string, LegacySession[]>();
    for (const session of sessions.values()) {
      const { id } = session.caller.principal;
      const known = own.get(id);
      if (known === undefined) own.set(id, [session]);
      else known.push(session);
    }
    const [most = []] = [...own.values()].sort((one, other) => other.length - one.length);
    const unused = most.filter(({ busy, usedAt }) => !busy && clock.now() - usedAt >= 2 * TICK_MS);
    const [oldest] = unused.sort((one, other) => one.usedAt - other.usedAt);
    oldest?.close();
    return oldest !== undefined;
  };

  return {
    begin(surface, principal) {
      if (closing.aborted) throw new Refusal(503, 'closed', 'the gateway is closing');
      if (sessions.size >= limits.maxSessions && !makeRoom())
        throw new Refusal(503, 'backpressure', `there are ${limits.maxSessions} sessions already`, {
          retryAfterMs: TICK_MS,
        });
      const session = createSession({ house, surface, run: methodsOf(surface), principal });
      sessions.set(session.id, session);
      wake();
      return session;
    },
    find(id, surface, principal) {
      const session = sessions.get(id);
      if (session === undefined || session.surface !== surface || session.caller.principal.id !== principal.id)
        return undefined;
      session.seenAs(principal);
      return session;
    },
    methodsOf,
    onTick: (callback) => void ticks.add(callback),
    get size() {
      return sessions.size;
    },
    close() {
      for (const session of [...sessions.values()]) session.close();
    },
  };
};
