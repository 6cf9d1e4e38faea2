/** The routes of the door: the link for browsers, their sessions, and where tokens come from. */
import type { Context } from 'hono';
import type { GatewayApp } from '../context.ts';
import { PERMISSIONS } from '../principal.ts';
import { Refusal } from '../refusal.ts';
import { cookieName, readCookie, setCookie } from './cookie.ts';
import type { Failures } from './failures.ts';
import { homeOf } from './home.ts';
import { credentialOf } from './identify.ts';
import type { Tokens } from './jwt.ts';
import type { KeyRing } from './keys.ts';
import type { Known } from './known.ts';
import type { JwtOptions } from './options.ts';
import { peerOf } from './peer.ts';
import { metadataFor } from './resource-metadata.ts';
import type { Codes, Sessions } from './sessions.ts';

export interface DoorRoutesOptions {
  keys: Pick<KeyRing, 'recall'>;
  tokens: Tokens | undefined;
  sessions: Sessions<Known>;
  codes: Codes<Known>;
  failures: Failures;
  issuers: readonly JwtOptions[];
  publicUrl: string | undefined;
  proxies: number;
  sessionMaxMs: number;
}

const PRIVATE = { 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' };

export const addDoorRoutes = (app: GatewayApp, options: DoorRoutesOptions): void => {
  const { keys, tokens, sessions, codes, failures, issuers, publicUrl, proxies, sessionMaxMs } = options;

  const cookie = (c: Context, value: string, maxAgeMs: number): string => {
    const { secure } = peerOf(c.req.raw, c.env, proxies);
    return setCookie(cookieName(c.req.raw, secure), value, { secure, maxAgeMs });
  };
  const sessionOf = (c: Context): string | undefined =>
    readCookie(c.req.raw, cookieName(c.req.raw, peerOf(c.req.raw, c.env, proxies).secure));
  const tell = (c: Context, headers: Record<string, string> = {}): Response => {
    const { principal } = c.get('caller');
    const permissions = PERMISSIONS.filter((permission) => principal.may(permission));
    return c.json({ principal: principal.id, permissions }, 200, { ...PRIVATE, ...headers });
  };

  app.get('/login', (c) => {
    // Whoever only looks does not use the code up.
    if (c.req.method === 'HEAD') return c.body(null, 204, PRIVATE);
    failures.check(c.req.raw, c.env);
    const known = codes.take(c.req.query('code') ?? '');
    if (known?.alive() !== true) {
      failures.add(c.req.raw, c.env);
      throw new Refusal(401, 'auth_failed', 'this link was used before, or is older than a minute', {
        headers: PRIVATE,
      });
    }
    const headers = { ...PRIVATE, Location: './', 'Set-Cookie': cookie(c, sessions.open(known), sessionMaxMs) };
    return c.body(null, 303, headers);
  });

  app.get('/api/session', (c) => tell(c));
  app.post('/api/session', (c) => {
    const credential = credentialOf(c.req.raw) ?? '';
    const known = keys.recall(credential) ?? tokens?.recall(credential);
    if (known === undefined) throw new Refusal(403, 'forbidden', 'a session begins with a key or a token');
    return tell(c, { 'Set-Cookie': cookie(c, sessions.open(known), sessionMaxMs) });
  });
  app.delete('/api/session', (c) => {
    sessions.end(sessionOf(c) ?? '');
    return c.body(null, 204, { ...PRIVATE, 'Set-Cookie': cookie(c, '', 0) });
  });

  const metadata = (c: Context): Response => {
    if (issuers.length === 0) throw new Refusal(404, 'unsupported', 'this gateway takes no tokens of others');
    return c.json(metadataFor(c.req.path, homeOf(c, { publicUrl, proxies }), issuers));
  };
  app.get('/.well-known/oauth-protected-resource', metadata);
  app.get('/.well-known/oauth-protected-resource/*', metadata);
};
