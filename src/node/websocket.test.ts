import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { systemClock } from '../clock.ts';
import type { ToolwayError } from '../errors.ts';
import type { JsonRpcMessage } from '../protocol/wire.ts';
import { DEFAULT_MAX_MESSAGE_BYTES, type Transport } from '../transport/transport.ts';
import { createWebSocketTransport, type WebSocketOptions } from '../transport/websocket.ts';
import { createNodeWebSocketPort } from './websocket.ts';

const MIB = 1024 * 1024;
const opened: (() => void)[] = [];
afterEach(() => {
  for (const end of opened.splice(0)) end();
});

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
};

/** A server over `ws` that hands each message to `onText`. */
const serve = async (onText: (socket: WebSocket, message: { id?: number; method?: string }) => void) => {
  const http = createServer();
  const sockets: WebSocket[] = [];
  const requests: IncomingMessage[] = [];
  const messages: unknown[] = [];
  const wss = new WebSocketServer({ server: http, maxPayload: 64 * MIB });
  wss.on('connection', (socket, request) => {
    sockets.push(socket);
    requests.push(request);
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      messages.push(message);
      onText(socket, message);
    });
  });
  const url = await listen(http);
  opened.push(() => {
    for (const socket of sockets) socket.terminate();
  });
  return { url, sockets, requests, messages, http };
};

/** A server that does what it likes with the connection after the handshake. */
const serveRaw = async (onUpgrade: (socket: Duplex) => void): Promise<string> => {
  const http = createServer();
  http.on('upgrade', (request, socket) => {
    opened.push(() => socket.destroy());
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: mcp\r\n\r\n`,
    );
    onUpgrade(socket);
  });
  return listen(http);
};

interface Heard {
  messages: JsonRpcMessage[];
  errors: Error[];
  failed: Map<unknown, ToolwayError>;
  closed: (ToolwayError | undefined)[];
}

const link = (url: string, more: Partial<WebSocketOptions> = {}): Transport & { heard: Heard } => {
  const transport = createWebSocketTransport({
    url,
    socket: createNodeWebSocketPort(),
    maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
    clock: systemClock,
    ...more,
  });
  const heard: Heard = { messages: [], errors: [], failed: new Map(), closed: [] };
  transport.onmessage = (message) => heard.messages.push(message);
  transport.onerror = (error) => heard.errors.push(error);
  transport.onfail = (id, error) => heard.failed.set(id, error);
  transport.onclose = (cause) => heard.closed.push(cause);
  opened.push(() => void transport.close());
  return Object.assign(transport, { heard });
};

const request = (id: number, method = 'echo'): JsonRpcMessage => ({ jsonrpc: '2.0', id, method });
const answer = (id: number | undefined, text: unknown = 'ok'): string =>
  JSON.stringify({ jsonrpc: '2.0', id, result: { text } });
const until = (condition: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 8_000, interval: 5 });
const failure = (promise: Promise<unknown>): Promise<ToolwayError> =>
  promise.then(
    () => expect.unreachable('it succeeded'),
    (error) => error,
  );

describe('a WebSocket in Node', () => {
  test('speaks the subprotocol mcp, sends its headers and carries messages both ways', async () => {
    const server = await serve((socket, { id }) => socket.send(answer(id, 'grüß 😀')));
    const headers = { Authorization: 'Bearer t' };
    const transport = link(server.url, { socket: createNodeWebSocketPort({ headers }) });
    await transport.start();
    await transport.send(request(1));
    await until(() => transport.heard.messages.length === 1);
    expect(transport.kind).toBe('websocket');
    expect(server.sockets[0]?.protocol).toBe('mcp');
    expect(server.requests[0]?.headers.authorization).toBe('Bearer t');
    expect(server.requests[0]?.headers['sec-websocket-extensions']).toBeUndefined();
    expect(server.messages).toEqual([request(1)]);
    expect(transport.heard.messages).toEqual([JSON.parse(answer(1, 'grüß 😀'))]);
  });

  test('a URL of http: is taken for one of ws:', async () => {
    const server = await serve(() => undefined);
    const transport = link(server.url.replace('ws:', 'http:'));
    await transport.start();
    expect(server.sockets).toHaveLength(1);
  });

  test('the two halves of an exchange end when it is closed, and nothing is said to be wrong', async () => {
    const server = await serve(() => undefined);
    const transport = link(server.url);
    await transport.start();
    await Promise.all([transport.close(), transport.close()]);
    await until(() => server.sockets[0]?.readyState === WebSocket.CLOSED);
    expect(transport.heard.closed).toEqual([undefined]);
    expect(transport.heard.errors).toEqual([]);
  });

  test('asks for a sign of life by a frame of its own, and the answer is one', async () => {
    const { url, sockets, messages } = await serve(() => {});
    const transport = link(url);
    await transport.start();
    const pinged = new Promise<void>((resolve) => sockets[0]?.once('ping', () => resolve()));
    await transport.ping?.();
    await pinged;
    expect(messages).toEqual([]);
    await transport.close();
  });

  test('a thousand answers in another order arrive as they were sent', async () => {
    const ids: number[] = [];
    const server = await serve((socket, { id }) => {
      ids.push(id as number);
      if (ids.length === 1_000) for (const late of ids.reverse()) socket.send(answer(late, late));
    });
    const transport = link(server.url);
    await transport.start();
    await Promise.all(Array.from({ length: 1_000 }, (_, id) => transport.send(request(id))));
    await until(() => transport.heard.messages.length === 1_000);
    expect(transport.heard.messages).toEqual(ids.map((id) => JSON.parse(answer(id, id))));
  });
});

describe('a WebSocket that cannot be opened', () => {
  test.each([
    [401, 'auth_required'],
    [403, 'forbidden'],
    [302, 'connect_failed'],
    [404, 'connect_failed'],
    [429, 'connect_failed'],
    [503, 'connect_failed'],
    [200, 'connect_failed'],
  ])('HTTP %i is %s', async (status, code) => {
    const http = createServer((_request, response) => response.writeHead(status, { location: '/elsewhere' }).end('no'));
    http.on('upgrade', (_request, socket) =>
      socket.end(`HTTP/1.1 ${status} No\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n`),
    );
    const url = await listen(http);
    const transport = link(`${url}?token=secret`, { server: 'search' });
    const error = await failure(transport.start());
    expect(error).toMatchObject({ code, status, server: 'search', executed: 'no' });
    expect(error.message).toContain(`HTTP ${status}`);
    expect(error.message).not.toContain('secret');
    expect(transport.heard.closed).toEqual([]);
  });

  test('a refused connection keeps its cause', async () => {
    const http = createServer();
    const url = await listen(http);
    await new Promise((resolve) => http.close(resolve));
    const error = await failure(link(url).start());
    expect(error).toMatchObject({ code: 'connect_failed', executed: 'no', cause: { code: 'ECONNREFUSED' } });
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('a server that speaks another subprotocol is none of ours', async () => {
    const http = createServer();
    const wss = new WebSocketServer({ server: http, handleProtocols: () => false });
    opened.push(() => wss.close());
    const error = await failure(link(await listen(http)).start());
    expect(error).toMatchObject({ code: 'connect_failed', executed: 'no' });
    expect(error.message).toContain('subprotocol');
  });

  test('a header that HTTP does not allow fails the start', async () => {
    const server = await serve(() => undefined);
    const socket = createNodeWebSocketPort({ headers: { 'X-Evil': 'a\r\nb: c' } });
    expect(await failure(link(server.url, { socket }).start())).toMatchObject({
      code: 'connect_failed',
      executed: 'no',
    });
    expect(server.requests).toEqual([]);
  });

  test.each(['not a url', 'ftp://127.0.0.1/', ''])('%j is no URL of a WebSocket', async (url) => {
    expect(await failure(link(url).start())).toMatchObject({ code: 'invalid_config' });
  });

  test('closing while it is being opened ends the attempt and its connection', async () => {
    const connections: Duplex[] = [];
    const http = createServer();
    http.on('upgrade', (_request, socket) => {
      socket.on('error', () => undefined);
      connections.push(socket.resume());
    });
    const transport = link(await listen(http));
    const start = failure(transport.start());
    await until(() => connections.length === 1);
    await transport.close();
    expect(await start).toMatchObject({ code: 'closed', executed: 'no' });
    await until(() => connections[0]?.readableEnded === true);
    expect(transport.heard.closed).toEqual([undefined]);
  });

  test('closed at once, it opens nothing', async () => {
    const server = await serve(() => undefined);
    const transport = link(server.url);
    const start = failure(transport.start());
    await transport.close();
    expect(await start).toMatchObject({ code: 'closed', executed: 'no' });
    expect(server.sockets).toEqual([]);
  });
});

describe('a WebSocket that is lost', () => {
  test('the code and the reason of the server are told', async () => {
    const server = await serve((socket) => socket.close(1011, 'out of tea'));
    const transport = link(server.url, { server: 'search' });
    await transport.start();
    await transport.send(request(1));
    await until(() => transport.heard.closed.length === 1);
    expect(transport.heard.closed[0]).toMatchObject({ code: 'not_connected', server: 'search' });
    expect(transport.heard.closed[0]?.message).toContain('1011: out of tea');
  });

  test('a connection that is cut ends the link', async () => {
    const server = await serve((socket) => socket.terminate());
    const transport = link(server.url);
    await transport.start();
    await transport.send(request(1));
    await until(() => transport.heard.closed.length === 1);
    expect(transport.heard.closed[0]).toMatchObject({ code: 'not_connected' });
  });

  test('afterwards a request fails as one that was not sent, and anything else is refused', async () => {
    const server = await serve((socket) => socket.terminate());
    const transport = link(server.url);
    await transport.start();
    await transport.send(request(1));
    await until(() => transport.heard.closed.length === 1);
    await transport.send(request(2));
    expect(transport.heard.failed.get(2)).toMatchObject({ code: 'closed', executed: 'no' });
    const notification = failure(transport.send({ jsonrpc: '2.0', method: 'notifications/initialized' }));
    expect(await notification).toMatchObject({ code: 'closed', executed: 'no' });
  });

  test('closing does not wait for a server that keeps its half of the closing handshake back', async () => {
    const connections: Duplex[] = [];
    const transport = link(await serveRaw((socket) => void connections.push(socket.resume())));
    await transport.start();
    await transport.close();
    await until(() => connections[0]?.readableEnded === true);
    expect(transport.heard.closed).toEqual([undefined]);
  });
});

describe('what the server sends', () => {
  test.each([
    ['text', 'Server listening…'],
    ['nothing', ''],
    ['null', 'null'],
    ['a number', '42'],
    ['a string', '"{}"'],
    ['an empty list', '[]'],
    ['a list of no objects', '[{},1]'],
    ['half an object', '{"jsonrpc":"2.0","id":1'],
    ['two objects', '{}{}'],
    ['bytes', Buffer.from('{}')],
  ])('%s is noise: counted, reported once, and the next call is well', async (_, noise) => {
    const server = await serve((socket, { id }) => {
      socket.send(noise);
      socket.send(noise);
      socket.send(answer(id));
    });
    const transport = link(server.url);
    await transport.start();
    await transport.send(request(1));
    await until(() => transport.heard.messages.length === 1);
    expect(transport.noise).toBe(2);
    expect(transport.heard.errors).toMatchObject([{ code: 'protocol_error' }]);
    expect(transport.heard.messages).toEqual([JSON.parse(answer(1))]);
  });

  test('text that is no UTF-8 is noise and does not end the link', async () => {
    const text = Buffer.concat([Buffer.from([0x81, 2, 0xc3, 0x28]), Buffer.from([0x81, 2]), Buffer.from('{}')]);
    const transport = link(await serveRaw((socket) => void socket.write(text)));
    await transport.start();
    await until(() => transport.heard.messages.length === 1);
    expect(transport.noise).toBe(1);
    expect(transport.heard.errors[0]?.message).toContain('UTF-8');
  });

  test('a message in fragments, cut byte by byte within its characters, is one message', async () => {
    const payload = Buffer.from(answer(1, '😀'));
    const frames = [...payload].flatMap((byte, at) => [
      (at === payload.length - 1 ? 0x80 : 0) | (at === 0 ? 1 : 0),
      1,
      byte,
    ]);
    const transport = link(await serveRaw((socket) => void socket.write(Buffer.from(frames))));
    await transport.start();
    await until(() => transport.heard.messages.length === 1);
    expect(transport.heard.messages).toEqual([JSON.parse(answer(1, '😀'))]);
  });

  test('a batch of an older revision is handed on whole', async () => {
    const batch = `[${answer(1)},${answer(2)}]`;
    const server = await serve((socket) => socket.send(batch));
    const transport = link(server.url);
    await transport.start();
    await transport.send(request(1));
    await until(() => transport.heard.messages.length === 1);
    expect(transport.heard.messages).toEqual([JSON.parse(batch)]);
    expect(transport.noise).toBe(0);
  });

  test('a mebibyte of noise with no message between ends the link and says why', async () => {
    const server = await serve((socket) => {
      for (let sent = 0; sent < 3 * MIB; sent += 1024) socket.send('#'.repeat(1024));
    });
    const transport = link(server.url);
    await transport.start();
    await transport.send(request(1));
    await until(() => transport.heard.closed.length === 1);
    expect(transport.heard.closed).toMatchObject([{ code: 'protocol_error', limit: MIB }]);
    expect(transport.noise).toBeLessThanOrEqual(1024);
    expect(transport.heard.errors).toHaveLength(1);
    await until(() => server.sockets[0]?.readyState === WebSocket.CLOSED);
  });

  test('noise between messages goes on for ever', async () => {
    const server = await serve((socket, { id }) => {
      for (let round = 0; round < 4; round += 1) {
        socket.send('#'.repeat(MIB / 2));
        socket.send(answer(id, round));
      }
    });
    const transport = link(server.url);
    await transport.start();
    await transport.send(request(1));
    await until(() => transport.heard.messages.length === 4);
    expect(transport.noise).toBe(4);
    expect(transport.heard.closed).toEqual([]);
  });

  test('a handler that throws is reported, and the next message is delivered', async () => {
    const server = await serve((socket, { id }) => {
      socket.send(answer(id));
      socket.send(answer(id));
    });
    const transport = link(server.url);
    let seen = 0;
    transport.onmessage = () => {
      seen += 1;
      throw new Error('boom');
    };
    await transport.start();
    await transport.send(request(1));
    await until(() => seen === 2);
    expect(transport.heard.errors.map(({ message }) => message)).toEqual(['boom', 'boom']);
    expect(transport.heard.closed).toEqual([]);
  });
});

describe('a message over the limit', () => {
  test('an answer of 11 MiB fails its own call alone, and the next one is well', async () => {
    const server = await serve((socket, { id }) => socket.send(answer(id, id === 1 ? 'x'.repeat(11 * MIB) : 'ok')));
    const transport = link(server.url, { server: 'search' });
    await transport.start();
    await transport.send(request(1));
    await transport.send(request(2));
    await until(() => transport.heard.messages.length === 1);
    expect([...transport.heard.failed.keys()]).toEqual([1]);
    const error = transport.heard.failed.get(1);
    expect(error).toMatchObject({ code: 'message_too_large', server: 'search', limit: 10 * MIB, executed: 'yes' });
    expect(transport.heard.messages).toEqual([JSON.parse(answer(2))]);
    expect(transport.heard.closed).toEqual([]);
    expect(transport.noise).toBe(0);
  });

  test('the limit is in bytes and is reached only beyond it', async () => {
    const frame = (text: string): string => JSON.stringify({ jsonrpc: '2.0', id: 1, result: { text } });
    const maxMessageBytes = Buffer.byteLength(frame('ü'.repeat(500)));
    const server = await serve((socket, { id }) =>
      socket.send(frame(id === 1 ? 'ü'.repeat(500) : `${'ü'.repeat(500)}.`)),
    );
    const transport = link(server.url, { maxMessageBytes });
    await transport.start();
    await transport.send(request(1));
    await transport.send(request(2));
    await until(() => transport.heard.failed.size === 1);
    expect(transport.heard.messages).toHaveLength(1);
    expect(transport.heard.failed.get(1)).toMatchObject({ code: 'message_too_large', limit: maxMessageBytes });
  });

  test('a request of the server with an id like ours is refused and fails no call', async () => {
    const large = JSON.stringify({ jsonrpc: '2.0', params: { text: 'x'.repeat(1500) }, id: 1, method: 'roots/list' });
    const server = await serve((socket, { id, method }) => {
      if (method === undefined) return;
      socket.send(large);
      socket.send(answer(id));
    });
    const transport = link(server.url, { maxMessageBytes: 1024 });
    await transport.start();
    await transport.send(request(1));
    await until(() => transport.heard.messages.length === 1 && server.messages.length === 2);
    expect(transport.heard.failed.size).toBe(0);
    expect(transport.heard.errors).toMatchObject([{ code: 'message_too_large' }]);
    expect(server.messages[1]).toMatchObject({ id: 1, error: { code: -32600 } });
  });

  test('where nothing tells whose it was, the link ends with that reason', async () => {
    const server = await serve((socket) => socket.send(`[${'1,'.repeat(800)}1]`));
    const transport = link(server.url, { maxMessageBytes: 1024 });
    await transport.start();
    await transport.send(request(1));
    await until(() => transport.heard.closed.length === 1);
    expect(transport.heard.closed).toMatchObject([{ code: 'message_too_large', limit: 1024 }]);
    await until(() => server.sockets[0]?.readyState === WebSocket.CLOSED);
  });

  test('256 MiB end the link as soon as they are announced, before the body comes', async () => {
    const header = Buffer.alloc(10);
    header.writeUInt16BE(0x817f);
    header.writeBigUInt64BE(BigInt(256 * MIB), 2);
    const transport = link(await serveRaw((socket) => void socket.write(header)));
    await transport.start();
    await until(() => transport.heard.closed.length === 1);
    expect(transport.heard.closed).toMatchObject([{ code: 'message_too_large', limit: 10 * MIB }]);
  });

  test('fragments that never end are cut off at twice the limit', async () => {
    let written = 0;
    const url = await serveRaw((socket) => {
      const payload = Buffer.alloc(60_000, 0x20);
      const head = (opcode: number): Buffer => Buffer.from([opcode, 126, payload.length >> 8, payload.length & 0xff]);
      const more = (): void => {
        const frame = Buffer.concat([head(written === 0 ? 1 : 0), payload]);
        socket.write(frame, (error) => error ?? setImmediate(more));
        written += payload.length;
      };
      socket.on('error', () => undefined);
      more();
    });
    const transport = link(url, { maxMessageBytes: MIB });
    await transport.start();
    await until(() => transport.heard.closed.length === 1);
    expect(transport.heard.closed).toMatchObject([{ code: 'message_too_large', limit: MIB }]);
  });
});

test('a message that is no JSON fails as one that was not sent', async () => {
  const server = await serve(() => undefined);
  const transport = link(server.url);
  await transport.start();
  await transport.send({ jsonrpc: '2.0', id: 1, method: 'x', params: { big: 1n } });
  expect(transport.heard.failed.get(1)).toMatchObject({ code: 'invalid_arguments', executed: 'no' });
});
