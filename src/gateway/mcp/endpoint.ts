/** The addresses at which MCP is spoken, and the era of what arrives there. */
import type { Context } from 'hono';
import { deeperThan } from '../../protocol/depth.ts';
import * as RPC from '../../protocol/rpc-codes.ts';
import { isObject, LEGACY_VERSIONS, META } from '../../protocol/wire.ts';
import { MAX_DEPTH, readText } from '../body.ts';
import type { GatewayApp, GatewayContext } from '../context.ts';
import type { Caller } from '../principal.ts';
import { Refusal } from '../refusal.ts';
import { requestSignal } from '../request-signal.ts';
import { faultOf } from './fault.ts';
import { json } from './legacy/exchange.ts';
import { createLegacyHttp, SESSION_HEADER, VERSION_HEADER } from './legacy/http.ts';
import { failure, isId } from './legacy/messages.ts';
import { createSessions } from './legacy/sessions.ts';
import { createLegacySse } from './legacy/sse.ts';
import { createLegacySockets } from './legacy/websocket.ts';
import { createSurfaces, type Surface } from './surface.ts';

/** Answers one POST, of which the body has been read and the era is known; `signal` aborts when its client leaves. */
export type PostOfEra = (
  request: Request,
  message: unknown,
  about: { caller: Caller; surface: Surface; signal: AbortSignal },
) => Promise<Response> | Response;

export interface McpOptions {
  /** Speaks the modern era. */
  modern?: PostOfEra;
  /** Of the tools at `/mcp`, where a client does not say. */
  names?: 'qualified' | 'plain' | undefined;
}

export interface Mcp {
  /** Ends all sessions, and what they have under way. */
  close(): void;
}

type McpContext = Context<{ Variables: { caller: Caller } }>;

/** Methods that only the modern era has, so that whoever asks for them is of it. */
const MODERN_METHODS: ReadonlySet<unknown> = new Set(['server/discover', 'subscriptions/listen']);

/** `/mcp` for all servers, `/mcp/{server}` for one; `/sse` and `/messages` for clients of 2024-11-05. */
export const addMcp = (app: GatewayApp, context: GatewayContext, { modern, names }: McpOptions = {}): Mcp => {
  const usual = names === 'plain' ? 'plain' : undefined;
  const surfaces = createSurfaces(context);
  const sessions = createSessions(context);
  const http = createLegacyHttp(context, sessions);
  const sse = createLegacySse(context, sessions);
  const sockets = createLegacySockets(context, sessions);

  const surfaceOf = (c: McpContext): Surface =>
    surfaces.choose(c.get('caller'), { server: c.req.param('server'), names: c.req.query('names') ?? usual });

  const read = async ({ req: { raw } }: McpContext): Promise<unknown> => {
    const type = raw.headers.get('content-type');
    if (type === null || !/^application\/json\s*(;|$)/i.test(type))
      throw new Refusal(415, 'invalid_arguments', 'Content-Type has to be application/json');
    const text = await readText(raw, context.limits.maxBodyBytes);
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      throw new BadMessage(RPC.parseError, 'the body is no JSON');
    }
    if (deeperThan(body, MAX_DEPTH))
      throw new BadMessage(RPC.invalidRequest, `the body nests deeper than ${MAX_DEPTH} levels`);
    return body;
  };

  const post = async (c: McpContext): Promise<Response> => {
    const surface = surfaceOf(c);
    const body = await read(c);
    const about = { caller: c.get('caller'), surface, signal: requestSignal(c.req.raw, c.env) };
    if (modern !== undefined && isModern(c.req.raw.headers, body)) return modern(c.req.raw, body, about);
    return http.post(c.req.raw, body, about);
  };

  const get = async (c: McpContext): Promise<Response> => {
    const { headers } = c.req.raw;
    const surface = surfaceOf(c);
    const caller = c.get('caller');
    if (headers.get('upgrade')?.toLowerCase() === 'websocket' && context.upgradeWebSocket !== undefined)
      return context.upgradeWebSocket(c, sockets.serve(caller, surface));
    if (headers.has(SESSION_HEADER)) return http.get(c.req.raw, caller, surface);
    // A client of 2024-11-05 knows neither header, and takes the address for that of a stream.
    const isOld = !headers.has(VERSION_HEADER) && headers.get('accept')?.includes('text/event-stream') === true;
    if (isOld) return sse.open(caller, surface, beside(c, c.req.param('server') === undefined ? 1 : 2));
    return new Response(null, { status: 405, headers: { Allow: 'POST' } });
  };
  const remove = async (c: McpContext): Promise<Response> => http.end(c.req.raw, c.get('caller'), surfaceOf(c));
  const stream = async (c: McpContext): Promise<Response> =>
    sse.open(c.get('caller'), surfaceOf(c), beside(c, c.req.param('server') === undefined ? 1 : 2));
  const message = async (c: McpContext): Promise<Response> => {
    const body = await read(c);
    return sse.post(c.req.query('sessionId') ?? '', body, c.get('caller'));
  };

  for (const path of ['/mcp', '/mcp/:server']) {
    app.post(path, answered(post));
    app.get(path, answered(get));
    app.delete(path, answered(remove));
  }
  for (const path of ['/sse', '/sse/:server']) app.get(path, answered(stream));
  app.post('/messages', answered(message));
  return { close: sessions.close };
};

/** The address for messages, beside that which was asked for: whoever mounts the gateway may have put something before both. */
const beside = (c: McpContext, parts: number): string => `${c.req.path.split('/').slice(0, -parts).join('/')}/messages`;

/** What is no JSON-RPC message at all. */
class BadMessage extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Clients of MCP are told in JSON-RPC why they are turned away, with the status that says the same. */
const answered =
  (handle: (c: McpContext) => Promise<Response>) =>
  async (c: McpContext): Promise<Response> => {
    try {
      return await handle(c);
    } catch (thrown) {
      if (thrown instanceof BadMessage)
        return json(failure(undefined, { code: thrown.code, message: thrown.message }), {}, 400);
      if (thrown instanceof Refusal) {
        const { status, code, message, headers, retryAfterMs } = thrown;
        const later: Record<string, string> =
          retryAfterMs === undefined ? {} : { 'Retry-After': String(Math.ceil(retryAfterMs / 1_000)) };
        const data = { code, ...(retryAfterMs !== undefined && { retryAfterMs }) };
        return json(failure(undefined, { code: RPC.invalidRequest, message, data }), { ...headers, ...later }, status);
      }
      const error = faultOf(thrown, 'legacy');
      const isUnknown = (error.data as { code?: unknown } | undefined)?.code === 'unknown_server';
      return json(failure(undefined, error), {}, isUnknown ? 404 : error.code === RPC.invalidParams ? 400 : 500);
    }
  };

/** Every message of the modern era says so in its own metadata; one that forgot to is known by its headers or its method. */
const isModern = (headers: Headers, body: unknown): boolean => {
  if (!isObject(body)) return false;
  const { params, method, id } = body;
  if (isObject(params) && isObject(params._meta) && params._meta[META.protocolVersion] !== undefined) return true;
  if (headers.has(SESSION_HEADER) || method === 'initialize') return false;
  const version = headers.get(VERSION_HEADER);
  const isLegacy = version === null || (LEGACY_VERSIONS as readonly string[]).includes(version);
  return !isLegacy || headers.has('mcp-method') || (MODERN_METHODS.has(method) && isId(id));
};
