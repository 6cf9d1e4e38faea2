import { describe, expect, test } from 'vitest';
import { principal } from '../../../test/fixtures/gateway-app.ts';
import { bodyOf, restApp } from '../../../test/fixtures/rest-app.ts';
import { scriptedServer, text } from '../../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, toolkitOf } from '../../../test/fixtures/toolkits.ts';
import type { Transport } from '../../transport/transport.ts';
import { recordHistory } from '../history.ts';

const admin = principal('root', { may: ['read', 'call', 'admin'] });
const bob = principal('bob');
/** Sees the server `a` alone, without its tool `secret`. */
const guest = principal('guest', { sees: (server, tool) => server === 'a' && tool !== 'secret' });

const world = async () => {
  const a = scriptedServer({
    echo: (args) => text(JSON.stringify(args)),
    both: () => text('a'),
    secret: () => text('s'),
  });
  const b = scriptedServer({
    both: () => text('b'),
    sorry: () => ({ ...text('sorry'), isError: true }),
    slow: () => undefined,
  });
  a.definitions.echo = { description: 'says what it is told' };
  const toolkit = await toolkitOf({ a, b });
  return { app: restApp(toolkit), toolkit };
};
const namesOf = (body: Record<string, unknown>, key: string): unknown[] =>
  (body[key] as { qualifiedName?: string; name: string }[]).map(({ qualifiedName, name }) => qualifiedName ?? name);

describe('the routes of earlier programs', () => {
  test('list tools and call them by any of their names', async () => {
    const { app } = await world();
    const names = namesOf(await bodyOf(await app.get('/tools')), 'tools');
    expect(names).toEqual(['a.echo', 'a.both', 'a.secret', 'b.both', 'b.sorry', 'b.slow']);
    for (const call of [{ tool_name: 'a.echo' }, { name: 'a__echo' }, { name: 'echo' }]) {
      const answer = await bodyOf(await app.post('/tools/call', { ...call, arguments: { n: 1 } }));
      expect(answer).toEqual({ result: text('{"n":1}'), server: 'a', duration_ms: expect.any(Number) });
    }
    const sorry = await app.post('/tools/call', { name: 'sorry' });
    expect([sorry.status, await bodyOf(sorry)]).toMatchObject([200, { result: { isError: true } }]);
  });

  test('say which tools a name could mean, and only those that the caller sees', async () => {
    const { app } = await world();
    const answer = await app.post('/tools/call', { name: 'both' });
    expect([answer.status, await bodyOf(answer)]).toMatchObject([
      409,
      { code: 'ambiguous_tool', matches: ['a.both', 'b.both'] },
    ]);
    app.as(guest);
    expect(await bodyOf(await app.post('/tools/call', { name: 'both' }))).toMatchObject({ server: 'a' });
    for (const name of ['slow', 'b.slow', 'secret']) expect((await app.post('/tools/call', { name })).status).toBe(404);
    expect((await app.post('/tools/call', { name: 'a.secret' })).status).toBe(403);
    expect((await app.post('/tools/call', {})).status).toBe(400);
  });
});

describe('the catalogue', () => {
  test('is found by words, as far as the caller sees it', async () => {
    const { app } = await world();
    expect(namesOf(await bodyOf(await app.get('/api/tools/search?q=told')), 'tools')).toEqual(['a.echo']);
    expect(namesOf(await bodyOf(await app.get('/api/tools?server=b')), 'tools')).toEqual([
      'b.both',
      'b.sorry',
      'b.slow',
    ]);
    app.as(guest);
    expect(namesOf(await bodyOf(await app.get('/api/tools')), 'tools')).toEqual(['a.echo', 'a.both']);
    expect(namesOf(await bodyOf(await app.get('/api/tools/search?q=slow')), 'tools')).toEqual([]);
    expect((await app.get('/api/tools?server=b')).status).toBe(404);
    expect((await app.get('/api/tools/search?q=x&limit=0')).status).toBe(400);
  });
});

describe('a list', () => {
  test.each(['/api/tools', '/tools', '/api/tools/search?q=echo', '/openapi.json'])(
    '%s waits 8 s for a server that does not come up, and then goes without',
    async (path) => {
      const servers = { a: scriptedServer({ echo: () => text('a') }) };
      const mute = { transport: () => new Promise<never>(() => {}) };
      const { toolkit, clock } = await clockedToolkitOf(servers, { connect: 'eager', mcpServers: { mute } });
      let answered = false;
      const answer = Promise.resolve(restApp(toolkit).get(path)).finally(() => {
        answered = true;
      });
      await expect.poll(() => toolkit.status().a?.state).toBe('connected');
      await clock.advance(7_999);
      expect(answered).toBe(false);
      await clock.advance(1);
      expect(await (await answer).text()).toContain('echo');
    },
  );
});

describe('servers', () => {
  test('are told by name, with where they stand', async () => {
    const { app } = await world();
    const { servers } = (await bodyOf(await app.get('/api/servers'))) as { servers: object[] };
    expect(servers).toMatchObject([
      { name: 'a', state: 'connected', toolsCount: 3 },
      { name: 'b', state: 'connected' },
    ]);
    expect(await bodyOf(await app.get('/api/servers/a'))).toMatchObject({ name: 'a' });
    app.as(guest);
    expect((await app.get('/api/servers/b')).status).toBe(404);
  });

  test('with a pool are told with their processes, of which administrators alone see which they are', async () => {
    const pooled = scriptedServer({ say: () => text('hi') }, { pool: { warm: 1 }, isolation: 'perSession' });
    const make = pooled.config.transport as () => Transport;
    pooled.config.transport = () => Object.assign(make(), { pid: 4_000 + pooled.peers.length });
    const toolkit = await toolkitOf({ pooled });
    await toolkit.callTool('pooled.say', {}, { scope: 'a' });
    await expect.poll(() => toolkit.status().pooled?.children?.length).toBe(3);
    const app = restApp(toolkit);
    const told = async () => (await bodyOf(await app.get('/api/servers/pooled'))).children;
    const child = (state: string) => ({ state, ageMs: expect.any(Number) });
    expect(await told()).toEqual([child('in_use'), child('in_use'), child('warm')]);
    app.as(admin);
    expect(await told()).toMatchObject([{ pid: 4_001 }, { pid: 4_002 }, { pid: 4_003 }]);
  });

  test('are disabled, enabled and reconnected by administrators alone', async () => {
    const { app, toolkit } = await world();
    const refused = await app.post('/api/servers/a/disable');
    expect([refused.status, await bodyOf(refused)]).toMatchObject([403, { code: 'forbidden' }]);
    expect(toolkit.status().a?.state).toBe('connected');
    app.as(admin);
    expect(await bodyOf(await app.post('/api/servers/a/disable'))).toMatchObject({ name: 'a', state: 'disabled' });
    expect(await bodyOf(await app.post('/api/servers/a/enable'))).toMatchObject({ state: 'connected' });
    expect(await bodyOf(await app.post('/api/servers/a/reconnect'))).toMatchObject({ state: 'connected' });
    expect((await app.post('/api/servers/nowhere/reconnect')).status).toBe(404);
  });
});

describe('a server that does not exist', () => {
  test('is no way to a tool of another one whose name looks like it', async () => {
    const admin = scriptedServer({ 'users.delete': () => text('deleted') });
    const app = restApp(await toolkitOf({ admin }));
    app.as(principal('guest', { sees: (server) => server !== 'admin' }));
    const answer = await app.post('/api/tools/users/delete', {});
    expect([answer.status, await bodyOf(answer)]).toMatchObject([404, { code: 'unknown_server' }]);
    const calls = [{ server: 'users', tool: 'delete' }, { name: 'users.delete' }];
    expect((await bodyOf(await app.post('/api/batch', { calls }))).outcomes).toMatchObject([
      { success: false },
      { success: false },
    ]);
  });
});

describe('a tool that does not exist', () => {
  test('is told with the names that it could have had, as far as the caller sees them', async () => {
    const { app } = await world();
    expect(await bodyOf(await app.post('/api/tools/a/secre', {}))).toMatchObject({ matches: ['a.secret'] });
    app.as(guest);
    const answer = await bodyOf(await app.post('/api/tools/a/secre', {}));
    expect(answer).toMatchObject({ code: 'unknown_tool', status: 404, detail: 'a.secre: there is no such tool' });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });
});

describe('POST /api/batch', () => {
  test('tells what became of each call, in order', async () => {
    const { app } = await world();
    const calls = [
      { name: 'echo', arguments: { n: 1 } },
      { server: 'b', tool: 'sorry' },
      { tool: 'nothing' },
      { name: 7 },
      { server: 'a', name: 'echo', arguments: [] },
      { name: 'a.echo', arguments: { n: 2 } },
    ];
    const { outcomes } = await bodyOf(await app.post('/api/batch', { calls, concurrency: 2 }));
    expect(outcomes).toMatchObject([
      { success: true, server: 'a', tool: 'echo', result: text('{"n":1}') },
      { success: true, server: 'b', result: { isError: true } },
      { success: false, problem: { status: 404, code: 'unknown_tool' } },
      { success: false, problem: { status: 400, problems: [{ path: '/name' }] } },
      { success: false, problem: { status: 400, problems: [{ path: '/arguments' }] } },
      { success: true, result: text('{"n":2}') },
    ]);
  });

  test('is bounded', async () => {
    const { app } = await world();
    const calls = Array.from({ length: 101 }, () => ({ name: 'echo' }));
    for (const body of [{ calls }, { calls: {} }, { calls: [], concurrency: 0 }, { calls: [], concurrency: 65 }])
      expect((await app.post('/api/batch', body)).status).toBe(400);
  });
});

describe('calls', () => {
  test('are listed and cancelled by whoever made them, and by administrators', async () => {
    const { app, toolkit } = await world();
    const waiting = app.post('/api/tools/b/slow', {});
    await expect.poll(() => toolkit.calls()).toHaveLength(1);
    const { inFlight } = (await bodyOf(await app.get('/api/calls'))) as { inFlight: { id: string }[] };
    expect(inFlight).toMatchObject([{ server: 'b', tool: 'slow', principal: 'ann', state: 'handed_over' }]);
    expect(inFlight[0]).not.toHaveProperty('scope');
    const path = `/api/calls/${inFlight[0]?.id}`;
    app.as(bob);
    expect((await bodyOf(await app.get('/api/calls'))).inFlight).toEqual([]);
    expect((await app.delete(path)).status).toBe(404);
    app.as(admin);
    expect((await bodyOf(await app.get('/api/calls'))).inFlight).toHaveLength(1);
    expect((await app.delete(path)).status).toBe(204);
    expect((await waiting).status).toBe(499);
    expect((await app.delete(path)).status).toBe(404);
  });

  test('that have ended are found by what one asks for', async () => {
    const { app, toolkit } = await world();
    recordHistory({ toolkit, history: app.context.store.history, today: Date.now });
    await app.post('/api/tools/a/echo', {});
    app.as(bob);
    await app.post('/api/tools/b/sorry', {});
    await app.post('/api/tools/b/both', {});
    const found = async (query: string) => (await bodyOf(await app.get(`/api/calls${query}`))).calls as object[];
    expect(await found('')).toMatchObject([
      { tool: 'both', outcome: 'ok' },
      { tool: 'sorry', outcome: 'tool_error' },
    ]);
    expect(await found('?principal=ann')).toHaveLength(2);
    expect(await found('?outcome=tool_error')).toMatchObject([{ tool: 'sorry' }]);
    expect(await found('?limit=1')).toHaveLength(1);
    expect(await found('?before=2020-01-01T00:00:00Z')).toEqual([]);
    expect((await app.get('/api/calls?since=yesterday')).status).toBe(400);
    app.as(admin);
    expect(await found('')).toHaveLength(3);
    expect(await found('?principal=ann')).toMatchObject([{ tool: 'echo', principal: 'ann' }]);
  });

  test('add up to metrics, without what the caller does not see', async () => {
    const { app } = await world();
    await app.post('/api/tools/a/secret', {});
    await app.post('/api/tools/b/both', {});
    expect(await bodyOf(await app.get('/api/metrics'))).toMatchObject({
      successes: 2,
      servers: { b: {} },
      tools: { 'a.secret': { successes: 1 } },
    });
    app.as(guest);
    const { servers, tools } = await bodyOf(await app.get('/api/metrics'));
    expect(Object.keys(servers as object)).toEqual(['a']);
    expect(tools).toEqual({});
  });
});
