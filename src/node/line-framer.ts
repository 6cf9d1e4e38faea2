/**
 * Turns a stream of bytes into messages: UTF-8, one JSON object per line (2025-11-25 and 2026-07-28,
 * basic/transports#stdio). Lines are cut as bytes and decoded whole, so a character split between two chunks is no
 * character lost.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { ToolwayError } from '../errors.ts';
import type { JsonRpcMessage, RequestId } from '../protocol/wire.ts';
import { createEnvelopeScan, type EnvelopeScan } from '../transport/envelope-scan.ts';
import { printable } from './printable.ts';

/** What arrives on the stream, in its order. */
export interface LineFramerEvents {
  onmessage(message: JsonRpcMessage): void;
  /** The first line that is no message; `excerpt` is its beginning, safe to print. Further ones are only counted. */
  onnoise?(excerpt: string): void;
  /** The answer to request `id` was too large, and was thrown away while it came in. */
  onoversized?(id: RequestId, error: ToolwayError): void;
  /** A request or notification of the peer was too large, and was thrown away. */
  ondropped?(error: ToolwayError): void;
  /** The stream cannot be used any longer; nothing more will be read from it. */
  onbroken(error: ToolwayError): void;
}

export interface LineFramerOptions extends LineFramerEvents {
  maxMessageBytes: number;
  /** Bytes that are no message, in a row. Default 1 MiB. */
  maxNoiseBytes?: number;
  /** Bytes of one line, however it is made; a line this long will not end. Default 1 GiB. */
  maxLineBytes?: number;
}

export interface LineFramer {
  push(chunk: Buffer): void;
  /** The stream has ended: a last message that only lacks its newline is delivered. */
  end(): void;
  /** Nothing more is delivered, not even from the chunk at hand. */
  stop(): void;
  /** Lines that were no message. */
  readonly noise: number;
}

const NEWLINE = 0x0a;
const BRACE = 0x7b;
const BRACKET = 0x5b;
const EXCERPT_CHARS = 120;
const EMPTY = Buffer.alloc(0);
/** A buffer that grew beyond this for one long line is given back after it. */
const MAX_IDLE_BUFFER_BYTES = 256 * 1024;

export const createLineFramer = (options: LineFramerOptions): LineFramer => {
  const { maxMessageBytes, maxNoiseBytes = 2 ** 20, maxLineBytes = 2 ** 30 } = options;
  let stopped = false;
  let noise = 0;
  let noiseBytes = 0;
  let reported = false;
  /** The line that has not ended yet: the first `held` bytes of `buffer`, which doubles, so that a long line costs linear time. */
  let buffer = EMPTY;
  let held = 0;
  /** Set while the rest of an over-long line passes by. */
  let scanner: EnvelopeScan | undefined;
  let lineBytes = 0;

  const broken = (error: ToolwayError): void => {
    stopped = true;
    options.onbroken(error);
  };
  const countNoise = (bytes: number): void => {
    noiseBytes += bytes;
    if (noiseBytes <= maxNoiseBytes || stopped) return;
    const reason = `more than ${maxNoiseBytes} bytes on stdout that are no MCP message`;
    broken(new ToolwayError('protocol_error', reason, { limit: maxNoiseBytes }));
  };
  const report = (line: string): void => {
    if (reported || line === '') return;
    reported = true;
    options.onnoise?.(printable(line, EXCERPT_CHARS));
  };
  const onNoise = (text: string, bytes: number): void => {
    noise += 1;
    report(text.trim());
    countNoise(bytes + 1);
  };

  const deliver = (text: string): void => {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      onNoise(text, Buffer.byteLength(text));
      return;
    }
    if (Array.isArray(message) && !isBatch(message)) onNoise(text, Buffer.byteLength(text));
    else {
      noiseBytes = 0;
      options.onmessage(message as JsonRpcMessage);
    }
  };
  const onText = (text: string): void => {
    if (text.charCodeAt(0) === BRACE) deliver(text);
    else {
      // `trim` takes a byte order mark away, too.
      const trimmed = text.trim();
      const first = trimmed.charCodeAt(0);
      // Only an object, or a batch of them (2025-03-26), can be a message: nothing else is worth parsing.
      if (first === BRACE || first === BRACKET) deliver(trimmed);
      else onNoise(text, Buffer.byteLength(text));
    }
  };

  const beginOversized = (): EnvelopeScan => {
    scanner = createEnvelopeScan();
    lineBytes = 0;
    return scanner;
  };
  const scanOversized = (scan: EnvelopeScan, bytes: Buffer): void => {
    scan.push(bytes);
    lineBytes += bytes.length;
    if (scan.place === 'junk') countNoise(bytes.length);
    else if (lineBytes > maxLineBytes) {
      const reason = `a line longer than ${maxLineBytes} bytes`;
      broken(new ToolwayError('message_too_large', reason, { limit: maxLineBytes }));
    }
  };
  const endOversized = ({ place, envelope }: EnvelopeScan): void => {
    scanner = undefined;
    if (place === 'junk') {
      noise += 1;
      report(`a line of ${lineBytes} bytes`);
      return;
    }
    const complete = place === 'after';
    const tooLarge = (what: string, executed?: 'yes'): ToolwayError =>
      new ToolwayError('message_too_large', `${what} of ${lineBytes} bytes is larger than ${maxMessageBytes} bytes`, {
        limit: maxMessageBytes,
        executed,
      });
    if (complete && envelope.method) options.ondropped?.(tooLarge('a request or notification'));
    else if (complete && envelope.id !== undefined) options.onoversized?.(envelope.id, tooLarge('an answer', 'yes'));
    else broken(tooLarge('a message without a usable id,'));
    if (complete) noiseBytes = 0;
  };

  const eachLine = (bytes: Buffer): void => {
    for (let from = 0; from <= bytes.length && !stopped; ) {
      const newline = bytes.indexOf(NEWLINE, from);
      const to = newline === -1 ? bytes.length : newline;
      const line = bytes.subarray(from, to);
      if (line.length > maxMessageBytes) {
        const scan = beginOversized();
        scanOversized(scan, line);
        if (!stopped) endOversized(scan);
      } else if (isUtf8(line)) onText(textOf(line));
      else onNoise(line.toString(), line.length);
      from = to + 1;
    }
  };
  /** One or more whole lines; the newline of the last one is not among `bytes`. */
  const onLines = (bytes: Buffer): void => {
    if (bytes.length > maxMessageBytes || !isUtf8(bytes)) {
      eachLine(bytes);
      return;
    }
    const text = textOf(bytes);
    let from = 0;
    for (let to = text.indexOf('\n'); to !== -1 && !stopped; to = text.indexOf('\n', from)) {
      onText(text.slice(from, to));
      from = to + 1;
    }
    if (!stopped) onText(text.slice(from));
  };

  const hold = (bytes: Buffer): void => {
    const need = held + bytes.length;
    const first = (held > 0 ? buffer : bytes)[0] ?? BRACE;
    if (need > (couldOpen(first) ? maxMessageBytes : Math.min(maxMessageBytes, maxNoiseBytes))) {
      const scan = beginOversized();
      scanOversized(scan, buffer.subarray(0, held));
      if (!stopped) scanOversized(scan, bytes);
      held = 0;
      buffer = EMPTY;
      return;
    }
    if (need > buffer.length) {
      const bigger = Buffer.allocUnsafeSlow(Math.min(maxMessageBytes, Math.max(4096, need, 2 * buffer.length)));
      buffer.copy(bigger, 0, 0, held);
      buffer = bigger;
    }
    buffer.set(bytes, held);
    held = need;
  };
  const takeHeld = (): void => {
    const line = buffer.subarray(0, held);
    held = 0;
    if (buffer.length > MAX_IDLE_BUFFER_BYTES) buffer = EMPTY;
    onLines(line);
  };
  /** Ends the line that earlier chunks began, and returns where the next one starts. */
  const endOpenLine = (chunk: Buffer): number => {
    const newline = chunk.indexOf(NEWLINE);
    const rest = newline === -1 ? chunk : chunk.subarray(0, newline);
    if (scanner === undefined) hold(rest);
    else scanOversized(scanner, rest);
    if (newline === -1) return chunk.length;
    if (stopped) return chunk.length;
    if (scanner === undefined) takeHeld();
    else endOversized(scanner);
    return newline + 1;
  };

  return {
    get noise() {
      return noise;
    },
    push(chunk) {
      if (stopped) return;
      const start = held > 0 || scanner !== undefined ? endOpenLine(chunk) : 0;
      const end = chunk.lastIndexOf(NEWLINE);
      if (end >= start && !stopped) onLines(chunk.subarray(start, end));
      const open = Math.max(start, end + 1);
      if (open < chunk.length && !stopped) hold(chunk.subarray(open));
    },
    end() {
      if (!stopped && held > 0) takeHeld();
      stopped = true;
    },
    stop() {
      stopped = true;
      buffer = EMPTY;
    },
  };
};

/** Whether a line that begins with this byte may hold a message: blanks and a byte order mark may precede it. */
const couldOpen = (byte: number): boolean => byte === BRACE || byte === BRACKET || byte <= 0x20 || byte === 0xef;

const isBatch = (values: unknown[]): boolean =>
  values.length > 0 && values.every((value) => typeof value === 'object' && value !== null && !Array.isArray(value));

/** Text of valid UTF-8. Most messages are ASCII, which is copied instead of decoded: a quarter of the time of a 1 MB answer. */
const textOf = (bytes: Buffer): string => (isAscii(bytes) ? bytes.toString('latin1') : bytes.toString());
