import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { collected } from '../../../test/fixtures/collected.ts';
import { until } from '../../../test/fixtures/faults/drive.ts';
import { offered } from '../../../test/fixtures/kit-offer.ts';
import type { Toolkit } from '../../api.ts';
import { ToolwayError } from '../../errors.ts';
import { createToolkit } from '../../node/index.ts';
import type { ServerConfig, ToolkitOptions } from '../../options.ts';
import type { Transport } from '../../transport/transport.ts';
import { createEffectLog, type EffectLog } from '../effect-log.ts';
import type { Misbehaviour } from './misbehaviour.ts';
import { createTestServer, stdioServer, type TestServer, type TestServerOptions } from './test-server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});
const folder = mkdtempSync(join(tmpdir(), 'toolway-kit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const program = join(folder, 'kit-server.cjs');
buildSync({
  entryPoints: [join(import.meta.dirname, '../../../test/fixtures/kit-server.ts')],
  bundle: true,
  platform: 'node',
  format: 'cjs',
  outfile: program,
  logLevel: 'error',
});
let files = 0;

type Era = 'modern' | 'legacy';
interface Column {
  name: string;
  era: Era;
  link: string;
  /** Several messages can come before the answer. */
  streams: boolean;
  reach(server: TestServer, misbehaviour: Misbehaviour[], effects: EffectLog): Promise<ServerConfig>;
}
const column = (link: string, era: Era, reach: Column['reach'], streams = true): Column => ({
  name: `${link}, ${era}`,
  era,
  link,
  streams,
  reach,
});
const overStdio =
  (era: Era): Column['reach'] =>
  async (_server, misbehaviour, { file = '' }) =>
    stdioServer(program, era, file, JSON.stringify(misbehaviour));
const COLUMNS: Column[] = (['modern', 'legacy'] as const).flatMap((era) => [
  column('memory', era, async ({ config }) => config),
  column('http', era, async (server) => (await server.serveHttp()).config),
  column('http events', era, async (server) => (await server.serveHttp({ answers: 'events' })).config),
  column('http json', era, async (server) => (await server.serveHttp({ answers: 'json' })).config, false),
  column('websocket', era, async (server) => (await server.serveWebSocket()).config),
  column('stdio', era, overStdio(era)),
]);
COLUMNS.push(
  column('sse', 'legacy', async (server) => (await server.serveHttp({ sse: true })).config),
  column('http without sessions', 'legacy', async (server) => (await server.serveHttp({ sessions: false })).config),
);

interface SetUp {
  options?: TestServerOptions;
  misbehaviour?: Misbehaviour[];
  toolkit?: ToolkitOptions;
  config?: ServerConfig;
}
const setUp = async ({ era, reach }: Column, wanted: SetUp = {}) => {
  files += 1;
  const effects = createEffectLog({ file: join(folder, `effects-${files}`) });
  const server = createTestServer({ ...offered, era, effectLog: effects, ...wanted.options });
  for (const what of wanted.misbehaviour ?? []) server.misbehave(what);
  const config = await reach(server, wanted.misbehaviour ?? [], effects);
  const toolkit = await createToolkit({
    connect: 'wait',
    ...wanted.toolkit,
    mcpServers: { s: { retryDelayMs: 20, ...config, ...wanted.config } },
  });
  cleanups.push(
    () => server.close(),
    () => toolkit.close({ drainMs: 0 }),
  );
  return { server, toolkit, effects };
};
const textOf = async (call: ReturnType<Toolkit['callTool']>): Promise<string> => {
  const [block] = (await call).content;
  return block?.type === 'text' ? block.text : JSON.stringify(block);
};
const failureOf = (call: Promise<unknown>): Promise<ToolwayError> =>
  call.then(
    () => expect.unreachable('it did not fail'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(ToolwayError);
      return error as ToolwayError;
    },
  );

describe.each(COLUMNS)('a test server over $name', (fixture) => {
  test('offers what the test wrote', async () => {
    const { toolkit } = await setUp(fixture);
    expect(toolkit.status().s).toMatchObject({
      state: 'connected',
      era: fixture.era,
      serverInfo: { name: 'test', version: '1.0.0' },
      instructions: 'be kind',
    });
    const tools = await toolkit.listTools();
    expect(tools.map(({ name }) => name)).toEqual(Object.keys(offered.tools));
    expect(tools[0]).toMatchObject({ description: 'Adds two numbers', inputSchema: { required: ['a', 'b'] } });
    const { content, structuredContent } = await toolkit.callTool('s.add', { a: 2, b: 3 });
    expect([content, structuredContent]).toEqual([[{ type: 'text', text: '{"sum":5}' }], { sum: 5 }]);
    expect((await toolkit.listResources()).map(({ uri, name }) => [uri, name])).toEqual([
      ['test://fixed', 'fixed'],
      ['test://bytes', 'test://bytes'],
    ]);
    expect((await toolkit.readResource('test://fixed')).contents).toEqual([
      { uri: 'test://fixed', mimeType: 'text/plain', text: 'fixed text' },
    ]);
    expect((await toolkit.readResource('test://bytes')).contents).toEqual([{ uri: 'test://bytes', blob: 'AAEC' }]);
    expect((await toolkit.readResource('test://item/7')).contents[0]?.text).toBe('item 7 of test://item/7');
    expect((await toolkit.getPrompt('greet', { who: 'you' })).messages).toEqual([
      { role: 'user', content: { type: 'text', text: 'Hello you' } },
    ]);
    const reference = { type: 'ref/prompt', name: 'greet' } as const;
    const completed = await toolkit.complete(reference, { name: 'who', value: 'al' }, { server: 's' });
    expect(completed.values).toEqual(['alpha', 'alphabet']);
    await toolkit.ping('s');
  });

  test('runs tools, and notes each run', async () => {
    const { toolkit, effects } = await setUp(fixture);
    expect(await textOf(toolkit.callTool('s.echo', { text: 'é🙂\u2028' }))).toBe('é🙂\u2028');
    expect(await toolkit.callTool('s.fail')).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: 'the tool is broken' }],
    });
    expect(effects.effects().map(({ key }) => key)).toEqual(['echo {"text":"é🙂\u2028"}', 'fail {}']);
    effects.assertAtMostOnce();
  });

  test('a client that has not said that it can be asked is not asked', async () => {
    const { toolkit } = await setUp(fixture);
    expect(await toolkit.callTool('s.ask')).toMatchObject({
      isError: true,
      content: [{ text: 'the client has not declared elicitation' }],
    });
  });

  test('does what the script says, so many times, and then what it should', async () => {
    const retryAfterSeconds = 7;
    const { toolkit, effects } = await setUp(fixture, {
      misbehaviour: [
        { type: 'error', code: -32_050, message: 'not today', data: { why: 'rain' }, times: 2 },
        { type: 'silent' },
        { type: 'late', delayMs: 30 },
        { type: 'status', status: 429, retryAfterSeconds, tool: 'echo' },
      ],
      config: { timeoutMs: 500 },
    });
    const call = (text: string) => toolkit.callTool('s.echo', { text }, { retry: false } as object);
    for (const text of ['one', 'two']) {
      const failure = await failureOf(call(text));
      expect(failure).toMatchObject({ code: 'server_error', rpcCode: -32_050, data: { why: 'rain' } });
      expect(failure.message).toContain('not today');
    }
    expect(await failureOf(call('three'))).toMatchObject({ code: 'timeout', executed: 'unknown' });
    expect(await textOf(call('four'))).toBe('four');
    const isHttp = fixture.link.startsWith('http');
    const limited = isHttp ? { code: 'rate_limited', retryAfterMs: 7_000 } : { code: 'server_error', rpcCode: -32_000 };
    expect(await failureOf(call('five'))).toMatchObject(limited);
    // A server that asks for a rest is given one; the toolkit has to be told otherwise.
    if (isHttp) await toolkit.reconnect('s');
    expect(await textOf(call('six'))).toBe('six');
    expect(effects.effects().map(({ key }) => key)).toEqual(['echo {"text":"four"}', 'echo {"text":"six"}']);
  });

  test.each(['before', 'middle'] as const)('cuts the link %s the answer, when the tool has run', async (at) => {
    const { toolkit, effects } = await setUp(fixture, { misbehaviour: [{ type: 'cut', at }] });
    const failure = await failureOf(toolkit.callTool('s.echo', { text: 'cut' }));
    expect(failure).toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
    expect(effects.effects('echo {"text":"cut"}')).toHaveLength(1);
    // A link that was lost is opened again in its own time.
    if (!fixture.link.startsWith('http')) return;
    expect(await textOf(toolkit.callTool('s.echo', { text: 'after' }))).toBe('after');
    effects.assertAtMostOnce();
  });

  test('drops an answer, says one twice, and lets two wait for each other', async () => {
    const { toolkit, effects } = await setUp(fixture, {
      misbehaviour: [
        { type: 'drop' },
        { type: 'duplicate', tool: 'add' },
        { type: 'reorder', of: 2 },
        { type: 'junk' },
      ],
    });
    const call = (text: string, timeoutMs = 20_000) => textOf(toolkit.callTool('s.echo', { text }, { timeoutMs }));
    expect(await failureOf(call('dropped', 300))).toMatchObject({ code: 'timeout' });
    expect(effects.effects('echo {"text":"dropped"}')).toHaveLength(1);
    // As JSON two answers are a batch, of which the first one counts.
    expect((await toolkit.callTool('s.add', { a: 1, b: 2 })).structuredContent).toEqual({ sum: 3 });
    const order: string[] = [];
    const note = (text: string) => call(text).then((said) => order.push(said));
    await Promise.all([note('first'), note('second')]);
    // Over connections of their own, either may have come first.
    const inOrder = ['memory', 'stdio', 'websocket'].includes(fixture.link);
    expect(inOrder ? order : order.sort().reverse()).toEqual(['second', 'first']);
    // In a body of JSON nothing can be told apart.
    const inBody = ['http', 'http json', 'http without sessions'].includes(fixture.link);
    if (inBody) expect(await failureOf(call('junk'))).toMatchObject({ code: 'protocol_error' });
    else expect(await call('junk')).toBe('junk');
    expect(await call('fine')).toBe('fine');
  });
});

/** Where a server can say something before its answer. */
const STREAMING = COLUMNS.filter(({ streams }) => streams);
/** Where it can ask: in the modern era by its answers, in the legacy one where it hears ours. */
const ASKING = COLUMNS.filter(
  ({ link, era, streams }) => link !== 'http without sessions' && (streams || era === 'modern'),
);

describe.each(STREAMING)('a test server over $name', (fixture) => {
  test('reports progress and logs', async () => {
    const logs: unknown[] = [];
    const { toolkit } = await setUp(fixture, {
      toolkit: { onLog: ({ level, data, logger }) => logs.push([level, data, logger]) },
    });
    const steps: unknown[] = [];
    const onProgress = (progress: unknown) => steps.push(progress);
    expect(await textOf(toolkit.callTool('s.steps', {}, { onProgress }))).toBe('done');
    expect(steps).toEqual([1, 2, 3].map((progress) => ({ progress, total: 3, message: `step ${progress}` })));
    expect(await textOf(toolkit.callTool('s.chat'))).toBe('logged');
    await until(() => logs.length === 1);
    expect(logs).toEqual([['warning', { loud: true }, 'kit']]);
  });
});

describe.each(ASKING)('a test server over $name', (fixture) => {
  test('asks the user and the model, and runs the tool once for that', async () => {
    const asked: string[] = [];
    const { toolkit, effects } = await setUp(fixture, {
      toolkit: {
        onElicit: ({ message }) => {
          asked.push(message);
          return { action: 'accept', content: { name: 'Ada' } };
        },
        onSample: () => ({ role: 'assistant', model: 'm', content: { type: 'text', text: 'so' } }),
        roots: [{ uri: 'file:///root' }],
      },
    });
    expect(await textOf(toolkit.callTool('s.ask'))).toBe('accept Ada accept');
    expect(asked).toEqual(['Your name?', 'Sure?']);
    expect((await toolkit.callTool('s.think')).structuredContent).toEqual({ model: 'm', roots: ['file:///root'] });
    effects.assertAtMostOnce();
  });
});

describe.each(COLUMNS.filter(({ link }) => link !== 'stdio'))('a test server within reach, over $name', (fixture) => {
  test('records what it heard', async () => {
    const { server, toolkit } = await setUp(fixture);
    await toolkit.callTool('s.echo', { text: 'hi' }, { meta: { trace: 'abc' } });
    expect(server.calls).toMatchObject([
      { tool: 'echo', arguments: { text: 'hi' }, era: fixture.era, meta: { trace: 'abc' } },
    ]);
    expect(server.requests('tools/call')).toMatchObject([{ params: { name: 'echo', arguments: { text: 'hi' } } }]);
    expect(server.requests().length).toBeGreaterThan(2);
    expect(await server.request('tools/call')).toBe(server.requests('tools/call')[0]);
    const again = server.request('tools/call', 2);
    await toolkit.callTool('s.echo', { text: 'again' });
    expect(await again).toMatchObject({ params: { arguments: { text: 'again' } } });
    if (fixture.link.startsWith('http') && fixture.era === 'modern')
      expect(server.calls[0]?.headers).toMatchObject({ 'mcp-method': 'tools/call', 'mcp-name': 'echo' });
  });

  test('hears that a call was cancelled', async () => {
    const { server, toolkit } = await setUp(fixture);
    let heard = false;
    server.setTool('wait-and-tell', async (_args, { cancelled }) => {
      await cancelled;
      heard = true;
    });
    await until(() => toolkit.status().s?.state === 'connected');
    await toolkit.reconnect('s');
    const abort = new AbortController();
    const call = failureOf(toolkit.callTool('s.wait-and-tell', {}, { signal: abort.signal }));
    await until(() => server.calls.length === 1);
    abort.abort();
    expect(await call).toMatchObject({ code: 'cancelled' });
    await until(() => heard);
  });
});

describe.each(STREAMING.filter(({ link }) => link !== 'stdio' && link !== 'http without sessions'))(
  'a test server within reach, over $name',
  (fixture) => {
    test('tells its clients that lists have changed, and resources too', async () => {
      const { server, toolkit } = await setUp(fixture);
      if (fixture.era === 'modern') await server.request('subscriptions/listen');
      else await until(() => server.received.some((said) => 'method' in said && said.method.endsWith('initialized')));
      // The stream for what is said unasked opens in its own time; what is said before waits for it.
      const names = async () => (await toolkit.listTools()).map(({ name }) => name);
      server.setTool('new', () => 'new');
      await expect.poll(names, { timeout: 10_000 }).toContain('new');
      expect(await textOf(toolkit.callTool('s.new'))).toBe('new');
      const updated: unknown[] = [];
      await toolkit.subscribeResource('test://fixed', () => updated.push('fixed'));
      server.resourceUpdated('test://bytes');
      server.resourceUpdated('test://fixed');
      await until(() => updated.length > 0);
      expect(updated).toEqual(['fixed']);
    });
  },
);

test('over http, lists in pages; changed lists by hand; a session that was forgotten', async () => {
  const server = createTestServer({ ...offered, era: 'legacy', pageSize: 3 });
  const { url, close, cut } = await server.serveHttp();
  const toolkit = await createToolkit({ connect: 'wait', mcpServers: { s: { url } } });
  cleanups.push(
    () => server.close(),
    () => toolkit.close(),
  );
  expect(await toolkit.listTools()).toHaveLength(8);
  expect(server.requests('tools/list').map(({ params }) => params?.cursor)).toEqual([undefined, '3', '6']);
  expect([server.removeTool('nothing'), server.removeTool('wait')]).toEqual([false, true]);
  cut();
  expect(await textOf(toolkit.callTool('s.echo', { text: 'over a new connection' }))).toBe('over a new connection');
  await close();
});

test('a server of both eras is spoken to in the modern one, or as the client says', async () => {
  const server = createTestServer(offered);
  const toolkit = await createToolkit({
    connect: 'wait',
    mcpServers: { auto: server.config, old: { ...server.config, era: 'legacy' } },
  });
  cleanups.push(() => toolkit.close());
  expect([toolkit.status().auto?.era, toolkit.status().old?.era]).toEqual(['modern', 'legacy']);
});

test.each(['modern', 'legacy'] as const)('a server of the %s era alone refuses the other one', async (era) => {
  const server = createTestServer({ era });
  const other = era === 'modern' ? 'legacy' : 'modern';
  const toolkit = await createToolkit({ connect: 'wait', mcpServers: { s: { ...server.config, era: other } } });
  cleanups.push(() => toolkit.close());
  expect(toolkit.status().s).toMatchObject({ state: 'failed', lastError: { code: 'unsupported' } });
});

test('cut breaks the links in memory, and close all of them', async () => {
  const server = createTestServer(offered);
  const toolkit = await createToolkit({ connect: 'wait', mcpServers: { s: server.config } });
  cleanups.push(() => toolkit.close());
  const lost = new Promise((resolve) => toolkit.on('disconnected', resolve));
  server.cut();
  await lost;
  await toolkit.waitForConnection('s');
  expect(await textOf(toolkit.callTool('s.echo', { text: 'again' }))).toBe('again');
  const { url } = await server.serveHttp();
  await server.close();
  await expect(fetch(url)).rejects.toThrow();
});

test('behave forgets what was planned', async () => {
  const server = createTestServer(offered);
  const toolkit = await createToolkit({ connect: 'wait', mcpServers: { s: server.config } });
  cleanups.push(() => toolkit.close());
  server.misbehave({ type: 'error', code: -1, times: Number.POSITIVE_INFINITY });
  server.misbehave({ type: 'error', code: -2, method: 'prompts/get' });
  expect(await failureOf(toolkit.callTool('s.echo'))).toMatchObject({ rpcCode: -1 });
  expect(await failureOf(toolkit.getPrompt('greet', { who: 'x' }))).toMatchObject({ rpcCode: -2 });
  server.behave();
  expect(await textOf(toolkit.callTool('s.echo', { text: 'x' }))).toBe('x');
});

test('a link in memory that was closed is not kept', async () => {
  const server = createTestServer();
  const openAndClose = async (): Promise<WeakRef<Transport>> => {
    const link = await (server.config.transport as () => Transport)();
    await link.start();
    await link.close();
    return new WeakRef(link);
  };
  await collected([await openAndClose()]);
});
