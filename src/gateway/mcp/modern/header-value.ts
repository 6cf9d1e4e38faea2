/**
 * Values that clients repeat in headers, as they have to be read before they are compared with the body.
 * Source: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#value-encoding
 */

const PREFIX = '=?base64?';
const SUFFIX = '?=';
/** RFC 9110 §5.5, without what no client may send unencoded. */
const PLAIN = /^[\t\x20-\x7e]*$/;
/** RFC 4648 §4, padded: what decoders leave to taste is refused, since two readers could read it in two ways. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The value that a header stands for: itself, or what `=?base64?…?=` encodes. Undefined where it is neither. */
export const decodeHeaderValue = (value: string): string | undefined => {
  if (!value.startsWith(PREFIX) || !value.endsWith(SUFFIX) || value.length < PREFIX.length + SUFFIX.length) {
    return PLAIN.test(value) ? value : undefined;
  }
  const encoded = value.slice(PREFIX.length, -SUFFIX.length);
  if (!BASE64.test(encoded)) return undefined;
  try {
    return utf8.decode(Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
};
