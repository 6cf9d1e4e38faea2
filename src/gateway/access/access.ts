/** Who comes in, and what is turned away at the door. */
import type { Clock } from '../../clock.ts';
import { ToolwayError } from '../../errors.ts';
import type { Logger } from '../../options.ts';
import type { GatewayApp } from '../context.ts';
import { type GatewayLimits, LIMITS } from '../limits.ts';
import type { Store } from '../store/store.ts';
import { addDoorRoutes } from './door-routes.ts';
import { createFailures } from './failures.ts';
import { createGate } from './gate.ts';
import { createHosts } from './hosts.ts';
import { createIdentify } from './identify.ts';
import { createTokens } from './jwt.ts';
import { type AuditRecord, createKeyRoutes } from './key-routes.ts';
import { createKeyRing, type KeyRing } from './keys.ts';
import type { Known } from './known.ts';
import { createLocal, LOCAL } from './local.ts';
import type { AccessOptions, ApiKey } from './options.ts';
import { createCodes, createSessions } from './sessions.ts';
import { createStoredKeys } from './stored-keys.ts';

export type { AccessOptions } from './options.ts';

/** The door of one gateway. */
export interface Access {
  /**
   * Adds what stands before every route: Host and Origin, open paths, who calls (then `c.var.caller`), the type of the
   * body, CSRF, rate, and the permission of the route, which has to stand in `permissions.ts`. Then the routes of the
   * door itself. What is refused is thrown as `Refusal`.
   */
  install(app: GatewayApp): void;
  /** Tells where the gateway listens: the address becomes one that it may be called by. */
  listening(address: { host: string }): void;
  /**
   * A path with a code that lets one browser in, once, within 60 s: as the holder of the key of this name, else as
   * `local` with all permissions, which is whoever sees what the process prints. Throws `invalid_config` where there is no such key.
   */
  createLink(key?: string): string;
  /**
   * Puts these keys in the place of those that were configured. Those that are as they were go on; others end at once,
   * and so does what began with them. Keys that were made while the gateway runs stay.
   */
  replaceKeys(keys: readonly ApiKey[]): Promise<void>;
  /** Writes down which keys were used. To be called before the store is closed. */
  close(): Promise<void>;
}

export interface CreateAccessOptions {
  /** Without it only requests are let in of which it is known that they come from this machine. */
  access: AccessOptions | undefined;
  store: Pick<Store, 'counters' | 'records'>;
  limits?: Pick<GatewayLimits, 'maxKeys' | 'maxBodyBytes'>;
  clock: Clock;
  /** The time of day, in milliseconds since the Unix epoch. */
  today(): number;
  logger?: Logger;
  /** Ends what a principal has beside its key, before somebody else gets its name. */
  forget?: (principal: string) => Promise<void>;
  /** Hears of each change of the keys. */
  onAudit?: (record: AuditRecord) => void;
}

/** Throws `invalid_config` for options that cannot be meant. */
export const createAccess = (given: CreateAccessOptions): Access => {
  const { access, store, clock, today, logger, forget, onAudit, limits = {} } = given;
  const { maxKeys = LIMITS.maxKeys, maxBodyBytes = LIMITS.maxBodyBytes } = limits;
  const options: AccessOptions = access ?? { auth: 'none' };
  const { auth = 'keys', apiKeys = [], jwt = [], publicUrl, maxFailures = 20 } = options;
  const { sessionIdleMs = 3_600_000, sessionMaxMs = 43_200_000, trustProxy = 0 } = options;
  const issuers = auth === 'none' ? [] : [jwt].flat();
  const proxies = Number(trustProxy);
  const metering = { clock, today, counters: store.counters };
  const hosts = createHosts(options);
  const ring = createKeyRing(apiKeys, metering);
  const stored = createStoredKeys({ records: store.records, ring, maxKeys, today, logger, forget });
  const asksForKeys = auth !== 'none';
  const keys: Pick<KeyRing, 'recall' | 'find'> = {
    recall: ring.recall,
    async find(key) {
      // Those of the configuration open the gateway also where the store cannot be read.
      await stored.ready()?.catch(() => {});
      return ring.find(key);
    },
  };
  const keyRoutes = createKeyRoutes({ ring, stored, asksForKeys, clock, today, maxBodyBytes, onAudit });
  const tokens = createTokens(issuers, { ...metering, fetch: options.fetch ?? ((...args) => fetch(...args)) });
  const sessions = createSessions<Known>({ clock, idleMs: sessionIdleMs, maxMs: sessionMaxMs });
  const codes = createCodes<Known>({ clock });
  const failures = createFailures({ clock, logger, max: maxFailures, proxies });
  const identify =
    auth === 'none'
      ? createLocal({ mustTell: access === undefined })
      : createIdentify({ keys, tokens, sessions, failures, proxies });
  const gate = createGate({ hosts, identify, issuers, publicUrl, proxies });

  if (asksForKeys) void stored.ready()?.catch(() => {});
  return {
    install(app) {
      app.use('*', gate);
      addDoorRoutes(app, { keys, tokens, sessions, codes, failures, issuers, publicUrl, proxies, sessionMaxMs });
      keyRoutes.add(app);
    },
    listening: ({ host }) => hosts.listening(host),
    createLink(name) {
      const known = name === undefined ? LOCAL : ring.named(name);
      if (known !== undefined) return `/login?code=${codes.make(known)}`;
      throw new ToolwayError('invalid_config', `there is no API key named ${JSON.stringify(name)}`);
    },
    replaceKeys: (replacement) => ring.replace('configuration', replacement),
    close: keyRoutes.close,
  };
};
