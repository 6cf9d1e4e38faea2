/**
 * Server-sent events out of bytes, with a limit on what one event may hold. Whole lines are cut out on the bytes and
 * decoded at once, so a character that is split between two chunks is never torn, and an endless line is counted
 * before anything is made of it.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import { ToolwayError } from '../errors.ts';
import { ByteStore, decodeLenient, encode } from './bytes.ts';
import type { Envelope } from './envelope-scan.ts';
import { excerpt } from './http-errors.ts';

/** One event, with those of its fields that it has. An id that cannot stand in a header, to resume from, counts as none. */
export interface StreamEvent {
  data: string;
  event?: string | undefined;
  id?: string | undefined;
}

/** Drops the rest of an event that is too large. */
export interface Skip {
  /** Of the event, once it has ended; known where its data stands in one line. */
  readonly envelope: Envelope | undefined;
  /** Returns what stands behind the blank line that ends the event, once it has come. */
  feed(chunk: Uint8Array): Uint8Array | undefined;
}

/** How to go on behind an event that is too large. */
export interface Skipping {
  /** `line` is how far its latest line has come; `oneLine` where no data came before it. */
  begin(line: Uint8Array, oneLine: boolean): Skip;
  /** For data that is there and too large. */
  envelopeOf(data: string): Envelope;
}

/** What becomes of the events of one connection. */
export interface EventStreamOptions {
  /** The data of one event, in bytes. */
  maxBytes: number;
  onevent: (event: StreamEvent) => void;
  /** The server's wish for the wait before a reconnect, in milliseconds; any size. */
  onretry?: (ms: number) => void;
  /** An event was larger than the limit. Its envelope is known where the stream goes on and the data stood in one line. */
  ontoolarge: (envelope: Envelope | undefined) => void;
  /** Goes on behind an event that is too large; `ontoolarge` then comes at its end. Absent: at once, and nothing comes after it. */
  skipTooLarge?: Skipping | undefined;
}

/** What the field names, ids and line ends of one event may take beside its data. */
const FRAMING_BYTES = 4096;
const HEADER_SAFE = /^[\x20-\x7e]{0,1024}$/;
const LF = 10;
const CR = 13;
const SPACE = 32;
const BYTE_ORDER_MARK = 0xfeff;

/** One connection's events; `feed` takes its bytes as they come. */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #rest = new ByteStore();
  #first = true;
  /** The LF that may follow belongs to a line end that was taken already. */
  #afterCr = false;
  /** Fields of the event that is not complete yet. */
  #data: string | undefined;
  #event: string | undefined;
  #id: string | undefined;
  /** What its fields take, in characters. */
  #size = 0;
  #skip: Skip | undefined;
  #stopped = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
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
      this.#parse(decodeLenient(lines));
    }
    if (this.#size + this.#rest.length > this.#options.maxBytes + FRAMING_BYTES) this.#overflow();
  }

  #behindSkipped(skip: Skip, bytes: Uint8Array): Uint8Array | undefined {
    const chunk = skip.feed(bytes);
    if (chunk === undefined) return undefined;
    this.#skip = undefined;
    this.#options.ontoolarge(skip.envelope);
    return chunk;
  }

  /** Takes whole lines. */
  #parse(text: string): void {
    const first = text.charCodeAt(0);
    const start = (this.#first && first === BYTE_ORDER_MARK) || (this.#afterCr && first === LF) ? 1 : 0;
    this.#first = false;
    this.#afterCr = text.endsWith('\r');
    const lines = text.slice(start).split(text.includes('\r') ? /\r\n|\r|\n/ : '\n');
    // Behind the end of the last line stands nothing.
    lines.pop();
    for (const line of lines) {
      if (line === '') this.#dispatch();
      else this.#field(line);
      if (this.#stopped) return;
    }
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    // A comment is no part of an event.
    if (colon === 0) return;
    this.#size += line.length;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line.charCodeAt(colon + 1) === SPACE ? colon + 2 : colon + 1);
    if (name === 'data') this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    else if (name === 'event') this.#event = value;
    else if (name === 'id') {
      if (HEADER_SAFE.test(value)) this.#id = value;
    } else if (name === 'retry' && /^\d+$/.test(value)) this.#options.onretry?.(Number(value));
  }

  #dispatch(): void {
    const { maxBytes, onevent, ontoolarge, skipTooLarge } = this.#options;
    const data = this.#data;
    const event = this.#event;
    const id = this.#id;
    this.#forget();
    if (data === undefined) return;
    // A character is three bytes at most, a surrogate of a pair two: small events need no counting.
    const tooLarge = data.length * 3 > maxBytes && encode(data).length > maxBytes;
    if (!tooLarge) onevent({ data, event, id });
    else {
      this.#stopped = skipTooLarge === undefined;
      ontoolarge(skipTooLarge?.envelopeOf(data));
    }
  }

  #overflow(): void {
    const { ontoolarge, skipTooLarge } = this.#options;
    const line = this.#rest.take();
    if (skipTooLarge !== undefined) this.#skip = skipTooLarge.begin(line, this.#data === undefined);
    else {
      this.#stopped = true;
      ontoolarge(undefined);
    }
    this.#forget();
  }

  #forget(): void {
    this.#data = undefined;
    this.#event = undefined;
    this.#id = undefined;
    this.#size = 0;
  }
}

/** The JSON value of one event, or undefined where it carries none; what is no JSON is reported and dropped. */
export const readEvent = ({ event, data }: StreamEvent, onwarning: (error: ToolwayError) => void): unknown => {
  // Empty data only brings an id to resume from; events of other names are nobody's here.
  if (data === '' || (event !== undefined && event !== '' && event !== 'message')) return undefined;
  try {
    return JSON.parse(data);
  } catch (cause) {
    const said = excerpt(data);
    onwarning(new ToolwayError('protocol_error', `an event holds no JSON: ${said}`, { cause }));
    return undefined;
  }
};
