/** A proxy for TCP that does to connections what networks do to them. */
import { connect as dial } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, systemClock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import { createFaultListener, HOST } from './fault-listener.ts';
import { createFaultyLink } from './faulty-link.ts';
import { createHttpHop } from './http-hop.ts';
import { chooseSeed, createRandom } from './random.ts';
import { createToxicShelf, HTTP_TYPES, LINK_TYPES, MESSAGE_TYPES, type ToxicShelf } from './toxic-shelf.ts';

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
  const types = isHttp ? [...LINK_TYPES, ...MESSAGE_TYPES, ...HTTP_TYPES] : LINK_TYPES;
  const shelf = createToxicShelf(types, isHttp ? 'a proxy for HTTP' : 'a proxy for bytes');
  const hop = isHttp ? createHttpHop({ host, port, shelf, clock, random }) : undefined;
  const listener = await createFaultListener({
    shelf,
    port: wantedPort,
    random,
    accept(client) {
      if (listener.refuses()) {
        client.resetAndDestroy();
        return undefined;
      }
      const far: Duplex = hop?.open() ?? dial({ host, port, allowHalfOpen: true, noDelay: true });
      return createFaultyLink({ client, target: far, shelf, clock, random });
    },
  });

  const { add, remove, clear, toxics } = shelf;
  return {
    add,
    remove,
    clear,
    toxics,
    seed,
    host: HOST,
    get port() {
      return listener.port;
    },
    get url() {
      if (url === undefined) return `tcp://${HOST}:${listener.port}`;
      // By hand: the setters of URL know the special schemes only.
      return `${url.protocol}//${HOST}:${listener.port}${url.pathname}${url.search}`;
    },
    get connections() {
      return listener.connections;
    },
    get accepted() {
      return listener.accepted;
    },
    cut: listener.cut,
    close: listener.close,
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
