/** The public keys of one issuer: fetched when first needed, kept, and asked for again when a signature names one that is new. */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { Refusal } from '../refusal.ts';
import { fetchJson, isSafe } from './guarded-json.ts';

export interface IssuerKeysOptions {
  issuer: string;
  jwksUri: string | undefined;
  fetch: typeof fetch;
  today(): number;
}

const FRESH_MS = 600_000;
const PAUSE_MS = 30_000;
const MAX_KEYS = 100;

/**
 * Keys are taken for fresh for ten minutes and are not asked for more often than every 30 s, whatever tokens name.
 * While an issuer cannot be reached, the keys it had last still count. Without any, `Refusal` with 503.
 */
export const createIssuerKeys = ({ issuer, jwksUri, fetch, today }: IssuerKeysOptions): JWTVerifyGetKey => {
  let keys: JWTVerifyGetKey | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  const ask = async (): Promise<void> => {
    const set = await fetchJson(jwksUri ?? (await jwksUriOf(issuer, fetch)), { fetch });
    if (!isKeySet(set) || set.keys.length > MAX_KEYS) throw new Error(`the keys of ${issuer} are no JSON Web Key Set`);
    keys = createLocalJWKSet(set);
    fetchedAt = today();
  };
  const refresh = (): Promise<void> => {
    if (asking !== undefined) return asking;
    if (today() < askedAt + PAUSE_MS) return Promise.resolve();
    askedAt = today();
    asking = ask()
      .catch((cause) => {
        if (keys !== undefined) return;
        throw unreachable(issuer, cause);
      })
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };

  return async (header, token) => {
    if (today() >= fetchedAt + FRESH_MS) await refresh();
    if (keys === undefined) throw unreachable(issuer, undefined);
    const found = await lookUp(keys, header, token);
    if (found !== undefined) return found;
    await refresh();
    return keys(header, token);
  };
};

const lookUp = async (keys: JWTVerifyGetKey, ...args: Parameters<JWTVerifyGetKey>) => {
  try {
    return await keys(...args);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return undefined;
    throw error;
  }
};

/** RFC 8414 §3.1, and where it is not there, OpenID Connect Discovery 1.0 §4. */
const jwksUriOf = async (issuer: string, fetch: IssuerKeysOptions['fetch']): Promise<string> => {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const places = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  let last: unknown;
  for (const place of places) {
    try {
      const metadata = (await fetchJson(place, { fetch })) as { issuer?: unknown; jwks_uri?: unknown } | null;
      const uri = metadata?.jwks_uri;
      if (metadata?.issuer !== issuer) throw new Error(`the metadata at ${place} are those of another issuer`);
      if (typeof uri !== 'string' || !URL.canParse(uri) || !isSafe(new URL(uri))) {
        throw new Error(`the metadata at ${place} name no keys over https`);
      }
      return uri;
    } catch (error) {
      last = error;
    }
  }
  throw last;
};

const isKeySet = (value: unknown): value is JSONWebKeySet => {
  const keys = (value as { keys?: unknown } | null)?.keys;
  return Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null);
};

const unreachable = (issuer: string, cause: unknown): Refusal =>
  Object.assign(new Refusal(503, 'connect_failed', `the keys of ${issuer} cannot be had`, { retryAfterMs: PAUSE_MS }), {
    cause,
  });
