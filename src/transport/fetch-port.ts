/**
 * The network by way of `fetch`: for browsers, workers and any other runtime. Such a runtime has limits of its own that
 * cannot be lifted here (Node's `fetch` cuts a body that is silent for five minutes; the pool of `toolway/node` does not).
 */
import { ToolwayError } from '../errors.ts';
import type { FetchRedirects } from './fetch-redirects.ts';
import type { HttpPort, HttpReceiver, HttpRequest } from './http-port.ts';

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
  /** Made with the first redirect; knows where requests have moved to for good. */
  let redirects: FetchRedirects | undefined;

  const exchange = async (first: HttpRequest, receiver: HttpReceiver, signal: AbortSignal): Promise<void> => {
    const request = redirects?.settled(first) ?? first;
    const send = ({ url, ...init }: HttpRequest): Promise<Response> =>
      fetch(url, { ...init, redirect: 'manual', cache: 'no-store', signal });
    let answered = false;
    try {
      let response = await send(request);
      answered = true;
      if (response.type === 'opaqueredirect' || Math.floor(response.status / 100) === 3) {
        redirects ??= (await import('./fetch-redirects.ts')).createFetchRedirects();
        response = await redirects.follow(request, response, send);
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
      const sent = answered || elsewhere?.neverLeft(error) !== true;
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
