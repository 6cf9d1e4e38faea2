/**
 * The network for Node: keep-alive connections to one origin, over undici. undici is loaded when the pool is opened.
 * Its own time limits are off, since each call has a deadline that aborts the request: a limit below would only cut
 * streams that are meant to be silent for long. Connections idle for 4 s, or past what the server announced, are closed
 * and never used again, because a server that closes one just then would make a call's outcome unknown.
 */
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { ToolwayError } from '../errors.ts';
import type { HeaderLookup, HttpPort, HttpReceiver, HttpRequest } from '../transport/http-port.ts';
import { followRedirects } from '../transport/redirects.ts';
import { linkReason } from '../transport/socket-failures.ts';
import { createInflater, type Inflater } from './inflate.ts';

/** One origin and how to reach it. */
export interface PoolOptions {
  /** Scheme, host and port; what else stands in the URL is ignored. */
  origin: string;
  /** PEM texts: trusted authorities instead of the system's, and this client's own certificate. */
  tls?: { ca?: string | string[]; cert?: string; key?: string };
  /** An HTTP proxy that tunnels (CONNECT); a user name and a password may stand in its URL. */
  proxy?: string;
  /** Bounds the set-up of one connection, TLS included. */
  connectTimeoutMs?: number;
}

/** A port with a beginning and an end. */
export type HttpPool = HttpPort & Required<Pick<HttpPort, 'open' | 'close'>>;

const IDLE_MS = 4_000;
const CONNECT_TIMEOUT_MS = 20_000;
const LASTING = {
  allowH2: false,
  keepAliveTimeout: IDLE_MS,
  keepAliveMaxTimeout: IDLE_MS,
  headersTimeout: 0,
  bodyTimeout: 0,
};

/** Makes the pool of one origin; nothing is loaded or connected before `open` and the first request. */
export const createPool = ({
  origin,
  tls = {},
  proxy,
  connectTimeoutMs = CONNECT_TIMEOUT_MS,
}: PoolOptions): HttpPool => {
  const base = new URL(origin).origin;
  const connecting = new Set<Socket>();
  const queue: Queue = {
    waiting: 0,
    onabandoned() {
      for (const socket of connecting) socket.destroy(new Error('nobody waits for this connection any more'));
    },
  };
  let pool: Dispatcher | undefined;
  let closed = false;
  /** The one URL that nearly every request goes to, and its path. */
  let knownUrl = '';
  let knownPath = '';

  const pathOf = (url: string): string | undefined => {
    if (url !== knownUrl) {
      const parsed = new URL(url);
      if (parsed.origin !== base) return undefined;
      knownUrl = url;
      knownPath = parsed.pathname + parsed.search;
    }
    return knownPath;
  };

  const start = (request: HttpRequest, receiver: HttpReceiver): (() => void) => {
    const path = pathOf(request.url);
    if (pool === undefined || closed || path === undefined) {
      const reason = path === undefined ? `this pool is for ${base} only` : 'the connection pool is not open';
      receiver.onerror(new ToolwayError(path === undefined ? 'internal' : 'closed', reason, { executed: 'no' }), false);
      return () => {};
    }
    const job = new Job(receiver, queue);
    const { method, headers, body } = request;
    pool.dispatch({ origin: base, path, method, headers: headers as Record<string, string>, body: body ?? null }, job);
    return () => job.abort();
  };

  const port = Object.assign(start, {
    async open() {
      const { Pool, ProxyAgent, buildConnector } = await import('undici');
      if (closed) throw new ToolwayError('closed', 'the connection pool is closed');
      const ways = { ...tls, timeout: connectTimeoutMs, allowH2: false };
      if (proxy !== undefined) {
        pool ??= new ProxyAgent({ ...LASTING, uri: proxy, requestTls: ways, proxyTls: { timeout: connectTimeoutMs } });
        return;
      }
      const connect = buildConnector(ways);
      pool ??= new Pool(base, {
        ...LASTING,
        connect: (options, callback) => {
          // After an abort undici connects again for the very request that was aborted. Nobody would use that socket.
          if (queue.waiting === 0) {
            callback(new Error('nobody waits for this connection'), null);
            return;
          }
          // undici forgets a socket that is still connecting, when the pool is destroyed or the request is aborted.
          const socket = connect(options, (...outcome) => {
            connecting.delete(socket);
            callback(...outcome);
          }) as unknown as Socket;
          connecting.add(socket);
        },
      });
    },
    async close() {
      closed = true;
      await pool?.destroy(new ToolwayError('closed', 'the connection pool was closed', { executed: 'unknown' }));
      for (const socket of connecting) socket.destroy();
    },
  });
  return followRedirects(port);
};

const ABORTED = new Error('aborted');

/** The requests that have no connection yet. */
interface Queue {
  waiting: number;
  /** The last of them was aborted. */
  onabandoned(): void;
}

/** One request in the pool. Nothing has left before `onRequestStart`, which comes right before the first write. */
class Job implements Dispatcher.DispatchHandler {
  readonly #receiver: HttpReceiver;
  readonly #queue: Queue;
  #waiting = true;
  #controller: Dispatcher.DispatchController | undefined;
  #inflater: Inflater | undefined;
  #over = false;

  constructor(receiver: HttpReceiver, queue: Queue) {
    this.#receiver = receiver;
    this.#queue = queue;
    queue.waiting += 1;
  }

  abort(): void {
    this.#over = true;
    this.#inflater?.stop();
    this.#controller?.abort(ABORTED);
    if (this.#leaveQueue() && this.#queue.waiting === 0) this.#queue.onabandoned();
  }

  #leaveQueue(): boolean {
    if (!this.#waiting) return false;
    this.#waiting = false;
    this.#queue.waiting -= 1;
    return true;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#leaveQueue();
    // Aborted while it waited for a connection.
    if (this.#over) controller.abort(ABORTED);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.#over || status < 200) return;
    const lookup: HeaderLookup = (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    const coding = lookup('content-encoding')?.trim().toLowerCase() ?? '';
    if (coding !== '' && coding !== 'identity') {
      this.#inflater = createInflater(coding, this.#receiver);
      if (this.#inflater === undefined) {
        this.#fail(
          new ToolwayError(
            'protocol_error',
            `the server answered in the coding ${JSON.stringify(coding)}, although none was asked for`,
            {
              executed: 'unknown',
              status,
            },
          ),
        );
        return;
      }
    }
    this.#receiver.onhead(status, lookup);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    if (this.#inflater === undefined) this.#receiver.onbytes(chunk);
    else this.#inflater.write(chunk, controller);
  }

  onResponseEnd(): void {
    if (this.#over) return;
    if (this.#inflater !== undefined) {
      this.#inflater.end();
      return;
    }
    this.#over = true;
    this.#receiver.onend();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#leaveQueue();
    if (this.#over) return;
    this.#over = true;
    this.#inflater?.stop();
    this.#receiver.onerror(error, this.#controller !== undefined, linkReason(error));
  }

  #fail(error: ToolwayError): void {
    this.abort();
    this.#receiver.onerror(error, true);
  }
}
