/**
 * The network by way of `fetch`: for browsers, workers and any other runtime. Such a runtime has limits of its own that
 * cannot be lifted here (Node's `fetch` cuts a body that is silent for five minutes; the pool of `toolway/node` does not).
 */
import { ToolwayError } from '../errors.ts';
import type { HttpPort, HttpReceiver, HttpRequest } from './http-port.ts';
import type { Redirects } from './redirects.ts';

/** Which `fetch`. */
export interface FetchPortOptions {
  /** Default: the global one. */
  fetch?: typeof globalThis.fetch;
}

/**
 * Reaches the network through `fetch`. Browsers do not say where a redirect leads; where other runtimes do, it is
 * followed as everywhere.
 */
export const fetchPort = ({ fetch = globalThis.fetch }: FetchPortOptions = {}): HttpPort => {
  const open = new Set<AbortController>();
  let redirects: Redirects | undefined;

  const exchange = async (first: HttpRequest, receiver: HttpReceiver, signal: AbortSignal): Promise<void> => {
    let request = redirects?.settled(first) ?? first;
    let hops = 0;
    const send = (): Promise<Response> => {
      const { url, ...init } = request;
      return fetch(url, { ...init, redirect: 'manual', cache: 'no-store', signal });
    };
    try {
      let response = await send();
      if (response.type === 'opaqueredirect') throw hiddenRedirect(request.url);
      while (REDIRECTS.has(response.status)) {
        redirects ??= (await import('./redirects.ts')).createRedirects();
        request = redirects.next(request, response.status, response.headers.get('location') ?? undefined, hops);
        hops += 1;
        await response.body?.cancel();
        response = await send();
      }
      if (signal.aborted) return;
      receiver.onhead(response.status, (name) => response.headers.get(name) ?? undefined);
      const reader = response.body?.getReader();
      while (reader !== undefined && !signal.aborted) {
        const { done, value } = await reader.read();
        if (done || signal.aborted) break;
        receiver.onbytes(value);
      }
      if (!signal.aborted) receiver.onend();
    } catch (error) {
      // Browsers give no reason; other runtimes hide theirs one level down.
      const hidden =
        (error as { cause?: unknown } | undefined)?.cause !== undefined && !(error instanceof ToolwayError);
      const elsewhere = hidden && !signal.aborted ? await import('./socket-failures.ts') : undefined;
      const sent = hops > 0 || elsewhere?.neverLeft(error) !== true;
      if (!signal.aborted) receiver.onerror(error, sent, elsewhere?.linkReason(error));
    }
  };

  const start = (request: HttpRequest, receiver: HttpReceiver): (() => void) => {
    const controller = new AbortController();
    open.add(controller);
    void exchange(request, receiver, controller.signal).finally(() => open.delete(controller));
    return () => controller.abort();
  };
  return Object.assign(start, {
    close: async () => {
      for (const controller of open) controller.abort();
    },
  });
};

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

const hiddenRedirect = (url: string): ToolwayError =>
  new ToolwayError(
    'protocol_error',
    `${new URL(url).origin} answers with a redirect, and a browser does not say where to; use the final URL`,
    {
      executed: 'unknown',
    },
  );
