import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import { connectClient, LINKS, PROBE, startGateway, textOf } from '../fixtures/mcp-gateway.ts';
import { until } from '../fixtures/servers/launch.ts';

const call = (name: string, args: Record<string, unknown> = {}) => ({ name, arguments: args });

describe.each(LINKS)('the official client of the legacy era over %s', (link) => {
  test('sees the servers as one, with every field that they gave', async () => {
    const gateway = await startGateway({ a: PROBE, b: PROBE });
    const client = await connectClient(gateway, { link });
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).filter((name) => name.endsWith('described'))).toEqual([
      'a__described',
      'b__described',
    ]);
    expect(tools.find(({ name }) => name === 'a__described')).toEqual({
      name: 'a__described',
      title: 'Described',
      description: 'Has everything.',
      inputSchema: { type: 'object', properties: { n: { type: 'number' } } },
      outputSchema: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
      annotations: { readOnlyHint: true, title: 'Hinted' },
      icons: [{ src: 'data:image/png;base64,AA==', mimeType: 'image/png', sizes: ['1x1'] }],
      execution: { taskSupport: 'optional' },
      _meta: { 'example.com/kept': [1, { two: 2 }] },
    });
    const { resources } = await client.listResources();
    expect(resources).toEqual([
      { uri: 'probe://one', name: 'one', mimeType: 'text/plain', annotations: { priority: 1 } },
      { uri: 'probe://two', name: 'two' },
    ]);
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(['a__greet', 'b__greet']);
    expect(client.getServerVersion()).toMatchObject({ name: 'toolway' });
    expect(client.getInstructions()).toContain('## b\n\nCall the tools one by one.');
    expect(client.getServerCapabilities()).toMatchObject({
      tools: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      prompts: { listChanged: true },
      completions: {},
      logging: {},
    });
  });

  test('gets structured content and _meta as the tool gave them', async () => {
    const gateway = await startGateway({ a: PROBE });
    const client = await connectClient(gateway, { link });
    expect(await client.callTool(call('a__described', { n: 7 }))).toEqual({
      content: [{ type: 'text', text: '{"n":7}' }],
      structuredContent: { n: 7 },
      _meta: { 'example.com/answer': true },
    });
    expect(await client.callTool(call('a__sour'))).toEqual({
      content: [{ type: 'text', text: 'it went wrong' }],
      isError: true,
    });
  });

  test('hears all five steps of a tool that reports its progress', async () => {
    const gateway = await startGateway({ a: PROBE });
    const client = await connectClient(gateway, { link });
    const steps: unknown[] = [];
    await client.callTool(call('a__steps'), undefined, { onprogress: (progress) => steps.push(progress) });
    expect(steps).toEqual([1, 2, 3, 4, 5].map((progress) => ({ progress, total: 5, message: `step ${progress}` })));
  });

  test('cancels a call on its server', async () => {
    const gateway = await startGateway({ a: PROBE });
    const client = await connectClient(gateway, { link });
    const controller = new AbortController();
    const waiting = client.callTool(call('a__wait'), undefined, { signal: controller.signal });
    await until(
      () => gateway.toolkit.calls().some(({ state }) => state === 'handed_over'),
      'the call is at its server',
    );
    controller.abort();
    await expect(waiting).rejects.toThrow();
    await until(async () => textOf(await client.callTool(call('a__aborts'))) === '1', 'the server heard of it');
    expect(gateway.toolkit.calls()).toEqual([]);
  });

  test('is asked what servers ask: for a sample, for input, for its roots', async () => {
    const gateway = await startGateway({ a: PROBE });
    const capabilities = { sampling: {}, elicitation: {}, roots: {} };
    const client = await connectClient(gateway, { link, capabilities }, (asked) => {
      asked.setRequestHandler(CreateMessageRequestSchema, ({ params }) => ({
        role: 'assistant',
        model: 'm',
        content: { type: 'text', text: `${params.maxTokens} tokens` },
      }));
      asked.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
        action: 'accept',
        content: { name: `${params.message} me` },
      }));
      asked.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///here' }] }));
    });
    expect(textOf(await client.callTool(call('a__sample')))).toBe('m: 8 tokens');
    expect(textOf(await client.callTool(call('a__elicit')))).toBe('accept who? me');
    expect(textOf(await client.callTool(call('a__roots')))).toBe('file:///here');
  });

  test('hears of updates of a resource that it subscribed to, until it does not want to any more', async () => {
    const gateway = await startGateway({ a: PROBE });
    const updates: string[] = [];
    const client = await connectClient(gateway, { link }, (heard) => {
      heard.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updates.push(params.uri));
    });
    await client.subscribeResource({ uri: 'probe://one' });
    await client.callTool(call('a__touch'));
    await until(() => updates.length === 1, 'the update arrives');
    expect(updates).toEqual(['probe://one']);
    await client.unsubscribeResource({ uri: 'probe://one' });
    expect(textOf(await client.callTool(call('a__touch')))).toBe('');
  });

  test('hears the logs of servers from the level that it set', async () => {
    const gateway = await startGateway({ a: PROBE });
    const logs: unknown[] = [];
    const client = await connectClient(gateway, { link }, (heard) => {
      heard.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logs.push(params));
    });
    await client.setLoggingLevel('warning');
    await client.callTool(call('a__say', { severity: 'info' }));
    await client.callTool(call('a__say', { severity: 'error', text: 'loud' }));
    await until(() => logs.length > 0, 'a log arrives');
    expect(logs).toEqual([{ level: 'error', logger: 'probe', data: { text: 'loud', asked: 'warning' } }]);
  });

  test('is told of a new tool, and finds it listed', async () => {
    const gateway = await startGateway({ a: PROBE });
    let changes = 0;
    const client = await connectClient(gateway, { link }, (heard) => {
      heard.setNotificationHandler(ToolListChangedNotificationSchema, () => {
        changes += 1;
      });
    });
    await client.listTools();
    await client.callTool(call('a__grow'));
    await until(() => changes > 0, 'the notification arrives');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('a__grown');
  });

  test('reads resources, gets prompts and completes arguments of either server', async () => {
    const gateway = await startGateway({ a: PROBE, b: PROBE });
    const client = await connectClient(gateway, { link });
    expect((await client.readResource({ uri: 'probe://two' })).contents).toEqual([
      { uri: 'probe://two', text: 'text of probe://two' },
    ]);
    const prompt = await client.getPrompt({ name: 'b__greet', arguments: { name: 'Ann' } });
    expect(prompt.messages[0]?.content).toEqual({ type: 'text', text: 'Greet Ann' });
    const argument = { name: 'name', value: 'A' };
    const ofPrompt = await client.complete({ ref: { type: 'ref/prompt', name: 'b__greet' }, argument });
    expect(ofPrompt.completion.values).toEqual(['greet:A']);
    const ofTemplate = await client.complete({ ref: { type: 'ref/resource', uri: 'probe://item/{id}' }, argument });
    expect(ofTemplate.completion.values).toEqual(['probe://item/{id}:A']);
  });

  test('calls a tool with a name that no client would take by the alias that is listed', async () => {
    const gateway = await startGateway({ a: PROBE });
    const client = await connectClient(gateway, { link });
    const { tools } = await client.listTools();
    const alias = tools.map(({ name }) => name).find((name) => name.startsWith('a__odd')) ?? '';
    expect(alias).toMatch(/^a__odd_name_\.\.[0-9a-f]{16}$/);
    expect(textOf(await client.callTool(call(alias)))).toBe('odd');
  });

  test('is told in the words of its server what failed there, and in ours what failed here', async () => {
    const gateway = await startGateway({ a: PROBE });
    const client = await connectClient(gateway, { link });
    await expect(client.callTool(call('a__fail'))).rejects.toMatchObject({
      code: -32050,
      message: expect.stringContaining('its own error'),
      data: { own: true },
    });
    await expect(client.callTool(call('a__nothing'))).rejects.toMatchObject({
      code: -32602,
      data: { code: 'unknown_tool' },
    });
    await expect(client.callTool(call('nothing'))).rejects.toMatchObject({
      code: -32602,
      data: { code: 'unknown_tool' },
    });
    await expect(client.readResource({ uri: 'probe://gone' })).rejects.toMatchObject({ code: -32002 });
  });

  test('goes on in its session when a server has crashed and is back', async () => {
    const gateway = await startGateway({ a: PROBE, b: PROBE });
    const client = await connectClient(gateway, { link });
    await expect(client.callTool(call('a__crash'))).rejects.toMatchObject({ data: { code: 'outcome_unknown' } });
    expect(textOf(await client.callTool(call('b__echo', { text: 'untouched' })))).toBe('untouched');
    expect(textOf(await client.callTool(call('a__echo', { text: 'back' })))).toBe('back');
  });
});
