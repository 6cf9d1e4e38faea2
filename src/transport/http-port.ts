/**
 * The narrow way through which the HTTP transports reach the network: one request, answered by callbacks.
 * Browsers and workers use `fetchPort`; Node supplies one over a keep-alive pool. Callbacks instead of promises,
 * because a call then needs no stream object, no `AbortController` and no timer of its own.
 */

export interface HttpRequest {
  method: 'GET' | 'POST' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body?: string;
}

/** Receives one answer. After `onend` or `onerror` nothing more is called; after an abort nothing at all. */
export interface HttpReceiver {
  /** Status and headers have arrived. Redirects are not followed by the port. `header` takes a lower-case name. */
  onhead(status: number, header: (name: string) => string | undefined): void;
  onbytes(chunk: Uint8Array): void;
  onend(): void;
  /** `sent` is false where it is certain that no byte of the request reached the server. */
  onerror(error: unknown, sent: boolean): void;
}

/** Starts a request and returns its abort. */
export type HttpPort = (request: HttpRequest, receiver: HttpReceiver) => () => void;
