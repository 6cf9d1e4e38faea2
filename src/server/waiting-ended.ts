/** The end of a call that never left, because there was no connection. */
import type { ConnectionState } from '../connection/state.ts';
import { ToolwayError } from '../errors.ts';

/** What a call is told that ended while it waited for a connection. */
export const waitingEnded = (thrown: unknown, state?: ConnectionState): ToolwayError => {
  const error = ToolwayError.from(thrown, { executed: 'no' });
  if (error.code !== 'timeout') return error;
  const before = state?.name === 'waiting' || state?.name === 'connecting' ? state.cause : undefined;
  const why = before === undefined ? '' : `: ${before.message}`;
  const { limit } = error;
  const within = limit === undefined ? '' : ` (no connection within ${limit} ms)`;
  return new ToolwayError('connect_timeout', `the call ended while the server was being connected${within}${why}`, {
    executed: 'no',
    cause: before ?? error,
    limit,
    stderr: (state?.name === 'connecting' ? state.stderr?.() : undefined) || before?.stderr,
  });
};
