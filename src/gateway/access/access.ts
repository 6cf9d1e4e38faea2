/** Who comes in, and what is turned away at the door. */

import type { GatewayApp } from '../context.ts';
import type { ApiKey } from './options.ts';

export type { AccessOptions } from './options.ts';

/** The door of one gateway. */
export interface Access {
  /**
   * Adds what stands before every route: Host and Origin, open paths, who calls (then `c.var.caller`), CSRF, rate, and
   * the permission of the route, which has to stand in `permissions.ts`. Also adds the routes of the door itself.
   */
  install(app: GatewayApp): void;
  /** Tells where the gateway listens, once that is known: the address becomes one that it may be called by. */
  listening(address: { host: string; port: number }): void;
  /** A path with a code that signs one browser in once, within 60 s, as the holder of a key, or as the operator with all permissions. */
  createLink(key?: string): string;
  /** Puts these keys in the place of all there were. Keys that are gone end at once, and so do sessions that began with them. */
  replaceKeys(keys: readonly ApiKey[]): void;
  close(): void;
}
