/** Puts this room together: who gives credentials of one's own, who asks for them, and who hears of it. */
import type { Toolkit } from '../../api.ts';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../options.ts';
import type { AuditRecord } from '../access/key-routes.ts';
import type { AccessOptions } from '../access/options.ts';
import type { GatewayApp } from '../context.ts';
import type { Principal } from '../principal.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import { type AskForCredentials, createAsk } from './ask.ts';
import { type Credentials, createCredentials } from './credentials.ts';
import { addCredentialRoutes } from './routes.ts';
import { createSeal } from './seal.ts';

/** Somebody gave or revoked credentials of its own. */
export interface CredentialAudit {
  /** When, as an ISO 8601 text. */
  time: string;
  event: 'credential_given' | 'credential_revoked';
  principal: string;
  server: string;
  names: readonly string[];
}

export interface OwnCredentials extends Pick<Credentials, 'on' | 'forget'>, AskForCredentials {
  /** Servers that want credentials which a principal has not given, and where to give them. */
  lacks(principal: Principal): Promise<{ server: string; url: string }[]>;
  addRoutes(app: GatewayApp, limits: { maxBodyBytes: number }): void;
  /** From then on its URLs are known, if it is at an address that a browser could be sent to. */
  listening(address: { host: string; port?: number }): void;
}

export interface AddCredentialsOptions {
  toolkit: Toolkit;
  store: Store;
  stateKey?: Uint8Array;
  access?: AccessOptions;
  onAudit?: (record: AuditRecord | CredentialAudit) => void;
  logger?: Logger;
  clock: Clock;
  today(): number;
  closing: AbortSignal;
}

/** Addresses that stand for all of a machine's own. */
const ANYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::', '']);

/** Throws `invalid_config` for a key that is not of 32 bytes. */
export const addCredentials = (options: AddCredentialsOptions): OwnCredentials => {
  const { toolkit, store, stateKey, access, onAudit, logger, today } = options;
  let base = access?.publicUrl?.replace(/\/+$/, '') ?? '';
  const urlOf = (server: string): string => `${base}/credentials/${encodeURIComponent(server)}`;
  const credentials = createCredentials({
    toolkit,
    // What nobody could open later is not kept for later.
    records: (stateKey === undefined ? createMemoryStore({ today }) : store).records,
    seal: createSeal(stateKey),
    urlOf,
    today,
    logger,
  });
  const tell = (record: AuditRecord | CredentialAudit): void => {
    try {
      onAudit?.(record);
    } catch {
      // Whoever listens cannot undo what was done.
    }
  };
  credentials.on((news) => tell({ time: new Date(today()).toISOString(), ...news }));
  const { ask, onVisited } = createAsk({ ...options, credentials });

  return {
    on: credentials.on,
    forget: credentials.forget,
    ask,
    onVisited,
    async lacks(principal) {
      const views = await credentials.list(principal);
      return views
        .filter(({ state }) => state !== 'given' && state !== 'unused')
        .map(({ server }) => ({ server, url: urlOf(server) }));
    },
    addRoutes: (app, limits) => addCredentialRoutes(app, limits, credentials),
    listening({ host, port }) {
      if (base !== '' || port === undefined || ANYWHERE.has(host)) return;
      base = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    },
  };
};
