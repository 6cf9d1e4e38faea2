/** What belongs to a key ends when the key does, and nothing else. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { ApiKey } from '../../src/gateway/access/options.ts';
import { gatewayHandlers } from '../../src/gateway/handlers.ts';
import type { Toolkit } from '../../src/index.ts';
import { createToolkit, type ServedGateway, serveGateway } from '../../src/node/index.ts';
import { PROBE } from '../fixtures/mcp-gateway.ts';
import { until } from '../fixtures/servers/launch.ts';

const LEGACY = '2025-11-25';
const MODERN = '2026-07-28';
const BOTH = 'application/json, text/event-stream';
const ADMIN: ApiKey = { name: 'ops', key: 'key-of-ops-in-a-test', scopes: ['admin'] };
const KEYS: ApiKey[] = ['ann', 'bob'].map((name) => ({ name, key: `key-of-${name}-in-a-test` }));

let toolkit: Toolkit;
let gateway: ServedGateway;
beforeEach(async () => {
  toolkit = await createToolkit({ connect: 'wait', ...gatewayHandlers, mcpServers: { probe: PROBE, asks: PROBE } });
});
afterEach(async () => {
  await toolkit.close({ drainMs: 0 });
  await gateway.close();
});
const serve = async (apiKeys: ApiKey[]): Promise<void> => {
  const isolation = { asks: 'perPrincipal' as const };
  gateway = await serveGateway(toolkit, {
    port: 0,
    isolation,
    access: { apiKeys: [ADMIN, ...apiKeys], maxFailures: 1_000 },
  });
};

const send = (path: string, key: string | undefined, headers: Record<string, string> = {}, body?: object) =>
  fetch(`${gateway.url}${path}`, {
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    headers: {
      ...(key !== undefined && { 'x-api-key': key }),
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
  });

const modern = (key: string, method: string, params: object, capabilities = {}) => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientCapabilities': capabilities,
    'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
  };
  const { name } = params as { name?: string };
  const headers = {
    accept: BOTH,
    'mcp-protocol-version': MODERN,
    'mcp-method': method,
    ...(name && { 'mcp-name': name }),
  };
  return send('/mcp', key, headers, { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } });
};
const HELLO = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: LEGACY, capabilities: {}, clientInfo: { name: 't', version: '1' } },
};

/** Everything that one key can have open. */
const openAll = async (key: string, callMs: number) => {
  const ended: string[] = [];
  const note = (what: string) => () => void ended.push(what);
  const read = async (what: string, answer: Promise<Response>): Promise<Response> => {
    const response = await answer;
    expect([what, response.status]).toEqual([what, 200]);
    void response.text().then(note(what), note(what));
    return response;
  };
  const wait = (ms: number) => ['/api/tools/probe/wait', { ms }] as const;
  await read('events', send('/api/events', key));
  const [path, args] = wait(600_000);
  await read('call stream', send(path, key, { accept: 'text/event-stream' }, args));
  await read('2024 stream', send('/sse', key, { accept: 'text/event-stream' }));
  await read('listen', modern(key, 'subscriptions/listen', { notifications: { toolsListChanged: true } }));
  const hello = await send('/mcp', key, { accept: BOTH }, HELLO);
  const session = { 'mcp-session-id': hello.headers.get('mcp-session-id') ?? '', 'mcp-protocol-version': LEGACY };
  await read('GET stream', send('/mcp', key, { accept: 'text/event-stream', ...session }));
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/mcp`, { headers: { 'x-api-key': key } });
  await new Promise((resolve) => socket.once('open', resolve));
  socket.once('close', note('socket'));
  const held = (await (
    await modern(key, 'tools/call', { name: 'asks__elicit', arguments: {} }, { elicitation: { form: {} } })
  ).json()) as {
    result: { resultType: string };
  };
  expect(held.result.resultType).toBe('input_required');
  const cookie = (await send('/api/session', key, {}, {})).headers.get('set-cookie')?.split(';')[0] ?? '';
  const byCookie = (): Promise<Response> =>
    send('/api/session', undefined, { cookie, 'sec-fetch-site': 'same-origin' });
  expect((await byCookie()).status).toBe(200);
  const answered = send(...([wait(callMs)[0], key, {}, wait(callMs)[1]] as const)).then((response) => response.status);
  const inSession = send(
    '/mcp',
    key,
    { accept: BOTH, ...session },
    {
      jsonrpc: '2.0',
      id: 2,
      method: 'tools/call',
      params: { name: 'probe__wait', arguments: { ms: callMs } },
    },
  ).then((response) => response.status);
  const open = ['events', 'call stream', '2024 stream', 'listen', 'GET stream', 'socket'];
  const end = (): void => socket.terminate();
  return { ended, open: open.sort(), answered, inSession, byCookie, end, key };
};
const callsOf = (name: string): (string | undefined)[] =>
  toolkit
    .calls()
    .filter(({ principal }) => principal === `key:${name}`)
    .map(({ tool }) => tool)
    .sort();

/** A gateway that is given another key only, and makes ann's. */
const makeAnn = async (): Promise<{ id: string; key: string }> => {
  await serve([KEYS[1] as ApiKey]);
  return (await send('/api/keys', ADMIN.key, {}, { name: 'ann' })).json() as Promise<{ id: string; key: string }>;
};

const endings: [string, number, () => Promise<{ ann: string; end: () => Promise<unknown> }>][] = [
  [
    'is deleted',
    2_500,
    async () => {
      const made = await makeAnn();
      const url = `${gateway.url}/api/keys/${made.id}`;
      const headers = { 'x-api-key': ADMIN.key ?? '' };
      return { ann: made.key, end: () => fetch(url, { method: 'DELETE', headers }) };
    },
  ],
  [
    'is given another secret',
    2_500,
    async () => {
      const made = await makeAnn();
      return { ann: made.key, end: () => send(`/api/keys/${made.id}/rotate`, ADMIN.key, {}, {}) };
    },
  ],
  [
    'is gone from the configuration',
    2_500,
    async () => {
      await serve(KEYS);
      return { ann: KEYS[0]?.key ?? '', end: () => gateway.replaceKeys([ADMIN, KEYS[1] as ApiKey]) };
    },
  ],
  [
    'expires',
    6_000,
    async () => {
      const expires = Date.now() + 4_000;
      await serve([{ ...(KEYS[0] as ApiKey), expires: new Date(expires).toISOString() }, KEYS[1] as ApiKey]);
      return { ann: KEYS[0]?.key ?? '', end: () => until(() => Date.now() >= expires, 'it expires') };
    },
  ],
];

test.each(endings)(
  'a key that %s takes its streams with it within a second, and nobody else’s',
  async (_, callMs, begin) => {
    const { ann, end } = await begin();
    const hers = await openAll(ann, callMs);
    const his = await openAll(KEYS[1]?.key ?? '', callMs);
    await until(() => callsOf('ann').length === 4 && callsOf('bob').length === 4, 'the calls are under way');
    expect(hers.ended).toEqual([]);

    await end();
    const endedAt = performance.now();
    const refused = await send('/api/tools', ann);
    expect([refused.status, (await hers.byCookie()).status]).toEqual([401, 401]);
    await until(() => hers.ended.length === hers.open.length, 'her streams end');
    expect(performance.now() - endedAt).toBeLessThan(1_000);
    expect([...hers.ended].sort()).toEqual(hers.open);
    // What was told of by a stream, and what waits for a word of hers, is cancelled; what is answered in one piece is not.
    await until(() => callsOf('ann').length === 2, 'her other calls are cancelled');
    expect(callsOf('ann')).toEqual(['wait', 'wait']);
    expect(await Promise.all([hers.answered, hers.inSession])).toEqual([200, 200]);

    expect(his.ended).toEqual([]);
    expect([(await send('/api/tools', his.key)).status, (await his.byCookie()).status]).toEqual([200, 200]);
    expect(await Promise.all([his.answered, his.inSession])).toEqual([200, 200]);
    expect(callsOf('bob')).toEqual(['elicit', 'wait']);
    his.end();
  },
  30_000,
);

test('a key goes on with its streams while there is grace', async () => {
  await serve([]);
  const made = (await (await send('/api/keys', ADMIN.key, {}, { name: 'ann' })).json()) as { id: string; key: string };
  const events = await send('/api/events', made.key);
  let ended = false;
  void events.text().then(() => {
    ended = true;
  });
  const rotated = await send(`/api/keys/${made.id}/rotate`, ADMIN.key, {}, { graceMs: 1_500 });
  const until1 = performance.now() + 1_500;
  expect(rotated.status).toBe(200);
  await until(() => performance.now() > until1 - 400, 'most of the grace is over');
  expect(ended).toBe(false);
  await until(() => ended, 'the stream ends');
  expect(performance.now()).toBeGreaterThan(until1 - 10);
});
