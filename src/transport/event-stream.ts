/**
 * Server-sent events out of bytes, with a limit on what one event may hold. Whole lines are cut out on the bytes and
 * decoded at once, so a character that is split between two chunks is never torn, and an endless line is counted
 * before anything is made of it.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';
import { ToolwayError } from '../errors.ts';
import { ByteStore, decodeLenient } from './bytes.ts';
import { createEnvelopeScan, type Envelope, type EnvelopeScan } from './envelope-scan.ts';
import { excerpt } from './http-errors.ts';

/** What becomes of the events of one connection. */
export interface EventStreamOptions {
  /** The data of one event, in bytes. */
  maxBytes: number;
  onevent: (event: EventSourceMessage) => void;
  /** The server's wish for the wait before a reconnect, in milliseconds; any size. */
  onretry?: (ms: number) => void;
  /** An event was larger than the limit. Its envelope is known where the stream goes on and the data stood in one line. */
  ontoolarge: (envelope: Envelope | undefined) => void;
  /** Whether to go on behind an event that is too large; `ontoolarge` then comes at its end, else at once, and nothing comes after it. */
  skipTooLarge?: boolean;
}

/** What the field names, ids and line ends of one event may take beside its data. */
const FRAMING_BYTES = 4096;
const EXCERPTED_CHARS = 512;
const LF = 10;
const CR = 13;

/** One connection's events; `feed` takes its bytes as they come. */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #parser: EventSourceParser;
  readonly #rest = new ByteStore();
  #first = true;
  /** Bytes given to the parser that belong to the event not yet complete. */
  #open = 0;
  #skip: Skip | undefined;
  #stopped = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#parser = createParser({
      maxBufferSize: options.maxBytes + FRAMING_BYTES,
      onEvent: (event) => this.#dispatch(event),
      onComment: (comment) => {
        this.#open = Math.max(0, this.#open - comment.length - 2);
      },
      onRetry: (ms) => options.onretry?.(ms),
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') this.#overflow();
      },
    });
  }

  feed(bytes: Uint8Array): void {
    if (this.#stopped) return;
    const chunk = this.#skip === undefined ? bytes : this.#behindSkipped(this.#skip, bytes);
    if (chunk === undefined || chunk.length === 0) return;
    const end = Math.max(chunk.lastIndexOf(LF), chunk.lastIndexOf(CR)) + 1;
    this.#rest.add(end === 0 || end === chunk.length ? chunk : chunk.subarray(0, end));
    if (end > 0) {
      const lines = this.#rest.take();
      if (end < chunk.length) this.#rest.add(chunk.subarray(end));
      this.#open += lines.length;
      this.#parse(decodeLenient(lines));
    }
    if (this.#open + this.#rest.length > this.#options.maxBytes + FRAMING_BYTES) this.#overflow();
  }

  #behindSkipped(skip: Skip, bytes: Uint8Array): Uint8Array | undefined {
    const chunk = skip.feed(bytes);
    if (chunk === undefined) return undefined;
    this.#skip = undefined;
    this.#parser.reset();
    this.#options.ontoolarge(skip.envelope);
    return this.#stopped ? undefined : chunk;
  }

  #parse(text: string): void {
    const start = this.#first && text.charCodeAt(0) === 0xfeff ? 1 : 0;
    this.#first = false;
    this.#parser.feed(start === 0 ? text : text.slice(start));
    // An event without data is never dispatched; its blank line ends it all the same.
    if (text.endsWith('\n\n')) this.#open = 0;
  }

  #dispatch(event: EventSourceMessage): void {
    if (this.#stopped) return;
    const { maxBytes, onevent, ontoolarge, skipTooLarge } = this.#options;
    const { data } = event;
    // A character is three bytes at most, a surrogate of a pair two: small events need no counting.
    const tooLarge = data.length * 3 > maxBytes && new TextEncoder().encode(data).length > maxBytes;
    this.#open = 0;
    if (!tooLarge) onevent(event);
    else {
      this.#stopped = skipTooLarge !== true;
      ontoolarge(skipTooLarge === true ? envelopeOf(data) : undefined);
    }
  }

  #overflow(): void {
    if (this.#stopped || this.#skip !== undefined) return;
    const oneLine = this.#open === 0;
    const line = this.#rest.take();
    this.#open = 0;
    if (this.#options.skipTooLarge === true) this.#skip = new Skip(line, oneLine);
    else {
      this.#stopped = true;
      this.#options.ontoolarge(undefined);
    }
  }
}

/** Drops the rest of an event and reads its envelope meanwhile, which is known where the data stands in one line. */
class Skip {
  readonly #scan: EnvelopeScan | undefined;
  /** The line in which the event became too large is still going on. */
  #inFirstLine = true;
  #lineOpen: boolean;
  #last = 0;
  #known: boolean;

  constructor(line: Uint8Array, oneLine: boolean) {
    this.#lineOpen = line.length > 0;
    this.#known = oneLine && startsWith(line, DATA);
    if (this.#known) {
      this.#scan = createEnvelopeScan();
      this.#scan.push(line.subarray(DATA.length));
    }
  }

  get envelope(): Envelope | undefined {
    return this.#known ? this.#scan?.envelope : undefined;
  }

  /** Returns what stands behind the blank line that ends the event, once it has come. */
  feed(chunk: Uint8Array): Uint8Array | undefined {
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte !== LF && byte !== CR) {
        if (!this.#inFirstLine && !this.#lineOpen && byte === DATA[0]) this.#known = false;
        this.#lineOpen = true;
      } else if (byte === CR || this.#last !== CR) {
        if (this.#inFirstLine && this.#known) this.#scan?.push(chunk.subarray(0, at));
        this.#inFirstLine = false;
        if (!this.#lineOpen) return chunk.subarray(at + 1);
        this.#lineOpen = false;
      }
      this.#last = byte ?? 0;
    }
    if (this.#inFirstLine && this.#known) this.#scan?.push(chunk);
    return undefined;
  }
}

const DATA = new TextEncoder().encode('data:');
const startsWith = (bytes: Uint8Array, prefix: Uint8Array): boolean => prefix.every((byte, at) => bytes[at] === byte);

const envelopeOf = (data: string): Envelope => {
  const scan = createEnvelopeScan();
  scan.push(new TextEncoder().encode(data));
  return scan.envelope;
};

/** The JSON value of one event, or undefined where it carries none; what is no JSON is reported and dropped. */
export const readEvent = ({ event, data }: EventSourceMessage, onwarning: (error: ToolwayError) => void): unknown => {
  // Empty data only brings an id to resume from; events of other names are nobody's here.
  if (data === '' || (event !== undefined && event !== 'message')) return undefined;
  try {
    return JSON.parse(data);
  } catch (cause) {
    const said = excerpt(new TextEncoder().encode(data.slice(0, EXCERPTED_CHARS)));
    onwarning(new ToolwayError('protocol_error', `an event holds no JSON: ${said}`, { cause }));
    return undefined;
  }
};
