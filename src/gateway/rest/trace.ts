/** What a request says of the trace that it is part of (W3C Trace Context), as MCP passes it on: in `_meta`. */
import type { Wishes } from '../dispatch.ts';

/** Version, trace, span and flags, in hexadecimal digits. */
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;
/** What the specification asks everybody to be able to carry. */
const MAX_STATE_CHARS = 512;

/** The wish that spans of the call stand below the caller's own; nothing where it says none, or something that is none. */
export const traceOf = (headers: Headers): Pick<Wishes, 'meta'> => {
  const traceparent = headers.get('traceparent');
  if (traceparent === null || !TRACEPARENT.test(traceparent)) return {};
  const tracestate = headers.get('tracestate');
  const hasState = tracestate !== null && tracestate.length <= MAX_STATE_CHARS;
  return { meta: { traceparent, ...(hasState && { tracestate }) } };
};
