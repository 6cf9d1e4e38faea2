import { describe, expect, test } from 'vitest';
import { createDoor, keyFor, showing } from '../../../test/fixtures/door.ts';

const ann = keyFor('ann');
const root = keyFor('root', 'admin');

describe('a key', () => {
  test.each([
    ['as a bearer token', { authorization: `Bearer ${ann.key}` }],
    ['whatever the case of the scheme', { authorization: `bearer ${ann.key}` }],
    ['as X-API-Key', { 'x-api-key': `${ann.key}` }],
    ['as X-API-Key beside what a proxy wants', { 'x-api-key': `${ann.key}`, authorization: 'Basic eDp5' }],
  ])('is shown %s', async (_, headers) => {
    const door = createDoor({ apiKeys: [root, ann] });
    const answer = await door.get('/api/tools', headers);
    expect([answer.status, await answer.json()]).toEqual([200, { caller: 'key:ann' }]);
  });

  test('that is missing is asked for, in the terms of RFC 6750', async () => {
    const door = createDoor({ apiKeys: [ann] });
    const answer = await door.get('/api/tools');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="toolway"');
    expect(await answer.json()).toMatchObject({ status: 401, code: 'auth_required' });
  });

  test('that is wrong is refused, also beside a session that is good', async () => {
    const door = createDoor({ apiKeys: [ann] });
    const answer = await door.get('/api/tools', { authorization: 'Bearer wrong' });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(door.passed).toEqual([]);
  });

  test('in the query of a URL is not looked at', async () => {
    const door = createDoor({ apiKeys: [ann] });
    expect((await door.get(`/api/tools?api_key=${ann.key}&access_token=${ann.key}`)).status).toBe(401);
  });

  test('has no more than what it was given, and its caller is one object', async () => {
    const door = createDoor({ apiKeys: [keyFor('reader', 'read'), { ...ann, tools: { deny: ['mail'] } }] });
    await door.get('/api/tools', showing(keyFor('reader')));
    const { principal } = door.caller ?? {};
    expect(['read', 'call', 'approve', 'admin'].filter((one) => principal?.may(one as 'read'))).toEqual(['read']);
    await door.get('/api/tools', showing(ann));
    const first = door.caller;
    await door.get('/api/tools', showing(ann));
    expect(door.caller).toBe(first);
    expect([first?.principal.sees('files'), first?.principal.sees('mail')]).toEqual([true, false]);
  });

  test('asks no faster than it is allowed to, and is told when it may again', async () => {
    const door = createDoor({ apiKeys: [{ ...ann, rateLimit: { perSecond: 0.5, burst: 2 } }, root] });
    for (let request = 0; request < 2; request += 1)
      expect((await door.get('/api/tools', showing(ann))).status).toBe(200);
    const refused = await door.get('/api/tools', showing(ann));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
    expect(await refused.json()).toMatchObject({ code: 'rate_limited', retryAfterMs: 2_000 });
    expect((await door.get('/api/tools', showing(root))).status).toBe(200);
    await door.clock.advance(2_000);
    expect((await door.get('/api/tools', showing(ann))).status).toBe(200);
  });
});

describe('wrong credentials', () => {
  const guess = (door: ReturnType<typeof createDoor>, peerAddress: string, key = 'wrong') =>
    door.get('/api/tools', { 'x-api-key': key }, { peerAddress });

  test('of one address are not looked at after twenty in a minute', async () => {
    const door = createDoor({ apiKeys: [ann] });
    for (let wrong = 0; wrong < 20; wrong += 1) expect((await guess(door, '10.0.0.1')).status).toBe(401);
    const refused = await guess(door, '10.0.0.1');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect((await guess(door, '10.0.0.1', ann.key)).status).toBe(429);
    expect((await guess(door, '10.0.0.2', ann.key)).status).toBe(200);
    // Known by now, so nothing is guessed.
    expect((await guess(door, '10.0.0.1', ann.key)).status).toBe(200);
    await door.clock.advance(60_000);
    expect((await guess(door, '10.0.0.1')).status).toBe(401);
    expect(door.logged).toEqual([['too many wrong credentials', { from: '10.0.0.1' }]]);
  });

  test('are counted by the address of the connection, not by what a header says', async () => {
    const door = createDoor({ apiKeys: [ann], maxFailures: 3 });
    const from = (address: string) =>
      door.get('/api/tools', { 'x-api-key': 'wrong', 'x-forwarded-for': address }, { peerAddress: '10.0.0.1' });
    const statuses: number[] = [];
    for (const address of ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4']) statuses.push((await from(address)).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
  });

  test('are counted by what a proxy says that is vouched for', async () => {
    const door = createDoor({ apiKeys: [ann], maxFailures: 1, trustProxy: true });
    const from = (address: string) =>
      door.get(
        '/api/tools',
        { 'x-api-key': 'wrong', 'x-forwarded-for': `9.9.9.9, ${address}` },
        { peerAddress: '10.0.0.1' },
      );
    expect([(await from('1.1.1.1')).status, (await from('2.2.2.2')).status, (await from('1.1.1.1')).status]).toEqual([
      401, 401, 429,
    ]);
  });

  test('are not those of requests that show none', async () => {
    const door = createDoor({ apiKeys: [ann], maxFailures: 1 });
    for (let request = 0; request < 5; request += 1) expect((await door.get('/api/tools')).status).toBe(401);
  });
});

describe('without keys', () => {
  const env = { peerAddress: '127.0.0.1' };

  test('whoever is on this machine is local, and may do everything', async () => {
    const door = createDoor({ auth: 'none' });
    expect(await (await door.get('/metrics', {}, env)).json()).toEqual({ caller: 'local' });
    expect((await door.send('/api/servers/a/disable', { method: 'POST' }, env)).status).toBe(200);
  });

  test.each([
    ['another machine', {}, { peerAddress: '10.0.0.1' }],
    ['a proxy on this machine', { 'x-forwarded-for': '10.0.0.1' }, env],
  ])('what comes from %s is refused', async (_, headers: Record<string, string>, connection) => {
    const door = createDoor({ auth: 'none' });
    expect((await door.get('/api/tools', headers, connection)).status).toBe(403);
    expect(door.passed).toEqual([]);
  });

  test('Host and Origin are checked all the same', async () => {
    const door = createDoor({ auth: 'none' });
    expect((await door.get('/api/tools', { host: 'evil.example' }, env)).status).toBe(403);
    expect((await door.get('/api/tools', { origin: 'http://evil.example' }, env)).status).toBe(403);
  });

  test('and without a word of access, a request is refused of which nothing tells where it comes from', async () => {
    const door = createDoor(undefined);
    expect([(await door.get('/api/tools')).status, (await door.get('/api/tools', {}, env)).status]).toEqual([403, 200]);
    expect((await createDoor({ auth: 'none' }).get('/api/tools')).status).toBe(200);
  });
});

describe('paths', () => {
  test('that are open need nothing', async () => {
    const door = createDoor({ apiKeys: [ann] });
    expect([(await door.get('/')).status, (await door.get('/healthz')).status]).toEqual([200, 200]);
  });

  test('that are not there say so to whoever is known, and nothing to others', async () => {
    const door = createDoor({ apiKeys: [ann] });
    expect([(await door.get('/nothing')).status, (await door.get('/nothing', showing(ann))).status]).toEqual([
      401, 404,
    ]);
  });

  test('say which methods they take', async () => {
    const answer = await createDoor({ apiKeys: [ann] }).send('/mcp', { method: 'PUT', headers: showing(ann) });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST, HEAD']);
  });

  test('a HEAD needs what a GET does', async () => {
    const door = createDoor({ apiKeys: [ann, keyFor('approver', 'approve')] });
    const head = (path: string, headers = {}) => door.send(path, { method: 'HEAD', headers });
    expect((await head('/api/approvals', showing(ann))).status).toBe(403);
    expect((await head('/api/approvals', showing(keyFor('approver')))).status).toBe(200);
    expect((await head('/api/approvals')).status).toBe(401);
  });

  test('that tell of all tools are for those who see all tools', async () => {
    const door = createDoor({ apiKeys: [ann, { ...keyFor('narrow', 'admin'), tools: ['files'] }] });
    expect((await door.get('/metrics', showing(ann))).status).toBe(200);
    expect((await door.get('/metrics', showing(keyFor('narrow')))).status).toBe(403);
  });
});

test('options that cannot be meant are refused, each with its reason', () => {
  const refused = (access: object) => {
    try {
      createDoor(access);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(refused({ allowedOrigins: ['*'] })).toContain('allowedOrigins has "*"');
  expect(refused({ allowedOrigins: ['null'] })).toContain('allowedOrigins has "null"');
  expect(refused({ allowedOrigins: ['https://a.example/path'] })).toContain('is no origin');
  expect(refused({ allowedHosts: ['https://a.example'] })).toContain('is no name of a host');
  expect(refused({ allowedHosts: ['*'] })).toContain('is no name of a host');
  expect(refused({ publicUrl: 'here' })).toContain('publicUrl');
});
