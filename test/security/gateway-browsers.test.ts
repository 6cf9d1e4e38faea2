/** A browser is let in by a link, once, and nobody can use it behind its reader's back. */
import { describe, expect, test } from 'vitest';
import { createDoor, type Door, keyFor, showing } from '../fixtures/door.ts';

const ann = keyFor('ann', 'admin');
const ME = { host: 'localhost:3333' };
const OWN = { ...ME, origin: 'http://localhost:3333' };
const READ = '/api/tools/files/read';

const signIn = async (door: Door, key?: string): Promise<Record<string, string>> => {
  const answer = await door.get(door.createLink(key), ME);
  expect(answer.status).toBe(303);
  return { cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
};

describe('a link', () => {
  test('lets one browser in, and stays in no history, cache or referrer', async () => {
    const door = createDoor({ apiKeys: [ann] });
    const link = door.createLink('ann');
    expect(link).toMatch(/^\/login\?code=[A-Za-z0-9_-]{43}$/);
    const answer = await door.get(link, ME);
    expect(answer.status).toBe(303);
    const told = ['location', 'cache-control', 'referrer-policy'].map((name) => answer.headers.get(name));
    expect(told).toEqual(['./', 'no-store', 'no-referrer']);
    expect(answer.headers.get('set-cookie')).toMatch(
      /^toolway-3333=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect(link).not.toContain(/=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1]);
    const again = await door.get(link, ME);
    expect([again.status, again.headers.has('set-cookie')]).toEqual([401, false]);
  });

  test('is good for a minute, and is not used up by whoever only looks', async () => {
    const door = createDoor({ apiKeys: [ann] });
    const [link, late] = [door.createLink(), door.createLink()];
    expect((await door.send(link, { method: 'HEAD', headers: ME })).status).toBe(204);
    expect((await door.get(link, ME)).status).toBe(303);
    await door.clock.advance(60_000);
    expect((await door.get(late, ME)).status).toBe(401);
  });

  test('cannot be guessed at leisure', async () => {
    const door = createDoor({ apiKeys: [ann], maxFailures: 2 });
    const statuses: number[] = [];
    for (const code of ['a', 'b', 'c']) statuses.push((await door.get(`/login?code=${code}`, ME)).status);
    expect(statuses).toEqual([401, 401, 429]);
  });

  test('over TLS gives a cookie that no other host can set', async () => {
    const door = createDoor({ apiKeys: [ann] });
    const answer = await door.get(door.createLink(), ME, { incoming: { socket: { encrypted: true } } });
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-toolway-3333=\S+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
    );
  });

  test('is for the holder of a key, or for whoever sees what the process prints', async () => {
    const door = createDoor({ apiKeys: [ann] });
    expect(await (await door.get('/api/session', { ...ME, ...(await signIn(door, 'ann')) })).json()).toEqual({
      principal: 'key:ann',
      permissions: ['read', 'call', 'approve', 'admin'],
    });
    expect(await (await door.get('/api/session', { ...ME, ...(await signIn(door)) })).json()).toMatchObject({
      principal: 'local',
    });
    expect(() => door.createLink('nobody')).toThrow('there is no API key named "nobody"');
  });
});

describe('a session', () => {
  test('is the holder of its key for as long as the key is good', async () => {
    const door = createDoor({ apiKeys: [ann] });
    const cookie = await signIn(door, 'ann');
    expect((await door.get('/api/tools', { ...ME, ...cookie })).status).toBe(200);
    await door.replaceKeys([]);
    expect((await door.get('/api/tools', { ...ME, ...cookie })).status).toBe(401);
  });

  test('ends an hour after the last request, and after twelve in any case', async () => {
    const door = createDoor({ apiKeys: [ann] });
    const [idle, busy] = [await signIn(door, 'ann'), await signIn(door, 'ann')];
    const status = async (cookie: Record<string, string>) =>
      (await door.get('/api/tools', { ...ME, ...cookie })).status;
    for (let minutes = 0; minutes < 12 * 60; minutes += 48) {
      expect(await status(busy)).toBe(200);
      await door.clock.advance(48 * 60_000);
    }
    expect([await status(idle), await status(busy)]).toEqual([401, 401]);
  });

  test('ends when its reader leaves', async () => {
    const door = createDoor({ apiKeys: [ann] });
    const cookie = await signIn(door);
    const leave = await door.send('/api/session', {
      method: 'DELETE',
      headers: { ...OWN, ...cookie, 'x-toolway': '1' },
    });
    expect([leave.status, leave.headers.get('set-cookie')]).toEqual([
      204,
      'toolway-3333=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict',
    ]);
    expect((await door.get('/api/tools', { ...ME, ...cookie })).status).toBe(401);
  });

  test('begins with a key too, and never with another session', async () => {
    const door = createDoor({ apiKeys: [ann] });
    const begun = await door.send('/api/session', { method: 'POST', headers: { ...ME, ...showing(ann) } });
    const cookie = { cookie: (begun.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
    expect((await door.get('/api/tools', { ...ME, ...cookie })).status).toBe(200);
    const again = await door.send('/api/session', { method: 'POST', headers: { ...OWN, ...cookie, 'x-toolway': '1' } });
    expect([again.status, again.headers.has('set-cookie')]).toEqual([403, false]);
  });

  test('S24 of another gateway, another port or nobody is none', async () => {
    const door = createDoor({ apiKeys: [ann] });
    const other = createDoor({ apiKeys: [ann] });
    const { cookie = '' } = await signIn(door);
    const value = cookie.split('=')[1] ?? '';
    const status = async (at: Door, text: string) => (await at.get('/api/tools', { ...ME, cookie: text })).status;
    expect(await status(other, cookie)).toBe(401);
    expect(await status(door, `toolway-4444=${value}`)).toBe(401);
    expect(await status(door, `toolway-3333=${value}x`)).toBe(401);
    expect(await status(door, 'toolway-3333=')).toBe(401);
    expect(await status(door, `a=b; ${cookie}; c`)).toBe(200);
  });
});

describe('S11 what a page of a stranger can make a browser send', () => {
  test('a change by cookie needs a header that no form has', async () => {
    const door = createDoor({ apiKeys: [ann] });
    const cookie = await signIn(door);
    for (const path of [READ, '/mcp', '/api/servers/files/disable']) {
      expect((await door.post(path, { ...OWN, ...cookie })).status).toBe(403);
      expect((await door.post(path, { ...ME, ...cookie })).status).toBe(403);
    }
    expect(door.passed).toEqual([]);
    expect((await door.post(READ, { ...OWN, ...cookie, 'x-toolway': '1' })).status).toBe(200);
    expect((await door.get('/api/tools', { ...ME, ...cookie })).status).toBe(200);
  });

  test.each([
    ['text/plain', '{"path":"/etc/passwd"}', 415],
    ['text/plain;charset=UTF-8', '{}', 415],
    ['application/x-www-form-urlencoded', 'path=/etc/passwd', 415],
    ['application/jsonx', '{}', 415],
    ['text/html; application/json', '{}', 415],
    ['multipart/form-data; boundary=x', '--x--', 403],
    ['', '{}', 415],
  ])('%j comes to no route, by key, by cookie or without keys', async (type, body, status) => {
    const keyed = createDoor({ apiKeys: [ann] });
    const local = createDoor({ auth: 'none' });
    const cookie = await signIn(keyed);
    const shown: [Door, Record<string, string>][] = [
      [keyed, showing(ann)],
      [local, {}],
      // With the header of the gateway, multipart is what its own pages send.
      ...(status === 403 ? [] : [[keyed, { ...cookie, 'x-toolway': '1' }] as [Door, Record<string, string>]]),
    ];
    for (const [door, headers] of shown) {
      expect((await door.post(READ, { ...ME, ...headers, 'content-type': type }, body)).status).toBe(status);
    }
    expect([...keyed.passed, ...local.passed]).toEqual([]);
  });

  test('a body without a type is not JSON either, and no body needs no type', async () => {
    const door = createDoor({ auth: 'none' });
    const body = new Blob(['{}']);
    expect((await door.send(READ, { method: 'POST', headers: ME, body })).status).toBe(415);
    expect((await door.send(READ, { method: 'POST', headers: { ...ME, 'content-length': '2' } })).status).toBe(415);
    expect((await door.send(READ, { method: 'POST', headers: { ...ME, 'transfer-encoding': 'chunked' } })).status).toBe(
      415,
    );
    expect((await door.send(READ, { method: 'POST', headers: ME })).status).toBe(200);
  });

  test('a form with the header of the gateway is taken', async () => {
    const door = createDoor({ apiKeys: [ann] });
    const body = new FormData();
    body.set('path', 'a');
    expect(
      (await door.send(READ, { method: 'POST', headers: { ...ME, ...showing(ann), 'x-toolway': '1' }, body })).status,
    ).toBe(200);
  });

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', { 'sec-fetch-site': 'same-site' }],
    ['a WebSocket that does not say where it is from', { upgrade: 'websocket' }],
  ])('a cookie shown by %s counts for nothing', async (_, headers: Record<string, string>) => {
    const door = createDoor({ apiKeys: [ann] });
    const cookie = await signIn(door);
    expect((await door.get('/mcp', { ...ME, ...cookie, ...headers })).status).toBe(401);
    expect(door.passed).toEqual([]);
  });

  test('a cookie shown by a page of an origin that is allowed counts for nothing, and a key does', async () => {
    const door = createDoor({ apiKeys: [ann], allowedOrigins: ['http://localhost:5173'] });
    const cookie = await signIn(door);
    const headers = { ...ME, origin: 'http://localhost:5173' };
    expect((await door.post(READ, { ...headers, ...cookie, 'x-toolway': '1' })).status).toBe(401);
    expect((await door.post(READ, { ...headers, ...showing(ann) })).status).toBe(200);
  });

  test('a WebSocket of the gateway’s own page is let in by cookie', async () => {
    const door = createDoor({ apiKeys: [ann] });
    const cookie = await signIn(door);
    expect((await door.get('/mcp', { ...OWN, ...cookie, upgrade: 'websocket' })).status).toBe(200);
  });
});
