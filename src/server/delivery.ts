/** The end of the road: hands calls to the session of their scope, once there is one. Loaded with the road. */
import type { Call } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import type { CallFn } from '../middleware/middleware.ts';
import type { Session } from '../protocol/session.ts';
import type { JsonObject } from '../protocol/types.ts';
import { share } from '../waits.ts';
import type { ManagedServer } from './server.ts';

/** For the calls to one server. */
export const createDelivery = ({
  catalog,
  connectionOf,
  sessionOf,
  parent,
  masked,
}: Pick<ManagedServer, 'catalog' | 'connectionOf' | 'sessionOf' | 'parent' | 'masked'>): CallFn => {
  const perform = (call: Call): Promise<JsonObject> => {
    const session = connectionOf(call.scope)?.current();
    return session === undefined ? sessionOf(call).then((made) => performOn(made, call)) : performOn(session, call);
  };
  /** A call that finds its session ended before anything of it left waits for the next one; one that was asked something had left. */
  const performOn = (session: Session, call: Call): Promise<JsonObject> =>
    send(session, call).catch((error: unknown) => {
      const left =
        !(error instanceof ToolwayError) || error.executed !== 'no' || call.state === 'answering' || call.asked;
      if (left || call.stopped !== undefined || connectionOf(call.scope)?.current() === session) throw error;
      call.state = 'queued';
      return perform(call);
    });

  const send = (session: Session, call: Call): Promise<JsonObject> => {
    if (call.method !== 'tools/call') return session.perform(call);
    call.look = look;
    return call.seal === undefined && !catalog.alarmed ? session.perform(call) : lookAndSend(session, call);
  };
  const lookAndSend = async (session: Session, call: Call): Promise<JsonObject> => {
    await look(call, false);
    return session.perform(call);
  };
  /** The last look at a call before it leaves: its arguments and its tool have to be those that were let through. */
  const look = async (call: Call, isOld: boolean): Promise<void> => {
    if (isOld) catalog.changed('tools');
    if (catalog.alarmed) await share(call, catalog.upToDate());
    call.seal?.(call);
    const drift = catalog.tool(call.params.name as string)?.drift;
    if (drift?.blocks) throw drift.error();
  };
  if (parent === undefined) return perform;
  // What its principal gave is known here alone.
  return (call) =>
    perform(call).catch((error: unknown) => {
      throw masked(error);
    });
};
