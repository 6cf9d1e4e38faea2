/** The door on a socket of Node's, to requests that no client of HTTP would write. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Toolkit } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { type ServedGateway, serveGateway } from '../../src/node/serve.ts';

const KEY = 'sockets-key-of-a-test';
const SIGNED = `Authorization: Bearer ${KEY}`;
const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

let toolkit: Toolkit;
let gateway: ServedGateway;
let calls = 0;
beforeAll(async () => {
  toolkit = await createToolkit({ mcpServers: {} });
  toolkit.use((next) => (call) => {
    calls += 1;
    return next(call);
  });
  const apiKeys = [{ name: 'a', key: KEY, scopes: ['admin' as const] }];
  gateway = await serveGateway(toolkit, { port: 0, access: { apiKeys, maxFailures: 3 } });
});
afterAll(async () => {
  await gateway.close();
  await toolkit.close({ drainMs: 0 });
});

/** The status of the answer to these lines, byte by byte as they stand. */
const say = (first: string, headers: readonly string[], body = ''): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = connect(gateway.port, '127.0.0.1');
    let text = '';
    socket.on('error', reject);
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.includes('\r\n\r\n')) socket.destroy();
    });
    socket.write(`${[first, ...headers].join('\r\n')}\r\n\r\n${body}`);
  });
const here = (): string => `Host: 127.0.0.1:${gateway.port}`;

describe('S10 over a real socket', () => {
  test('a WebSocket is opened by its own name, with a key, from nowhere or an own page', async () => {
    expect(await say('GET /mcp HTTP/1.1', [here(), SIGNED, ...UPGRADE])).toBe(101);
    expect(
      await say('GET /mcp HTTP/1.1', [here(), SIGNED, `Origin: http://127.0.0.1:${gateway.port}`, ...UPGRADE]),
    ).toBe(101);
  });

  test.each([
    ['by another name', 403, () => ['Host: evil.example', SIGNED]],
    ['from the page of a stranger', 403, () => [here(), SIGNED, 'Origin: http://evil.example']],
    ['from nowhere that is told', 403, () => [here(), SIGNED, 'Origin: null']],
    ['without a key', 401, () => [here()]],
    ['with a wrong key', 401, () => [here(), 'X-API-Key: wrong']],
  ])('a WebSocket %s is not opened', async (_, status, headers) => {
    expect(await say('GET /mcp HTTP/1.1', [...headers(), ...UPGRADE])).toBe(status);
  });

  test('the name counts that stands in Host, however the path is written', async () => {
    expect(await say('GET /api/tools HTTP/1.1', [here(), SIGNED])).toBe(200);
    expect(await say('GET /api/tools HTTP/1.1', ['Host: evil.example', SIGNED])).toBe(403);
    expect(await say(`GET http://127.0.0.1:${gateway.port}/api/tools HTTP/1.1`, ['Host: evil.example', SIGNED])).toBe(
      403,
    );
    expect([400, 403]).toContain(
      await say('GET http://evil.example/api/tools HTTP/1.1', ['Host: evil.example', SIGNED]),
    );
    expect([400, 403]).toContain(await say('GET /api/tools HTTP/1.1', [here(), 'Host: evil.example', SIGNED]));
    expect(await say('GET /api/tools HTTP/1.1', [SIGNED])).toBe(400);
    expect([400, 403]).toContain(await say('GET /api/tools HTTP/1.0', [SIGNED]));
  });
});

test('S11 a form over a real socket comes to no route, and a change without a body needs no type', async () => {
  const form = ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 3'];
  expect(await say('POST /tools/call HTTP/1.1', [here(), SIGNED, ...form], 'a=b')).toBe(415);
  expect(await say('POST /tools/call HTTP/1.1', [here(), SIGNED, 'Content-Length: 2'], '{}')).toBe(415);
  expect(
    await say('POST /tools/call HTTP/1.1', [here(), SIGNED, 'Transfer-Encoding: chunked'], '2\r\n{}\r\n0\r\n\r\n'),
  ).toBe(415);
  // There is no such server: that is found out behind the door.
  expect(await say('POST /api/servers/none/reconnect HTTP/1.1', [here(), SIGNED])).toBe(404);
});

test('S26 wrong keys are counted by the address of the socket', async () => {
  const guess = (address: string): Promise<number> =>
    say('GET /api/tools HTTP/1.1', [here(), 'X-API-Key: wrong', `X-Forwarded-For: ${address}`]);
  const statuses: number[] = [];
  for (const address of ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4']) statuses.push(await guess(address));
  expect(statuses.at(-1)).toBe(429);
  expect(await say('GET /api/tools HTTP/1.1', [here(), SIGNED])).toBe(200);
  expect(calls).toBe(0);
});
