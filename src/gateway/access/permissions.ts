/** What each route asks for. A route that is not in this table cannot be reached. */
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { SmartRouter } from 'hono/router/smart-router';
import { TrieRouter } from 'hono/router/trie-router';
import type { Permission } from '../principal.ts';

/**
 * `open` to everybody; `known` to everybody who is let in; `all` to whoever has `read` and sees every tool, because
 * names of all are in the answer; else to whoever has the permission.
 */
export type Need = Permission | 'open' | 'known' | 'all';

/** By path as Hono writes it, what each method needs. `HEAD` needs what `GET` does. Of two paths that both fit, the first counts. */
export const NEEDS: Readonly<Record<string, Readonly<Record<string, Need>>>> = {
  '/': { GET: 'open' },
  '/assets/*': { GET: 'open' },
  '/favicon.ico': { GET: 'open' },
  '/healthz': { GET: 'open' },
  '/readyz': { GET: 'open' },
  '/login': { GET: 'open' },
  '/.well-known/oauth-protected-resource': { GET: 'open' },
  '/.well-known/oauth-protected-resource/*': { GET: 'open' },

  // What a message of MCP does is known, and asked for, only when it is read.
  '/mcp': { GET: 'read', POST: 'read', DELETE: 'read' },
  '/mcp/:server': { GET: 'read', POST: 'read', DELETE: 'read' },
  '/sse': { GET: 'read' },
  '/sse/:server': { GET: 'read' },
  '/messages': { POST: 'read' },

  '/tools': { GET: 'read' },
  '/tools/call': { POST: 'call' },
  '/api/session': { GET: 'known', POST: 'known', DELETE: 'known' },
  '/api/servers': { GET: 'read' },
  '/api/servers/:server': { GET: 'read' },
  '/api/servers/:server/reconnect': { POST: 'admin' },
  '/api/servers/:server/disable': { POST: 'admin' },
  '/api/servers/:server/enable': { POST: 'admin' },
  '/api/tools': { GET: 'read' },
  '/api/tools/search': { GET: 'read' },
  '/api/tools/:server/:tool': { POST: 'call' },
  '/api/resources': { GET: 'read' },
  '/api/resources/read': { GET: 'call' },
  '/api/prompts': { GET: 'read' },
  '/api/prompts/:server/:prompt': { POST: 'call' },
  '/api/batch': { POST: 'call' },
  '/api/chat': { POST: 'call' },
  '/api/jobs/:id': { GET: 'read', DELETE: 'call' },
  '/api/events': { GET: 'read' },
  '/api/calls': { GET: 'read' },
  '/api/calls/:id': { DELETE: 'call' },
  '/api/metrics': { GET: 'read' },
  '/metrics': { GET: 'all' },
  '/api/approvals': { GET: 'approve' },
  '/api/approvals/:id': { GET: 'approve', POST: 'approve' },
  '/api/grants': { GET: 'approve' },
  '/api/grants/:id': { DELETE: 'approve' },
  '/api/keys': { GET: 'admin', POST: 'admin' },
  '/api/keys/:id': { DELETE: 'admin' },
  '/api/keys/:id/rotate': { POST: 'admin' },
  '/api/credentials': { GET: 'read' },
  '/api/credentials/:server': { GET: 'read', PUT: 'call', DELETE: 'call' },
  '/credentials': { GET: 'open' },
  '/credentials/:server': { GET: 'open' },
  '/openapi.json': { GET: 'read' },
  '/api/servers/:server/openapi.json': { GET: 'read' },
  '/docs': { GET: 'open' },
  '/docs/:file': { GET: 'open' },
};

/** What a request asks for; undefined where no route is in the table, and `other method` where the path is there with another one. */
export type NeedOf = (method: string, path: string) => Need | 'other method' | undefined;

/** Finds them the way Hono finds its routes, so that both are of one mind about every path. */
export const createNeedOf = (needs: typeof NEEDS = NEEDS): NeedOf => {
  const router = new SmartRouter<Need>({ routers: [new RegExpRouter(), new TrieRouter()] });
  const paths = new SmartRouter<true>({ routers: [new RegExpRouter(), new TrieRouter()] });
  for (const [path, methods] of Object.entries(needs)) {
    for (const [method, need] of Object.entries(methods)) router.add(method, path, need);
    paths.add('GET', path, true);
  }
  return (method, path) => {
    const need = router.match(method === 'HEAD' ? 'GET' : method, path)[0][0]?.[0];
    if (need !== undefined) return need;
    return paths.match('GET', path)[0].length > 0 ? 'other method' : undefined;
  };
};
