/** What a gateway may be told. Times are in milliseconds. */

import type { Logger } from '../options.ts';
import type { AccessOptions } from './access/access.ts';
import type { Isolation } from './principal.ts';
import type { Store } from './store/store.ts';

/** Numbers that bound what callers can make the gateway hold. */
export interface GatewayLimits {
  /** One request's body. Default 10 MiB; a larger one is refused with 413. */
  maxBodyBytes?: number;
  /** Sessions of the legacy protocol at a time. Default 1 000; one more is refused with 503. */
  maxSessions?: number;
  /** How long a session is kept without a request or a stream. Default 1 800 000. */
  sessionIdleMs?: number;
  /** Streams of one session or principal at a time. Default 16. */
  maxStreams?: number;
}

/** What `createGateway` takes beside the toolkit. */
export interface GatewayOptions {
  /** Who may come in. Without it only requests from the machine itself that show no key are let in: see `AccessOptions`. */
  access?: AccessOptions;
  /** What is remembered. Default: in memory, for as long as the gateway lives. */
  store?: Store;
  /** How connections to servers are shared among callers. Default `shared`; by server where it is an object, `*` for all others. */
  isolation?: Isolation | Record<string, Isolation>;
  limits?: GatewayLimits;
  /** Hears what the gateway itself has to say. Default: nobody. */
  logger?: Logger;
}
