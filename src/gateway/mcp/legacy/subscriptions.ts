/** Which resources sessions want to hear of. */
import { ToolwayError } from '../../../errors.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import type { GatewayContext } from '../../context.ts';
import { invalidParams } from '../fault.ts';
import { mayOr } from '../methods.ts';
import type { LegacySession } from './session.ts';

export interface Subscriptions {
  /** Takes the parameters of `resources/subscribe`. */
  add(session: LegacySession, params: JsonObject): Promise<void>;
  /** And those of `resources/unsubscribe`. */
  remove(session: LegacySession, params: JsonObject): Promise<void>;
  /** The session is over. */
  drop(session: LegacySession): void;
}

/** Subscriptions of one session; one more is refused. */
const MAX_SUBSCRIPTIONS = 256;

export const createSubscriptions = ({ dispatch, resources }: GatewayContext): Subscriptions => ({
  async add(session, params) {
    const { caller, surface, subscriptions } = session;
    mayOr('read', caller);
    const uri = uriOf(params);
    const before = subscriptions.get(uri);
    if (before !== undefined) {
      await before;
      return;
    }
    if (subscriptions.size >= MAX_SUBSCRIPTIONS) throw tooMany();
    const begin = async (): Promise<Leave> => {
      const server = await surface.serverOf(caller, uri);
      const scope = dispatch.scopeOf(caller, server);
      const hear = (): void => {
        if (session.caller.principal.sees(server, uri, 'resources'))
          session.outlet({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } });
      };
      const leave = await resources.add({ server, scope, principal: caller.principal.id, uri }, hear);
      // What is the session's own ends with it.
      return ({ gone }) => leave({ gone: gone && scope === caller.session });
    };
    const begun = begin();
    subscriptions.set(uri, begun);
    try {
      await begun;
    } catch (error) {
      if (subscriptions.get(uri) === begun) subscriptions.delete(uri);
      throw error;
    }
  },
  async remove({ subscriptions }, params) {
    const uri = uriOf(params);
    const begun = subscriptions.get(uri);
    subscriptions.delete(uri);
    await (await begun)?.({ gone: false });
  },
  drop({ subscriptions }) {
    // A server that is gone has nothing to be told.
    for (const begun of subscriptions.values()) begun.then((leave) => leave({ gone: true })).catch(() => {});
    subscriptions.clear();
  },
});

/** Ends a subscription, in the course of its session or with it. */
export type Leave = (how: { gone: boolean }) => Promise<void>;

const uriOf = ({ uri }: JsonObject): string => {
  if (typeof uri === 'string') return uri;
  throw invalidParams('uri is not a text');
};

const tooMany = (): ToolwayError =>
  new ToolwayError('backpressure', `this session has ${MAX_SUBSCRIPTIONS} subscriptions already`, {
    executed: 'no',
    limit: MAX_SUBSCRIPTIONS,
  });
