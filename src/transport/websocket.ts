/**
 * MCP over a WebSocket: one JSON-RPC message per text message, subprotocol `mcp`. It is no binding of the
 * specification, so it follows the rules of stdio (2026-07-28, basic/transports: custom transports).
 */
import type { Clock, Timer } from '../clock.ts';
import { type ErrorFacts, ToolwayError } from '../errors.ts';
import type { JsonRpcMessage, RequestId } from '../protocol/wire.ts';
import { createEnvelopeScan, type Envelope } from './envelope-scan.ts';
import type { Transport } from './transport.ts';
import { hostOf, type Socket, type SocketPort, webSocketPort } from './websocket-port.ts';

export interface WebSocketOptions {
  /** `ws:` or `wss:`; `http:` and `https:` are taken for them. */
  url: string;
  /** What opens the socket. Default: the platform's own `WebSocket`, which sends no headers of ours. */
  socket?: SocketPort;
  /** One inbound message, in bytes of UTF-8. */
  maxMessageBytes: number;
  /** Named in errors. */
  server?: string;
  clock: Clock;
}

/** Bytes of noise without one message between them, after which the link is closed. */
const MAX_NOISE_BYTES = 1024 * 1024;
/** What one such message costs beside its bytes, so that empty ones come to an end too. */
const NOISE_OVERHEAD = 64;
/** How long `close` waits for the server's half of the closing handshake. */
const CLOSE_WAIT_MS = 1_000;
/** Private close codes: a page may not send 1002 and 1009 (RFC 6455 §7.4.2, WebSocket API). */
const CLOSE = { normal: 1000, noise: 4002, tooLarge: 4009 } as const;
/** JSON-RPC 2.0 §5.1. */
const INVALID_REQUEST = -32600;
/** How much of a dropped message is quoted. */
const EXCERPT = 80;

/**
 * A link over one WebSocket; it is not opened again once it has ended. `start` rejects with `connect_failed`,
 * `auth_required` or `forbidden`, `invalid_config` for a URL that is none. A message over the limit fails its own call and the
 * link stays; where nothing tells whose it was, the link ends with `message_too_large`, so that no call waits in vain.
 */
export const createWebSocketTransport = (options: WebSocketOptions): Transport => {
  const { url, socket: openSocket = webSocketPort, server, clock, maxMessageBytes: limit } = options;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let phase: 'new' | 'connecting' | 'open' | 'ended' = 'new';
  let socket: Socket | undefined;
  let opening: { resolve: () => void; reject: (error: ToolwayError) => void } | undefined;
  let told = false;
  let noise = 0;
  let noiseBytes = 0;
  let closing: Timer | undefined;
  let isGone = false;
  let markGone = (): void => undefined;
  const gone = new Promise<void>((resolve) => {
    markGone = resolve;
  });

  const problem = (code: ToolwayError['code'], reason: string, facts: ErrorFacts = {}): ToolwayError =>
    new ToolwayError(code, reason, server === undefined ? facts : { server, ...facts });
  const tell = (cause?: ToolwayError): void => {
    if (told) return;
    told = true;
    transport.onclose?.(cause);
  };
  const release = (): void => {
    isGone = true;
    closing?.cancel();
    markGone();
  };
  const shut = (code: number): void => {
    if (socket === undefined || isGone) {
      release();
      return;
    }
    closing ??= clock.after(CLOSE_WAIT_MS, () => {
      socket?.destroy();
      release();
    });
    socket.close(code);
  };
  const giveUp = (cause: ToolwayError, code: number): void => {
    phase = 'ended';
    shut(code);
    tell(cause);
  };

  const dropNoise = (what: string, bytes: number): void => {
    noise += 1;
    noiseBytes += bytes + NOISE_OVERHEAD;
    if (noise === 1) transport.onerror?.(problem('protocol_error', `dropped what is no JSON-RPC message: ${what}`));
    if (noiseBytes <= MAX_NOISE_BYTES) return;
    const reason = `more than ${MAX_NOISE_BYTES} bytes came that are no JSON-RPC message`;
    giveUp(problem('protocol_error', reason, { limit: MAX_NOISE_BYTES }), CLOSE.noise);
  };
  const refuseLarge = (data: string | Uint8Array, bytes: number): void => {
    const { id, method, result } = scan(data);
    const error = problem('message_too_large', `a message of ${bytes} bytes is over the limit of ${limit}`, { limit });
    if (method) {
      transport.onerror?.(error);
      if (id !== undefined) socket?.send(JSON.stringify(tooLargeAnswer(id, limit)));
    } else if (id !== undefined) transport.onfail?.(id, error.with({ executed: result ? 'yes' : 'unknown' }));
    else giveUp(error, CLOSE.tooLarge);
  };
  const deliver = (text: string | undefined, bytes: number): void => {
    const value = text === undefined ? undefined : parse(text);
    if (!isCandidate(value)) {
      dropNoise(text === undefined ? 'text that is no UTF-8' : JSON.stringify(text.slice(0, EXCERPT)), bytes);
      return;
    }
    noiseBytes = 0;
    try {
      transport.onmessage?.(value);
    } catch (error) {
      transport.onerror?.(ToolwayError.from(error));
    }
  };
  const receive = (data: string | Uint8Array, binary: boolean): void => {
    if (phase !== 'open') return;
    const bytes = typeof data === 'string' ? utf8Length(data, limit) : data.byteLength;
    if (binary) dropNoise(`a binary message of ${bytes} bytes`, bytes);
    else if (bytes > limit) refuseLarge(data, bytes);
    else deliver(typeof data === 'string' ? data : decode(decoder, data), bytes);
  };

  const lost = (code: number, reason: string): ToolwayError => {
    const why = reason === '' ? `code ${code}` : `code ${code}: ${reason}`;
    const what = phase === 'connecting' ? `no WebSocket to ${hostOf(url)} could be opened` : 'the WebSocket was closed';
    return problem(phase === 'connecting' ? 'connect_failed' : 'not_connected', `${what} (${why})`);
  };
  const onclose = (cause: ToolwayError | undefined, code: number, reason: string): void => {
    const error = cause === undefined ? lost(code, reason) : named(cause, server);
    const before = phase;
    phase = 'ended';
    release();
    if (before === 'connecting') opening?.reject(error.with({ executed: 'no' }));
    else if (before === 'open') tell(error);
  };
  const open = (resolve: () => void, reject: (error: ToolwayError) => void): void => {
    phase = 'connecting';
    opening = { resolve, reject };
    const onopen = (): void => {
      if (phase !== 'connecting') return;
      phase = 'open';
      resolve();
    };
    try {
      socket = openSocket(url, 'mcp', limit, { onopen, onmessage: receive, onclose });
    } catch (cause) {
      phase = 'ended';
      const reason = `no WebSocket to ${hostOf(url)} could be opened`;
      reject(problem('connect_failed', reason, { executed: 'no', cause }));
    }
  };
  const start = async (): Promise<void> => {
    if (phase !== 'new') throw problem('closed', 'the link was closed before it was opened', { executed: 'no' });
    if (!isWebSocketUrl(url)) throw problem('invalid_config', 'the URL is none of a WebSocket', { executed: 'no' });
    await new Promise<void>(open);
  };

  const send = async (message: JsonRpcMessage): Promise<void> => {
    const undelivered = (error: ToolwayError): void => {
      if (!('method' in message && 'id' in message) || transport.onfail === undefined) throw error;
      transport.onfail(message.id, error);
    };
    const text = stringify(message);
    if (text instanceof ToolwayError) undelivered(named(text, server));
    else if (phase !== 'open' || socket?.send(text) !== true) {
      undelivered(problem('closed', 'the WebSocket is closed', { executed: 'no' }));
    }
  };
  const close = (): Promise<void> => {
    const before = phase;
    phase = 'ended';
    if (before === 'connecting') {
      opening?.reject(problem('closed', 'the link was closed while it was being opened', { executed: 'no' }));
    }
    shut(CLOSE.normal);
    tell();
    return gone;
  };

  const transport: Transport = {
    kind: 'websocket',
    get noise() {
      return noise;
    },
    get ping() {
      const open = socket;
      return open?.ping === undefined ? undefined : () => new Promise<void>((resolve) => open.ping?.(resolve));
    },
    start,
    send,
    close,
  };
  return transport;
};

const isWebSocketUrl = (url: string): boolean =>
  URL.canParse(url) && ['ws:', 'wss:', 'http:', 'https:'].includes(new URL(url).protocol);

const named = (error: ToolwayError, server: string | undefined): ToolwayError =>
  server === undefined ? error : error.with({ server });

const stringify = (message: JsonRpcMessage): string | ToolwayError => {
  try {
    return JSON.stringify(message);
  } catch (cause) {
    return new ToolwayError('invalid_arguments', `the message is no JSON: ${String(cause)}`, { executed: 'no', cause });
  }
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const decode = (decoder: TextDecoder, bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
};

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object, or a batch of them (2025-03-26, basic: receiving batches); everything else is noise. */
const isCandidate = (value: unknown): value is JsonRpcMessage =>
  Array.isArray(value) ? value.length > 0 && value.every(isObject) : isObject(value);

/** Bytes of `text` in UTF-8; counted only where the answer can decide something. */
const utf8Length = (text: string, limit: number): number => {
  if (text.length > limit || text.length * 3 <= limit) return text.length;
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    // Both halves of a surrogate pair together have four bytes.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return bytes;
};

const SLICE = 64 * 1024;

const scan = (data: string | Uint8Array): Readonly<Envelope> => {
  const found = createEnvelopeScan();
  if (typeof data !== 'string') found.push(data);
  else {
    const encoder = new TextEncoder();
    for (let at = 0; at < data.length; at += SLICE) found.push(encoder.encode(data.slice(at, at + SLICE)));
  }
  return found.envelope;
};

const tooLargeAnswer = (id: RequestId, limit: number): JsonRpcMessage => ({
  jsonrpc: '2.0',
  id,
  error: { code: INVALID_REQUEST, message: `the request is larger than ${limit} bytes` },
});
