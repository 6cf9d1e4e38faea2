/** Finds out whose message it is, without holding the message: for those that are too large to keep. */
import type { RequestId } from '../protocol/wire.ts';

/** What can be said of one line of JSON after its last byte. */
export interface Envelope {
  /** It opened with a brace, and every bracket and string was closed again. */
  complete: boolean;
  /** It has a `method`: a request or a notification, not an answer. */
  hasMethod: boolean;
  /** Its top-level `id`, when that is a string or a number. */
  id: RequestId | undefined;
}

export interface EnvelopeScanner {
  scan(bytes: Uint8Array): void;
  /** The first character says that this cannot be a message. */
  readonly junk: boolean;
  end(): Envelope;
}

/** Keys and ids longer than this are not ours. */
const MAX_CAPTURE_BYTES = 256;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0d;
const isByteOrderMark = (byte: number): boolean => byte === 0xef || byte === 0xbb || byte === 0xbf;

/**
 * Follows nesting, strings and escapes byte by byte; the bytes may be cut anywhere. As in `JSON.parse`, the last of
 * several equal keys counts.
 */
export const createEnvelopeScanner = (): EnvelopeScanner => {
  let place: 'before' | 'inside' | 'after' | 'junk' | 'malformed' = 'before';
  let depth = 0;
  let inString = false;
  let escaped = false;
  let expectsKey = true;
  let key: unknown;
  let id: unknown;
  let hasMethod = false;
  /** The bytes of a top-level key, or of the value of `id`, while they pass by. */
  let captured: number[] | undefined;

  const capture = (byte: number): void => {
    if (captured !== undefined && captured.length <= MAX_CAPTURE_BYTES) captured.push(byte);
  };
  const parseCaptured = (): unknown => {
    const bytes = captured ?? [];
    captured = undefined;
    if (bytes.length > MAX_CAPTURE_BYTES) return undefined;
    try {
      return JSON.parse(Buffer.from(bytes).toString());
    } catch {
      return undefined;
    }
  };
  const endValue = (): void => {
    if (key === 'id') id = parseCaptured();
    key = undefined;
  };
  const endString = (): void => {
    inString = false;
    if (!expectsKey || depth !== 1) return;
    expectsKey = false;
    key = parseCaptured();
    if (key === 'method') hasMethod = true;
  };

  /** Reads on from `from`, inside a string, and returns the place of the last byte it has read. */
  const scanString = (bytes: Uint8Array, from: number): number => {
    let at = from;
    if (captured === undefined && !escaped) {
      while (at < bytes.length && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at += 1;
      if (at === bytes.length) return at;
    }
    const byte = bytes[at] as number;
    capture(byte);
    if (escaped) escaped = false;
    else if (byte === BACKSLASH) escaped = true;
    else if (byte === QUOTE) endString();
    return at;
  };

  const scanStructure = (byte: number): void => {
    if (depth === 1 && byte === COMMA) {
      endValue();
      expectsKey = true;
    } else if (depth === 1 && byte === COLON) {
      if (key === 'id') captured = [];
    } else if (byte === QUOTE) {
      inString = true;
      if (depth === 1 && expectsKey) captured = [];
      capture(byte);
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth > 0) capture(byte);
      else {
        endValue();
        place = 'after';
      }
    } else {
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
      capture(byte);
    }
  };

  return {
    get junk() {
      return place === 'junk';
    },
    scan(bytes) {
      for (let i = 0; i < bytes.length; i += 1) {
        const byte = bytes[i] as number;
        if (inString) i = scanString(bytes, i);
        else if (place === 'inside') scanStructure(byte);
        else if (place === 'before') {
          if (isBlank(byte) || isByteOrderMark(byte)) continue;
          place = byte === OPEN_BRACE ? 'inside' : 'junk';
          depth = 1;
        } else if (place === 'after') {
          if (!isBlank(byte)) place = 'malformed';
        } else return;
      }
    },
    end() {
      const complete = place === 'after';
      return {
        complete,
        hasMethod,
        id: complete && (typeof id === 'string' || typeof id === 'number') ? id : undefined,
      };
    },
  };
};
