/** Streamable HTTP of the legacy era, 2025-03-26 to 2025-11-25 (basic/transports). */
import * as RPC from '../../../protocol/rpc-codes.ts';
import { LEGACY_VERSIONS } from '../../../protocol/wire.ts';
import type { GatewayContext } from '../../context.ts';
import type { Caller, Ended } from '../../principal.ts';
import type { PostOfEra } from '../endpoint.ts';
import { faultOf } from '../fault.ts';
import type { Surface } from '../surface.ts';
import { asLegacyResult } from './adapt.ts';
import { createEventLogs } from './event-log.ts';
import { type ClientRequest, type Exchange, json, startExchange } from './exchange.ts';
import { failure, invalidRequest, readMessage } from './messages.ts';
import type { LegacySession } from './session.ts';
import type { Sessions } from './sessions.ts';
import { createStreams, type Streams } from './streams.ts';

export interface LegacyHttp {
  /** A POST of which the body has been read. */
  post(...given: Parameters<PostOfEra>): Promise<Response>;
  /** A GET with a session: a stream, or what was missed of one. */
  get(request: Request, caller: Caller, surface: Surface): Response;
  /** Ends a session. */
  end(request: Request, caller: Caller, surface: Surface): Response;
}

export const SESSION_HEADER = 'Mcp-Session-Id';
export const VERSION_HEADER = 'MCP-Protocol-Version';

/** Messages of one batch. */
const MAX_BATCH = 100;
/** Whoever waits for an answer hears something by then, so that nothing between takes the silence for an end. */
const SILENCE_MS = 15_000;

/** What a session has to do with HTTP. */
interface Side {
  readonly streams: Streams;
  /** POSTs that have not been answered with anything yet. */
  readonly silent: Set<Exchange>;
}

export const createLegacyHttp = ({ clock, limits, lasting }: GatewayContext, sessions: Sessions): LegacyHttp => {
  const sides = new Map<LegacySession, Side>();
  const logs = createEventLogs();
  let heardAt = clock.now();

  const open = (session: LegacySession): Side => {
    const streams = createStreams({
      log: logs.open(),
      maxStreams: limits.maxStreams,
      primes: () => session.version === '2025-11-25',
    });
    const side: Side = { streams, silent: new Set() };
    session.outlet = streams.push;
    const onEnded = (how: Ended): void => {
      // Who comes with the next token goes on where it was; what it asked for is answered meanwhile.
      streams.cut({ replies: how === 'gone' });
      if (how === 'gone') session.finish();
    };
    const release = lasting.hold(() => session.caller.principal, onEnded);
    session.onclose = () => {
      release();
      streams.close();
      sides.delete(session);
    };
    sides.set(session, side);
    return side;
  };

  sessions.onTick(() => {
    const now = clock.now();
    const speaks = now - heardAt >= SILENCE_MS;
    if (speaks) heardAt = now;
    for (const [session, { streams, silent }] of sides) {
      // Whose key has ended is answered in one piece, or not at all.
      const isGone = session.caller.principal.ended?.() === 'gone';
      for (const exchange of isGone ? [] : [...silent]) if (now - exchange.startedAt >= SILENCE_MS) exchange.stream();
      if (!streams.open) continue;
      session.usedAt = now;
      if (speaks) streams.keepAlive();
    }
  });

  const sideOf = (id: string, caller: Caller, surface: Surface): [LegacySession, Side] | undefined => {
    const session = sessions.find(id, surface, caller.principal);
    const side = session && sides.get(session);
    return session === undefined || side === undefined ? undefined : [session, side];
  };

  const converse = (
    session: LegacySession,
    { streams, silent }: Side,
    requests: readonly ClientRequest[],
    how: { isBatch: boolean; mayStream: boolean; headers?: Record<string, string> },
  ): Promise<Response> => {
    const exchange = startExchange({
      session,
      streams,
      requests,
      headers: {},
      ...how,
      startedAt: clock.now(),
      onEnd: (ended) => void silent.delete(ended),
    });
    if (how.mayStream) silent.add(exchange);
    return exchange.response;
  };

  const begin = async (message: ClientRequest, caller: Caller, surface: Surface): Promise<Response> => {
    const session = sessions.begin(surface, caller.principal);
    const side = open(session);
    const headers = { [SESSION_HEADER]: session.id };
    const answer = await session.answer(message, { send: side.streams.push });
    if (answer !== undefined && 'result' in answer) return json(answer, headers);
    session.close();
    return json(answer);
  };

  /** Some clients never say which session they are in: what needs none is answered. */
  const single = async (
    { id, method, params }: ClientRequest,
    { principal }: Caller,
    surface: Surface,
    signal: AbortSignal,
  ): Promise<Response> => {
    try {
      // Nothing could be taken up again, so that who leaves ends it.
      const result = await sessions.methodsOf(surface)(method, params, { caller: { principal }, signal });
      return json({ jsonrpc: '2.0', id, result: asLegacyResult(method, result) });
    } catch (error) {
      return json(failure(id, faultOf(error, 'legacy')));
    }
  };

  const batch = async (body: readonly unknown[], session: LegacySession, side: Side, mayStream: boolean) => {
    if (session.version !== '2025-03-26')
      return json(invalidRequest(`revision ${session.version} has no batches`), {}, 400);
    if (body.length === 0 || body.length > MAX_BATCH)
      return json(invalidRequest(`a batch has 1 to ${MAX_BATCH} messages`), {}, 400);
    const messages = body.map(readMessage);
    for (const message of messages)
      if (message.kind === 'invalid') return json(invalidRequest(message.problem, message.id), {}, 400);
    const requests = messages.filter((message) => message.kind === 'request');
    if (requests.some(({ method }) => method === 'initialize'))
      return json(invalidRequest('initialize is in no batch'), {}, 400);
    for (const message of messages)
      if (message.kind === 'notification' || message.kind === 'answer') session.take(message);
    if (requests.length === 0) return accepted();
    return converse(session, side, requests, { isBatch: true, mayStream });
  };

  return {
    async post({ headers }, body, { caller, surface, signal }) {
      const accept = headers.get('accept');
      const takes = { json: accepts(accept, 'application/json'), stream: accepts(accept, 'text/event-stream') };
      if (!takes.json && !takes.stream) return notAcceptable('application/json, text/event-stream');
      const problem = versionProblem(headers.get(VERSION_HEADER));
      const id = headers.get(SESSION_HEADER);
      const message = Array.isArray(body) ? undefined : readMessage(body);
      if (message?.kind === 'invalid') return json(invalidRequest(message.problem, message.id), {}, 400);
      if (message?.kind === 'request' && message.method === 'initialize') return begin(message, caller, surface);
      if (problem !== undefined) return json(invalidRequest(problem), {}, 400);
      if (id === null) {
        if (message?.kind === 'request') return single(message, caller, surface, signal);
        return message === undefined ? json(invalidRequest(`${SESSION_HEADER} is missing`), {}, 400) : accepted();
      }
      const found = sideOf(id, caller, surface);
      if (found === undefined) return lost();
      const [session, side] = found;
      if (message === undefined) return batch(body as unknown[], session, side, takes.stream);
      if (message.kind === 'request')
        return converse(session, side, [message], { isBatch: false, mayStream: takes.stream });
      session.take(message);
      return accepted();
    },
    get({ headers }, caller, surface) {
      if (!accepts(headers.get('accept'), 'text/event-stream')) return notAcceptable('text/event-stream');
      const problem = versionProblem(headers.get(VERSION_HEADER));
      if (problem !== undefined) return json(invalidRequest(problem), {}, 400);
      const found = sideOf(headers.get(SESSION_HEADER) ?? '', caller, surface);
      if (found === undefined) return lost();
      const [session, { streams }] = found;
      session.usedAt = clock.now();
      const lastEventId = headers.get('last-event-id');
      const stream = lastEventId === null ? (streams.listen() ?? 'busy') : streams.resume(lastEventId);
      if (typeof stream !== 'string') return stream;
      if (stream === 'nothing') return new Response(null, { status: 405, headers: { Allow: 'POST, DELETE' } });
      if (stream === 'unknown') return json(invalidRequest('there is no such event any more'), {}, 400);
      return json(invalidRequest(`there are ${limits.maxStreams} streams of this session already`), {}, 429);
    },
    end({ headers }, caller, surface) {
      const id = headers.get(SESSION_HEADER);
      if (id === null) return json(invalidRequest(`${SESSION_HEADER} is missing`), {}, 400);
      const found = sideOf(id, caller, surface);
      if (found === undefined) return lost();
      found[0].close();
      return new Response(null, { status: 204 });
    },
  };
};

const accepted = (): Response => new Response(null, { status: 202 });
/** The client begins a new one (2025-11-25 basic/transports#session-management). */
const lost = (): Response => json(failure(undefined, { code: -32001, message: 'there is no such session' }), {}, 404);
const notAcceptable = (wanted: string): Response =>
  json(failure(undefined, { code: RPC.invalidRequest, message: `Accept has to name ${wanted}` }), {}, 406);

/** Whoever says nothing takes anything. */
const accepts = (accept: string | null, type: string): boolean =>
  accept === null || accept.includes(type) || accept.includes('*/*') || accept.includes(`${type.split('/')[0]}/*`);

/** Who says nothing speaks 2025-03-26. */
const versionProblem = (version: string | null): string | undefined =>
  version === null || (LEGACY_VERSIONS as readonly string[]).includes(version)
    ? undefined
    : `${VERSION_HEADER} is none of ${LEGACY_VERSIONS.join(', ')}`;
