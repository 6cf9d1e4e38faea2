import { describe, expect, test, vi } from 'vitest';
import { principal } from '../../../../test/fixtures/gateway-app.ts';
import { ANNA, modernGateway } from '../../../../test/fixtures/modern-posts.ts';
import { ToolwayError } from '../../../errors.ts';
import { createTestServer } from '../../../testing/index.ts';
import type { Caller } from '../../principal.ts';

const LOCAL: Caller = { principal: principal('local') };
const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
const EVERY = { complete: () => ['a', 'b'], instructions: 'Be kind.', prompts: { greet: { get: () => 'Hello' } } };

describe('what is listed', () => {
  const gateway = () =>
    modernGateway({
      s: createTestServer({ ...EVERY, tools: { echo: () => 'hi' }, resources: { 'a://b': { text: 'x' } } }),
    });

  test.each<[string, object]>([
    ['tools/list', { tools: [{ name: 's__echo' }] }],
    ['prompts/list', { prompts: [{ name: 's__greet' }] }],
    ['resources/list', { resources: [{ uri: 'a://b' }] }],
    ['resources/templates/list', { resourceTemplates: [] }],
  ])('by %s may be kept: by whoever asked, and without keys by everybody', async (method, listed) => {
    const { post } = await gateway();
    const hints = { resultType: 'complete', ttlMs: 10_000, _meta: { [SERVER_INFO]: { name: 'toolway' } } };
    expect((await post(method)).body.result).toMatchObject({ ...listed, ...hints, cacheScope: 'private' });
    expect((await post(method, {}, { caller: LOCAL })).body.result).toMatchObject({ ...hints, cacheScope: 'public' });
  });

  test('leaves out what the caller does not see', async () => {
    const { post } = await gateway();
    const caller: Caller = { principal: principal('key:c', { sees: (_server, tool) => tool !== 'echo' }) };
    expect((await post('tools/list', {}, { caller })).body.result).toMatchObject({ tools: [], cacheScope: 'private' });
  });

  test('by server/discover is what there is', async () => {
    const { post } = await gateway();
    expect((await post('server/discover')).body.result).toMatchObject({
      supportedVersions: ['2026-07-28'],
      capabilities: {
        tools: { listChanged: true },
        prompts: {},
        resources: {},
        completions: {},
        extensions: { 'io.modelcontextprotocol/tasks': {} },
      },
      instructions: expect.stringContaining('Be kind.'),
      cacheScope: 'private',
      _meta: { [SERVER_INFO]: { name: 'toolway' } },
    });
  });

  test('is asked for with permission only', async () => {
    const { post } = await gateway();
    const caller: Caller = { principal: principal('key:c', { may: [] }) };
    for (const method of ['tools/list', 'server/discover', 'subscriptions/listen', 'tools/call'])
      expect((await post(method, { name: 's__echo', notifications: {} }, { caller })).body.error?.data?.code).toBe(
        'forbidden',
      );
  });
});

describe('what is read', () => {
  test('is kept as its server says, by whoever read it', async () => {
    const read = () => ({ contents: [{ uri: 'a://b', text: 'x' }], ttlMs: 5_000, cacheScope: 'public' });
    const server = createTestServer({ era: 'modern', resources: { 'a://b': { read } } });
    const { post } = await modernGateway({ s: server });
    const kept = async (caller: Caller) => (await post('resources/read', { uri: 'a://b' }, { caller })).body.result;
    expect(await kept(ANNA)).toMatchObject({ ttlMs: 5_000, cacheScope: 'private', contents: [{ text: 'x' }] });
    expect(await kept(LOCAL)).toMatchObject({ ttlMs: 5_000, cacheScope: 'public' });
  });

  test('and is not there is told with its URI', async () => {
    const { post } = await modernGateway({ s: createTestServer({ resources: { 'a://b': { text: 'x' } } }) });
    expect(await post('resources/read', { uri: 'a://none' })).toMatchObject({
      status: 200,
      body: { error: { code: -32602, data: { uri: 'a://none' } } },
    });
  });
});

describe('completion', () => {
  test('goes to the server of the prompt', async () => {
    const { post } = await modernGateway({ s: createTestServer(EVERY) });
    const ref = { type: 'ref/prompt', name: 's__greet' };
    const { body } = await post('completion/complete', { ref, argument: { name: 'x', value: '' } });
    expect(body.result).toMatchObject({ resultType: 'complete', completion: { values: ['a', 'b'] } });
  });
});

describe('an error of the server behind', () => {
  test.each<[number, number]>([
    [-32602, -32602],
    [-32002, -32602],
    [-32001, -32001],
    [-32020, -32000],
    [-32042, -32000],
    [123, 123],
  ])('with the code %i is told as %i', async (rpcCode, told) => {
    const refuse = () => {
      throw new ToolwayError('server_error', 'no', { rpcCode, data: { why: 'not' } });
    };
    const { post } = await modernGateway({ s: createTestServer({ era: 'modern', tools: { refuse } }) });
    const { status, body } = await post('tools/call', { name: 's__refuse' });
    expect({ status, code: body.error?.code }).toEqual({ status: 200, code: told });
  });
});

describe.each(['legacy', 'modern'] as const)('in the course of a call to a %s server', (era) => {
  const gateway = async () => {
    let goOn: () => void = () => {};
    const server = createTestServer({
      era,
      tools: {
        steps: async (_, { progress, log }) => {
          progress({ progress: 1, total: 2, message: 'one' });
          log('debug', 'small');
          log('warning', { big: 'thing' }, 'me');
          progress({ progress: 2, total: 2 });
          return 'done';
        },
        wait: (_, { signal }) =>
          new Promise((resolve) => {
            goOn = () => resolve('waited');
            signal.addEventListener('abort', () => resolve('aborted'));
          }),
      },
    });
    const made = await modernGateway({ s: server }, { toolkit: { defaults: { logLevel: 'debug' } } });
    return { server, goOn: () => goOn(), ...made };
  };

  test('progress is streamed to who asked for it, in front of the result', async () => {
    const { post } = await gateway();
    const { headers, events } = await post('tools/call', { name: 's__steps' }, { meta: { progressToken: 'p' } });
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(headers.get('x-accel-buffering')).toBe('no');
    expect(events).toMatchObject([
      { method: 'notifications/progress', params: { progressToken: 'p', progress: 1, total: 2, message: 'one' } },
      { method: 'notifications/progress', params: { progressToken: 'p', progress: 2, total: 2 } },
      { id: 1, result: { resultType: 'complete', content: [{ text: 'done' }] } },
    ]);
  });

  test('logs are streamed to who asked for them, from the level on that was asked for', async () => {
    const { post } = await gateway();
    const { events } = await post('tools/call', { name: 's__steps' }, { meta: { [LOG_LEVEL]: 'info' } });
    expect(events).toMatchObject([
      { method: 'notifications/message', params: { level: 'warning', logger: 'me', data: { big: 'thing' } } },
      { id: 1, result: {} },
    ]);
  });

  test('nothing is streamed to who asked for nothing, or reads JSON only', async () => {
    const { post } = await gateway();
    expect((await post('tools/call', { name: 's__steps' })).headers.get('content-type')).toBe('application/json');
    const meta = { progressToken: 'p', [LOG_LEVEL]: 'debug' };
    const plain = await post('tools/call', { name: 's__steps' }, { meta, headers: { accept: 'application/json' } });
    expect(plain.events).toMatchObject([{ id: 2, result: {} }]);
  });

  test('logs are not shown to one caller while another one has a call there', async () => {
    const { post, toolkit, goOn } = await gateway();
    const other: Caller = { principal: principal('key:other') };
    const waiting = post('tools/call', { name: 's__wait' }, { caller: other });
    await vi.waitFor(() => expect(toolkit.calls()).toMatchObject([{ state: 'handed_over' }]));
    const { events } = await post('tools/call', { name: 's__steps' }, { meta: { [LOG_LEVEL]: 'debug' } });
    expect(events).toMatchObject([{ id: 2, result: {} }]);
    goOn();
    await waiting;
  });

  test.each<[string, object, object]>([
    ['asked for nothing', {}, {}],
    ['asked for progress', { progressToken: 'p' }, {}],
    ['can be asked', {}, { elicitation: {} }],
  ])('a client that leaves and %s cancels it', async (_, meta, capabilities) => {
    const { send, toolkit, server } = await gateway();
    const client = new AbortController();
    const sent = send(
      'tools/call',
      { name: 's__wait' },
      { meta: { ...meta }, capabilities: { ...capabilities }, signal: client.signal },
    );
    await vi.waitFor(() => expect(server.calls).toHaveLength(1));
    client.abort();
    await sent;
    await vi.waitFor(() => expect(toolkit.calls()).toEqual([]));
  });

  test('closing the stream cancels it', async () => {
    const server = createTestServer({
      era,
      tools: {
        endless: async (_, { progress, cancelled }) => {
          progress({ progress: 1 });
          await cancelled;
        },
      },
    });
    const { send, toolkit } = await modernGateway({ s: server });
    const response = await send('tools/call', { name: 's__endless' }, { meta: { progressToken: 1 } });
    await response.body?.cancel();
    await vi.waitFor(() => expect(toolkit.calls()).toEqual([]));
  });
});

describe('an argument that its tool wants repeated in a header', () => {
  const inputSchema = {
    type: 'object',
    properties: {
      region: { type: 'string', 'x-mcp-header': 'Region' },
      deep: { type: 'object', properties: { size: { type: 'integer', 'x-mcp-header': 'Size' } } },
    },
  };
  const gateway = async () => {
    const server = createTestServer({ tools: { in: { inputSchema, run: () => 'in' }, free: () => 'free' } });
    return { server, ...(await modernGateway({ s: server })) };
  };

  test.each<[string, object, Record<string, string>, boolean]>([
    ['is there', { region: 'eu' }, { 'mcp-param-region': 'eu' }, true],
    ['is encoded', { region: 'größe' }, { 'mcp-param-region': '=?base64?Z3LDtsOfZQ==?=' }, true],
    ['is a number written otherwise', { deep: { size: 42 } }, { 'mcp-param-size': '42.0' }, true],
    ['is in neither', {}, {}, true],
    ['is null, and in no header', { region: null }, {}, true],
    ['is missing there', { region: 'eu' }, {}, false],
    ['is another there', { region: 'eu' }, { 'mcp-param-region': 'us' }, false],
    ['cannot be read there', { region: 'eu' }, { 'mcp-param-region': '=?base64?ZX?=' }, false],
    ['is only there', {}, { 'mcp-param-region': 'eu' }, false],
    ['is another number there', { deep: { size: 42 } }, { 'mcp-param-size': '43' }, false],
  ])('%s', async (_, args, headers, isLetIn) => {
    const { post, server } = await gateway();
    const { status, body } = await post('tools/call', { name: 's__in', arguments: args }, { headers });
    if (!isLetIn) expect({ status, code: body.error?.code }).toEqual({ status: 400, code: -32020 });
    else expect(body.error?.code).not.toBe(-32020);
    expect(server.calls.length).toBe(isLetIn && !('region' in args && args.region === null) ? 1 : 0);
  });

  test('is none of a tool that does not', async () => {
    const { post } = await gateway();
    const { status } = await post('tools/call', { name: 's__free' }, { headers: { 'mcp-param-region': 'eu' } });
    expect(status).toBe(200);
  });

  test('is looked for as the tool is defined now', async () => {
    const { post, server, clock, toolkit } = await gateway();
    const call = { name: 's__free', arguments: { region: 'eu' } };
    expect((await post('tools/call', call)).status).toBe(200);
    const changed = new Promise((resolve) => toolkit.on('tools_changed', resolve));
    server.setTool('free', { inputSchema, run: () => 'free' });
    await clock.advance(6_000);
    await changed;
    expect((await post('tools/call', call)).body.error?.code).toBe(-32020);
  });
});
