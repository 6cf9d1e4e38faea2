/**
 * What carries JSON-RPC messages to one server and back. The interface is structurally that of the official SDKs
 * (`start`, `send`, `close`, `onmessage`, `onerror`, `onclose`), so a transport of theirs plugs in; what Toolway
 * adds is optional, and the engine does without it.
 */
import type { ToolwayError } from '../errors.ts';
import type { JsonRpcMessage, RequestId } from '../protocol/wire.ts';

/** The kinds of links there are; a custom one that does not say is shown as `memory`. */
export type TransportKind = 'stdio' | 'http' | 'sse' | 'websocket' | 'memory';

export interface SendOptions {
  /** HTTP headers for this message alone (`Mcp-Param-*`), already encoded. Transports without headers ignore them. */
  headers?: Readonly<Record<string, string>>;
  /** The official SDKs' own, which makes the two types fit; nothing of ours sets or reads it. */
  relatedRequestId?: RequestId | undefined;
}

/** What the transport knows about a message beside its content. */
export interface MessageExtra {
  /** The HTTP status under which it came, where it was not 2xx: an error answer of a server to the request itself. */
  status?: number;
  /** The official SDKs' own, which makes the two types fit; nothing of ours sets or reads it. */
  authInfo?: {
    token: string;
    clientId: string;
    scopes: string[];
    expiresAt?: number;
    resource?: URL;
    extra?: Record<string, unknown>;
  };
}

/** A link to one server. The official SDKs' transports fit; the members that they do not have are optional. */
export interface Transport {
  /** Opens the link. Called once, after the callbacks are set. Rejects with `spawn_failed`, `connect_failed`, … */
  start(): Promise<void>;
  /**
   * Hands one message over. A request of ours that can no longer be delivered is reported through `onfail`; a
   * notification or an answer, which has no id to report on, rejects. Over HTTP these resolve once the server accepted
   * them. A foreign transport rejects in every case.
   */
  send(message: JsonRpcMessage, options?: SendOptions): Promise<void>;
  /** Ends the link and everything behind it; `onclose` is called exactly once. */
  close(): Promise<void>;
  /** The link has ended. `cause` says why, where the transport knows; none after `close()`. */
  onclose?: ((cause?: ToolwayError) => void) | undefined;
  /** Something went wrong that ends neither the link nor a request: noise on stdout, an unparsable event. */
  onerror?: ((error: Error) => void) | undefined;
  /** One parsed JSON value. It may be anything: the engine checks it. */
  onmessage?: ((message: JsonRpcMessage, extra?: MessageExtra) => void) | undefined;
  sessionId?: string | undefined;
  /** The revision agreed on in the legacy handshake. */
  setProtocolVersion?: ((version: string) => void) | undefined;

  readonly kind?: TransportKind;
  /** The child's process id, for stdio. */
  readonly pid?: number | undefined;
  /** The end of what the server said beside its messages: a child, on stderr. */
  stderrTail?(): string;
  /** The request `id` will get no answer, for this reason. `executed` on the error says whether it left. */
  onfail?: ((id: RequestId, error: ToolwayError) => void) | undefined;
  /** The first byte of the answer to request `id` has arrived. */
  onanswer?: ((id: RequestId) => void) | undefined;
  /**
   * Drops the open exchange of request `id` and frees what it holds. Present where each request has a stream of its
   * own: in the modern era closing it is the cancellation (2026-07-28, basic/patterns/cancellation).
   */
  cancel?: ((id: RequestId) => void) | undefined;
  /** Asks the link itself for a sign of life, below JSON-RPC. Present where it can (RFC 6455 §5.5.2); resolves with the answer, if one comes. */
  readonly ping?: (() => Promise<void>) | undefined;
  /** The stream of the session was refused when it was to be opened again: the server may have forgotten the session. */
  onsessionlost?: ((doubt: ToolwayError) => void) | undefined;
  /** How many messages arrived that were no JSON, and were dropped. */
  readonly noise?: number;
}

/** Limits that every transport keeps. */
export interface TransportLimits {
  /** One inbound message, in bytes, counted while it streams in. A larger one fails its own call with `message_too_large`. */
  maxMessageBytes: number;
}

/** 10 MiB, as the official SDK's stdio default. */
export const DEFAULT_MAX_MESSAGE_BYTES = 10 * 1024 * 1024;

/**
 * Marks the failure of a request that an HTTP server refused because its session is gone (404 with a session id,
 * 2025-11-25 basic/transports). The legacy era opens a new session and sends the request again.
 */
export const SESSION_LOST = 'session lost';
