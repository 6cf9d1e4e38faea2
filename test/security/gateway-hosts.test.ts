/** A page of a stranger cannot use the gateway of whoever reads it, by whatever name it reaches it. */
import { describe, expect, test } from 'vitest';
import { createDoor, keyFor, showing } from '../fixtures/door.ts';

const ann = keyFor('ann');
const call = (door: ReturnType<typeof createDoor>, headers: Record<string, string>) =>
  door.post('/api/tools/files/read', { ...showing(ann), ...headers });
const UPGRADE = { upgrade: 'websocket', connection: 'Upgrade' };

describe('S10 the name by which the gateway is called', () => {
  test.each([
    'localhost',
    'localhost:3333',
    'LOCALHOST:1',
    'localhost.',
    '127.0.0.1:3333',
    '127.8.0.1',
    '[::1]:3333',
    'toolway.localhost',
  ])('may be of loopback: %s', async (host) => {
    expect((await call(createDoor({ apiKeys: [ann] }), { host })).status).toBe(200);
  });

  test.each([
    'evil.example',
    'evil.example:3333',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'a.b.localhost',
    '10.0.0.1',
    '[::2]',
    'localhost@evil.example',
    'localhost:3333:1',
    '',
    '*',
  ])('may not be another one: %j', async (host) => {
    const door = createDoor({ apiKeys: [ann] });
    const answer = await call(door, { host });
    expect([answer.status, door.passed]).toEqual([403, []]);
    expect((await door.get('/healthz', { host })).status).toBe(403);
    expect((await door.get('/mcp', { ...showing(ann), ...UPGRADE, host })).status).toBe(403);
    expect(door.passed).toEqual([]);
  });

  test('may be one that the operator gives, with its port where one is given', async () => {
    const door = createDoor({ apiKeys: [ann], allowedHosts: ['A.example', 'b.example:8443', '*.c.example'] });
    const statuses = async (hosts: string[]) =>
      Promise.all(hosts.map(async (host) => (await call(door, { host })).status));
    expect(await statuses(['a.example', 'a.example:1', 'b.example:8443', 'x.c.example'])).toEqual([200, 200, 200, 200]);
    expect(await statuses(['b.example', 'b.example:1', 'c.example', 'xa.example', 'c.example.evil.example'])).toEqual(
      Array(5).fill(403),
    );
  });

  test('may be the address that is listened on, and any address where all are', async () => {
    const door = createDoor({ apiKeys: [ann] });
    door.listening({ host: '192.168.1.7' });
    expect([
      (await call(door, { host: '192.168.1.7:3333' })).status,
      (await call(door, { host: '10.0.0.1' })).status,
    ]).toEqual([200, 403]);
    const open = createDoor({ apiKeys: [ann] });
    open.listening({ host: '0.0.0.0' });
    expect((await call(open, { host: '10.0.0.1:3333' })).status).toBe(200);
    expect((await call(open, { host: '[fd00::1]:3333' })).status).toBe(200);
    expect((await call(open, { host: 'evil.example' })).status).toBe(403);
  });
});

describe('S10 the page that a request comes from', () => {
  const local = { host: 'localhost:3333' };

  test.each([
    'null',
    'http://evil.example',
    'http://localhost:4444',
    'http://localhost',
    'https://evil.example:3333',
    'http://localhost:3333.evil.example',
    'http://localhost:3333/',
    'http://evil@localhost:3333',
    'file://',
    'chrome-extension://abcdef',
    'http://127.0.0.1:3333',
    '*',
  ])('may not be another one: %s', async (origin) => {
    const door = createDoor({ apiKeys: [ann] });
    for (const answer of [
      await call(door, { ...local, origin }),
      await door.get('/mcp', { ...showing(ann), ...UPGRADE, ...local, origin }),
      await door.get('/', { ...local, origin }),
      await door.send('/mcp', {
        method: 'OPTIONS',
        headers: { ...local, origin, 'access-control-request-method': 'POST' },
      }),
    ]) {
      expect(answer.status).toBe(403);
      expect(answer.headers.has('access-control-allow-origin')).toBe(false);
    }
    expect(door.passed).toEqual([]);
  });

  test('may be the gateway’s own, or none at all', async () => {
    const door = createDoor({ apiKeys: [ann] });
    expect((await call(door, { ...local, origin: 'http://localhost:3333' })).status).toBe(200);
    expect((await call(door, { host: 'localhost:443', origin: 'https://localhost' })).status).toBe(200);
    expect((await call(door, local)).status).toBe(200);
  });

  test('may be one that the operator names, exactly, without its cookies', async () => {
    const door = createDoor({ apiKeys: [ann], allowedOrigins: ['https://app.example'] });
    const answer = await call(door, { ...local, origin: 'https://app.example' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(answer.headers.get('vary')).toBe('Origin');
    expect(answer.headers.has('access-control-allow-credentials')).toBe(false);
    expect(answer.headers.get('access-control-expose-headers')).toContain('Mcp-Session-Id');
    const refused = await door.post('/api/tools/files/read', { ...local, origin: 'https://app.example' });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, 'https://app.example']);
    expect((await call(door, { ...local, origin: 'https://app.example.evil.example' })).status).toBe(403);
    expect((await call(door, { ...local, origin: 'https://APP.example' })).status).toBe(403);
  });

  test('is told before what it may send, no more than it needs', async () => {
    const door = createDoor({ apiKeys: [ann], allowedOrigins: ['https://app.example'] });
    const headers = {
      origin: 'https://app.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'Authorization, Mcp-Param-City, X-Evil, Cookie',
      'access-control-request-private-network': 'true',
    };
    const answer = await door.send('/mcp', { method: 'OPTIONS', headers });
    expect(answer.status).toBe(204);
    expect(Object.fromEntries(answer.headers)).toEqual({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
      'access-control-allow-headers': 'authorization, mcp-param-city',
      'access-control-allow-private-network': 'true',
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Headers',
    });
    expect(door.passed).toEqual([]);
  });

  test('may be one of a host behind the operator’s own URL', async () => {
    const door = createDoor({ apiKeys: [ann], publicUrl: 'https://tools.example/gateway/' });
    expect((await call(door, { host: 'tools.example', origin: 'https://tools.example' })).status).toBe(200);
    expect((await call(door, { ...local, origin: 'https://tools.example' })).status).toBe(200);
    expect((await call(door, { ...local, origin: 'http://tools.example' })).status).toBe(403);
  });
});

test('S10 a WebSocket without a key is refused on loopback too', async () => {
  const door = createDoor({ apiKeys: [ann] });
  expect((await door.get('/mcp', { ...UPGRADE, host: 'localhost:3333' })).status).toBe(401);
  expect(door.passed).toEqual([]);
});
