/**
 * The narrow way through which the HTTP transports reach the network: one request, answered by callbacks.
 * Browsers and workers use `fetchPort`; Node supplies one over a keep-alive pool. Callbacks instead of promises,
 * because a call then needs no stream object, no `AbortController` and no timer of its own.
 */

/** One request, whole. */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'DELETE';
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
}

/** Looks up a header of an answer; the name is lower-case. */
export type HeaderLookup = (name: string) => string | undefined;

/**
 * Receives one answer, whose bytes are free of any content coding. After `onend` or `onerror` nothing more is called;
 * after an abort nothing at all.
 */
export interface HttpReceiver {
  /** Status and headers have arrived. A redirect is not among them: the port has followed it, or failed. */
  onhead(status: number, header: HeaderLookup): void;
  onbytes(chunk: Uint8Array): void;
  onend(): void;
  /**
   * `sent` is false where it is certain that no byte of the request reached the server. A `ToolwayError` is passed on
   * as it is. `why` is what the platform tells beyond the message of the error.
   */
  onerror(error: unknown, sent: boolean, why?: LinkReason): void;
}

/** Why a connection failed. */
export interface LinkReason {
  reason: string;
  /** Another attempt would fail in the same way. */
  permanent?: true | undefined;
}

/** Starts a request and returns its abort. */
export interface HttpPort {
  (request: HttpRequest, receiver: HttpReceiver): () => void;
  /** Gets ready, without touching the network. */
  open?(): Promise<void>;
  /** Ends every request and frees every socket. */
  close?(): Promise<void>;
}
