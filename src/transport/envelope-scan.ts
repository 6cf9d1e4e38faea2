/**
 * Reads the envelope of a JSON-RPC message that is too large to be parsed: its top-level `id`, and whether it is an
 * answer or the server's own request. Bytes go in as they arrive and nothing of the body is kept.
 */
import type { RequestId } from '../protocol/wire.ts';

/** What the top level of a message says about itself. Where a key occurs twice the last one counts, as in `JSON.parse`. */
export interface Envelope {
  /** A string or a number; other ids belong to nobody. */
  id?: RequestId;
  /** The server's own request or notification: its `id` is none of ours. */
  method: boolean;
  result: boolean;
}

export interface EnvelopeScan {
  /** The next bytes of the one message, split anywhere. */
  push(bytes: Uint8Array): void;
  /** What has been read of it so far. */
  readonly envelope: Readonly<Envelope>;
  /**
   * How far the bytes have come: `after` the brace that closes the message, where only blanks may follow, else it is
   * `malformed`; `junk` is what does not open with a brace.
   */
  readonly place: 'before' | 'inside' | 'after' | 'malformed' | 'junk';
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Keys and ids of interest are short; of longer ones no more is kept. */
const LONGEST_TOKEN = 1024;

/** Starts a scan for one message; its cost is one pass over the bytes and at most 1 KiB of memory. */
export const createEnvelopeScan = (): EnvelopeScan => {
  const envelope: Envelope = { method: false, result: false };
  const token = new Uint8Array(LONGEST_TOKEN);
  let length = 0;
  let depth = 0;
  let inString = false;
  let escaped = false;
  let place: EnvelopeScan['place'] = 'before';
  /** The key whose value is being read, at the top level. */
  let key: unknown;

  const keep = (byte: number): void => {
    if (length < LONGEST_TOKEN) token[length] = byte;
    length += 1;
  };
  const take = (): unknown => {
    const bytes = token.subarray(0, length);
    const whole = length <= LONGEST_TOKEN;
    length = 0;
    try {
      return whole ? JSON.parse(new TextDecoder().decode(bytes)) : undefined;
    } catch {
      return undefined;
    }
  };
  const endMember = (): void => {
    if (key === 'id') {
      const id = take();
      if (typeof id === 'string' || (typeof id === 'number' && Number.isFinite(id))) envelope.id = id;
      else delete envelope.id;
    } else if (key === 'method') envelope.method = true;
    else if (key === 'result') envelope.result = true;
    key = undefined;
    length = 0;
  };
  const outside = (byte: number): void => {
    if (isBlank(byte)) return;
    if (place === 'after') place = 'malformed';
    else if (byte === OPEN_BRACE) {
      place = 'inside';
      depth = 1;
    } else if (!isByteOrderMark(byte)) place = 'junk';
  };
  const structure = (byte: number): void => {
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth > 0) return;
      endMember();
      place = 'after';
    } else if (depth === 1) {
      if (byte === COLON) key = take();
      else if (byte === COMMA) endMember();
      else keep(byte);
    }
  };
  /** Runs to the next string, or to the bracket that leads back to the top level. */
  const skipNested = (bytes: Uint8Array, from: number): number => {
    const end = bytes.length;
    let level = depth;
    let at = from;
    for (; level > 1 && at < end; at += 1) {
      const byte = bytes[at];
      if (byte === QUOTE) break;
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) level += 1;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) level -= 1;
    }
    depth = level;
    return at;
  };
  return {
    envelope,
    get place() {
      return place;
    },
    push(bytes) {
      const end = bytes.length;
      for (let at = 0; at < end && place !== 'junk' && place !== 'malformed'; at += 1) {
        if (place !== 'inside') {
          outside(bytes[at] as number);
          continue;
        }
        const keeps = depth === 1 && length <= LONGEST_TOKEN;
        if (!keeps && !escaped) at = inString ? skipText(bytes, at) : skipNested(bytes, at);
        const byte = bytes[at];
        if (byte === undefined) return;
        if (!inString && byte !== QUOTE) {
          structure(byte);
          continue;
        }
        if (keeps) keep(byte);
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = !inString;
      }
    },
  };
};

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
const isByteOrderMark = (byte: number): boolean => byte === 0xef || byte === 0xbb || byte === 0xbf;

const skipText = (bytes: Uint8Array, from: number): number => {
  const end = bytes.length;
  let at = from;
  while (at < end && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at += 1;
  return at;
};
