/** MCP over a WebSocket: each socket is a session, each text a message. No revision of the specification has it; clients of several authors do. */

import type { WSEvents } from 'hono/ws';
import type { Clock } from '../../../clock.ts';
import { deeperThan } from '../../../protocol/depth.ts';
import * as RPC from '../../../protocol/rpc-codes.ts';
import { MAX_DEPTH } from '../../body.ts';
import type { GatewayContext } from '../../context.ts';
import type { Caller, Ended } from '../../principal.ts';
import { Refusal } from '../../refusal.ts';
import type { Surface } from '../surface.ts';
import { failure, invalidRequest, readMessage } from './messages.ts';
import { answerOn } from './one-link.ts';
import type { LegacySession } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface LegacySockets {
  /** What a new socket of a caller does. */
  serve(caller: Caller, surface: Surface): WSEvents;
}

/** What may wait for a slow reader. */
const MAX_WAITING_BYTES = 4_194_304;
/** A client that was not heard of for so long is asked whether it is there, and has so long to answer. */
const PING = { everyMs: 30_000, timeoutMs: 20_000 };
/** RFC 6455 §7.4.1, and the registry of codes after it. */
const CLOSE = { unsupported: 1003, tooBig: 1009, tryAgainLater: 1013, gone: 1000 };

interface Open {
  readonly session: LegacySession;
  heardAt: number;
  asked: boolean;
  close(code: number, reason: string): void;
}

export const createLegacySockets = (
  { clock, limits, logger, lasting }: GatewayContext,
  sessions: Sessions,
): LegacySockets => {
  const open = new Set<Open>();

  sessions.onTick(() => {
    const now = clock.now();
    for (const each of open) {
      each.session.usedAt = now;
      if (each.asked || now - each.heardAt < PING.everyMs) continue;
      each.asked = true;
      each.session.ping(PING.timeoutMs).then(
        () => {
          each.asked = false;
        },
        () => each.close(CLOSE.gone, 'the client does not answer'),
      );
    }
  });

  return {
    serve({ principal }, surface) {
      let mine: Open | undefined;
      const begin = (close: Open['close']): LegacySession | undefined => {
        try {
          return sessions.begin(surface, principal);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          close(CLOSE.tryAgainLater, error.message);
          return undefined;
        }
      };
      return {
        onOpen(_event, socket) {
          const close = (code: number, reason: string): void => socket.close(code, reason);
          const session = begin(close);
          if (session === undefined) return;
          const each: Open = { session, heardAt: clock.now(), asked: false, close };
          session.outlet = (message) => {
            const waiting = (socket.raw as { bufferedAmount?: unknown } | undefined)?.bufferedAmount;
            if (typeof waiting === 'number' && waiting > MAX_WAITING_BYTES)
              close(CLOSE.tryAgainLater, 'the reader does not keep up');
            else socket.send(JSON.stringify(message));
          };
          const leave = (how: Ended): void => (how === 'gone' ? session.close() : session.finish());
          const release = lasting.hold(() => session.caller.principal, leave);
          session.onclose = () => {
            release();
            open.delete(each);
            close(CLOSE.gone, 'the session is over');
          };
          open.add(each);
          mine = each;
        },
        onMessage({ data }, socket) {
          if (mine === undefined) return;
          mine.heardAt = clock.now();
          if (typeof data !== 'string') socket.close(CLOSE.unsupported, 'a message is a text');
          else if (data.length > limits.maxBodyBytes) socket.close(CLOSE.tooBig, 'the message is too large');
          else receive(mine.session, data, clock);
        },
        onClose: () => mine?.session.close(),
        onError(event) {
          logger?.debug('a WebSocket failed', { type: event.type });
          mine?.session.close();
        },
      };
    },
  };
};

const receive = (session: LegacySession, text: string, clock: Clock): void => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    session.outlet(failure(undefined, { code: RPC.parseError, message: 'the message is no JSON' }));
    return;
  }
  const message = readMessage(body);
  if (deeperThan(body, MAX_DEPTH)) session.outlet(invalidRequest(`the message nests deeper than ${MAX_DEPTH} levels`));
  else if (message.kind === 'invalid') session.outlet(invalidRequest(message.problem, message.id));
  else if (message.kind === 'request') void answerOn(session, message, clock);
  else session.take(message);
};
