/** What a failed HTTP exchange means: which code it gets, and whether the request can have run. */
import { type ErrorCode, ToolwayError } from '../errors.ts';
import { decodeLenient } from './bytes.ts';
import type { HeaderLookup, LinkReason } from './http-port.ts';
import { SESSION_LOST } from './transport.ts';

const EXCERPT_CHARS = 200;
const LONGEST_RETRY_AFTER_MS = 24 * 60 * 60 * 1000;

/** The beginning of a body or a text, fit for one line of a message: white space is collapsed, control characters are spelled out. */
export const excerpt = (said: Uint8Array | string): string => {
  const start = said.slice(0, EXCERPT_CHARS * 8);
  const text = (typeof start === 'string' ? start : decodeLenient(start)).replace(/\s+/g, ' ').trim();
  const shown = text.length > EXCERPT_CHARS ? `${text.slice(0, EXCERPT_CHARS)}…` : text;
  return shown.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
};

/** `Retry-After` in milliseconds: seconds, or a date (RFC 9110 §10.2.3). At most a day. */
export const retryAfterMs = (value: string | undefined, now = Date.now()): number | undefined => {
  if (value === undefined) return undefined;
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(Math.ceil(ms), 0), LONGEST_RETRY_AFTER_MS);
};

/**
 * The failure behind an HTTP status that is no success and has no JSON-RPC answer in its body.
 * `executed: 'no'` is said only where the status itself proves it: the guard in front refused (401, a 403 that asks for
 * authorization, 429), the body was not taken (413), nothing of ours lives at this address (404, 405), or the session
 * is gone. A 400 or 422 may just as well come out of the middle of a handler, and a 5xx from a proxy says nothing.
 */
export const statusError = (
  status: number,
  header: HeaderLookup,
  body: Uint8Array,
  sessionSent: boolean,
): ToolwayError => {
  const excerpted = excerpt(body);
  const said = excerpted === '' ? '' : `: ${excerpted}`;
  if (status === 404 && sessionSent) {
    return new ToolwayError('not_connected', `the server has dropped the session (HTTP 404${said})`, {
      executed: 'no',
      status,
      cause: SESSION_LOST,
    });
  }
  const wwwAuthenticate = header('www-authenticate');
  const refused = status === 403 ? wwwAuthenticate !== undefined : status in REFUSALS;
  const failed = status >= 500 || status === 408 ? 'outcome_unknown' : 'protocol_error';
  return new ToolwayError(REFUSALS[status] ?? failed, `the server answered HTTP ${status}${said}`, {
    executed: refused ? 'no' : 'unknown',
    status,
    data: wwwAuthenticate === undefined ? undefined : { wwwAuthenticate },
    retryAfterMs: retryAfterMs(header('retry-after')),
  });
};

/** The statuses that say more than that something failed. */
const REFUSALS: Record<number, ErrorCode> = {
  401: 'auth_required',
  403: 'forbidden',
  404: 'protocol_error',
  405: 'protocol_error',
  413: 'message_too_large',
  429: 'rate_limited',
};

/** The failure behind a connection that could not be made (`sent` false) or broke. */
export const linkError = (error: unknown, sent: boolean, why?: LinkReason): ToolwayError => {
  if (error instanceof ToolwayError) return error;
  const said = error instanceof Error ? error.message || error.name : String(error);
  const reason = why?.reason ?? said;
  return sent
    ? new ToolwayError('outcome_unknown', `the connection broke before the answer was complete: ${reason}`, {
        executed: 'unknown',
        cause: error,
      })
    : new ToolwayError('connect_failed', `cannot connect: ${reason}`, {
        executed: 'no',
        cause: error,
        permanent: why?.permanent,
      });
};
