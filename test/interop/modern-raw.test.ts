import { afterEach, describe, expect, test } from 'vitest';
import type { ServerConfig, Task, TextContent, Toolkit, ToolkitOptions } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { type Hosted, until } from '../fixtures/servers/launch.ts';
import { discovered, type Reply, said, startRaw, toolList } from '../fixtures/servers/raw-http.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const setUp = async (
  replies: Record<string, Reply>,
  options: ToolkitOptions & { config?: Partial<ServerConfig> } = {},
): Promise<{ server: Awaited<ReturnType<typeof startRaw>>; toolkit: Toolkit }> => {
  const server = await startRaw({
    'server/discover': () => discovered(),
    'tools/list': () => toolList('work'),
    ...replies,
  });
  closers.push(server.stop);
  const { config, ...others } = options;
  const toolkit = await createToolkit({
    connect: 'wait',
    mcpServers: { s: { url: server.url, maxRetries: 0, ...config } },
    ...others,
  });
  closers.push(() => toolkit.close({ drainMs: 0 }));
  return { server, toolkit };
};
const textOf = (result: { content: readonly unknown[] }): string => (result.content[0] as TextContent).text;
const heard = (server: Hosted, method: string) => server.seen.filter(({ body }) => body?.method === method);

const TASK = { taskId: 't/1', createdAt: '2026-11-20T00:00:00Z', lastUpdatedAt: '2026-11-20T00:00:00Z', ttlMs: null };
const asTask = (more: object): object => ({ ...TASK, pollIntervalMs: 50, ...more });

describe('a call that the server turns into a task', () => {
  test('is polled, asks in between, and ends with the result of the call', async () => {
    const states: Task[] = [];
    const script = [
      { status: 'working', statusMessage: 'busy' },
      {
        status: 'input_required',
        inputRequests: {
          q: {
            method: 'elicitation/create',
            params: { message: 'Go on?', requestedSchema: { type: 'object', properties: {} } },
          },
        },
      },
      // An answer takes effect later: the question may be read once more.
      {
        status: 'input_required',
        inputRequests: {
          q: {
            method: 'elicitation/create',
            params: { message: 'Go on?', requestedSchema: { type: 'object', properties: {} } },
          },
        },
      },
      { status: 'completed', result: said('done') },
    ];
    let asked = 0;
    const { server, toolkit } = await setUp(
      {
        'tools/call': () => ({ resultType: 'task', ...asTask({ status: 'working' }) }),
        'tasks/get': () => ({ resultType: 'complete', ...asTask(script.shift() ?? {}) }),
        'tasks/update': () => ({ resultType: 'complete' }),
      },
      {
        onTask: (task) => states.push(task),
        onElicit: () => {
          asked += 1;
          return { action: 'accept', content: {} };
        },
      },
    );
    expect(textOf(await toolkit.callTool('s.work'))).toBe('done');
    expect(states.map(({ status }) => status)).toEqual([
      'working',
      'working',
      'input_required',
      'input_required',
      'completed',
    ]);
    expect(asked).toBe(1);
    const updates = heard(server, 'tasks/update');
    expect(updates.map(({ body }) => body?.params)).toMatchObject([
      { taskId: 't/1', inputResponses: { q: { action: 'accept', content: {} } } },
    ]);
    for (const { headers } of [...updates, ...heard(server, 'tasks/get')]) expect(headers['mcp-name']).toBe('t/1');
    const [call] = heard(server, 'tools/call');
    expect(call?.body?.params?._meta).toMatchObject({
      'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
    });
  });

  test('is cancelled as a task when the caller leaves', async () => {
    const { server, toolkit } = await setUp({
      'tools/call': () => ({ resultType: 'task', ...asTask({ status: 'working' }) }),
      'tasks/get': () => ({ resultType: 'complete', ...asTask({ status: 'working' }) }),
      'tasks/cancel': () => ({ resultType: 'complete' }),
    });
    const abort = new AbortController();
    const call = toolkit.callTool('s.work', {}, { signal: abort.signal }).catch((error) => error);
    await until(() => server.count('tasks/get') > 0, 'the task is polled');
    abort.abort();
    expect(await call).toMatchObject({ code: 'cancelled', executed: 'unknown' });
    await until(() => server.count('tasks/cancel') === 1, 'the task is cancelled');
    expect(heard(server, 'tasks/cancel')[0]).toMatchObject({ body: { params: { taskId: 't/1' } } });
    expect(server.count('notifications/cancelled')).toBe(0);
  });

  test('fails with the error of the task', async () => {
    const { toolkit } = await setUp({
      'tools/call': () => ({ resultType: 'task', ...asTask({ status: 'working' }) }),
      'tasks/get': () => ({
        resultType: 'complete',
        ...asTask({ status: 'failed', error: { code: -32050, message: 'out of paper', data: { tray: 2 } } }),
      }),
    });
    await expect(toolkit.callTool('s.work')).rejects.toMatchObject({
      code: 'server_error',
      rpcCode: -32050,
      data: { tray: 2 },
      executed: 'yes',
      message: expect.stringContaining('out of paper'),
    });
  });

  test('is told when the server gives the task up', async () => {
    const { toolkit } = await setUp({
      'tools/call': () => ({ resultType: 'task', ...asTask({ status: 'working' }) }),
      'tasks/get': () => ({ resultType: 'complete', ...asTask({ status: 'cancelled', statusMessage: 'no more' }) }),
    });
    await expect(toolkit.callTool('s.work')).rejects.toMatchObject({
      code: 'cancelled',
      message: expect.stringContaining('no more'),
    });
  });
});

test('an unknown kind of result is no result', async () => {
  const { toolkit } = await setUp({ 'tools/call': () => ({ resultType: 'perhaps', content: [] }) });
  await expect(toolkit.callTool('s.work')).rejects.toMatchObject({ code: 'protocol_error', executed: 'yes' });
});

test('a missing kind of result means that it is complete', async () => {
  const { toolkit } = await setUp({ 'tools/call': () => ({ content: [{ type: 'text', text: 'plain' }] }) });
  expect(textOf(await toolkit.callTool('s.work'))).toBe('plain');
});

test('questions without end are ended', async () => {
  const { server, toolkit } = await setUp({
    'tools/call': () => ({ resultType: 'input_required', requestState: 'again' }),
  });
  await expect(toolkit.callTool('s.work')).rejects.toMatchObject({ code: 'protocol_error', limit: 10 });
  expect(server.count('tools/call')).toBe(11);
});

test('a state goes back as it came, with a new id each time, and never to another call', async () => {
  const { server, toolkit } = await setUp({
    'tools/call': ({ requestState, arguments: args }) =>
      requestState === undefined
        ? { resultType: 'input_required', requestState: `\u0000 ${JSON.stringify(args)} ü` }
        : said(String(requestState)),
  });
  const [one, two] = await Promise.all([toolkit.callTool('s.work', { n: 1 }), toolkit.callTool('s.work', { n: 2 })]);
  expect([textOf(one), textOf(two)]).toEqual(['\u0000 {"n":1} ü', '\u0000 {"n":2} ü']);
  const ids = heard(server, 'tools/call').map(({ body }) => body?.id);
  expect(new Set(ids).size).toBe(4);
});

test('a tool that changed its headers behind our back is read again, and the call sent as it wants', async () => {
  const region = { type: 'string', 'x-mcp-header': 'Region' };
  let changed = false;
  const replies: Record<string, Reply> = {
    'tools/list': () => ({
      resultType: 'complete',
      tools: [{ name: 'work', inputSchema: { type: 'object', properties: changed ? { region } : {} } }],
    }),
    'tools/call': (_params, { headers }) =>
      headers['mcp-param-region'] === 'eu'
        ? said('in eu')
        : { error: { code: -32020, message: 'the header Mcp-Param-Region is missing' } },
  };
  // By default such a tool is stopped.
  const { server, toolkit } = await setUp(replies, { pins: 'off' });
  changed = true;
  expect(textOf(await toolkit.callTool('s.work', { region: 'eu' }))).toBe('in eu');
  expect(server.count('tools/call')).toBe(2);
});

describe('the probe', () => {
  const refusing = (status: number, headers: Record<string, string> = {}): Record<string, Reply> => ({
    'server/discover': (_params, { response }) => {
      response.writeHead(status, headers).end('no');
      return undefined;
    },
  });

  test.each([
    [401, 'auth_required', { 'www-authenticate': 'Bearer' }],
    [403, 'forbidden', {}],
    [500, 'connect_failed', {}],
    [503, 'connect_failed', {}],
    [429, 'rate_limited', {}],
  ] as const)('refused with %i is no evidence of an era: %s', async (status, code, headers) => {
    const { server, toolkit } = await setUp(refusing(status, headers));
    expect(toolkit.status().s?.lastError).toMatchObject({ code, status, executed: 'no' });
    expect(server.count('initialize')).toBe(0);
    expect(server.seen.every(({ method }) => method === 'POST')).toBe(true);
  });

  test('answered with −32022 and our revision is asked again', async () => {
    let asked = 0;
    const { server, toolkit } = await setUp({
      'server/discover': () => {
        asked += 1;
        const data = { supported: ['2026-07-28'], requested: '2026-07-28' };
        return asked === 1 ? { error: { code: -32022, message: 'what?', data } } : discovered();
      },
    });
    expect(toolkit.status().s).toMatchObject({ state: 'connected', era: 'modern' });
    expect(server.count('initialize')).toBe(0);
  });

  test.each([
    ['an error', { error: { code: -32022, message: 'no', data: { supported: ['2099-01-01'], requested: '' } } }],
    ['a list', discovered(['2099-01-01'])],
  ])('answered with revisions that nobody here knows, as %s, ends the attempt', async (_name, answer) => {
    const { server, toolkit } = await setUp({ 'server/discover': () => answer });
    expect(toolkit.status().s).toMatchObject({ state: 'failed', lastError: { executed: 'no' } });
    expect(server.count('initialize')).toBe(0);
  });

  const pinned = { era: 'modern', maxRetries: 2, retryDelayMs: 1 } as const;

  test.each([400, 404, 405])('of a pinned modern era that is refused with %i is the last word', async (status) => {
    const { server, toolkit } = await setUp(refusing(status), { config: pinned });
    await expect(toolkit.callTool('s.work')).rejects.toMatchObject({
      code: 'unsupported',
      status,
      executed: 'no',
      message: expect.stringMatching(/seems to speak the legacy era, .* asks for the modern one/),
    });
    expect(server.seen.map(({ body }) => body?.method)).toEqual(['server/discover']);
  });

  test('of a pinned modern era that meets a failure of the server is made again', async () => {
    const { server, toolkit } = await setUp(refusing(500), { config: pinned });
    await expect(toolkit.callTool('s.work')).rejects.toMatchObject({ code: 'connect_failed', status: 500 });
    expect(server.seen.map(({ body }) => body?.method)).toEqual(Array(3).fill('server/discover'));
  });

  test('that the server never answers ends with the attempt, not before its time and not as legacy', async () => {
    const { server, toolkit } = await setUp(
      { 'server/discover': () => undefined },
      { config: { connectTimeoutMs: 400 } },
    );
    expect(toolkit.status().s?.lastError).toMatchObject({ code: 'connect_timeout', limit: 400 });
    expect(server.count('initialize')).toBe(0);
  });
});

describe('a list in pages', () => {
  const paged = (pageOf: (cursor: string | undefined) => object, options: ToolkitOptions = {}) => {
    const page = ({ cursor }: Record<string, unknown>) => pageOf(cursor as string | undefined);
    return setUp({ 'tools/list': page }, options);
  };
  const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });

  test('is read to its end; an empty cursor is a cursor', async () => {
    const { toolkit } = await paged((cursor) => {
      if (cursor === undefined) return { tools: [tool('a')], nextCursor: '' };
      return cursor === '' ? { tools: [tool('b')], nextCursor: 'last' } : { tools: [tool('c')] };
    });
    expect((await toolkit.listTools()).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  test('that repeats a cursor is refused', async () => {
    const { toolkit } = await paged(() => ({ tools: [tool('a')], nextCursor: 'same' }));
    await expect(toolkit.listTools({ server: 's' })).rejects.toMatchObject({ code: 'protocol_error', server: 's' });
  });

  test('may have 64 pages, and not 65', async () => {
    let pages = 64;
    const { server, toolkit } = await paged((cursor) => {
      const page = Number(cursor ?? 1);
      return { tools: [tool(`t${page}`)], ...(page < pages ? { nextCursor: String(page + 1) } : {}) };
    });
    expect(await toolkit.listTools({ server: 's' })).toHaveLength(64);
    pages = Number.POSITIVE_INFINITY;
    const before = server.count('tools/list');
    await expect(toolkit.server('s').listTools()).rejects.toMatchObject({ code: 'protocol_error', limit: 64 });
    expect(server.count('tools/list') - before).toBe(64);
  });

  test('whose later page fails is an error, and the other lists still count', async () => {
    const { toolkit } = await paged((cursor) =>
      cursor === undefined
        ? { tools: [tool('a')], nextCursor: 'b' }
        : { error: { code: -32603, message: 'page is broken' } },
    );
    expect(toolkit.status().s?.state).toBe('connected');
    await expect(toolkit.listTools({ server: 's' })).rejects.toMatchObject({ code: 'server_error', rpcCode: -32603 });
    expect(await toolkit.listTools()).toEqual([]);
  });

  test('whose cursor the server has forgotten is read anew, once', async () => {
    let forgot = false;
    const { server, toolkit } = await paged((cursor) => {
      if (cursor === undefined) return { tools: [tool('a')], nextCursor: forgot ? 'new' : 'old' };
      if (cursor === 'old') {
        forgot = true;
        return { error: { code: -32602, message: 'Invalid cursor' } };
      }
      return { tools: [tool('b')] };
    });
    expect(server.count('tools/list')).toBe(4);
    expect(toolkit.status().s?.toolsCount).toBe(2);
  });
});
