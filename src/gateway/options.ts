/** What a gateway may be told. Times are in milliseconds. */
import type { UpgradeWebSocket } from 'hono/ws';
import type { Registry } from 'prom-client';
import type { Isolation, Logger } from '../options.ts';
import type { AccessOptions } from './access/access.ts';
import type { AuditRecord } from './access/key-routes.ts';
import type { Chat } from './chat/port.ts';
import type { CredentialAudit } from './credentials/add.ts';
import type { GatewayLimits } from './limits.ts';
import type { Store } from './store/store.ts';
import type { AccessRecord } from './watch/access-log.ts';

/** What `createGateway` takes beside the toolkit. */
export interface GatewayOptions {
  /** Who may come in. Without it only requests from the machine itself that show no key are let in: see `AccessOptions`. */
  access?: AccessOptions;
  /** What is remembered. Default: in memory, for as long as the gateway lives. */
  store?: Store;
  /**
   * Seals what callers give for `${principal:NAME}`: 32 bytes. Default: one that ends with the gateway, and with it what
   * was given.
   */
  stateKey?: Uint8Array;
  /** How connections to servers are shared among callers. Default `shared`; by server where it is an object, `*` for all others. */
  isolation?: Isolation | Record<string, Isolation>;
  /**
   * How tools and prompts are called at `/mcp`: `qualified` is `server__tool`; `plain` leaves names as they are, for a
   * gateway in front of one server. A client's `?names=` wins. Default `qualified`.
   */
  names?: 'qualified' | 'plain';
  limits?: GatewayLimits;
  /** Answers at `POST /api/chat`: `createGatewayChat` of `toolway/node` makes it of a model. Default: nobody does. */
  chat?: Chat;
  /** How this runtime makes a WebSocket of a request: `upgradeWebSocket` of Hono's adapter for it. Default: there are no WebSockets. */
  upgradeWebSocket?: UpgradeWebSocket;
  /** Hears of each request that was answered. Default: nobody. */
  onRequest?: (record: AccessRecord) => void;
  /** Hears of each change of the keys that is made over HTTP. Default: nobody. */
  onAudit?: (record: AuditRecord | CredentialAudit) => void;
  /** A registry of prom-client whose numbers are shown at `/metrics` too. */
  registry?: Registry;
  /** Hears what the gateway itself has to say. Default: nobody. */
  logger?: Logger;
}
