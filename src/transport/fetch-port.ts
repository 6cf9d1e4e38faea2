/**
 * The network by way of `fetch`: for browsers, workers and any other runtime. Such a runtime has limits of its own that
 * cannot be lifted here (Node's `fetch` cuts a body that is silent for five minutes; the pool of `toolway/node` does not).
 */
import { ToolwayError } from '../errors.ts';
import type { HttpPort, HttpReceiver, HttpRequest } from './http-port.ts';

/** Which `fetch`. */
export interface FetchPortOptions {
  /** Default: the global one. */
  fetch?: typeof globalThis.fetch;
}

/** Reaches the network through `fetch`. Redirects are never followed by it. */
export const fetchPort = ({ fetch = globalThis.fetch }: FetchPortOptions = {}): HttpPort => {
  const open = new Set<AbortController>();
  const start = (request: HttpRequest, receiver: HttpReceiver): (() => void) => {
    const controller = new AbortController();
    open.add(controller);
    void exchange(fetch, request, receiver, controller.signal).finally(() => open.delete(controller));
    return () => controller.abort();
  };
  return Object.assign(start, {
    close: async () => {
      for (const controller of open) controller.abort();
    },
  });
};

const exchange = async (
  fetch: typeof globalThis.fetch,
  { url, ...init }: HttpRequest,
  receiver: HttpReceiver,
  signal: AbortSignal,
): Promise<void> => {
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', cache: 'no-store', signal });
    if (signal.aborted) return;
    if (response.type === 'opaqueredirect') throw hiddenRedirect(url);
    receiver.onhead(response.status, (name) => response.headers.get(name) ?? undefined);
    const reader = response.body?.getReader();
    while (reader !== undefined && !signal.aborted) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) break;
      receiver.onbytes(value);
    }
    if (!signal.aborted) receiver.onend();
  } catch (error) {
    if (!signal.aborted) receiver.onerror(error, !neverLeft(error));
  }
};

const hiddenRedirect = (url: string): ToolwayError =>
  new ToolwayError(
    'protocol_error',
    `${new URL(url).origin} answers with a redirect, and a browser does not say where to; use the final URL`,
    {
      executed: 'unknown',
    },
  );

/** Reasons with which runtimes other than browsers say that there was no connection. Browsers say nothing, so nothing is assumed. */
const NO_CONNECTION =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|EHOSTDOWN|EADDRNOTAVAIL|ECONNABORTED|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|CERT_.*|.*_CERT|.*_CERT_IN_CHAIN|.*_CERT_LOCALLY|.*_SIGNATURE|ERR_SSL_.*)$/;

const neverLeft = (error: unknown): boolean => {
  const cause = (error as { cause?: { code?: unknown; errors?: unknown[] } }).cause;
  return typeof cause?.code === 'string' && NO_CONNECTION.test(cause.code);
};
