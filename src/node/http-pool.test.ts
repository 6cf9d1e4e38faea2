import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { type Driven, drive, settleDown, until } from '../../test/fixtures/http/drive.ts';
import {
  type Handler,
  type RawServer,
  resultFor,
  sendJson,
  startRawServer,
} from '../../test/fixtures/http/raw-server.ts';
import { createHttpTransport } from '../transport/http.ts';
import type { HttpReceiver } from '../transport/http-port.ts';
import { createPool, type HttpPool } from './http-pool.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
const connect = async (handle: Handler): Promise<Driven & { server: RawServer; pool: HttpPool }> => {
  const server = await startRawServer(handle);
  const pool = createPool({ origin: server.url });
  const driven = drive(createHttpTransport({ url: server.url, port: pool }));
  await driven.transport.start();
  closing.push(() => driven.transport.close(), server.close);
  return Object.assign(driven, { server, pool });
};
const echo: Handler = ({ message: { id } }, response) => sendJson(response, resultFor(id, { text: 'Grüße 🦊' }));

/** One request to the pool itself. */
const ask = (pool: HttpPool, url: string): Promise<{ status?: number; error?: unknown; sent?: boolean }> =>
  new Promise((resolve) => {
    let status = 0;
    const receiver: HttpReceiver = {
      onhead: (given) => {
        status = given;
      },
      onbytes() {},
      onend: () => resolve({ status }),
      onerror: (error, sent) => resolve({ error, sent }),
    };
    pool({ method: 'POST', url, headers: {}, body: '{}' }, receiver);
  });

test('connections are used again', async () => {
  const { ask, server } = await connect(echo);
  for (let i = 0; i < 20; i += 1) await ask('tools/call');
  // A request made right out of the answer before it finds that connection not yet free.
  expect(server.connections).toBeLessThanOrEqual(2);
  for (let i = 0; i < 5; i += 1) await Promise.all(Array.from({ length: 4 }, () => ask('tools/call')));
  expect(server.connections).toBeLessThanOrEqual(8);
});

test('a connection whose request was aborted is closed, and none is opened in its place', async () => {
  const { ask, server, transport } = await connect(() => {});
  for (const id of [1, 2, 3]) {
    void ask('tools/call');
    await until(() => server.seen.length === id);
    transport.cancel?.(id);
  }
  await until(() => server.sockets.size === 0, 'freeing all sockets');
  await settleDown();
  expect(server.connections).toBe(3);
  server.handle = echo;
  expect((await ask('tools/call')).message).toBeDefined();
});

test.each([
  ['4 s', {}],
  ['what the server announces', { 'keep-alive': 'timeout=3' }],
  ['an announcement for too long', { 'keep-alive': 'timeout=600' }],
])('a connection that is idle for longer than %s is not kept', async (_limit, headers) => {
  const { ask, server } = await connect(({ message: { id } }, response) =>
    sendJson(response, resultFor(id), 200, headers),
  );
  await ask('tools/call');
  expect(server.sockets.size).toBe(1);
  await until(() => server.sockets.size === 0, 'closing the idle connection');
});

test.each([
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
])('an answer that comes in %s although none was asked for is read', async (coding, compress) => {
  const { ask, server } = await connect(({ message: { id } }, response) => {
    const body = compress(JSON.stringify(resultFor(id, { text: 'Grüße 🦊' })));
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding });
    for (const byte of body) response.write(Uint8Array.of(byte));
    response.end();
  });
  expect((await ask('tools/call')).message).toMatchObject({ result: { text: 'Grüße 🦊' } });
  expect(server.seen[0]?.headers['accept-encoding']).toBe('identity');
  await settleDown(20);
  expect((await ask('tools/call')).message).toBeDefined();
  expect(server.connections).toBe(1);
});

test('a compressed bomb is cut off at the limit', async () => {
  const bomb = gzipSync(Buffer.alloc(512 * 1024 * 1024, 0x20));
  const { ask } = await connect((_seen, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb);
  });
  const before = process.memoryUsage.rss();
  expect((await ask('tools/call')).error).toMatchObject({ code: 'message_too_large' });
  expect(process.memoryUsage.rss() - before).toBeLessThan(128 * 1024 * 1024);
});

test.each([
  ['an unknown coding', 'zebra', '{}', { code: 'protocol_error', executed: 'unknown' }],
  ['a coding that is none', 'gzip', 'no gzip', { code: 'outcome_unknown', executed: 'unknown' }],
  [
    'a coding that ends early',
    'gzip',
    gzipSync('{}'.repeat(1000)).subarray(0, 20),
    { code: 'outcome_unknown', executed: 'unknown' },
  ],
])('%s is a typed error', async (_what, coding, body, expected) => {
  const { ask } = await connect((_seen, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding }).end(body);
  });
  expect((await ask('tools/call')).error).toMatchObject(expected);
});

test('it goes to its own origin only, and nowhere before it is open or after it is closed', async () => {
  const server = await startRawServer(echo);
  closing.push(server.close);
  const pool = createPool({ origin: server.url });
  expect(await ask(pool, server.url)).toMatchObject({ error: { code: 'closed' }, sent: false });
  await pool.open();
  expect(await ask(pool, 'http://127.0.0.1:1/')).toMatchObject({ error: { code: 'internal' }, sent: false });
  expect(await ask(pool, `${server.origin}/other?a=b`)).toEqual({ status: 200 });
  expect(server.seen.map(({ path }) => path)).toEqual(['/other?a=b']);
  await pool.close();
  expect(await ask(pool, server.url)).toMatchObject({ error: { code: 'closed' }, sent: false });
  await expect(pool.open()).rejects.toMatchObject({ code: 'closed' });
  await until(() => server.sockets.size === 0, 'freeing all sockets');
});

test('closing ends what is in flight', async () => {
  const server = await startRawServer(() => {});
  closing.push(server.close);
  const pool = createPool({ origin: server.url });
  await pool.open();
  const outcome = ask(pool, server.url);
  await until(() => server.seen.length === 1);
  await pool.close();
  expect(await outcome).toMatchObject({ error: { code: 'closed' }, sent: true });
  await until(() => server.sockets.size === 0, 'freeing all sockets');
});

/** A server that accepts connections and then says nothing, which leaves a TLS handshake hanging. */
const startMute = async (): Promise<{ origin: string; sockets: Set<Socket>; server: Server }> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets, server };
};

test('a request aborted while its connection is being made takes that connection with it', async () => {
  const { origin, sockets } = await startMute();
  const pool = createPool({ origin });
  closing.push(() => pool.close());
  await pool.open();
  const receiver: HttpReceiver = { onhead() {}, onbytes() {}, onend() {}, onerror: () => expect.unreachable() };
  const abort = pool({ method: 'POST', url: origin, headers: {} }, receiver);
  await until(() => sockets.size === 1);
  abort();
  await until(() => sockets.size === 0, 'freeing the socket');
});

test('a connection that does not come about is given up, and nothing was sent', async () => {
  const { origin, sockets } = await startMute();
  const pool = createPool({ origin, connectTimeoutMs: 300 });
  closing.push(() => pool.close());
  await pool.open();
  expect(await ask(pool, origin)).toMatchObject({ sent: false, error: { code: 'UND_ERR_CONNECT_TIMEOUT' } });
  await until(() => sockets.size === 0, 'freeing the socket');
});

test('closing the pool ends a connection that is being made', async () => {
  const { origin, sockets } = await startMute();
  const pool = createPool({ origin });
  await pool.open();
  const outcome = ask(pool, origin);
  await until(() => sockets.size === 1);
  await pool.close();
  expect(await outcome).toMatchObject({ sent: false });
  await until(() => sockets.size === 0, 'freeing the socket');
});
