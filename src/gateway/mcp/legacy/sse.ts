/** HTTP+SSE of 2024-11-05 (basic/transports): one stream for everything that is said to the client, and an address for what it says. */
import type { GatewayContext } from '../../context.ts';
import type { Caller, Ended } from '../../principal.ts';
import type { Surface } from '../surface.ts';
import { json } from './exchange.ts';
import { failure, invalidRequest, readMessage } from './messages.ts';
import { answerOn } from './one-link.ts';
import type { LegacySession } from './session.ts';
import type { Sessions } from './sessions.ts';
import { createSseBody, SSE_KEEP_ALIVE, type SseBody, sseEvent } from './sse-body.ts';

export interface LegacySse {
  /** Begins a session. `path` is where its client sends its messages; the id of the session is added. */
  open(caller: Caller, surface: Surface, path: string): Response;
  /** A message of the client, of which the body has been read. */
  post(sessionId: string, body: unknown, caller: Caller): Response;
}

const KEEP_ALIVE_MS = 15_000;

export const createLegacySse = ({ clock, lasting }: GatewayContext, sessions: Sessions): LegacySse => {
  const open = new Map<string, { session: LegacySession; body: SseBody }>();
  let heardAt = clock.now();

  sessions.onTick(() => {
    const now = clock.now();
    const speaks = now - heardAt >= KEEP_ALIVE_MS;
    if (speaks) heardAt = now;
    for (const { session, body } of open.values()) {
      session.usedAt = now;
      if (speaks) body.write(SSE_KEEP_ALIVE);
    }
  });

  return {
    open({ principal }, surface, path) {
      const session = sessions.begin(surface, principal);
      const leave = (how: Ended): void => (how === 'gone' ? session.close() : session.finish());
      // The stream is the session: nothing could be answered without it.
      const body = createSseBody({ onOver: () => session.close() });
      session.outlet = (message) => void body.write(sseEvent(JSON.stringify(message)));
      const release = lasting.hold(() => session.caller.principal, leave);
      session.onclose = () => {
        release();
        open.delete(session.id);
        body.end();
      };
      open.set(session.id, { session, body });
      body.write(`event: endpoint\ndata: ${path}?sessionId=${session.id}\n\n`);
      return body.response;
    },
    post(sessionId, body, { principal }) {
      const known = open.get(sessionId);
      if (known === undefined || known.session.caller.principal.id !== principal.id)
        return json(failure(undefined, { code: -32001, message: 'there is no such session' }), {}, 404);
      const { session } = known;
      session.seenAs(principal);
      const message = readMessage(body);
      if (message.kind === 'invalid') return json(invalidRequest(message.problem, message.id), {}, 400);
      if (message.kind === 'request') void answerOn(session, message, clock);
      else session.take(message);
      return new Response('Accepted', { status: 202 });
    },
  };
};
