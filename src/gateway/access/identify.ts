/** Who sends a request, by what it shows. */
import { cookieName, readCookie } from './cookie.ts';
import type { Failures } from './failures.ts';
import type { From } from './hosts.ts';
import { looksLikeToken, type Tokens } from './jwt.ts';
import type { KeyRing } from './keys.ts';
import type { Known } from './known.ts';
import { peerOf } from './peer.ts';
import type { Sessions } from './sessions.ts';

/** Somebody at the door. */
export interface Visitor {
  known: Known;
  /** A browser that shows its cookie, which it does for pages of strangers too. */
  byCookie: boolean;
}

/** A request that shows nothing, and one that shows what is not good. */
export type Stranger = 'nothing' | 'wrong';

/** Throws or rejects with a refusal of 429 where too many wrong credentials were shown, and of 503 where a token cannot be verified now. */
export type Identify = (request: Request, env: unknown, from: From) => Visitor | Stranger | Promise<Visitor | Stranger>;

export interface IdentifyOptions {
  keys: Pick<KeyRing, 'recall' | 'find'>;
  tokens: Tokens | undefined;
  sessions: Sessions<Known>;
  failures: Failures;
  proxies: number;
}

/** The key or the token that a request shows. `X-API-Key` counts where both are there: a proxy may need `Authorization` for itself. */
export const credentialOf = ({ headers }: Request): string | undefined => {
  const key = headers.get('x-api-key');
  if (key !== null) return key;
  const authorization = headers.get('authorization');
  if (authorization === null || authorization.slice(0, 7).toLowerCase() !== 'bearer ') return undefined;
  return authorization.slice(7).trim();
};

export const createIdentify = ({ keys, tokens, sessions, failures, proxies }: IdentifyOptions): Identify => {
  const verify = async (credential: string, request: Request, env: unknown): Promise<Visitor | Stranger> => {
    failures.check(request, env);
    const isToken = tokens !== undefined && looksLikeToken(credential);
    const known = await (isToken ? tokens.find(credential) : keys.find(credential));
    if (known !== undefined) return { known, byCookie: false };
    failures.add(request, env);
    return 'wrong';
  };
  const byCookie = (request: Request, env: unknown, from: From): Visitor | Stranger => {
    if (!request.headers.has('cookie') || !isOwnPage(request, from)) return 'nothing';
    const name = cookieName(request, peerOf(request, env, proxies).secure);
    const session = readCookie(request, name) ?? '';
    const known = sessions.find(session);
    if (known?.alive() === true) return { known, byCookie: true };
    sessions.end(session);
    return 'nothing';
  };
  return (request, env, from) => {
    const credential = credentialOf(request);
    if (credential === undefined) return byCookie(request, env, from);
    const known = keys.recall(credential) ?? tokens?.recall(credential);
    return known === undefined ? verify(credential, request, env) : { known, byCookie: false };
  };
};

/** A cookie counts for pages of the gateway's own: browsers say where a request comes from, and for a WebSocket always. */
const isOwnPage = ({ headers }: Request, from: From): boolean => {
  if (from === 'own') return true;
  if (from === 'allowed' || headers.has('upgrade')) return false;
  const site = headers.get('sec-fetch-site');
  return site === null || site === 'same-origin' || site === 'none';
};
