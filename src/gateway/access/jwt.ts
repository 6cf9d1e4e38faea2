/** Access tokens of authorization servers, verified as an OAuth 2.0 resource server does (RFC 9068, RFC 8725). */
import { type JWTPayload, jwtVerify } from 'jose';
import { ToolwayError } from '../../errors.ts';
import type { Permission } from '../principal.ts';
import { Refusal } from '../refusal.ts';
import { addedUp, type Filters, filtersOf } from './filters.ts';
import { isSafe } from './guarded-json.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { createKnown, type Known, permissionsOf } from './known.ts';
import { createMeter, type Meter, type MeterOptions } from './meter.ts';
import type { Grant, JwtOptions } from './options.ts';

export interface TokensOptions extends MeterOptions {
  fetch: typeof fetch;
}

export interface Tokens {
  /** Whose token this is, where it was seen before and is still good. */
  recall(token: string): Known | undefined;
  /** Whose token this is; undefined for one that is not good. Rejects with a `Refusal` of 503 where the issuer's keys cannot be had. */
  find(token: string): Promise<Known | undefined>;
}

const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const OWN_SCOPES: Readonly<Record<string, Grant>> = {
  'toolway:read': { scopes: ['read'] },
  'toolway:call': { scopes: ['call'] },
  'toolway:approve': { scopes: ['approve'] },
  'toolway:admin': { scopes: ['admin'] },
};
const MAX_RECALLED = 1_000;
const MAX_METERS = 10_000;
/** A key that its issuer withdraws opens nothing more after this. */
const RECALL_MS = 300_000;
const LONGEST_TOKEN = 16_384;
const LONGEST_SUBJECT = 256;

export const createTokens = (
  issuers: readonly JwtOptions[],
  { fetch, ...options }: TokensOptions,
): Tokens | undefined => {
  if (issuers.length === 0) return undefined;
  const byIssuer = new Map(issuers.map((one) => [one.issuer, createIssuer(one, fetch, options)]));
  if (byIssuer.size < issuers.length) throw wrong(issuers[0]?.issuer ?? '', 'is there twice');
  // As with keys: what is in it is already known to be good.
  const recalled = new Map<string, { known: Known; until: number }>();
  return {
    recall(token) {
      const found = recalled.get(token);
      if (found === undefined) return undefined;
      if (options.today() < found.until && found.known.alive()) return found.known;
      recalled.delete(token);
      return undefined;
    },
    async find(token) {
      if (token.length > LONGEST_TOKEN) return undefined;
      const known = await byIssuer.get(issuerOf(token))?.(token);
      if (known === undefined) return undefined;
      const [oldest] = recalled.keys();
      if (recalled.size >= MAX_RECALLED && oldest !== undefined) recalled.delete(oldest);
      recalled.set(token, { known, until: options.today() + RECALL_MS });
      return known;
    },
  };
};

/** Whether a credential has the form of a signed token (RFC 7515 §7.1). */
export const looksLikeToken = (text: string): boolean =>
  /^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(text);

/** What a client is told to ask for: the scopes that the issuers' tokens can have. */
export const scopesOf = (issuers: readonly JwtOptions[]): string[] => [
  ...new Set(issuers.flatMap(({ scopes = OWN_SCOPES }) => Object.keys(scopes)).filter((scope) => scope !== '*')),
];

/** The scopes that give all of these permissions and as little else as there is. */
export const scopesGiving = (issuers: readonly JwtOptions[], wanted: readonly Permission[]): string[] => {
  const giving = issuers.flatMap(({ scopes = OWN_SCOPES }) =>
    Object.entries(scopes)
      .map(([scope, grant]) => ({ scope, given: permissionsOf(grant.scopes) }))
      .filter(({ scope, given }) => scope !== '*' && wanted.every((permission) => given.has(permission))),
  );
  const least = Math.min(...giving.map(({ given }) => given.size));
  return [...new Set(giving.filter(({ given }) => given.size === least).map(({ scope }) => scope))];
};

type Find = (token: string) => Promise<Known | undefined>;

const createIssuer = (given: JwtOptions, fetch: TokensOptions['fetch'], options: MeterOptions): Find => {
  check(given);
  const { issuer, audience, algorithms = ALGORITHMS, scopes = OWN_SCOPES, clockToleranceMs = 30_000 } = given;
  const keys = createIssuerKeys({ issuer, jwksUri: given.jwksUri, fetch, today: options.today });
  const meters = new Map<string, Meter>();
  const meterOf = (id: string): Meter => {
    const before = meters.get(id);
    if (before !== undefined) return before;
    const [oldest] = meters.keys();
    if (meters.size >= MAX_METERS && oldest !== undefined) meters.delete(oldest);
    const meter = createMeter(id, given, options);
    meters.set(id, meter);
    return meter;
  };
  return async (token) => {
    const payload = await verified(() =>
      jwtVerify(token, keys, {
        issuer,
        audience: typeof audience === 'string' ? audience : [...audience],
        algorithms: [...algorithms],
        clockTolerance: clockToleranceMs / 1_000,
        currentDate: new Date(options.today()),
        requiredClaims: ['sub', 'exp'],
      }),
    );
    if (payload === undefined) return undefined;
    const { sub = '', exp = 0 } = payload;
    if (sub === '' || sub.length > LONGEST_SUBJECT || /\p{C}/u.test(sub)) return undefined;
    const id = `jwt:${issuer}#${sub}`;
    const endsAt = exp * 1_000 + clockToleranceMs;
    return createKnown({
      id,
      ...givenBy(payload, scopes),
      meter: meterOf(id),
      allowance: given,
      isToken: true,
      alive: () => options.today() < endsAt,
    });
  };
};

/** What is wrong with a token is nobody's business but its issuer's; a refusal of our own passes. */
const verified = async (verify: () => Promise<{ payload: JWTPayload }>): Promise<JWTPayload | undefined> => {
  try {
    return (await verify()).payload;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    return undefined;
  }
};

const givenBy = (
  payload: JWTPayload,
  scopes: Readonly<Record<string, Grant>>,
): { scopes: Permission[]; filters: Filters | undefined } => {
  const grants = ['*', ...namesIn(payload.scope), ...namesIn(payload.scp)]
    .filter((scope, index) => Object.hasOwn(scopes, scope) && (scope !== '*' || index === 0))
    .map((scope) => scopes[scope] ?? {});
  return {
    scopes: [...new Set(grants.flatMap((grant) => [...permissionsOf(grant.scopes)]))],
    filters: addedUp(grants.map(filtersOf).filter((filters) => filters !== undefined)),
  };
};

/** `scope` is a text with spaces (RFC 8693 §4.2); some issuers have a list in `scp`. */
const namesIn = (claim: unknown): string[] => {
  const names: unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return names.filter((name) => typeof name === 'string');
};

/** Not verified: only to know whose keys to verify it with. */
const issuerOf = (token: string): string => {
  try {
    const payload = token.split('.')[1] ?? '';
    const { iss } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { iss?: unknown };
    return typeof iss === 'string' ? iss : '';
  } catch {
    return '';
  }
};

const check = ({ issuer, audience, jwksUri, algorithms = ALGORITHMS, clockToleranceMs = 0 }: JwtOptions): void => {
  const addresses = jwksUri === undefined ? [issuer] : [jwksUri];
  if (issuer === '') throw wrong(issuer, 'is empty');
  if (audience.length === 0) throw wrong(issuer, 'has no audience');
  if (!addresses.every((address) => URL.canParse(address) && isSafe(new URL(address)))) {
    throw wrong(issuer, 'has keys at a place that is neither https nor loopback');
  }
  const odd = algorithms.filter((algorithm) => !ALGORITHMS.includes(algorithm));
  if (odd.length > 0 || algorithms.length === 0) {
    throw wrong(issuer, `has algorithms other than ${ALGORITHMS.join(', ')}`);
  }
  if (!(clockToleranceMs >= 0 && clockToleranceMs <= 300_000)) {
    throw wrong(issuer, 'has a clockToleranceMs that is not between 0 and 300000');
  }
};

const wrong = (issuer: string, reason: string): ToolwayError =>
  new ToolwayError('invalid_config', `the issuer ${JSON.stringify(issuer.slice(0, 200))} ${reason}`);
