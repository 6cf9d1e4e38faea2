/** Passes HTTP on request by request, so that toxics can be about requests and answers. */
import { Agent, type ClientRequest, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';
import { createDuplexPair } from './duplex-pair.ts';
import { createBodyFilter } from './http-body-filter.ts';
import { withHeaders, withHost } from './raw-headers.ts';
import { type AddedToxic, HTTP_TYPES, MESSAGE_TYPES, type OwnShelf } from './toxic-shelf.ts';
import type { HeadersToxic, ProxiedRequest, StatusToxic, Toxic } from './toxics.ts';

export interface HttpHopOptions {
  host: string;
  port: number;
  shelf: OwnShelf;
  clock: Clock;
  random: () => number;
}

export interface HttpHop {
  /** The near end of a connection to the target, which has a connection of its own there. */
  open(): Duplex;
}

/** Toxics of requests and of answers. */
const REQUEST_TYPES: readonly Toxic['type'][] = [...MESSAGE_TYPES, ...HTTP_TYPES];
type RequestToxic = Extract<Toxic, { rpcMethod?: string }>;

export const createHttpHop = ({ host, port, shelf, clock, random }: HttpHopOptions): HttpHop => {
  const agents = new WeakMap<object, Agent>();
  const watched = new WeakSet<object>();
  // Never listens: each connection is handed to it.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });

  const isHttp = (entry: AddedToxic): entry is AddedToxic<RequestToxic> => REQUEST_TYPES.includes(entry.toxic.type);

  /** The toxics that take hold of this request; of those that are for so many requests, one less is left. */
  const chosenFor = (proxied: ProxiedRequest): AddedToxic<RequestToxic>[] =>
    shelf.entries.filter(isHttp).filter((entry) => {
      const { rpcMethod, match } = entry.toxic;
      const method = (proxied.message as { method?: unknown } | undefined)?.method;
      if (rpcMethod !== undefined && method !== rpcMethod) return false;
      if (match?.(proxied) === false) return false;
      if (entry.left < 1 || (entry.toxicity < 1 && random() >= entry.toxicity)) return false;
      entry.left -= 1;
      if (entry.left < 1) void shelf.remove(entry.name);
      return true;
    });

  const send = (incoming: IncomingMessage, rawHeaders: string[], body: Buffer | undefined): ClientRequest => {
    const { socket, method, url } = incoming;
    const agent = agents.get(socket);
    const outgoing = request({ host, port, method, path: url, agent, headers: rawHeaders });
    outgoing.setNoDelay(true);
    if (body === undefined) incoming.pipe(outgoing);
    else outgoing.end(body);
    return outgoing;
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { socket } = incoming;
    response.sendDate = false;
    response.on('error', () => {});
    const hasToxics = shelf.entries.some(isHttp);
    // Only a toxic that looks at the request makes it wait for its end.
    const body = hasToxics ? await bodyOf(incoming) : undefined;
    if (hasToxics && body === undefined) return;
    const chosen = body === undefined ? [] : chosenFor(describe(incoming, body));
    const upstream = chosen.filter(({ stream }) => stream === 'upstream').map(({ toxic }) => toxic);
    const downstream = chosen.filter(({ stream }) => stream === 'downstream').map(({ toxic }) => toxic);

    const refusal = upstream.find((toxic) => toxic.type === 'status');
    if (refusal !== undefined) return answerByHand(response, refusal);

    const rawHeaders = withHost(withHeaders(incoming.rawHeaders, headersIn(upstream)), `${host}:${port}`);
    for (const toxic of upstream) {
      if (toxic.type !== 'duplicate') continue;
      const twin = send(incoming, rawHeaders, body);
      twin.on('error', () => {});
      twin.on('response', (unheard) => unheard.on('error', () => {}).resume());
    }
    const outgoing = send(incoming, rawHeaders, body);
    response.on('close', () => {
      if (!response.writableFinished) outgoing.destroy();
    });
    outgoing.on('error', () => socket.destroy());
    outgoing.on('socket', (taken) => {
      if (watched.has(taken)) return;
      watched.add(taken);
      // A connection that the target closes while nothing is under way is closed here as well.
      taken.once('close', () => socket.destroySoon());
    });
    outgoing.on('response', (answer) => passOn(answer, response, downstream, clock));
  };

  server.on('request', (incoming, response) => {
    handle(incoming, response).catch(() => incoming.socket.destroy());
  });
  server.on('upgrade', (incoming: IncomingMessage, near: Duplex, head: Buffer) => {
    const far = connect(port, host);
    const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
    const raw = withHost(incoming.rawHeaders, `${host}:${port}`);
    for (let at = 0; at < raw.length; at += 2) lines.push(`${raw[at]}: ${raw[at + 1]}`);
    far.setNoDelay(true);
    far.write(`${lines.join('\r\n')}\r\n\r\n`);
    far.write(head);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  server.on('clientError', (_error, socket) => socket.destroy());

  return {
    open() {
      const [near, far] = createDuplexPair();
      const agent = new Agent({ keepAlive: true, maxSockets: 2 });
      agents.set(far, agent);
      far.on('error', () => {});
      far.on('close', () => agent.destroy());
      // What a server asks of a socket beside its bytes.
      const socket = Object.assign(far, {
        setTimeout: () => socket,
        setNoDelay: () => socket,
        setKeepAlive: () => socket,
        ref: () => socket,
        unref: () => socket,
        destroySoon: () => void far.end(() => far.destroy()),
      });
      server.emit('connection', socket);
      return near;
    },
  };
};

/** Undefined when the client left before its end. */
const bodyOf = (incoming: IncomingMessage): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => resolve(Buffer.concat(chunks)));
    incoming.on('error', () => resolve(undefined));
    incoming.on('close', () => resolve(undefined));
  });

const describe = ({ method = '', url = '', headers }: IncomingMessage, body: Buffer): ProxiedRequest => {
  let message: unknown;
  try {
    message = JSON.parse(body.toString());
  } catch {
    message = undefined;
  }
  return { method, path: url, headers, message };
};

const headersIn = (toxics: readonly Toxic[]): HeadersToxic['headers'] =>
  Object.assign({}, ...toxics.filter((toxic) => toxic.type === 'headers').map(({ headers }) => headers));

const answerByHand = (response: ServerResponse, { status, headers = {}, body = '' }: StatusToxic): void => {
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  response.writeHead(status, { ...length, ...headers });
  response.end(body);
};

const passOn = (answer: IncomingMessage, response: ServerResponse, toxics: RequestToxic[], clock: Clock): void => {
  const replaced = toxics.find((toxic) => toxic.type === 'status');
  if (replaced !== undefined) {
    answer.on('error', () => {}).resume();
    answerByHand(response, replaced);
    return;
  }
  const isStream = String(answer.headers['content-type']).includes('text/event-stream');
  const filter = createBodyFilter(toxics, isStream, clock, {
    write: (bytes) => response.write(bytes),
    cut: () => {
      answer.destroy();
      // What was written goes out first.
      response.write('', () => response.socket?.destroySoon());
    },
  });
  const changed = filter.changesLength ? { 'content-length': undefined } : {};
  const headers = withHeaders(answer.rawHeaders, { ...changed, ...headersIn(toxics) });
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers);
  response.flushHeaders();
  filter.begin();
  answer.on('data', (bytes: Buffer) => {
    if (filter.take(bytes)) return;
    answer.pause();
    response.once('drain', () => answer.resume());
  });
  answer.on('end', () => {
    filter.flush();
    if (!filter.isCut()) response.end();
  });
  answer.on('error', () => response.socket?.destroy());
  answer.on('close', () => {
    if (!answer.complete && !filter.isCut()) response.socket?.destroySoon();
  });
};
