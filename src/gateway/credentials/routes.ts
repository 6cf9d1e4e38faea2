/** `/api/credentials`: what one has given for servers, and the page on which people give it. */

import { isObject } from '../../protocol/wire.ts';
import type { GatewayApp } from '../context.ts';
import { Refusal } from '../refusal.ts';
import { readObject, unfit } from '../rest/body.ts';
import { json } from '../rest/result.ts';
import type { Credentials } from './credentials.ts';

/** All values of one server together. */
const MAX_BODY_BYTES = 262_144;
const PRIVATE = { 'cache-control': 'no-store' };

/** Nothing but the page's own files runs or is fetched, no form is sent by the browser itself, and nobody frames it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FILES: Readonly<Record<string, { type: string; load(): Promise<string> }>> = {
  '/credentials': { type: 'text/html', load: async () => (await import('./page.ts')).PAGE },
  '/credentials/:server': { type: 'text/html', load: async () => (await import('./page.ts')).PAGE },
  '/assets/credentials.js': { type: 'text/javascript', load: async () => (await import('./script.ts')).SCRIPT },
};

export const addCredentialRoutes = (
  app: GatewayApp,
  { maxBodyBytes }: { maxBodyBytes: number },
  credentials: Credentials,
): void => {
  const answer = (value: unknown): Response => {
    const response = json(value);
    for (const [name, text] of Object.entries(PRIVATE)) response.headers.set(name, text);
    return response;
  };
  app.get('/api/credentials', async (c) => answer({ credentials: await credentials.list(c.get('caller').principal) }));
  app.get('/api/credentials/:server', async (c) =>
    answer(await credentials.get(c.get('caller').principal, c.req.param('server'))),
  );
  app.put('/api/credentials/:server', async (c) => {
    const body = await readObject(c.req.raw, Math.min(maxBodyBytes, MAX_BODY_BYTES));
    const { values, target } = body;
    if (!isObject(values))
      throw unfit('values must be an object', [{ path: '/values', message: 'must be an object of texts by name' }]);
    if (target !== undefined && typeof target !== 'string')
      throw unfit('target must be a text', [{ path: '/target', message: 'must be a text' }]);
    return answer(await credentials.give(c.get('caller').principal, c.req.param('server'), values, target));
  });
  app.delete('/api/credentials/:server', async (c) => {
    if (!(await credentials.revoke(c.get('caller').principal, c.req.param('server'))))
      throw new Refusal(404, 'unsupported', 'there is nothing to revoke');
    return new Response(null, { status: 204, headers: PRIVATE });
  });
  for (const [path, { type, load }] of Object.entries(FILES)) {
    app.get(path, async () => {
      const headers = {
        'content-type': `${type}; charset=utf-8`,
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      };
      return new Response(await load(), { headers });
    });
  }
};
