/** MCP over HTTP, from the server's side: Streamable HTTP of both eras, with or without sessions, and the older HTTP+SSE. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../protocol/types.ts';
import { isObject, META } from '../../protocol/wire.ts';
import { beginEvents, eventOf, eventVoice, fittingVoice, jsonVoice, ownEventVoice } from './http-voices.ts';
import type { Conversation, Host, LinkFacts, Voice } from './voice.ts';

/** How a server answers over HTTP. */
export interface HttpLinkOptions {
  /** Default: a free port of 127.0.0.1. */
  port?: number;
  /** Default: `/mcp`. */
  path?: string;
  /** `auto`, the default: JSON, unless something else is said before the answer. */
  answers?: 'auto' | 'json' | 'events';
  /** Legacy clients get a session. Default: true. */
  sessions?: boolean;
  /** A session has a stream on which the server speaks unasked. Default: as `sessions`. */
  standby?: boolean;
  /** Streams of a session can be resumed where they broke (`Last-Event-ID`); answers are events then. Default: false. */
  resumable?: boolean;
  /** HTTP+SSE of 2024-11-05 instead of Streamable HTTP. Default: false. */
  sse?: boolean;
}

export interface HttpLink {
  url: string;
  /** GET requests since the start: streams that were opened, or resumed. */
  gets: { path: string; lastEventId: string | undefined }[];
  /** Breaks every open connection. */
  cut(): void;
  /** Forgets all sessions, as a server that was restarted has. */
  forget(): void;
  close(): Promise<void>;
}

interface Session {
  readonly id: string;
  readonly conversation: Conversation;
  standby?: ServerResponse;
  /** What was said while nobody listened. */
  readonly unsaid: unknown[];
}

const SESSION = 'mcp-session-id';
/** So many of the latest streams can be resumed. */
const MOST_RECORDED = 256;
const MESSAGES = '/messages';

export const startHttp = async (host: Host, options: HttpLinkOptions = {}): Promise<HttpLink> => {
  const { port = 0, path = '/mcp', answers = 'auto', sse = false, resumable = false, sessions = !sse } = options;
  const { standby = sessions } = options;
  const known = new Map<string, Session>();
  /** The events of streams that can be resumed, by the name of the stream. */
  const recorded = new Map<string, string[]>();
  let common: Conversation | undefined;
  let streams = 0;

  const open = (id: string): Session => {
    const unsaid: unknown[] = [];
    const push = (message: unknown): void => {
      if (session.standby === undefined) unsaid.push(message);
      else session.standby.write(eventOf(JSON.stringify(message)));
    };
    const session: Session = { id, conversation: host.open(push), unsaid };
    known.set(id, session);
    return session;
  };
  const listenOn = (session: Session, response: ServerResponse): void => {
    session.standby = beginEvents(response);
    response.flushHeaders();
    response.on('close', () => {
      if (session.standby === response) session.standby = undefined;
    });
    for (const message of session.unsaid.splice(0)) response.write(eventOf(JSON.stringify(message)));
  };
  const end = (session: Session): void => {
    known.delete(session.id);
    session.standby?.end();
    session.conversation.close?.();
  };

  const voiceFor = (response: ServerResponse, session: Session | undefined): Voice => {
    if (sse) {
      const pushed = session?.standby;
      return eventVoice({ open: () => pushed ?? nobody(), own: false });
    }
    if (!(resumable && session !== undefined)) {
      return answers === 'json'
        ? jsonVoice(response)
        : answers === 'events'
          ? ownEventVoice(response)
          : fittingVoice(response);
    }
    streams += 1;
    const stream = `s${streams}`;
    const events: string[] = [];
    recorded.set(stream, events);
    recorded.delete(`s${streams - MOST_RECORDED}`);
    return ownEventVoice(response, (text) => `${stream}-${events.push(text)}`);
  };
  /** Goes on behind the event that is named, and repeats that one, as servers with a coarse memory do. */
  const resume = (lastEventId: string, response: ServerResponse): void => {
    const [stream = '', number] = lastEventId.split('-');
    beginEvents(response);
    (recorded.get(stream) ?? []).forEach((text, at) => {
      if (at + 1 >= Number(number)) response.write(eventOf(text, `${stream}-${at + 1}`));
    });
    response.end();
  };

  const onGet = (request: IncomingMessage, response: ServerResponse): void => {
    const lastEventId = request.headers['last-event-id'] as string | undefined;
    const session = known.get(String(request.headers[SESSION]));
    link.gets.push({ path: request.url ?? '', lastEventId });
    if (sse) {
      const opened = open(randomUUID());
      beginEvents(response).write(`event: endpoint\ndata: ${MESSAGES}?session=${opened.id}\n\n`);
      listenOn(opened, response);
      response.on('close', () => end(opened));
    } else if (resumable && lastEventId !== undefined) resume(lastEventId, response);
    else if (standby && session !== undefined) listenOn(session, response);
    else response.writeHead(standby && session === undefined ? 404 : 405).end();
  };

  /** Whose conversation this message belongs to; undefined when it was refused. */
  const conversationFor = (
    message: JsonObject,
    request: IncomingMessage,
    response: ServerResponse,
  ): { conversation: Conversation; session?: Session; alone?: boolean } | undefined => {
    if (isModern(message)) return { conversation: host.open(() => {}), alone: true };
    if (!sessions) {
      common ??= host.open(() => {});
      return { conversation: common };
    }
    const given = request.headers[SESSION];
    if (given === undefined && message.method === 'initialize') {
      const session = open(randomUUID());
      response.setHeader(SESSION, session.id);
      return { conversation: session.conversation, session };
    }
    const session = known.get(String(given));
    if (session !== undefined) return { conversation: session.conversation, session };
    const status = given === undefined ? 400 : 404;
    refuse(response, status, message.id, given === undefined ? 'a session is needed' : 'no such session');
    return undefined;
  };

  const onPost = (message: JsonObject, request: IncomingMessage, response: ServerResponse): void => {
    const facts: LinkFacts = { headers: request.headers };
    if (sse) {
      const session = known.get(new URL(request.url ?? '', 'http://localhost').searchParams.get('session') ?? '');
      response.writeHead(session === undefined ? 404 : 202).end();
      session?.conversation.hear(message, voiceFor(response, session), facts);
      return;
    }
    const found = conversationFor(message, request, response);
    if (found === undefined) return;
    const { conversation, session, alone } = found;
    const isRequest = message.id !== undefined && message.method !== undefined;
    if (!isRequest) response.writeHead(202).end();
    // In the modern era the end of the stream is the end of the request.
    else if (alone === true) response.once('close', () => conversation.close?.());
    conversation.hear(message, voiceFor(response, session), facts);
  };

  const server = createServer((request, response) => {
    response.on('error', () => {});
    response.socket?.setNoDelay(true);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname } = new URL(request.url ?? '', 'http://localhost');
      const session = known.get(String(request.headers[SESSION]));
      if (pathname !== path && !(sse && pathname === MESSAGES)) response.writeHead(404).end();
      else if (request.method === 'GET') onGet(request, response);
      else if (request.method === 'DELETE') {
        if (session !== undefined) end(session);
        response.writeHead(session === undefined ? 404 : 200).end();
      } else if (request.method !== 'POST' || (sse && pathname !== MESSAGES)) response.writeHead(405).end();
      else {
        const message = parsed(Buffer.concat(chunks).toString());
        if (message === undefined) refuse(response, 400, null, 'no JSON-RPC message', -32_700);
        else onPost(message, request, response);
      }
    });
  });
  server.keepAliveTimeout = 0;
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', 4_096, resolve);
  });
  const link: HttpLink = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    gets: [],
    cut: () => server.closeAllConnections(),
    forget() {
      for (const session of known.values()) end(session);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        link.forget();
        common?.close?.();
      }),
  };
  return link;
};

const isModern = ({ params }: JsonObject): boolean =>
  isObject(params) && isObject(params._meta) && params._meta[META.protocolVersion] !== undefined;

const parsed = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

const refuse = (response: ServerResponse, status: number, id: unknown, message: string, code = -32_600): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } }));
};

const nobody = (): never => {
  throw new Error('nobody listens');
};
