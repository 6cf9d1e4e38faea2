/** `/openapi.json`, for all servers or for one: what the caller sees, made anew when a list was read anew. */
import type { ListedTool } from '../../../api.ts';
import { ToolwayError } from '../../../errors.ts';
import type { GatewayApp, GatewayContext } from '../../context.ts';
import type { Caller } from '../../principal.ts';

interface Kept {
  /** Of which tools it is, and when their lists were read. */
  stamp: string;
  text: string;
  etag: string;
}

/** Documents that are kept: one for each principal and server, those made longest ago make room. */
const MAX_KEPT = 64;

export const addOpenApiRoutes = (app: GatewayApp, { dispatch }: Pick<GatewayContext, 'dispatch'>): void => {
  const kept = new Map<string, Kept>();

  const documentFor = async (caller: Caller, server: string | undefined): Promise<Kept> => {
    if (server !== undefined && !dispatch.servers(caller).includes(server))
      throw new ToolwayError('unknown_server', `there is no server ${JSON.stringify(server)}`, { executed: 'no' });
    const tools = await dispatch.tools(caller, server);
    const key = JSON.stringify([caller.principal.id, server ?? null]);
    const stamp = stampOf(tools);
    const before = kept.get(key);
    if (before?.stamp === stamp) return before;
    const { openApiDocument } = await import('./document.ts');
    const text = JSON.stringify(openApiDocument(tools, server === undefined ? {} : { server }));
    const fresh = { stamp, text, etag: await etagOf(text) };
    kept.delete(key);
    kept.set(key, fresh);
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break;
      kept.delete(oldest);
    }
    return fresh;
  };

  const answer = async (caller: Caller, server: string | undefined, request: Request): Promise<Response> => {
    const { text, etag } = await documentFor(caller, server);
    const headers = { etag, 'cache-control': 'private, no-cache', vary: 'Authorization, X-API-Key, Cookie' };
    const known = (request.headers.get('if-none-match') ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    if (known.includes(etag) || known.includes('*')) return new Response(null, { status: 304, headers });
    return new Response(text, { headers: { ...headers, 'content-type': 'application/json' } });
  };

  app.get('/openapi.json', (c) => answer(c.get('caller'), c.req.query('server'), c.req.raw));
  app.get('/api/servers/:server/openapi.json', (c) => answer(c.get('caller'), c.req.param('server'), c.req.raw));
};

const stampOf = (tools: readonly ListedTool[]): string =>
  tools.map(({ qualifiedName, fetchedAt }) => `${qualifiedName} ${fetchedAt}`).join('\n');

const etagOf = async (text: string): Promise<string> => {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return `"${[...digest.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}"`;
};
