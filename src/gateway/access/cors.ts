/** What browsers ask before a page of another origin may read an answer (Fetch standard, CORS). Only for origins that the operator names. */
import type { Context } from 'hono';

const ALLOWED_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'authorization',
  'content-type',
  'idempotency-key',
  'last-event-id',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'mcp-session-id',
  'prefer',
  'traceparent',
  'tracestate',
  'x-api-key',
  'x-toolway',
]);
const PARAMETER = /^mcp-param-[a-z0-9-]{1,64}$/;
const EXPOSED = 'Location, Mcp-Protocol-Version, Mcp-Session-Id, Preference-Applied, Retry-After, WWW-Authenticate';
const MAX_ASKED = 64;

/** Cookies are never allowed along: a page of another origin needs a key or a token of its own. */
export const allowOrigin = (c: Context, origin: string): void => {
  const { headers } = c.res;
  headers.set('Access-Control-Allow-Origin', origin);
  headers.set('Access-Control-Expose-Headers', EXPOSED);
  headers.append('Vary', 'Origin');
};

export const isPreflight = (request: Request): boolean =>
  request.method === 'OPTIONS' && request.headers.has('access-control-request-method');

/** The answer to a preflight of an origin that is allowed. */
export const answerPreflight = ({ headers }: Request, origin: string): Response => {
  const asked = (headers.get('access-control-request-headers') ?? '')
    .split(',')
    .slice(0, MAX_ASKED)
    .map((name) => name.trim().toLowerCase())
    .filter((name) => ALLOWED_HEADERS.has(name) || PARAMETER.test(name));
  const answer = new Headers({
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Methods': 'GET, HEAD, POST, DELETE',
    'Access-Control-Max-Age': '600',
    Vary: 'Origin, Access-Control-Request-Headers',
  });
  if (asked.length > 0) answer.set('Access-Control-Allow-Headers', asked.join(', '));
  if (headers.get('access-control-request-private-network') === 'true') {
    answer.set('Access-Control-Allow-Private-Network', 'true');
  }
  return new Response(null, { status: 204, headers: answer });
};
