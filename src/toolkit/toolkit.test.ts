import { describe, expect, test, vi } from 'vitest';
import { scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../../test/fixtures/toolkits.ts';
import { ToolwayError } from '../errors.ts';
import { createToolkit } from '../index.ts';
import type { Middleware } from '../middleware/middleware.ts';
import type { JsonRpcRequest } from '../protocol/wire.ts';
import type { Transport } from '../transport/transport.ts';

const tokenOf = ({ params }: JsonRpcRequest): unknown =>
  (params?._meta as { progressToken: unknown } | undefined)?.progressToken;
const echo = () => scriptedServer({ echo: ({ say }) => text(String(say)) });
const said = (result: { content: unknown[] }): unknown => (result.content[0] as { text: unknown }).text;

describe('names', () => {
  test('a tool is called by server.tool, by server__tool, and by its bare name where one server has it', async () => {
    const toolkit = await toolkitOf({ a: echo(), b: scriptedServer({ other: () => text('b') }) });
    for (const name of ['a.echo', 'a__echo', 'echo'])
      expect(said(await toolkit.callTool(name, { say: 'hi' }))).toBe('hi');
  });

  test('a name of any shape on a server leads there and nowhere else', async () => {
    const names = ['x.y', 'x__y', '_x', 'a.b__c.d', '__proto__', 'constructor', '名'];
    const tools = Object.fromEntries(names.map((name) => [name, () => text(name)]));
    const server = scriptedServer({});
    server.tools = Object.assign(Object.create(null), tools);
    Object.defineProperty(server.tools, '__proto__', { value: () => text('__proto__'), enumerable: true });
    const toolkit = await toolkitOf({ s: server });
    for (const name of names) {
      expect(said(await toolkit.callTool(`s.${name}`))).toBe(name);
      expect(said(await toolkit.callTool(`s__${name}`))).toBe(name);
    }
  });

  test('a bare name that two servers have is ambiguous, unless they stand in for each other', async () => {
    const toolkit = await toolkitOf({ a: echo(), b: echo() });
    expect(await failure(toolkit.callTool('echo'))).toMatchObject({
      code: 'ambiguous_tool',
      matches: ['a.echo', 'b.echo'],
      executed: 'no',
    });
    const first = scriptedServer({ echo: () => text('first') }, { group: 'g' });
    const second = scriptedServer({ echo: () => text('second') }, { group: 'g' });
    expect(said(await (await toolkitOf({ first, second })).callTool('echo'))).toBe('first');
  });

  test('an unknown name is told with the nearest ones', async () => {
    const toolkit = await toolkitOf({ files: scriptedServer({ read_file: () => text('') }) });
    expect(await failure(toolkit.callTool('files.raed_file'))).toMatchObject({
      code: 'unknown_tool',
      matches: ['files.read_file'],
    });
    expect(await failure(toolkit.callTool('read_fil'))).toMatchObject({ code: 'unknown_tool' });
    expect(() => toolkit.server('flies')).toThrow(
      expect.objectContaining({ code: 'unknown_server', matches: ['files'] }),
    );
  });

  test('part of a name makes a callable, an exact one goes before a longer one, and several are listed', async () => {
    const toolkit = await toolkitOf({
      s: scriptedServer({ do: () => text('do'), 'do-more': () => text('more'), rest: () => text('rest') }),
    });
    expect((await toolkit.tool('do')).definition.qualifiedName).toBe('s.do');
    const more = await toolkit.tool('more');
    expect(said(await more())).toBe('more');
    expect(await failure(toolkit.tool('o'))).toMatchObject({ code: 'ambiguous_tool', matches: ['s.do', 's.do-more'] });
  });

  test('servers called like properties of every object are servers like others', async () => {
    const toolkit = await toolkitOf({ constructor: echo(), toString: echo() });
    expect(Object.keys(toolkit.status()).sort()).toEqual(['constructor', 'toString']);
    expect(await failure(toolkit.callTool('hasOwnProperty.echo'))).toMatchObject({ code: 'unknown_tool' });
  });
});

describe('servers that fail', () => {
  test('never stop the others, and say why', async () => {
    const toolkit = await toolkitOf(
      { good: echo() },
      {
        mcpServers: {
          bad: { command: 'node' },
          odd: { url: 5 } as never,
          empty: {} as never,
          off: { url: 'http://127.0.0.1:9/', disabled: true },
        },
      },
    );
    expect(said(await toolkit.callTool('good.echo', { say: 'still' }))).toBe('still');
    const status = toolkit.status();
    expect(status.bad).toMatchObject({ state: 'failed', lastError: { code: 'unsupported' } });
    expect(status.odd).toMatchObject({ state: 'failed', lastError: { code: 'invalid_config' } });
    expect(status.empty).toMatchObject({ state: 'failed', lastError: { code: 'invalid_config' } });
    expect(status.off).toMatchObject({ state: 'disabled', connected: false });
    expect(await failure(toolkit.callTool('odd.x'))).toMatchObject({
      code: 'invalid_config',
      server: 'odd',
      executed: 'no',
    });
    expect(await failure(toolkit.callTool('off.x'))).toMatchObject({ code: 'not_connected', executed: 'no' });
    expect((await toolkit.listTools()).map(({ qualifiedName }) => qualifiedName)).toEqual(['good.echo']);
  });

  test('only unusable options as a whole are refused', async () => {
    expect(await failure(createToolkit({ mcpServers: [] as never }))).toMatchObject({ code: 'invalid_config' });
  });

  test('a lost link is made again, and a call meanwhile waits for it', async () => {
    const server = echo();
    const toolkit = await toolkitOf({ s: server });
    const states: string[] = [];
    toolkit.on('reconnecting', () => void states.push('reconnecting'));
    toolkit.on('connected', () => void states.push('connected'));
    server.latest().hangUp(new ToolwayError('server_exited', 'gone'));
    expect(toolkit.status().s?.state).toBe('reconnecting');
    expect(said(await toolkit.callTool('s.echo', { say: 'back' }))).toBe('back');
    expect(states).toEqual(['reconnecting', 'connected']);
    expect(server.peers).toHaveLength(2);
  });

  test('a call in flight on a lost link has an unknown outcome and is not sent again', async () => {
    const server = scriptedServer({ charge: () => undefined });
    const toolkit = await toolkitOf({ s: server });
    const call = failure(toolkit.callTool('s.charge'));
    await vi.waitFor(() => expect(server.latest().requests('tools/call')).toHaveLength(1));
    server.latest().hangUp(new ToolwayError('server_exited', 'exited with code 9', { exitCode: 9 }));
    expect(await call).toMatchObject({
      code: 'outcome_unknown',
      executed: 'unknown',
      server: 's',
      tool: 'charge',
      exitCode: 9,
    });
    await toolkit.waitForConnection('s');
    expect(server.latest().requests('tools/call')).toHaveLength(0);
  });
});

describe('a call', () => {
  test('that is not answered ends with its own limit, is cancelled on the server, and leaves nothing', async () => {
    const server = scriptedServer({ wait: () => undefined });
    const toolkit = await toolkitOf({ s: server });
    expect(await failure(toolkit.callTool('s.wait', {}, { timeoutMs: 200 }))).toMatchObject({
      code: 'timeout',
      executed: 'unknown',
      limit: 200,
      server: 's',
      tool: 'wait',
    });
    expect(server.latest().sent.at(-1)).toMatchObject({ method: 'notifications/cancelled' });
    expect(toolkit.calls()).toEqual([]);
    expect(toolkit.status().s).toMatchObject({ inFlight: 0, queued: 0 });
  });

  test('lives as long as the server reports progress, within the limit of the whole', async () => {
    const server = scriptedServer({
      work: (_args, request) => {
        const { id } = request;
        const progressToken = tokenOf(request);
        let step = 0;
        const timer = setInterval(() => {
          step += 1;
          server
            .latest()
            .say({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress: step } });
          if (step < 6) return;
          clearInterval(timer);
          server.latest().say({ jsonrpc: '2.0', id, result: text('done') });
        }, 40);
        return undefined;
      },
      forever: (_args, request) => {
        const progressToken = tokenOf(request);
        const timer = setInterval(
          () =>
            server
              .latest()
              .say({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress: 1 } }),
          20,
        );
        setTimeout(() => clearInterval(timer), 1_000);
        return undefined;
      },
    });
    const toolkit = await toolkitOf({ s: server });
    const seen: number[] = [];
    const onProgress = ({ progress }: { progress: number }) => void seen.push(progress);
    expect(said(await toolkit.callTool('s.work', {}, { timeoutMs: 150, onProgress }))).toBe('done');
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await failure(toolkit.callTool('s.forever', {}, { timeoutMs: 150, totalTimeoutMs: 300 }))).toMatchObject({
      code: 'timeout',
      limit: 300,
    });
  });

  test('is cancelled by its signal or by its id, wherever it is', async () => {
    const server = scriptedServer({ wait: () => undefined }, { maxConcurrency: 1 });
    const toolkit = await toolkitOf({ s: server });
    const controller = new AbortController();
    const first = failure(toolkit.callTool('s.wait', {}, { signal: controller.signal }));
    const second = failure(toolkit.callTool('s.wait'));
    await vi.waitFor(() => expect(toolkit.status().s).toMatchObject({ inFlight: 1, queued: 1 }));
    const waiting = toolkit.calls().find(({ state }) => state === 'queued');
    expect(toolkit.cancel(waiting?.id ?? '')).toBe(true);
    expect(await second).toMatchObject({ code: 'cancelled', executed: 'no' });
    controller.abort();
    expect(await first).toMatchObject({ code: 'cancelled', executed: 'unknown' });
    expect(toolkit.cancel('c0')).toBe(false);
    expect(await failure(toolkit.callTool('s.wait', {}, { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'cancelled',
      executed: 'no',
    });
  });

  test('with wrong arguments is refused before a byte is sent', async () => {
    const server = echo();
    server.definitions.echo = {
      inputSchema: { type: 'object', properties: { say: { type: 'string' } }, required: ['say'] },
    };
    const toolkit = await toolkitOf({ s: server });
    expect(await failure(toolkit.callTool('s.echo', { say: 3 }))).toMatchObject({
      code: 'invalid_arguments',
      executed: 'no',
      problems: [{ path: '/say' }],
    });
    expect(server.latest().requests('tools/call')).toHaveLength(0);
  });

  test('whose structured result breaks its schema is a protocol error; one that says isError is a value', async () => {
    const outputSchema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };
    const server = scriptedServer({
      good: () => ({ content: [], structuredContent: { n: 1 } }),
      bad: () => ({ content: [], structuredContent: { n: 'x' } }),
      none: () => text('no structure'),
      error: () => ({ ...text('failed'), isError: true }),
    });
    for (const name of Object.keys(server.tools)) server.definitions[name] = { outputSchema };
    const toolkit = await toolkitOf({ s: server });
    expect(await toolkit.callTool('s.good')).toMatchObject({ structuredContent: { n: 1 } });
    for (const name of ['s.bad', 's.none']) {
      expect(await failure(toolkit.callTool(name))).toMatchObject({ code: 'protocol_error', executed: 'yes' });
    }
    expect(await toolkit.callTool('s.error')).toMatchObject({ isError: true });
  });

  test('beyond the places and the line is refused at once, and the line moves on', async () => {
    const waiting: (() => void)[] = [];
    const server = scriptedServer(
      {
        wait: (_args, { id }) =>
          void waiting.push(() => server.latest().say({ jsonrpc: '2.0', id, result: text('ok') })) as undefined,
      },
      { maxConcurrency: 2 },
    );
    const toolkit = await toolkitOf({ s: server }, { limits: { maxQueue: 3 } });
    const calls = Array.from({ length: 5 }, () => toolkit.callTool('s.wait'));
    await vi.waitFor(() => expect(toolkit.status().s).toMatchObject({ inFlight: 2, queued: 3 }));
    expect(await failure(toolkit.callTool('s.wait'))).toMatchObject({ code: 'backpressure', executed: 'no', limit: 3 });
    for (let done = 0; done < 5; done += 1) {
      await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(0));
      waiting.shift()?.();
    }
    expect((await Promise.all(calls)).map(said)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(toolkit.status().s).toMatchObject({ inFlight: 0, queued: 0 });
  });
});

describe('the toolkit', () => {
  test('tells of every call, and a listener that throws changes nothing', async () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const toolkit = await toolkitOf(
      { s: scriptedServer({ ok: () => text('ok'), no: () => ({ error: { code: -32000, message: 'no' } }) }) },
      { logger },
    );
    const heard: string[] = [];
    for (const event of ['tool_call_start', 'tool_call_success', 'tool_call_error'] as const) {
      toolkit.on(event, ({ tool }) => {
        heard.push(`${event} ${tool}`);
        throw new Error('listener');
      });
    }
    await toolkit.callTool('s.ok');
    await failure(toolkit.callTool('s.no'));
    expect(heard).toEqual(['tool_call_start ok', 'tool_call_success ok', 'tool_call_start no', 'tool_call_error no']);
    expect(logger.error).toHaveBeenCalledTimes(4);
  });

  test('runs a step of the user just inside observe, or at the place it names', async () => {
    const toolkit = await toolkitOf({ s: echo() });
    const order: string[] = [];
    const step =
      (name: string): Middleware =>
      (next) =>
      (call) => {
        order.push(name);
        return next(call);
      };
    toolkit.use(step('last'), { after: 'limit' });
    toolkit.use(step('first'));
    toolkit.use(step('before limit'), { before: 'limit' });
    await toolkit.callTool('s.echo', { say: 'x' });
    expect(order).toEqual(['first', 'before limit', 'last']);
    expect(() => toolkit.use(step('x'), { before: 'nowhere' })).toThrow(
      expect.objectContaining({ code: 'invalid_config' }),
    );
  });

  test('runs a step of the user for calls too that never reach a server, or a tool', async () => {
    const away = scriptedServer({});
    const transport = (): Transport => {
      throw new ToolwayError('connect_failed', 'gone', { permanent: true });
    };
    const toolkit = await toolkitOf({ s: echo(), away: { ...away, config: { transport } } });
    const seen: unknown[] = [];
    toolkit.use((next) => (call) => {
      seen.push([call.server, call.toolName, call.tool?.name]);
      return next(call);
    });
    for (const name of ['s.echo', 's.nothing', 'away.echo']) await toolkit.callTool(name, { say: '' }).catch(() => {});
    expect(seen).toEqual([
      ['s', 'echo', 'echo'],
      ['s', 'nothing', undefined],
      ['away', 'echo', undefined],
    ]);
  });

  test('takes servers in and lets them go while it runs', async () => {
    const toolkit = await toolkitOf({ a: echo() });
    const b = scriptedServer({ hello: () => text('b') });
    await toolkit.addServer('b', b.config);
    expect(said(await toolkit.callTool('hello'))).toBe('b');
    expect(await failure(toolkit.addServer('b', b.config))).toMatchObject({ code: 'invalid_config' });
    expect(await failure(toolkit.addServer('no__name', b.config))).toMatchObject({ code: 'invalid_config' });
    await toolkit.removeServer('b');
    expect(await failure(toolkit.callTool('b.hello'))).toMatchObject({ code: 'unknown_tool' });
    expect(Object.keys(toolkit.status())).toEqual(['a']);
  });

  test('notices that the tools of a server have changed, and calls a new one at once', async () => {
    const server = echo();
    const toolkit = await toolkitOf({ s: server });
    const changed = new Promise((resolve) => void toolkit.on('tools_changed', resolve));
    server.tools.fresh = () => text('fresh');
    server.latest().say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    expect(said(await toolkit.callTool('s.fresh'))).toBe('fresh');
    await changed;
    expect(toolkit.status().s?.toolsCount).toBe(2);
  });

  test('keeps the first of two tools with one name, and says so', async () => {
    const server = echo();
    const warnings: string[] = [];
    const toolkit = await toolkitOf({}, {});
    toolkit.on('warning', ({ message }) => void warnings.push(message));
    const config = { ...server.config };
    const made = config.transport as () => Transport;
    await toolkit.addServer('s', {
      transport: () => {
        const transport = made();
        server.latest().on('tools/list', () => ({
          tools: ['first', 'second'].map((title) => ({ name: 'echo', title, inputSchema: { type: 'object' } })),
        }));
        return transport;
      },
    });
    expect((await toolkit.listTools()).map(({ title }) => title)).toEqual(['first']);
    expect(warnings).toEqual([expect.stringContaining('two tools')]);
  });

  test('hides and refuses the tools that the configuration excludes', async () => {
    const server = scriptedServer(
      { read_a: () => text('a'), read_b: () => text('b'), write: () => text('w') },
      { enabledTools: ['read_*'], disabledTools: ['*_b'] },
    );
    const toolkit = await toolkitOf({ s: server });
    expect((await toolkit.listTools()).map(({ name }) => name)).toEqual(['read_a']);
    expect(await failure(toolkit.callTool('s.write'))).toMatchObject({ code: 'unknown_tool' });
  });

  test('connects on first use when it is lazy', async () => {
    const server = echo();
    const toolkit = await toolkitOf({ s: server }, { connect: 'lazy' });
    expect(toolkit.status().s?.state).toBe('disconnected');
    expect(server.peers).toHaveLength(0);
    expect(said(await toolkit.callTool('s.echo', { say: 'now' }))).toBe('now');
  });

  test('closes for good: what was in flight is told, what comes after is refused, and nothing is left', async () => {
    const server = scriptedServer({ wait: () => undefined });
    const toolkit = await toolkitOf({ s: server });
    const call = failure(toolkit.callTool('s.wait'));
    await vi.waitFor(() => expect(toolkit.calls()).toHaveLength(1));
    await toolkit.close({ drainMs: 10 });
    expect(await call).toMatchObject({ code: 'outcome_unknown', executed: 'unknown', cause: { code: 'closed' } });
    expect(await failure(toolkit.callTool('s.wait'))).toMatchObject({ code: 'closed', executed: 'no' });
    expect(toolkit.status().s?.state).toBe('closed');
    await toolkit.close();
  });

  test('is closed at the end of the block that it was made for', async () => {
    const server = echo();
    {
      await using toolkit = await createToolkit({ connect: 'wait', mcpServers: { s: server.config } });
      expect(toolkit.status().s?.connected).toBe(true);
    }
    expect(server.latest().transport.onclose).toBeDefined();
    await expect(server.latest().transport.close()).resolves.toBeUndefined();
  });

  test('gives the client of one server, which sends each request as it is asked', async () => {
    const server = echo();
    const toolkit = await toolkitOf({ s: server });
    const client = toolkit.server('s');
    expect((await client.listTools()).map(({ name }) => name)).toEqual(['echo']);
    expect(said(await client.callTool('echo', { say: 'raw' }))).toBe('raw');
    expect(await client.about()).toMatchObject({
      era: 'legacy',
      protocolVersion: '2025-11-25',
      serverInfo: { name: 'scripted' },
    });
    await client.ping();
    expect(await toolkit.ping('s')).toBeGreaterThanOrEqual(0);
  });
});
