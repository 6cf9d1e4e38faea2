/** Which resources sessions want to hear of: each is subscribed to once on the connection that they share, for as long as one of them wants it. */
import { ToolwayError } from '../../../errors.ts';
import type { GatewayContext } from '../../context.ts';
import type { LegacySession } from './session.ts';

export interface Subscriptions {
  add(session: LegacySession, uri: string): Promise<void>;
  remove(session: LegacySession, uri: string): Promise<void>;
  /** The session is over. */
  drop(session: LegacySession): void;
}

/** Subscriptions of one session; one more is refused. */
const MAX_SUBSCRIPTIONS = 256;

interface Shared {
  readonly server: string;
  readonly scope: string;
  readonly uri: string;
  readonly sessions: Set<LegacySession>;
  /** The server's word; gives what ends it. */
  agreed: Promise<() => Promise<void>>;
}

export const createSubscriptions = ({ toolkit, dispatch }: GatewayContext): Subscriptions => {
  const shared = new Map<string, Shared>();

  const subscribe = async (server: string, scope: string, uri: string): Promise<() => Promise<void>> => {
    // That of the connection without a scope outlives it; updates come as events either way.
    if (scope === '') return toolkit.subscribeResource(uri, () => {}, { server });
    const client = toolkit.server(server);
    await client.subscribe(uri, { scope });
    return () => client.unsubscribe(uri, { scope });
  };

  toolkit.on('connected', ({ server, scope }) => {
    if (scope === '') return;
    for (const each of shared.values())
      if (each.server === server && each.scope === scope)
        toolkit
          .server(server)
          .subscribe(each.uri, { scope })
          .catch(() => {});
  });
  toolkit.on('resource_updated', ({ server, scope, uri }) => {
    const message = { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } } as const;
    for (const session of shared.get(keyOf(server, scope, uri))?.sessions ?? [])
      if (session.caller.principal.sees(server)) session.outlet(message);
  });

  return {
    async add(session, uri) {
      const { caller, surface, subscriptions } = session;
      if (subscriptions.has(uri)) return;
      if (subscriptions.size >= MAX_SUBSCRIPTIONS) throw tooMany();
      const server = await surface.serverOf(caller, uri);
      const scope = dispatch.scopeOf(caller, server);
      const key = keyOf(server, scope, uri);
      const each = shared.get(key) ?? {
        server,
        scope,
        uri,
        sessions: new Set(),
        agreed: subscribe(server, scope, uri),
      };
      shared.set(key, each);
      each.sessions.add(session);
      const leave = async (): Promise<void> => {
        if (!each.sessions.delete(session) || each.sessions.size > 0) return;
        if (shared.get(key) === each) shared.delete(key);
        await (await each.agreed)();
      };
      subscriptions.set(uri, leave);
      await each.agreed.catch((error: unknown) => {
        subscriptions.delete(uri);
        each.sessions.delete(session);
        if (shared.get(key) === each) shared.delete(key);
        throw error;
      });
    },
    async remove({ subscriptions }, uri) {
      const leave = subscriptions.get(uri);
      subscriptions.delete(uri);
      await leave?.();
    },
    drop({ subscriptions }) {
      // A server that is gone has nothing to be told.
      for (const leave of subscriptions.values()) leave().catch(() => {});
      subscriptions.clear();
    },
  };
};

const keyOf = (server: string, scope: string, uri: string): string => JSON.stringify([server, scope, uri]);

const tooMany = (): ToolwayError =>
  new ToolwayError('backpressure', `this session has ${MAX_SUBSCRIPTIONS} subscriptions already`, {
    executed: 'no',
    limit: MAX_SUBSCRIPTIONS,
  });
