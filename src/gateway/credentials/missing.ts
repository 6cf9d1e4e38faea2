/** The failure of a call for which its caller has not given what the server wants of it. */
import { ToolwayError } from '../../errors.ts';

const MARK = 'credentialsUrl';

/** `url` is where they are given: absolute where the gateway knows its own, else a path on it. */
export const missingCredentials = (server: string, why: string, url: string): ToolwayError =>
  new ToolwayError('auth_required', `${why}: give it at ${url}`, {
    server,
    executed: 'no',
    permanent: true,
    data: { [MARK]: url },
  });

/** Where they are given, for whom that is missing; undefined for any other failure. */
export const credentialsUrlOf = (thrown: unknown): string | undefined => {
  if (!(thrown instanceof ToolwayError) || thrown.code !== 'auth_required') return undefined;
  const { data } = thrown;
  const url: unknown = typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[MARK] : undefined;
  return typeof url === 'string' ? url : undefined;
};
