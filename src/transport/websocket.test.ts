import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type Clock, systemClock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import { DEFAULT_MAX_MESSAGE_BYTES, type Transport } from './transport.ts';
import { createWebSocketTransport, type WebSocketOptions } from './websocket.ts';
import type { SocketPort, SocketReceiver } from './websocket-port.ts';

const usual = { clock: systemClock, maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES };

/** A clock whose time passes when it is told to. */
const manualClock = () => {
  let now = 0;
  const timers = new Map<object, { at: number; fn: () => void }>();
  const clock: Clock = {
    now: () => now,
    after(ms, fn) {
      const timer = { cancel: () => void timers.delete(timer), keepAlive: () => undefined };
      timers.set(timer, { at: now + ms, fn });
      return timer;
    },
  };
  const pass = (ms: number): void => {
    now += ms;
    for (const [timer, { at, fn }] of timers) if (at <= now && timers.delete(timer)) fn();
  };
  return { clock, pass, pending: () => timers.size };
};

/** A transport over a socket that the test plays. */
const played = (options: Partial<WebSocketOptions> = {}) => {
  const done: unknown[] = [];
  const heard: unknown[] = [];
  let socket: SocketReceiver | undefined;
  const port: SocketPort = (url, protocol, maxMessageBytes, receiver) => {
    done.push({ url, protocol, maxMessageBytes });
    socket = receiver;
    return {
      send: (text) => done.push(text) > 0,
      close: (code) => void done.push(`close ${code}`),
      destroy: () => void done.push('destroy'),
    };
  };
  const time = manualClock();
  const transport = createWebSocketTransport({
    url: 'wss://mcp.example/x',
    socket: port,
    clock: time.clock,
    maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
    ...options,
  });
  transport.onmessage = (message) => heard.push({ message });
  transport.onfail = (id, { code, executed }) => heard.push({ id, code, executed });
  transport.onclose = (cause) => heard.push({ closed: cause?.code });
  const open = async (): Promise<void> => {
    const started = transport.start();
    socket?.onopen();
    await started;
    done.length = 0;
  };
  return { transport, done, heard, time, open, socket: () => socket as SocketReceiver };
};

describe('a WebSocket link', () => {
  test('opens one socket for mcp and is started when it is open', async () => {
    const { transport, done, socket } = played({ maxMessageBytes: 1000 });
    let started = false;
    const start = transport.start().then(() => {
      started = true;
    });
    await Promise.resolve();
    expect(started).toBe(false);
    socket().onopen();
    await start;
    expect(done).toEqual([{ url: 'wss://mcp.example/x', protocol: 'mcp', maxMessageBytes: 1000 }]);
  });

  test('a socket that cannot even be made fails the start, with the reason as its cause', async () => {
    const cause = new Error('mixed content');
    const socket: SocketPort = () => {
      throw cause;
    };
    const { transport, time } = played({ socket });
    await expect(transport.start()).rejects.toMatchObject({ code: 'connect_failed', executed: 'no', cause });
    await transport.close();
    expect(time.pending()).toBe(0);
  });

  test('after a failed start, close has nothing to wait for', async () => {
    const { transport, heard, time, socket } = played({ server: 'search' });
    const start = transport.start();
    socket().onclose(undefined, 1006, '');
    await expect(start).rejects.toMatchObject({ code: 'connect_failed', server: 'search', executed: 'no' });
    await expect(start).rejects.toThrow('search: no WebSocket to mcp.example could be opened (code 1006)');
    await transport.close();
    expect(time.pending()).toBe(0);
    expect(heard).toEqual([{ closed: undefined }]);
  });

  test('what the port knows of an ending is the cause, under the name of the server', async () => {
    const { transport, open, socket } = played({ server: 'search' });
    let cause: ToolwayError | undefined;
    transport.onclose = (error) => {
      cause = error;
    };
    await open();
    socket().onclose(new ToolwayError('protocol_error', 'odd frame'), 1002, '');
    expect(cause).toMatchObject({ code: 'protocol_error', server: 'search', message: 'search: odd frame' });
  });

  test('a message that the socket does not take was not sent', async () => {
    const receiver: SocketReceiver[] = [];
    const socket: SocketPort = (_url, _protocol, _limit, given) => {
      receiver.push(given);
      return { send: () => false, close: () => undefined, destroy: () => undefined };
    };
    const { transport, heard } = played({ socket });
    const start = transport.start();
    receiver[0]?.onopen();
    await start;
    await transport.send({ jsonrpc: '2.0', id: 'a', method: 'x' });
    expect(heard).toEqual([{ id: 'a', code: 'closed', executed: 'no' }]);
  });

  test('where nobody listens for failures, a request that was not sent is refused', async () => {
    const { transport } = played();
    transport.onfail = undefined;
    await expect(transport.send({ jsonrpc: '2.0', id: 1, method: 'x' })).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('closing', () => {
  test('tells it once, at once, and waits for the socket', async () => {
    const { transport, done, heard, open, socket, time } = played();
    await open();
    let gone = false;
    const closed = transport.close().then(() => {
      gone = true;
    });
    expect(heard).toEqual([{ closed: undefined }]);
    expect(done).toEqual(['close 1000']);
    await Promise.resolve();
    expect(gone).toBe(false);
    socket().onclose(undefined, 1000, '');
    await closed;
    expect(heard).toEqual([{ closed: undefined }]);
    expect(time.pending()).toBe(0);
  });

  test('a socket that does not close within a second is destroyed', async () => {
    const { transport, done, open, time } = played();
    await open();
    const closed = transport.close();
    time.pass(999);
    expect(done).toEqual(['close 1000']);
    time.pass(1);
    await closed;
    expect(done).toEqual(['close 1000', 'destroy']);
    expect(time.pending()).toBe(0);
  });

  test('nothing that comes afterwards is heard', async () => {
    const { transport, heard, open, socket } = played();
    await open();
    void transport.close();
    socket().onmessage('{"jsonrpc":"2.0","id":1,"result":{}}', false);
    socket().onmessage('noise', false);
    expect(heard).toEqual([{ closed: undefined }]);
    expect(transport.noise).toBe(0);
  });

  test('after the link has ended by itself, close says nothing more', async () => {
    const { transport, heard, open, socket } = played();
    await open();
    socket().onclose(undefined, 1001, 'bye');
    await transport.close();
    expect(heard).toEqual([{ closed: 'not_connected' }]);
  });

  test('before it was started, it ends at once and is not opened any more', async () => {
    const { transport, done } = played();
    await transport.close();
    await expect(transport.start()).rejects.toMatchObject({ code: 'closed', executed: 'no' });
    expect(done).toEqual([]);
  });
});

describe('a message that the platform delivers whole', () => {
  const answer = (text: string): string => JSON.stringify({ jsonrpc: '2.0', id: 'a', result: { text } });

  test.each([
    ['ASCII', 'a'],
    ['two bytes', 'é'],
    ['three bytes', '€'],
    ['four bytes', '😀'],
  ])('is measured in bytes of UTF-8: %s', async (_, character) => {
    const text = answer(character.repeat(50));
    const maxMessageBytes = Buffer.byteLength(text);
    const { heard, open, socket } = played({ maxMessageBytes });
    await open();
    socket().onmessage(text, false);
    expect(heard).toEqual([{ message: JSON.parse(text) }]);
    socket().onmessage(`${text} `, false);
    expect(heard[1]).toEqual({ id: 'a', code: 'message_too_large', executed: 'yes' });
  });

  test('fails its own call also where its id comes after 100 KiB', async () => {
    const { heard, open, socket } = played({ maxMessageBytes: 1000 });
    await open();
    socket().onmessage(`{"error":{"code":1,"message":"${'€'.repeat(100_000)}"},"id":"a"}`, false);
    expect(heard).toEqual([{ id: 'a', code: 'message_too_large', executed: 'unknown' }]);
  });

  test('a notification of the server over the limit is dropped and fails nobody', async () => {
    const { transport, done, heard, open, socket } = played({ maxMessageBytes: 100 });
    const errors: unknown[] = [];
    transport.onerror = (error) => errors.push(error);
    await open();
    socket().onmessage(
      `{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"${'x'.repeat(200)}"}}`,
      false,
    );
    expect(errors).toMatchObject([{ code: 'message_too_large', limit: 100 }]);
    expect([...heard, ...done]).toEqual([]);
  });

  test('empty messages without end are noise that ends', async () => {
    const { done, heard, open, socket } = played();
    await open();
    for (let sent = 0; sent < 20_000; sent += 1) socket().onmessage('', false);
    expect(heard).toEqual([{ closed: 'protocol_error' }]);
    expect(done).toEqual(['close 4002']);
  });
});

describe("the platform's own WebSocket", () => {
  const servers: Server[] = [];
  afterEach(() => {
    vi.unstubAllGlobals();
    for (const server of servers.splice(0)) server.close();
  });
  const serve = async (onText: (socket: WebSocket, text: string) => void) => {
    // `ws` has the interface that browsers have; Node 20 has no WebSocket of its own.
    vi.stubGlobal('WebSocket', WebSocket);
    const http = createServer();
    const sockets: WebSocket[] = [];
    new WebSocketServer({ server: http }).on('connection', (socket) => {
      sockets.push(socket);
      socket.on('message', (data) => onText(socket, String(data)));
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    servers.push(http);
    return { sockets, url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}` };
  };
  const heardBy = (transport: Transport): unknown[] => {
    const heard: unknown[] = [];
    transport.onmessage = (message) => heard.push(message);
    transport.onclose = (cause) => heard.push({ closed: cause?.code });
    return heard;
  };

  test('is what is used where nothing else is given', async () => {
    const server = await serve((socket, text) => {
      socket.send(Buffer.from('{}'));
      socket.send(text);
    });
    const transport = createWebSocketTransport({ url: server.url, ...usual });
    const heard = heardBy(transport);
    await transport.start();
    await transport.send({ jsonrpc: '2.0', id: 1, method: 'x' });
    await vi.waitFor(() => expect(heard).toEqual([{ jsonrpc: '2.0', id: 1, method: 'x' }]));
    expect(transport.noise).toBe(1);
    await transport.close();
    await vi.waitFor(() => expect(server.sockets[0]?.readyState).toBe(WebSocket.CLOSED));
    await transport.send({ jsonrpc: '2.0', id: 2, method: 'x' }).catch((error) => heard.push(error.code));
    expect(heard.slice(1)).toEqual([{ closed: undefined }, 'closed']);
  });

  test('may close with the codes that are used', async () => {
    const server = await serve((socket) => socket.send('x'.repeat(2 * 1024 * 1024)));
    const codes: number[] = [];
    const transport = createWebSocketTransport({ url: server.url, ...usual });
    const heard = heardBy(transport);
    await transport.start();
    server.sockets[0]?.on('close', (code) => codes.push(code));
    await transport.send({ jsonrpc: '2.0', id: 1, method: 'x' });
    await vi.waitFor(() => expect(codes).toEqual([4002]));
    expect(heard).toEqual([{ closed: 'protocol_error' }]);
    await transport.close();
  });

  test('a server that is not there is connect_failed', async () => {
    const server = await serve(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const transport = createWebSocketTransport({ url: server.url, ...usual });
    const cause = { code: 'ECONNREFUSED' };
    await expect(transport.start()).rejects.toMatchObject({ code: 'connect_failed', executed: 'no', cause });
  });
});
