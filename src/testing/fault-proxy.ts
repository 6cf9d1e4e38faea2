/** A proxy for TCP that does to connections what networks do to them. */
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, systemClock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import { createFaultyLink, destroy, type FaultyLink } from './faulty-link.ts';
import { createHttpHop, HTTP_TYPES } from './http-hop.ts';
import { chooseSeed, createRandom } from './random.ts';
import { type AddedToxic, createToxicShelf, type ToxicShelf } from './toxic-shelf.ts';
import type { Toxic } from './toxics.ts';

/** Where a fault proxy stands. */
export interface FaultProxyOptions {
  /**
   * The server behind it. An `http:` URL is passed on request by request, so that toxics can be about HTTP; everything
   * else (`{ host, port }`, `ws:`, `https:`, `tcp:`) byte by byte.
   */
  target: string | URL | { host?: string; port: number };
  /** All that is random comes from this number. Default: `TOOLWAY_SEED` from the environment, else any. */
  seed?: number;
  /** Where it listens. Default: a free port of 127.0.0.1. */
  port?: number;
  clock?: Clock;
}

/** A running proxy, and the means to make things go wrong. */
export interface FaultProxy extends ToxicShelf {
  /** The target's URL with the address of the proxy in it. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Repeats the chances of this run, given as `seed`. */
  readonly seed: number;
  /** Connections that are open now. */
  readonly connections: number;
  /** Connections since the start. */
  readonly accepted: number;
  /** Resets every open connection. */
  cut(): void;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const LINK_TYPES: readonly Toxic['type'][] = [
  'latency',
  'bandwidth',
  'slow_close',
  'timeout',
  'reset_peer',
  'slicer',
  'limit_data',
  'down',
];

/**
 * Starts a proxy in front of `target`. Toxics (Toxiproxy's, and those for HTTP) are added and removed while it runs, for
 * open connections too. Rejects with `invalid_config` when the target cannot be understood.
 */
export const createFaultProxy = async ({
  target,
  seed = chooseSeed(),
  port: wantedPort = 0,
  clock = systemClock,
}: FaultProxyOptions): Promise<FaultProxy> => {
  const { host, port, url } = targetOf(target);
  const random = createRandom(seed);
  const isHttp = url?.protocol === 'http:';
  const types = new Set<Toxic['type']>(isHttp ? [...LINK_TYPES, ...HTTP_TYPES] : LINK_TYPES);
  const shelf = createToxicShelf(types, isHttp ? 'a proxy for HTTP' : 'a proxy for bytes');
  const hop = isHttp ? createHttpHop({ host, port, shelf, clock, random }) : undefined;
  const links = new Map<Socket, FaultyLink | undefined>();
  let accepted = 0;
  let listener: Server | undefined;
  let boundPort = wantedPort;
  let closed = false;

  const isDown = ({ toxic, toxicity }: AddedToxic): boolean => toxic.type === 'down' && toxicity >= 1;
  const isRefused = ({ toxic, toxicity }: AddedToxic): boolean => toxic.type === 'down' && random() < toxicity;

  const accept = (client: Socket): void => {
    accepted += 1;
    client.setNoDelay(true);
    client.on('error', () => {});
    if (shelf.entries.some(isRefused)) {
      client.resetAndDestroy();
      return;
    }
    links.set(client, undefined);
    client.on('close', () => links.delete(client));
    const far: Duplex = hop?.open() ?? dial({ host, port, allowHalfOpen: true, noDelay: true });
    const link = createFaultyLink({
      client,
      target: far,
      shelf,
      clock,
      random,
      onclose: () => links.delete(client),
    });
    links.set(client, link);
  };
  const listen = async (): Promise<void> => {
    const server = createServer({ allowHalfOpen: true }, accept);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(boundPort, HOST, 4_096, resolve);
    });
    listener = server;
    boundPort = (server.address() as { port: number }).port;
  };
  const cut = (): void => {
    for (const [client, link] of links) {
      if (link === undefined) destroy(client, true);
      else link.reset();
    }
  };
  const stopListening = async (): Promise<void> => {
    const server = listener;
    listener = undefined;
    if (server === undefined) return;
    const gone = new Promise<void>((resolve) => server.close(() => resolve()));
    cut();
    await gone;
  };

  shelf.listen({
    added: (entry) => (isDown(entry) ? stopListening() : undefined),
    async removed(entry) {
      if (isDown(entry) && !closed && listener === undefined && !shelf.entries.some(isDown)) await listen();
    },
  });
  await listen();

  const { add, remove, clear, toxics } = shelf;
  return {
    add,
    remove,
    clear,
    toxics,
    seed,
    host: HOST,
    get port() {
      return boundPort;
    },
    get url() {
      if (url === undefined) return `tcp://${HOST}:${boundPort}`;
      // By hand: the setters of URL know the special schemes only.
      return `${url.protocol}//${HOST}:${boundPort}${url.pathname}${url.search}`;
    },
    get connections() {
      return links.size;
    },
    get accepted() {
      return accepted;
    },
    cut,
    async close() {
      closed = true;
      await stopListening();
    },
  };
};

const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 };

const targetOf = (target: FaultProxyOptions['target']): { host: string; port: number; url?: URL } => {
  if (!(target instanceof URL) && typeof target === 'object') {
    const { host = HOST, port } = target;
    return { host, port };
  }
  if (!URL.canParse(String(target))) throw invalid(`${JSON.stringify(target)} is no URL`);
  const url = new URL(target);
  const port = url.port === '' ? DEFAULT_PORTS[url.protocol] : Number(url.port);
  if (port === undefined) throw invalid(`${url.href} has no port`);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port, url };
};

const invalid = (why: string): ToolwayError => new ToolwayError('invalid_config', `the target of the proxy: ${why}`);
