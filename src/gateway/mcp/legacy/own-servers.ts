/** What servers that are isolated by session hold for one session: it stays until that ends, and no longer. */
import type { GatewayContext } from '../../context.ts';
import type { Caller } from '../../principal.ts';
import type { Surface } from '../surface.ts';

/** Keeps the connections of the session from being let go of while its client is silent. Gives what closes them. */
export const keepOwnServers = (
  { toolkit, dispatch, logger }: GatewayContext,
  surface: Surface,
  caller: Caller & { session: string },
): (() => void) => {
  const { session } = caller;
  if (!surface.servers(caller).some((server) => dispatch.scopeOf(caller, server) === session)) return () => {};
  const held = toolkit.holdScope(session);
  return () => {
    held
      .then((release) => release())
      .catch((error: unknown) => logger?.warn('what a session leaves could not be closed', { error }));
  };
};
