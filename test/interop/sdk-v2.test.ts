import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, test } from 'vitest';
import type { ElicitRequest, LogMessage, ServerConfig, TextContent, Toolkit, ToolkitOptions } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { host, program, until } from '../fixtures/servers/launch.ts';
import { createWorld } from '../fixtures/servers/sdk-v2-world.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const connect = async (config: ServerConfig, options: ToolkitOptions = {}): Promise<Toolkit> => {
  const toolkit = await createToolkit({ connect: 'wait', mcpServers: { s: config }, ...options });
  closers.push(() => toolkit.close({ drainMs: 0 }));
  return toolkit;
};
const overHttp = async (legacy: 'stateless' | 'reject' = 'stateless') => {
  const world = createWorld();
  const handler = createMcpHandler(world.factory, { legacy });
  const node = toNodeHandler(handler);
  const http = await host((request, response, body) => node(request, response, body));
  closers.push(async () => {
    await handler.close();
    await http.stop();
  });
  return { ...world, handler, http, config: { url: `${http.origin}/mcp` } };
};
const overStdio = (...args: string[]): ServerConfig => ({
  command: process.execPath,
  args: [program('sdk-v2-stdio.js'), ...args],
});
const textOf = (result: { content: readonly unknown[] }): string => (result.content[0] as TextContent).text;
const answerForms = (asked: string[] = []) => ({
  onElicit: (request: ElicitRequest) => {
    asked.push(request.message);
    const field = Object.keys((request.requestedSchema as { properties: object }).properties)[0] ?? '';
    return { action: 'accept' as const, content: { [field]: `my ${field}` } };
  },
});

/** What holds over every link of the modern era. */
describe.each([
  { kind: 'http', legacy: true },
  { kind: 'http', legacy: false },
  { kind: 'stdio', legacy: true },
  { kind: 'stdio', legacy: false },
] as const)('a server of the modern era over $kind (legacy era too: $legacy)', ({ kind, legacy }) => {
  const configOf = async (): Promise<ServerConfig> =>
    kind === 'stdio'
      ? overStdio(...(legacy ? [] : ['--modern-only']))
      : (await overHttp(legacy ? 'stateless' : 'reject')).config;

  test.each(['auto', 'modern'] as const)('is spoken to in its own era (%s)', async (era) => {
    const toolkit = await connect({ ...(await configOf()), era });
    expect(toolkit.status().s).toMatchObject({
      state: 'connected',
      era: 'modern',
      protocolVersion: '2026-07-28',
      transport: kind,
      serverInfo: { name: 'world', version: '2.0.0', title: 'A world of both eras' },
      instructions: 'Ask politely.',
      promptsCount: 1,
    });
    expect(textOf(await toolkit.callTool('s.echo', { text: 'hi' }))).toBe('hi');
    expect((await toolkit.readResource('test://one')).contents[0]?.text).toBe('read test://one');
    expect(await toolkit.ping('s')).toBeGreaterThan(0);
  });

  test('asks through its results, round after round, with its own state', async () => {
    const asked: string[] = [];
    const toolkit = await connect(await configOf(), answerForms(asked));
    expect(textOf(await toolkit.callTool('s.ask'))).toBe(
      'état 2 {"size":{"action":"accept","content":{"size":"my size"}}}',
    );
    expect(asked).toEqual(['Which colour?', 'Which size?']);
    const prompt = await toolkit.getPrompt('s.greet');
    expect(prompt.messages[0]?.content).toMatchObject({ text: 'Hello my who' });
  });

  test('samples and reads roots through its results', async () => {
    const toolkit = await connect(await configOf(), {
      onSample: ({ messages }) => ({ role: 'assistant', model: 'm', content: messages[0]?.content }),
      roots: [{ uri: 'file:///work', name: 'work' }],
    });
    expect(JSON.parse(textOf(await toolkit.callTool('s.sample', { text: 'say it' })))).toMatchObject({
      role: 'assistant',
      model: 'm',
      content: { type: 'text', text: 'say it' },
    });
    expect(JSON.parse(textOf(await toolkit.callTool('s.roots')))).toEqual({
      roots: [{ uri: 'file:///work', name: 'work' }],
    });
  });

  test('may not ask what the client cannot answer', async () => {
    const toolkit = await connect(await configOf());
    await expect(toolkit.callTool('s.ask')).rejects.toMatchObject({
      code: 'server_error',
      rpcCode: -32021,
      executed: 'no',
    });
  });

  test('reports progress, and logs at the level that was asked for', async () => {
    const logs: LogMessage[] = [];
    const toolkit = await connect({ ...(await configOf()), logLevel: 'info' }, { onLog: (log) => logs.push(log) });
    const seen: number[] = [];
    await toolkit.callTool('s.steps', {}, { onProgress: ({ progress }) => seen.push(progress) });
    expect(seen).toEqual([1, 2, 3]);
    await toolkit.callTool('s.log');
    expect(logs).toEqual([{ level: 'warning', logger: 'world', data: { big: 'thing' } }]);
  });
});

test('a stateless legacy leg and its modern one are the same endpoint: a pin chooses', async () => {
  const { config, http } = await overHttp();
  const toolkit = await connect({ ...config, era: 'legacy' });
  expect(toolkit.status().s).toMatchObject({ era: 'legacy', protocolVersion: '2025-11-25', transport: 'http' });
  expect(textOf(await toolkit.callTool('s.echo', { text: 'old' }))).toBe('old');
  expect(http.count('server/discover')).toBe(0);
});

test('on stdio a pinned legacy era asks by requests what the modern one asks by results', async () => {
  const toolkit = await connect({ ...overStdio(), era: 'legacy' }, answerForms());
  expect(toolkit.status().s).toMatchObject({ era: 'legacy', transport: 'stdio' });
  expect(textOf(await toolkit.callTool('s.ask'))).toBe(
    'état 2 {"size":{"action":"accept","content":{"size":"my size"}}}',
  );
});

test('a server that speaks the modern era alone says so to a pinned legacy client', async () => {
  const { config } = await overHttp('reject');
  const toolkit = await connect({ ...config, era: 'legacy', maxRetries: 0 });
  expect(toolkit.status().s).toMatchObject({ state: 'failed', lastError: { rpcCode: -32022 } });
});

test('every request over HTTP carries its revision, its method and its name', async () => {
  const { config, http } = await overHttp();
  const toolkit = await connect(config);
  await toolkit.callTool('s.echo', { text: 'hi' });
  await toolkit.readResource('test://one');
  await toolkit.getPrompt('s.greet').catch(() => {});
  const sent = http.seen.map(({ method, headers, body }) => ({
    http: method,
    version: headers['mcp-protocol-version'],
    same: headers['mcp-method'] === body?.method,
    session: headers['mcp-session-id'],
  }));
  expect(sent.length).toBeGreaterThan(6);
  for (const each of sent)
    expect(each).toEqual({ http: 'POST', version: '2026-07-28', same: true, session: undefined });
  const nameOf = (method: string) => http.seen.find(({ body }) => body?.method === method)?.headers['mcp-name'];
  expect([nameOf('tools/call'), nameOf('resources/read'), nameOf('prompts/get')]).toEqual([
    'echo',
    'test://one',
    'greet',
  ]);
});

test('arguments that a tool marks travel in headers, encoded where they must be', async () => {
  const { config, http } = await overHttp();
  const warnings: string[] = [];
  const toolkit = await createToolkit({ connect: 'lazy', mcpServers: { s: config } });
  closers.push(() => toolkit.close());
  toolkit.on('warning', ({ message }) => warnings.push(message));
  const headerOf = async (region: string | undefined) => {
    const result = await toolkit.callTool('s.region', region === undefined ? {} : { region });
    expect(textOf(result)).toBe(`in ${region}`);
    return http.seen.findLast(({ body }) => body?.method === 'tools/call')?.headers['mcp-param-region'];
  };
  expect(await headerOf('us-west1')).toBe('us-west1');
  expect(await headerOf('Zürich')).toBe(`=?base64?${Buffer.from('Zürich').toString('base64')}?=`);
  expect(await headerOf(undefined)).toBeUndefined();
  expect((await toolkit.listTools()).map(({ name }) => name)).not.toContain('unmirrorable');
  expect(warnings.join()).toContain('unmirrorable');
});

test('a list is read again when the server’s word for it has run out, and not before', async () => {
  const { config, http } = await overHttp();
  const toolkit = await connect(config);
  const before = { prompts: http.count('prompts/list'), resources: http.count('resources/list') };
  await toolkit.listPrompts();
  await toolkit.listResources();
  expect(http.count('prompts/list')).toBe(before.prompts);
  expect(http.count('resources/list')).toBe(before.resources + 1);
});

test('changes arrive on a subscription, which is opened again when its stream is cut', async () => {
  const { config, http, handler, offer } = await overHttp();
  const toolkit = await connect(config);
  let changes = 0;
  toolkit.on('tools_changed', () => {
    changes += 1;
  });
  const updates: string[] = [];
  await toolkit.subscribeResource('test://one', ({ uri }) => updates.push(uri));
  offer('fresh');
  handler.notify.toolsChanged();
  handler.notify.resourceUpdated('test://one');
  handler.notify.resourceUpdated('test://other');
  await until(() => changes === 1 && updates.length > 0, 'both are heard');
  expect(textOf(await toolkit.callTool('s.fresh', { text: 'new' }))).toBe('new');

  const listens = http.count('subscriptions/listen');
  http.cut();
  offer('missed');
  await until(() => http.count('subscriptions/listen') > listens, 'the subscription is asked for again');
  await until(() => changes === 2, 'what changed meanwhile is found');
  handler.notify.resourceUpdated('test://one');
  await until(() => updates.length === 2, 'the resource is still subscribed to');
  expect(updates).toEqual(['test://one', 'test://one']);
});

test('a resource that nobody wants any more is no longer listened to', async () => {
  const { config, http, handler } = await overHttp();
  const toolkit = await connect(config);
  const updates: string[] = [];
  const stop = await toolkit.subscribeResource('test://one', ({ uri }) => updates.push(uri));
  await stop();
  const last = http.seen.findLast(({ body }) => body?.method === 'subscriptions/listen');
  expect(last?.body?.params?.notifications).toEqual({ toolsListChanged: true });
  handler.notify.resourceUpdated('test://one');
  await toolkit.ping('s');
  expect(updates).toEqual([]);
});

test('on stdio the subscription shares the channel, and is made anew with a new process', async () => {
  const toolkit = await connect(overStdio());
  let changes = 0;
  toolkit.on('tools_changed', () => {
    changes += 1;
  });
  const updates: string[] = [];
  await toolkit.subscribeResource('test://one', ({ uri }) => updates.push(uri));
  await toolkit.callTool('s.offer', { text: 'fresh' });
  await toolkit.callTool('s.touch', { text: 'test://one' });
  await until(() => changes === 1 && updates.length === 1, 'both are heard');
  expect(textOf(await toolkit.callTool('s.fresh', { text: 'new' }))).toBe('new');

  const { pid } = toolkit.status().s ?? {};
  process.kill(pid as number, 'SIGKILL');
  await until(() => toolkit.status().s?.connected === true && toolkit.status().s?.pid !== pid, 'a new process');
  await toolkit.callTool('s.touch', { text: 'test://one' });
  await until(() => updates.length === 2, 'the new process knows the subscription');
});

test('an aborted call is aborted at the server, by the end of its stream', async () => {
  const { config, effects, http } = await overHttp();
  const toolkit = await connect(config);
  const abort = new AbortController();
  const call = toolkit.callTool('s.wait-for-abort', {}, { signal: abort.signal }).catch((error) => error);
  await until(() => effects.includes('wait-for-abort'), 'the call runs');
  abort.abort();
  expect(await call).toMatchObject({ code: 'cancelled', executed: 'unknown' });
  await until(() => effects.includes('aborted'), 'the server heard of it');
  expect(http.count('notifications/cancelled')).toBe(0);
});

test('a request whose stream breaks is never resumed nor sent again', async () => {
  const { config, effects, http } = await overHttp();
  const toolkit = await connect(config);
  const call = toolkit.callTool('s.wait-for-abort').catch((error) => error);
  await until(() => effects.includes('wait-for-abort'), 'the call runs');
  http.cut();
  expect(await call).toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
  expect(effects.filter((effect) => effect === 'wait-for-abort')).toHaveLength(1);
  expect(http.seen.every(({ method }) => method === 'POST')).toBe(true);
});

test('a server that comes back on the same address is used without any handshake', async () => {
  const { config, http } = await overHttp();
  const toolkit = await connect(config);
  await http.stop();
  const world = createWorld();
  const node = toNodeHandler(createMcpHandler(world.factory));
  const again = await host((request, response, body) => node(request, response, body), http.port);
  closers.push(() => again.stop());
  await until(() => again.count('subscriptions/listen') > 0, 'the client has noticed');
  await Promise.all(Array.from({ length: 50 }, (_, index) => toolkit.callTool('s.echo', { text: `${index}` })));
  expect(world.effects).toHaveLength(50);
  expect(again.count('server/discover') + again.count('initialize')).toBe(0);
});
