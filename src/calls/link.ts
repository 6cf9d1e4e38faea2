/** Whether a server can be reached now, and what there is to say of one that is not waited for. */
import type { Connection } from '../connection/connection.ts';
import { ToolwayError } from '../errors.ts';
import type { ManagedServer } from '../server/server.ts';

/** The connection that a call of this scope would take; one that was not made yet is judged by the server's own. */
export const linkOf = (server: ManagedServer, scope = ''): Connection =>
  server.connectionOf(scope) ?? server.connection();

/** Why a connection is missing: what ended it for good, else `not_connected` with the latest failure as its cause. */
export const notConnected = (server: ManagedServer, tool: string, scope?: string): ToolwayError => {
  const { state } = linkOf(server, scope);
  const facts = { executed: 'no', server: server.name, tool } as const;
  const cause = 'cause' in state ? state.cause : undefined;
  if (state.name === 'failed' && (cause?.executed ?? 'no') === 'no') return state.cause.with(facts);
  if (state.name === 'closed') return new ToolwayError('closed', 'the connection was closed', facts);
  const why = cause === undefined ? '' : `: ${cause.message}`;
  return new ToolwayError('not_connected', `the server is not connected, and not waited for${why}`, {
    ...facts,
    cause,
  });
};
