/** What a gateway may be told. Times are in milliseconds. */
import type { UpgradeWebSocket } from 'hono/ws';
import type { Registry } from 'prom-client';
import type { Logger } from '../options.ts';
import type { AccessOptions } from './access/access.ts';
import type { Isolation } from './principal.ts';
import type { Store } from './store/store.ts';
import type { AccessRecord } from './watch/access-log.ts';

/** Numbers that bound what callers can make the gateway hold. */
export interface GatewayLimits {
  /** POSTs under way at a time. Default 1 000; one more is refused with 503, before it is looked at any closer. */
  maxRequests?: number;
  /** One request's body. Default 10 MiB; a larger one is refused with 413. */
  maxBodyBytes?: number;
  /** Sessions of the legacy protocol at a time. Default 1 000; one more is refused with 503. */
  maxSessions?: number;
  /** How long a session is kept without a request or a stream. Default 1 800 000. */
  sessionIdleMs?: number;
  /** Streams of one session or principal at a time. Default 16. */
  maxStreams?: number;
  /** Calls of one batch. Default 100; one more is `invalid_arguments`. */
  maxBatch?: number;
  /** Jobs that run at a time. Default 1 000, of one principal 100; one more is `backpressure`. */
  maxJobs?: number;
  /** How long a job is kept once it has ended. Default 3 600 000. */
  jobTtlMs?: number;
  /** Calls of the modern protocol that wait for an answer of their client. Default 1 000, of one principal 64; one more is `backpressure`. */
  maxHeldCalls?: number;
  /** How long such a call waits before it is cancelled. Default 300 000. */
  heldCallMs?: number;
  /** Tasks of the modern protocol at a time. Default 1 000, of one principal 100; beyond them calls are waited for. */
  maxTasks?: number;
  /** A call of a client that knows tasks becomes one when it takes longer, unless its progress is streamed. Default 5 000. */
  taskAfterMs?: number;
  /** How long a task is kept from its beginning. Default 3 600 000; what still runs then is cancelled. */
  taskTtlMs?: number;
}

/** What `createGateway` takes beside the toolkit. */
export interface GatewayOptions {
  /** Who may come in. Without it only requests from the machine itself that show no key are let in: see `AccessOptions`. */
  access?: AccessOptions;
  /** What is remembered. Default: in memory, for as long as the gateway lives. */
  store?: Store;
  /** How connections to servers are shared among callers. Default `shared`; by server where it is an object, `*` for all others. */
  isolation?: Isolation | Record<string, Isolation>;
  /**
   * How tools and prompts are called at `/mcp`: `qualified` is `server__tool`; `plain` leaves names as they are, for a
   * gateway in front of one server. A client's `?names=` wins. Default `qualified`.
   */
  names?: 'qualified' | 'plain';
  limits?: GatewayLimits;
  /** How this runtime makes a WebSocket of a request: `upgradeWebSocket` of Hono's adapter for it. Default: there are no WebSockets. */
  upgradeWebSocket?: UpgradeWebSocket;
  /** Hears of each request that was answered. Default: nobody. */
  onRequest?: (record: AccessRecord) => void;
  /** A registry of prom-client whose numbers are shown at `/metrics` too. */
  registry?: Registry;
  /** Hears what the gateway itself has to say. Default: nobody. */
  logger?: Logger;
}
