import { Client as ClientV2, StreamableHTTPClientTransport as LinkV2 } from '@modelcontextprotocol/client';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import { principal } from '../fixtures/gateway-app.ts';
import { connectClient, type GatewayWorld, PROBE, startGateway, textOf } from '../fixtures/mcp-gateway.ts';
import { until } from '../fixtures/servers/launch.ts';

type Json = Record<string, unknown>;
const BOTH = 'application/json, text/event-stream';

const post = (gateway: GatewayWorld, message: unknown, headers: Record<string, string> = {}, path = '/mcp') =>
  gateway.send(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: BOTH, ...headers },
    body: typeof message === 'string' ? message : JSON.stringify(message),
  });
const request = (id: unknown, method: string, params: Json = {}): Json => ({ jsonrpc: '2.0', id, method, params });
const toolCall = (id: unknown, name: string, args: Json = {}, _meta?: Json): Json =>
  request(id, 'tools/call', { name, arguments: args, ...(_meta && { _meta }) });

/** The headers of a session that was just begun. */
const begin = async (
  gateway: GatewayWorld,
  { version = '2025-11-25', capabilities = {}, as = 'alice', path = '/mcp' } = {},
): Promise<Record<string, string>> => {
  const hello = { protocolVersion: version, capabilities, clientInfo: { name: 'raw', version: '1' } };
  const response = await post(gateway, request(0, 'initialize', hello), { 'x-as': as }, path);
  const session = { 'Mcp-Session-Id': response.headers.get('mcp-session-id') ?? '', 'x-as': as };
  await post(gateway, { jsonrpc: '2.0', method: 'notifications/initialized' }, session, path);
  return session;
};
const eventsOf = (text: string): { id: string | undefined; message: Json | undefined }[] =>
  text.split('\n\n').flatMap((block) => {
    const id = /^id: (.*)$/m.exec(block)?.[1];
    const data = /^data: (.+)$/m.exec(block)?.[1];
    return id === undefined && data === undefined
      ? []
      : [{ id, message: data === undefined ? undefined : (JSON.parse(data) as Json) }];
  });
/** What a stream says until it has said something in particular. */
const readUntil = async (response: Response, done: (text: string) => boolean): Promise<string> => {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  while (!done(text)) {
    const { value, done: over } = await reader.read();
    if (over) break;
    text += new TextDecoder().decode(value);
  }
  void reader.cancel();
  return text;
};

describe('a session', () => {
  test.each(['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'])(
    'speaks revision %s when asked to',
    async (version) => {
      const gateway = await startGateway({ a: PROBE });
      const hello = { protocolVersion: version, capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
      const response = await post(gateway, request(1, 'initialize', hello));
      expect(await response.json()).toMatchObject({ id: 1, result: { protocolVersion: version } });
      expect(response.headers.get('mcp-session-id')).toMatch(/^[0-9a-f]{32}$/);
    },
  );

  test('is offered the latest revision where it asks for one that nobody knows', async () => {
    const gateway = await startGateway({ a: PROBE });
    const hello = { protocolVersion: '1999-01-01', capabilities: {} };
    expect(await (await post(gateway, request(1, 'initialize', hello))).json()).toMatchObject({
      result: { protocolVersion: '2025-11-25' },
    });
  });

  test('is unknown to every other principal, at every other address, and after its end', async () => {
    const gateway = await startGateway({ a: PROBE });
    const session = await begin(gateway);
    const list = request(1, 'tools/list');
    expect((await post(gateway, list, session)).status).toBe(200);
    expect((await post(gateway, list, { ...session, 'x-as': 'mallory' })).status).toBe(404);
    expect((await post(gateway, list, session, '/mcp/a')).status).toBe(404);
    expect((await gateway.send('/mcp', { headers: { ...session, Accept: BOTH, 'x-as': 'mallory' } })).status).toBe(404);
    expect((await gateway.send('/mcp', { method: 'DELETE', headers: { ...session, 'x-as': 'mallory' } })).status).toBe(
      404,
    );
    expect((await gateway.send('/mcp', { method: 'DELETE', headers: session })).status).toBe(204);
    expect((await post(gateway, list, session)).status).toBe(404);
  });

  test('cancels what is under way when it is ended', async () => {
    const gateway = await startGateway({ a: PROBE });
    const session = await begin(gateway);
    const waiting = post(gateway, toolCall(1, 'a__wait'), session);
    await until(
      () => gateway.toolkit.calls().some(({ state }) => state === 'handed_over'),
      'the call is at its server',
    );
    await gateway.send('/mcp', { method: 'DELETE', headers: session });
    expect((await waiting).status).toBe(202);
    expect(gateway.toolkit.calls()).toEqual([]);
  });

  test('refuses a second request under an id that is under way, and knows 1 from "1"', async () => {
    const gateway = await startGateway({ a: PROBE });
    const session = await begin(gateway);
    const waiting = post(gateway, toolCall(1, 'a__wait', { ms: 300 }), session);
    await until(() => gateway.toolkit.calls().length > 0, 'the first is under way');
    expect(await (await post(gateway, toolCall(1, 'a__echo'), session)).json()).toMatchObject({
      id: 1,
      error: { code: -32600 },
    });
    expect(await (await post(gateway, toolCall('1', 'a__echo', { text: 'x' }), session)).json()).toMatchObject({
      id: '1',
      result: { content: [{ text: 'x' }] },
    });
    expect(await (await waiting).json()).toMatchObject({ id: 1, result: { content: [{ text: 'waited' }] } });
  });

  test('gets its own answers, though all others send the same ids', async () => {
    const gateway = await startGateway({ a: PROBE });
    const sessions = await Promise.all(Array.from({ length: 20 }, (_, index) => begin(gateway, { as: `p${index}` })));
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all(
        sessions.map(async (session, index) =>
          (await post(gateway, toolCall(1, 'a__echo', { text: `${round}-${index}` }), session)).json(),
        ),
      );
      expect(answers).toEqual(
        sessions.map((_, index) => ({
          jsonrpc: '2.0',
          id: 1,
          result: { content: [{ type: 'text', text: `${round}-${index}` }] },
        })),
      );
    }
  });

  test('has a server of its own where sessions are kept apart, and shares it where they are not', async () => {
    for (const [isolation, expected] of [
      ['perSession', ['1', '2', '1']],
      ['shared', ['1', '2', '3']],
    ] as const) {
      const gateway = await startGateway({ a: PROBE }, { isolation });
      const one = await connectClient(gateway);
      const other = await connectClient(gateway);
      const seen = [one, one, other].map((client) => () => client.callTool({ name: 'a__count', arguments: {} }));
      const counts: string[] = [];
      for (const call of seen) counts.push(textOf(await call()));
      expect(counts).toEqual(expected);
    }
  });

  test('takes its own server with it when it ends', async () => {
    const gateway = await startGateway({ a: PROBE }, { isolation: 'perSession' });
    const gone: string[] = [];
    gateway.toolkit.on('disconnected', ({ scope }) => void gone.push(scope));
    const session = await begin(gateway);
    await (await post(gateway, toolCall(1, 'a__count', {}), session)).json();
    expect(gone).toEqual([]);
    expect((await gateway.send('/mcp', { method: 'DELETE', headers: session })).ok).toBe(true);
    await until(() => gone.length === 1, 'its server is gone');
    expect(gone[0]).toMatch(/^[\da-f]{32}$/);
    expect(gateway.toolkit.status().a?.connected).toBe(true);
  });

  test('shows and calls only what its principal sees', async () => {
    const narrow = principal('narrow', {
      sees: (server, name, kind) => server === 'a' && (kind === 'prompts' || name === undefined || name === 'echo'),
    });
    const gateway = await startGateway({ a: PROBE, b: PROBE }, { principals: [narrow] });
    const client = await connectClient(gateway, { as: 'narrow' });
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['a__echo']);
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(['a__greet']);
    await expect(client.callTool({ name: 'a__count', arguments: {} })).rejects.toMatchObject({
      data: { code: 'denied' },
    });
    await expect(client.callTool({ name: 'b__echo', arguments: {} })).rejects.toMatchObject({
      data: { code: 'unknown_tool' },
    });
    expect((await post(gateway, request(1, 'tools/list'), { 'x-as': 'narrow' }, '/mcp/b')).status).toBe(404);
  });

  test('is told when a server is taken out of use, and when it is back', async () => {
    const gateway = await startGateway({ a: PROBE, b: PROBE });
    let changes = 0;
    const client = await connectClient(gateway, {}, (heard) => {
      heard.setNotificationHandler(ToolListChangedNotificationSchema, () => {
        changes += 1;
      });
    });
    const servers = async (): Promise<string[]> => [
      ...new Set((await client.listTools()).tools.map(({ name }) => name.slice(0, 1))),
    ];
    expect(await servers()).toEqual(['a', 'b']);
    await gateway.toolkit.disableServer('b');
    await until(() => changes === 1, 'it is told');
    expect(await servers()).toEqual(['a']);
    await gateway.toolkit.enableServer('b');
    await until(() => changes === 2, 'it is told again');
    expect(await servers()).toEqual(['a', 'b']);
  });
});

describe('a POST', () => {
  test('is answered with JSON where nothing has to be said before, and with events where something has', async () => {
    const gateway = await startGateway({ a: PROBE });
    const session = await begin(gateway);
    const plain = await post(gateway, toolCall(1, 'a__steps'), session);
    expect(plain.headers.get('content-type')).toBe('application/json');
    const stream = await post(gateway, toolCall(2, 'a__steps', {}, { progressToken: 'mine' }), session);
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    const [primed, ...events] = eventsOf(await stream.text());
    expect(primed).toEqual({ id: expect.any(String), message: undefined });
    expect(events.map(({ message }) => (message?.params as Json)?.progressToken ?? message?.id)).toEqual([
      'mine',
      'mine',
      'mine',
      'mine',
      'mine',
      2,
    ]);
  });

  test('says nothing before the result to a client that takes no events', async () => {
    const gateway = await startGateway({ a: PROBE });
    const session = await begin(gateway);
    const answer = await post(gateway, toolCall(1, 'a__steps', {}, { progressToken: 1 }), {
      ...session,
      Accept: 'application/json',
    });
    expect(await answer.json()).toMatchObject({ id: 1, result: { content: [{ text: 'stepped' }] } });
  });

  test('that breaks off can be resumed, without cancelling the call', async () => {
    const gateway = await startGateway({ a: PROBE });
    const session = await begin(gateway, { capabilities: { elicitation: {} } });
    const stream = await post(gateway, toolCall(1, 'a__elicit'), session);
    const text = await readUntil(stream, (said) => said.includes('elicitation/create'));
    const [primed, asked] = eventsOf(text);
    const resume = (id: string | undefined) =>
      gateway.send('/mcp', { headers: { ...session, Accept: BOTH, 'Last-Event-ID': id ?? '' } });
    const again = eventsOf(await readUntil(await resume(primed?.id), (said) => said.includes('elicitation/create')));
    expect(again).toEqual([asked]);
    const answer = { jsonrpc: '2.0', id: asked?.message?.id, result: { action: 'accept', content: { name: 'x' } } };
    expect((await post(gateway, answer, session)).status).toBe(202);
    const last = eventsOf(await (await resume(asked?.id)).text());
    expect(last).toMatchObject([{ message: { id: 1, result: { content: [{ text: 'accept x' }] } } }]);
    expect((await resume(last[0]?.id)).status).toBe(405);
    expect((await resume('99.1')).status).toBe(400);
    expect((await resume('nonsense')).status).toBe(400);
  });

  test('of several messages is taken by 2025-03-26 and by no other', async () => {
    const gateway = await startGateway({ a: PROBE });
    const batch = [
      toolCall(1, 'a__echo', { text: 'one' }),
      { jsonrpc: '2.0', method: 'notifications/x' },
      request(2, 'ping'),
    ];
    const old = await begin(gateway, { version: '2025-03-26' });
    const answers = (await (await post(gateway, batch, old)).json()) as Json[];
    expect(answers.sort((a, b) => Number(a.id) - Number(b.id))).toMatchObject([
      { id: 1, result: { content: [{ text: 'one' }] } },
      { id: 2, result: {} },
    ]);
    expect((await post(gateway, batch.slice(1, 2), old)).status).toBe(202);
    expect((await post(gateway, [], old)).status).toBe(400);
    expect(
      (
        await post(
          gateway,
          Array.from({ length: 101 }, (_, id) => request(id, 'ping')),
          old,
        )
      ).status,
    ).toBe(400);
    expect((await post(gateway, batch, await begin(gateway))).status).toBe(400);
  });

  test('outside of a session is answered where it needs none', async () => {
    const gateway = await startGateway({ a: PROBE });
    expect(await (await post(gateway, toolCall(7, 'a__echo', { text: 'alone' }))).json()).toMatchObject({
      id: 7,
      result: { content: [{ text: 'alone' }] },
    });
    expect(await (await post(gateway, request(8, 'logging/setLevel', { level: 'info' }))).json()).toMatchObject({
      error: { code: -32601 },
    });
  });

  test('is refused where it is no message that can be taken', async () => {
    const gateway = await startGateway({ a: PROBE }, { limits: { maxBodyBytes: 2_000 } });
    const session = await begin(gateway);
    const ping = request(1, 'ping');
    const status = async (message: unknown, headers: Record<string, string> = {}) =>
      (await post(gateway, message, { ...session, ...headers })).status;
    expect(await status('{')).toBe(400);
    expect(await status(`${'['.repeat(80)}${']'.repeat(80)}`)).toBe(400);
    expect(await status({ jsonrpc: '1.0', id: 1, method: 'ping' })).toBe(400);
    expect(await status({ jsonrpc: '2.0', id: null, method: 'ping' })).toBe(400);
    expect(await status({ jsonrpc: '2.0', id: 1, method: 'ping', params: 3 })).toBe(400);
    expect(await status({ ...ping, params: { pad: 'x'.repeat(3_000) } })).toBe(413);
    expect(await status(ping, { 'Content-Type': 'text/plain' })).toBe(415);
    expect(await status(ping, { Accept: 'text/html' })).toBe(406);
    expect(await status(ping, { 'MCP-Protocol-Version': '1999-01-01' })).toBe(400);
    expect(await status(ping, { 'MCP-Protocol-Version': '2025-06-18' })).toBe(200);
    expect((await post(gateway, ping, session, '/mcp/nobody')).status).toBe(404);
  });

  test('with wrong parameters is told which', async () => {
    const gateway = await startGateway({ a: PROBE });
    const session = await begin(gateway);
    const errorOf = async (method: string, params: Json) =>
      ((await (await post(gateway, request(1, method, params), session)).json()) as Json).error;
    const invalid = (message: string) => ({
      code: -32602,
      message,
      data: { code: 'invalid_arguments', executed: 'no' },
    });
    expect(await errorOf('tools/call', {})).toEqual(invalid('name is not a text'));
    expect(await errorOf('tools/call', { name: 'a__echo', arguments: [] })).toEqual(
      invalid('arguments is not an object'),
    );
    expect(await errorOf('tools/list', { cursor: 'x' })).toEqual(invalid('there is no such cursor'));
    expect(await errorOf('resources/read', { uri: 3 })).toEqual(invalid('uri is not a text'));
    expect(await errorOf('prompts/get', { name: 'a__greet', arguments: { name: 3 } })).toMatchObject({ code: -32602 });
    expect(await errorOf('logging/setLevel', { level: 'loud' })).toMatchObject({ code: -32602 });
    expect(await errorOf('initialize', {})).toMatchObject({ code: -32602 });
    expect(await errorOf('no/such', {})).toMatchObject({ code: -32601 });
    expect(await errorOf('constructor', {})).toMatchObject({ code: -32601 });
  });
});

describe('streams and limits', () => {
  test('what was said while nobody listened is heard by who listens next', async () => {
    const gateway = await startGateway({ a: PROBE });
    const session = await begin(gateway);
    await post(gateway, toolCall(1, 'a__grow'), session);
    await until(
      async () => (await gateway.toolkit.listTools()).some(({ name }) => name === 'grown'),
      'the tool is there',
    );
    const stream = await gateway.send('/mcp', { headers: { ...session, Accept: 'text/event-stream' } });
    const text = await readUntil(stream, (said) => said.includes('list_changed'));
    expect(eventsOf(text).at(-1)?.message).toEqual({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
  });

  test('no more streams and sessions are opened than are allowed', async () => {
    const gateway = await startGateway({ a: PROBE }, { limits: { maxStreams: 1, maxSessions: 1 } });
    const session = await begin(gateway);
    const listen = () => gateway.send('/mcp', { headers: { ...session, Accept: 'text/event-stream' } });
    const first = await listen();
    expect(first.status).toBe(200);
    expect((await listen()).status).toBe(429);
    const hello = await post(gateway, request(1, 'initialize', { protocolVersion: '2025-11-25', capabilities: {} }));
    expect([hello.status, hello.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await gateway.send('/sse')).status).toBe(503);
    await first.body?.cancel();
  });

  test('a client of 2024-11-05 that takes the address for that of a stream is given one', async () => {
    const gateway = await startGateway({ a: PROBE });
    const client = await connectClient(gateway, { link: 'HTTP+SSE', path: '/mcp/a' });
    expect(textOf(await client.callTool({ name: 'echo', arguments: { text: 'old' } }))).toBe('old');
    expect((await gateway.send('/mcp', { headers: { Accept: 'application/json' } })).status).toBe(405);
    expect((await post(gateway, request(1, 'ping'), {}, '/messages?sessionId=x')).status).toBe(404);
  });

  test('one server is served under its own names, and plain names are for one server only', async () => {
    const gateway = await startGateway({ a: PROBE, b: PROBE });
    const client = await connectClient(gateway, { path: '/mcp/b' });
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('odd name!');
    expect(client.getServerVersion()).toMatchObject({ name: 'probe', version: '1.2.3', title: 'The probe' });
    expect(client.getInstructions()).toBe('Call the tools one by one.');
    expect((await post(gateway, request(1, 'ping'), {}, '/mcp?names=plain')).status).toBe(400);
    await gateway.toolkit.removeServer('a');
    await until(
      async () => (await post(gateway, request(1, 'ping'), {}, '/mcp?names=plain')).status === 200,
      'there is one',
    );
  });
});

describe('the client of @modelcontextprotocol/client in the legacy era', () => {
  test('lists, calls, hears progress and answers what it is asked', async () => {
    const gateway = await startGateway({ a: PROBE });
    const client = new ClientV2({ name: 'v2', version: '1' }, { capabilities: { elicitation: {} } });
    client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'v2' } }));
    await client.connect(new LinkV2(new URL('/mcp', gateway.origin)));
    expect(client.getProtocolEra()).toBe('legacy');
    expect((await client.listTools()).tools.length).toBe(20);
    const steps: unknown[] = [];
    await client.callTool({ name: 'a__steps', arguments: {} }, { onprogress: (step) => steps.push(step) });
    expect(steps).toHaveLength(5);
    expect(textOf(await client.callTool({ name: 'a__elicit', arguments: {} }))).toBe('accept v2');
    await client.close();
  });
});
