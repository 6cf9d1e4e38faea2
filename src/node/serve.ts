/** A gateway on a socket of Node's own HTTP server: slow senders are cut off, and what is in flight may finish before the end. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createAdaptorServer, upgradeWebSocket } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import type { Toolkit } from '../api.ts';
import { ToolwayError } from '../errors.ts';
import { createGateway, type Gateway } from '../gateway/gateway.ts';
import type { GatewayOptions } from '../gateway/options.ts';

/** What `createGateway` takes, and where it is to listen. */
export interface ServeOptions extends Omit<GatewayOptions, 'upgradeWebSocket'> {
  /** Default 3333; 0 takes any that is free. */
  port?: number;
  /** Default `127.0.0.1`. */
  host?: string;
}

/** A gateway that listens. */
export interface ServedGateway extends Pick<Gateway, 'createLink' | 'replaceKeys'> {
  readonly port: number;
  /** Where people and programs find it. */
  readonly url: string;
  /** Takes no further connection, ends streams, and resolves when all requests are answered or `drainMs` (default 10 000) are over. */
  drain(options?: { drainMs?: number }): Promise<void>;
  /**
   * Gives the last answers a second to leave, cuts all connections, ends sessions and jobs, and writes what is to be
   * remembered. The toolkit is left as it is: whoever closes it between `drain` and `close` has what is still under way
   * answered with what became of it.
   */
  close(): Promise<void>;
}

/** How long a request may take to arrive: its headers, and all of it (T25 of slow senders: nobody else waits for them). */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** How often that is looked at. */
const CHECK_MS = 1_000;
/** Idle connections are kept longer than most proxies in front keep theirs, so that none is closed under a request. */
const KEEP_ALIVE_MS = 75_000;
const LAST_ANSWERS_MS = 1_000;

/** Listens. Rejects with `invalid_config` where the port cannot be had. */
export const serveGateway = async (toolkit: Toolkit, options: ServeOptions = {}): Promise<ServedGateway> => {
  const { port = 3333, host = '127.0.0.1', limits = {} } = options;
  const { maxBodyBytes: maxPayload = 10_485_760 } = limits;
  const gateway = createGateway(toolkit, { ...options, upgradeWebSocket });
  const server = createAdaptorServer({
    fetch: gateway.fetch,
    createServer,
    serverOptions: {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    websocket: {
      server: new WebSocketServer({ noServer: true, maxPayload, handleProtocols: (offered) => chosen(offered) }),
    },
  }) as Server;
  const address = await listen(server, port, host).catch(async (error: unknown) => {
    await gateway.close();
    throw error;
  });
  gateway.listening({ host, port: address.port });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  let ended: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    if (ended === undefined) sayGoodbye(server, sockets);
    ended ??= new Promise((resolve) => {
      server.close(() => resolve());
    });
    server.closeIdleConnections();
    return ended;
  };

  return {
    createLink: gateway.createLink,
    replaceKeys: gateway.replaceKeys,
    port: address.port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    async drain({ drainMs = 10_000 } = {}) {
      gateway.drain();
      await within(drainMs, stop(), () => server.closeIdleConnections());
    },
    async close() {
      gateway.drain();
      const all = stop();
      await within(LAST_ANSWERS_MS, all, () => server.closeIdleConnections());
      server.closeAllConnections();
      await all;
      await gateway.close();
    },
  };
};

const chosen = (offered: ReadonlySet<string>): string | false => (offered.has('mcp') ? 'mcp' : false);

/** Has every answer from now on say that it is the last one on its connection, so that nobody sends another request into its end. */
const sayGoodbye = (server: Server, sockets: ReadonlySet<Socket>): void => {
  const last = (response: ServerResponse | null | undefined): void => {
    if (response?.headersSent === false) response.setHeader('connection', 'close');
  };
  // Where Node keeps the answer that a connection waits for.
  for (const socket of sockets) last((socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage);
  server.prependListener('request', (_request, response) => last(response));
};

const listen = (server: Server, port: number, host: string): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new ToolwayError('invalid_config', `cannot listen on ${host}:${port}: ${cause.message}`, { cause })),
    );
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });

/** Waits for what is to end, but no longer than `ms`; `nudge` is called now and then. */
const within = async (ms: number, end: Promise<void>, nudge: () => void): Promise<void> => {
  const nudging = setInterval(nudge, 50);
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([end, over]);
  clearInterval(nudging);
  clearTimeout(timer);
};
