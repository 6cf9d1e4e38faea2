import { describe, expect, test } from 'vitest';
import { principal } from '../../../test/fixtures/gateway-app.ts';
import { bodyOf, restApp } from '../../../test/fixtures/rest-app.ts';
import { scriptedServer, text } from '../../../test/fixtures/scripted-server.ts';
import { toolkitOf } from '../../../test/fixtures/toolkits.ts';
import { createGateway, type Gateway } from '../gateway.ts';
import { createMemoryStore } from '../store/memory.ts';

const KEY = { 'idempotency-key': 'k' };

/** A store, what the server was asked, and gateways that one after the other stand in front of it. */
const world = () => {
  let ran = 0;
  const server = scriptedServer({
    count: () => {
      ran += 1;
      return text(`${ran}`);
    },
    fails: () => {
      ran += 1;
      return { error: { code: -32000, message: 'out of paper' } };
    },
    slow: () => {
      ran += 1;
      return undefined;
    },
  });
  server.definitions.count = { inputSchema: { type: 'object', properties: { n: { type: 'number' } } } };
  let now = 0;
  const store = createMemoryStore({ today: () => now });
  return {
    store,
    server,
    ran: () => ran,
    later: (ms: number) => {
      now += ms;
    },
    gateway: async () => restApp(await toolkitOf({ s: server }), { store }),
  };
};

test('a call under a key is not run again by a gateway that was started anew: its outcome is told', async () => {
  const { gateway, ran } = world();
  const first = await gateway();
  const answer = await first.post('/api/tools/s/count', {}, KEY);
  const second = await gateway();
  expect(await (await second.post('/api/tools/s/count', {}, KEY)).json()).toEqual(await answer.json());
  const other = await second.post('/api/tools/s/count', { n: 1 }, KEY);
  expect([other.status, await bodyOf(other)]).toMatchObject([409, { code: 'invalid_arguments', executed: 'no' }]);
  expect(ran()).toBe(1);
  second.as(principal('bob'));
  expect((await second.post('/api/tools/s/count', {}, KEY)).status).toBe(200);
  expect(ran()).toBe(2);
});

test('a store that cannot be written keeps a call under a key from being sent, and the outcome of one from nobody', async () => {
  const { gateway, store, ran } = world();
  const { put } = store.records;
  let writes = 0;
  store.records.put = (...given) => (++writes === 1 ? put(...given) : Promise.reject(new Error('the disk is full')));
  const first = await gateway();
  expect((await first.post('/api/tools/s/count', {}, KEY)).status).toBe(200);
  const unsent = await first.post('/api/tools/s/count', {}, { 'idempotency-key': 'other' });
  expect([unsent.status, await bodyOf(unsent)]).toMatchObject([500, { code: 'internal', executed: 'no' }]);
  const later = await (await gateway()).post('/api/tools/s/count', {}, KEY);
  expect(await bodyOf(later)).toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
  expect([ran(), writes]).toEqual([1, 3]);
});

describe.each([
  ['legacy', '2025-11-25', {}],
  [
    'modern',
    '2026-07-28',
    {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
    },
  ],
])('over MCP, in the %s era', (_, version, envelope) => {
  const keyed = async (gateway: Gateway, name: string, args = {}) => {
    const _meta = { ...envelope, 'toolway/idempotencyKey': 'k' };
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args, _meta } };
    const request = new Request('http://localhost/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'mcp-protocol-version': version,
        ...(version === '2026-07-28' && { 'mcp-method': 'tools/call', 'mcp-name': name }),
      },
      body: JSON.stringify(message),
    });
    return (await gateway.fetch(request, { peerAddress: '127.0.0.1' })).json() as Promise<Record<string, unknown>>;
  };

  test('it is the same, and the same key holds for both faces', async () => {
    const { store, server, ran } = world();
    const gateway = async () => createGateway(await toolkitOf({ s: server }), { store });
    const first = await gateway();
    const { result } = await keyed(first, 's__count');
    const second = await gateway();
    expect((await keyed(second, 's__count')).result).toEqual(result);
    expect(await keyed(second, 's__count', { n: 1 })).toMatchObject({
      error: { code: -32602, data: { code: 'invalid_arguments', executed: 'no' } },
    });
    const rest = new Request('http://localhost/api/tools/s/count', { method: 'POST', headers: KEY });
    expect((await second.fetch(rest, { peerAddress: '127.0.0.1' })).status).toBe(200);
    expect(ran()).toBe(1);
  });

  test('one that was under way when its gateway ended has an unknown outcome', async () => {
    const { store, server, ran } = world();
    const gateway = async () => createGateway(await toolkitOf({ s: server }), { store });
    void keyed(await gateway(), 's__slow').catch(() => {});
    await expect.poll(ran).toBe(1);
    expect(await keyed(await gateway(), 's__slow')).toMatchObject({
      error: { data: { code: 'outcome_unknown', executed: 'unknown' } },
    });
    expect(ran()).toBe(1);
  });
});

test('one that was under way when its gateway ended has an unknown outcome', async () => {
  const { gateway, ran } = world();
  const first = await gateway();
  void first.post('/api/tools/s/slow', {}, KEY);
  await expect.poll(ran).toBe(1);
  const answer = await (await gateway()).post('/api/tools/s/slow', {}, KEY);
  expect([answer.status, await bodyOf(answer)]).toMatchObject([
    502,
    { code: 'outcome_unknown', executed: 'unknown', server: 's', tool: 'slow' },
  ]);
  expect(ran()).toBe(1);
});

test('one that failed tells its failure again, and one that was never sent is sent', async () => {
  const { gateway, ran } = world();
  const first = await gateway();
  const failed = await bodyOf(await first.post('/api/tools/s/fails', {}, KEY));
  expect((await first.post('/api/tools/s/count', { n: 'x' }, { 'idempotency-key': 'other' })).status).toBe(400);
  const second = await gateway();
  expect(await bodyOf(await second.post('/api/tools/s/fails', {}, KEY))).toEqual(failed);
  expect(ran()).toBe(1);
  expect((await second.post('/api/tools/s/count', { n: 1 }, { 'idempotency-key': 'other' })).status).toBe(200);
});

test('a key is known for a day', async () => {
  const { gateway, ran, later } = world();
  await (await gateway()).post('/api/tools/s/count', {}, KEY);
  later(86_400_000);
  await (await gateway()).post('/api/tools/s/count', {}, KEY);
  expect(ran()).toBe(2);
});

test('a key says nothing to whom the tool does not exist for any more', async () => {
  const { gateway, ran } = world();
  await (await gateway()).post('/api/tools/s/count', {}, KEY);
  const second = await gateway();
  second.as(principal('ann', { sees: () => false }));
  expect((await second.post('/api/tools/s/count', {}, KEY)).status).toBe(403);
  expect(ran()).toBe(1);
});
