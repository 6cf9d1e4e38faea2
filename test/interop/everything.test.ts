import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  ElicitRequest,
  ElicitResult,
  HandlerContext,
  LogMessage,
  Progress,
  Root,
  SampleRequest,
  ServerConfig,
  Task,
  TextContent,
  Toolkit,
} from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { installed, type Launched, launch, until } from '../fixtures/servers/launch.ts';

const EVERYTHING = installed('@modelcontextprotocol/server-everything/dist/index.js');

interface Link {
  name: string;
  kind: 'stdio' | 'http' | 'sse';
  start(): Promise<{ config: ServerConfig; server?: Launched }>;
}

const listening = async (mode: string, path: string): Promise<{ config: ServerConfig; server: Launched }> => {
  const server = await launch([EVERYTHING, mode]);
  return { config: { url: `${server.origin}${path}` }, server };
};

const LINKS: Link[] = [
  {
    name: 'stdio',
    kind: 'stdio',
    start: async () => ({ config: { command: process.execPath, args: [EVERYTHING, 'stdio'] } }),
  },
  { name: 'Streamable HTTP', kind: 'http', start: () => listening('streamableHttp', '/mcp') },
  {
    name: 'HTTP+SSE',
    kind: 'sse',
    start: async () => {
      const { config, server } = await listening('sse', '/sse');
      return { config: { ...config, transport: 'sse' }, server };
    },
  },
];

const textOf = (result: { content: readonly unknown[] }, index = 0): string =>
  (result.content[index] as TextContent).text;

const BASE_TOOLS = [
  'echo',
  'get-annotated-message',
  'get-env',
  'get-resource-links',
  'get-resource-reference',
  'get-structured-content',
  'get-sum',
  'get-tiny-image',
  'gzip-file-as-resource',
  'simulate-research-query',
  'toggle-simulated-logging',
  'toggle-subscriber-updates',
  'trigger-long-running-operation',
];
const SAFE_VARIABLES = ['PATH', 'HOME', 'LOGNAME', 'SHELL', 'TERM', 'USER', 'LANG', 'TMPDIR', 'TZ'];
const TOOLS_FOR_HANDLERS = [
  'get-roots-list',
  'trigger-elicitation-request',
  'trigger-elicitation-request-async',
  'trigger-sampling-request',
  'trigger-sampling-request-async',
  'trigger-url-elicitation',
];

describe.each(LINKS)('server-everything over $name', ({ kind, start }) => {
  let toolkit: Toolkit;
  let bare: Toolkit;
  let server: Launched | undefined;
  let roots: Root[] = [{ uri: 'file:///work/one', name: 'One' }];
  const logs: { message: LogMessage; context: HandlerContext }[] = [];
  const tasks: { task: Task; tool: string | undefined }[] = [];
  const asked: ElicitRequest[] = [];
  const samples: SampleRequest[] = [];
  const changed: string[] = [];
  let reply: (request: ElicitRequest) => ElicitResult = () => ({ action: 'cancel' });

  beforeAll(async () => {
    const started = await start();
    server = started.server;
    toolkit = await createToolkit({
      connect: 'wait',
      mcpServers: { everything: { ...started.config, logLevel: 'debug' } },
      onElicit: (request) => {
        asked.push(request);
        return reply(request);
      },
      onSample: (request) => {
        samples.push(request);
        return { role: 'assistant', model: 'test-model', content: { type: 'text', text: 'a sampled answer' } };
      },
      roots: () => roots,
      onLog: (message, context) => logs.push({ message, context }),
      onTask: (task, { call }) => tasks.push({ task, tool: call?.tool }),
    });
    for (const name of ['tools_changed', 'resources_changed', 'prompts_changed'] as const)
      toolkit.on(name, () => changed.push(name));
    bare = await createToolkit({ connect: 'wait', mcpServers: { everything: started.config } });
  });

  afterAll(async () => {
    await Promise.all([toolkit?.close(), bare?.close()]);
    await server?.stop();
  });

  test('the status says who it is, and over what it is spoken to', () => {
    const status = toolkit.status().everything;
    expect(status).toMatchObject({
      configured: true,
      connected: true,
      state: 'connected',
      era: 'legacy',
      protocolVersion: '2025-11-25',
      transport: kind,
      serverInfo: { name: 'mcp-servers/everything', title: 'Everything Reference Server', version: '2.0.0' },
      promptsCount: 4,
      resourcesCount: 7,
      inFlight: 0,
      queued: 0,
    });
    expect(status?.instructions).toContain('Everything Server');
    expect(status?.toolsCount).toBeGreaterThanOrEqual(BASE_TOOLS.length);
    expect(status?.lastError).toBeUndefined();
    expect(typeof status?.pid).toBe(kind === 'stdio' ? 'number' : 'undefined');
  });

  test('it answers a ping', async () => {
    expect(await toolkit.ping('everything')).toBeGreaterThan(0);
  });

  test('it offers the tools that need a handler exactly to the client that has the handlers', async () => {
    const namesOf = async (kit: Toolkit) => (await kit.listTools()).map(({ name }) => name).sort();
    const all = [...BASE_TOOLS, ...TOOLS_FOR_HANDLERS].sort();
    // The server registers them when it hears "initialized": the list may be one notice behind.
    await until(async () => (await namesOf(toolkit)).length === all.length, 'the tools for handlers are listed');
    expect(await namesOf(toolkit)).toEqual(all);
    await until(async () => (await namesOf(bare)).length === BASE_TOOLS.length, 'the other tools are listed');
    expect(await namesOf(bare)).toEqual(BASE_TOOLS);
  });

  test('a listed tool is the server’s own definition with its origin', async () => {
    const echo = (await toolkit.listTools({ server: 'everything' })).find(({ name }) => name === 'echo');
    expect(echo).toMatchObject({
      title: 'Echo Tool',
      annotations: { readOnlyHint: true, idempotentHint: true },
      server: 'everything',
      qualifiedName: 'everything.echo',
      stale: false,
    });
    expect(echo?.inputSchema).toMatchObject({ type: 'object', required: ['message'] });
  });

  test('echo and get-sum answer', async () => {
    expect(textOf(await toolkit.callTool('everything.echo', { message: 'grüß 👋' }))).toBe('Echo: grüß 👋');
    expect(textOf(await toolkit.callTool('get-sum', { a: 2, b: 3.5 }))).toBe('The sum of 2 and 3.5 is 5.5.');
  });

  test('arguments that do not fit never leave', async () => {
    await expect(toolkit.callTool('everything.get-sum', { a: 'two', b: 3 })).rejects.toMatchObject({
      code: 'invalid_arguments',
      executed: 'no',
      server: 'everything',
      tool: 'get-sum',
    });
  });

  test('fifty calls at once each get their own answer', async () => {
    const words = Array.from({ length: 50 }, (_, index) => `word ${index}`);
    const answers = await Promise.all(words.map((message) => toolkit.callTool('everything.echo', { message })));
    expect(answers.map((answer) => textOf(answer))).toEqual(words.map((word) => `Echo: ${word}`));
  });

  test('a child sees the safe environment and nothing else of ours', async () => {
    const env = JSON.parse(textOf(await bare.callTool('everything.get-env')));
    // Over HTTP the server is not our child: it was started with its path and its port alone.
    const allowed = kind === 'stdio' ? SAFE_VARIABLES : ['PATH', 'PORT'];
    expect(Object.keys(env).filter((name) => !allowed.includes(name) && !name.startsWith('LC_'))).toEqual([]);
    expect(env.PATH).toBe(process.env.PATH);
  });

  test('annotations of content arrive as they are', async () => {
    const result = await toolkit.callTool('everything.get-annotated-message', {
      messageType: 'error',
      includeImage: true,
    });
    expect(result.content).toMatchObject([
      { type: 'text', text: 'Error: Operation failed', annotations: { priority: 1, audience: ['user', 'assistant'] } },
      { type: 'image', mimeType: 'image/png', annotations: { priority: 0.5, audience: ['user'] } },
    ]);
  });

  test('an image arrives whole', async () => {
    const { content } = await toolkit.callTool('everything.get-tiny-image');
    const image = content.find((block) => block.type === 'image');
    const bytes = Buffer.from(String(image?.data), 'base64');
    expect([...bytes.subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
    expect(bytes.subarray(-8, -4).toString()).toBe('IEND');
  });

  test('resource links can be read, though no list has them', async () => {
    const { content } = await toolkit.callTool('everything.get-resource-links', { count: 2 });
    const links = content.filter((block) => block.type === 'resource_link').map(({ uri }) => String(uri));
    expect(links).toEqual(['demo://resource/dynamic/blob/1', 'demo://resource/dynamic/text/2']);
    const [blob, text] = await Promise.all(links.map((uri) => toolkit.readResource(uri)));
    expect(Buffer.from(blob?.contents[0]?.blob ?? '', 'base64').toString()).toMatch(
      /^Resource 1: This is a base64 blob/,
    );
    expect(text?.contents[0]?.text).toMatch(/^Resource 2: This is a plaintext resource/);
  });

  test('an embedded resource arrives in its result', async () => {
    const { content } = await toolkit.callTool('everything.get-resource-reference', {
      resourceType: 'Text',
      resourceId: 7,
    });
    expect(content[1]).toMatchObject({
      type: 'resource',
      resource: { uri: 'demo://resource/dynamic/text/7', mimeType: 'text/plain' },
    });
  });

  test('a tool’s own failure is a result', async () => {
    const result = await toolkit.callTool('everything.get-resource-reference', { resourceId: -1 });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain('Must be a finite positive integer');
  });

  test('structured content fits the declared schema', async () => {
    const result = await toolkit.callTool('everything.get-structured-content', { location: 'Chicago' });
    expect(result.structuredContent).toEqual({ temperature: 36, conditions: 'Light rain / drizzle', humidity: 82 });
  });

  test('progress comes in order, all of it before the result', async () => {
    const seen: Progress[] = [];
    let settled = false;
    const result = await toolkit.callTool(
      'everything.trigger-long-running-operation',
      { duration: 0.2, steps: 5 },
      {
        onProgress: (progress) => {
          expect(settled).toBe(false);
          seen.push(progress);
        },
      },
    );
    settled = true;
    expect(seen).toEqual([1, 2, 3, 4, 5].map((progress) => ({ progress, total: 5 })));
    expect(textOf(result)).toContain('Long running operation completed');
  });

  test('an aborted call ends at once, and the next one works', async () => {
    const abort = new AbortController();
    const call = toolkit.callTool(
      'everything.trigger-long-running-operation',
      { duration: 20, steps: 100 },
      { signal: abort.signal, onProgress: () => abort.abort() },
    );
    await expect(call).rejects.toMatchObject({ code: 'cancelled', executed: 'unknown' });
    expect(toolkit.calls()).toEqual([]);
    expect(textOf(await toolkit.callTool('everything.echo', { message: 'still here' }))).toBe('Echo: still here');
  });

  test('progress keeps a call alive past its idle limit', async () => {
    const result = await toolkit.callTool(
      'everything.trigger-long-running-operation',
      { duration: 2.4, steps: 12 },
      { timeoutMs: 1_500, onProgress: () => {} },
    );
    expect(textOf(result)).toContain('completed');
  });

  test('log messages reach onLog at the level that was asked for', async () => {
    const before = logs.length;
    expect(textOf(await toolkit.callTool('everything.toggle-simulated-logging'))).toContain('Started');
    const heard = await until(
      () => logs.slice(before).find(({ message }) => String(message.data).includes('level')),
      'a simulated log message',
    );
    expect(heard.context).toMatchObject({ server: 'everything', scope: '' });
    expect(textOf(await toolkit.callTool('everything.toggle-simulated-logging'))).toContain('Stopped');
  });

  test('updates of a resource reach who subscribed, until they stop', async () => {
    const uri = 'demo://resource/dynamic/text/1';
    const updates: string[] = [];
    const events: string[] = [];
    const off = toolkit.on('resource_updated', (event) => events.push(event.uri));
    const stop = await toolkit.subscribeResource(uri, (update) => updates.push(`${update.server} ${update.uri}`));
    expect(textOf(await toolkit.callTool('everything.toggle-subscriber-updates'))).toContain('Started');
    await until(() => updates.length > 0, 'an update');
    expect(new Set(updates)).toEqual(new Set([`everything ${uri}`]));
    expect(events).toContain(uri);
    await stop();
    off();
    await until(
      () => logs.some(({ message }) => String(message.data).includes('Received Unsubscribe')),
      'the server heard of the end',
    );
    expect(textOf(await toolkit.callTool('everything.toggle-subscriber-updates'))).toContain('Stopped');
  });

  test('a gzipped file comes as a resource, and as a link that the changed list then has', async () => {
    const data = `data:text/plain,${encodeURIComponent('zip me')}`;
    const direct = await toolkit.callTool('everything.gzip-file-as-resource', {
      name: 'direct.gz',
      data,
      outputType: 'resource',
    });
    const [block] = direct.content;
    const blob = block?.type === 'resource' ? block.resource.blob : undefined;
    expect(gunzipSync(Buffer.from(blob ?? '', 'base64')).toString()).toBe('zip me');

    const linked = await toolkit.callTool('everything.gzip-file-as-resource', {
      name: 'linked.gz',
      data,
      outputType: 'resourceLink',
    });
    expect(linked.content[0]).toMatchObject({ type: 'resource_link', uri: 'demo://resource/session/linked.gz' });
    const { contents } = await toolkit.readResource('demo://resource/session/linked.gz', { server: 'everything' });
    expect(gunzipSync(Buffer.from(contents[0]?.blob ?? '', 'base64')).toString()).toBe('zip me');
    await until(
      async () => (await toolkit.listResources()).some(({ uri }) => uri === 'demo://resource/session/linked.gz'),
      'the new resource is listed',
    );
    expect(changed).toContain('resources_changed');
  });

  test('the server samples from our model', async () => {
    const result = await toolkit.callTool('everything.trigger-sampling-request', { prompt: 'hello', maxTokens: 12 });
    expect(samples.at(-1)).toMatchObject({
      maxTokens: 12,
      systemPrompt: 'You are a helpful test server.',
      messages: [{ role: 'user', content: { type: 'text' } }],
    });
    expect(textOf(result)).toContain('a sampled answer');
  });

  test('a form is answered, with the defaults that the server named', async () => {
    reply = () => ({ action: 'accept', content: { name: 'Ada', check: true } });
    const result = await toolkit.callTool('everything.trigger-elicitation-request');
    const raw = JSON.parse(textOf(result, 2).slice(textOf(result, 2).indexOf('{')));
    expect(raw).toMatchObject({
      action: 'accept',
      content: {
        name: 'Ada',
        check: true,
        firstLine: 'It was a dark and stormy night.',
        integer: 42,
        number: 3.14,
        untitledSingleSelectEnum: 'Monica',
        untitledMultipleSelectEnum: ['Guitar'],
        titledSingleSelectEnum: 'hero-1',
        titledMultipleSelectEnum: ['fish-1'],
        legacyTitledEnum: 'pet-1',
      },
    });
    expect(raw.content).not.toHaveProperty('email');
  });

  test.each(['decline', 'cancel'] as const)('a form may be answered with %s', async (action) => {
    reply = () => ({ action });
    const result = await toolkit.callTool('everything.trigger-elicitation-request');
    expect(textOf(result)).toContain(action === 'decline' ? 'declined' : 'cancelled');
  });

  test('a URL is put to the user, when asked for and when an error asks for it', async () => {
    const url = 'https://example.com/confirm?x=1';
    reply = () => ({ action: 'accept' });
    const direct = await toolkit.callTool('everything.trigger-url-elicitation', { url, message: 'Please look' });
    expect(asked.at(-1)).toMatchObject({ mode: 'url', url, message: 'Please look' });
    expect(textOf(direct)).toContain('User completed the URL elicitation flow');

    const before = asked.length;
    const after = await toolkit.callTool('everything.trigger-url-elicitation', { url, errorPath: true });
    expect(asked.slice(before).map((request) => request.mode === 'url' && request.url)).toEqual([
      'https://modelcontextprotocol.io',
      url,
    ]);
    expect(textOf(after)).toContain('User completed the URL elicitation flow');
  });

  test('a URL that the user does not visit ends the call', async () => {
    reply = () => ({ action: 'decline' });
    await expect(
      toolkit.callTool('everything.trigger-url-elicitation', { url: 'https://example.com/no', errorPath: true }),
    ).rejects.toMatchObject({ code: 'denied', executed: 'unknown' });
  });

  test('the roots are known to the server, also after they changed', async () => {
    expect(textOf(await toolkit.callTool('everything.get-roots-list'))).toContain('URI: file:///work/one');
    roots = [...roots, { uri: 'file:///work/two' }];
    await toolkit.server('everything').rootsChanged();
    await until(
      async () => textOf(await toolkit.callTool('everything.get-roots-list')).includes('URI: file:///work/two'),
      'the new root is known',
    );
  });

  test('a call that becomes a task shows its states, asks, and ends with one result', async () => {
    const before = tasks.length;
    reply = () => ({ action: 'accept', content: { interpretation: 'snake' } });
    const [result, plain] = await Promise.all([
      toolkit.callTool('everything.simulate-research-query', { topic: 'python', ambiguous: true }),
      bare.callTool('everything.simulate-research-query', { topic: 'rust', ambiguous: true }),
    ]);
    expect(textOf(result)).toContain('# Research Report: python (snake)');
    expect(textOf(plain)).toContain('# Research Report: rust\n');
    const states = tasks.slice(before);
    expect(states.map(({ task }) => task.status)).toContain('input_required');
    expect(states[0]?.task.status).toBe('working');
    expect(new Set(states.map(({ tool }) => tool))).toEqual(new Set(['simulate-research-query']));
    expect(new Set(states.map(({ task }) => task.taskId)).size).toBe(1);
  });

  test('every listed resource and every template can be read', async () => {
    const listed = await toolkit.listResources();
    const documents = listed.filter(({ uri }) => uri.startsWith('demo://resource/static/document/'));
    expect(documents).toHaveLength(7);
    const read = await Promise.all(documents.map(({ uri }) => toolkit.readResource(uri)));
    for (const { contents } of read) expect(contents[0]?.text?.length).toBeGreaterThan(100);
    const templates = await toolkit.listResourceTemplates();
    expect(templates.map(({ uriTemplate }) => uriTemplate).sort()).toEqual([
      'demo://resource/dynamic/blob/{resourceId}',
      'demo://resource/dynamic/text/{resourceId}',
    ]);
    const blob = await toolkit.readResource('demo://resource/dynamic/blob/12');
    expect(Buffer.from(blob.contents[0]?.blob ?? '', 'base64').toString()).toContain('Resource 12');
  });

  test('a resource that does not exist is the server’s error', async () => {
    await expect(toolkit.readResource('demo://resource/dynamic/text/none')).rejects.toMatchObject({
      code: 'server_error',
      server: 'everything',
    });
  });

  test('prompts come plain, with arguments and with a resource', async () => {
    const names = (await toolkit.listPrompts()).map(({ name }) => name).sort();
    expect(names).toEqual(['args-prompt', 'completable-prompt', 'resource-prompt', 'simple-prompt']);
    const simple = await toolkit.getPrompt('everything.simple-prompt');
    expect(simple.messages).toMatchObject([{ role: 'user', content: { type: 'text' } }]);
    const withArguments = await toolkit.getPrompt('args-prompt', { city: 'Lima', state: 'PE' });
    expect(withArguments.messages[0]?.content).toMatchObject({ text: "What's weather in Lima, PE?" });
    const withResource = await toolkit.getPrompt('everything__resource-prompt', {
      resourceType: 'Blob',
      resourceId: '3',
    });
    expect(withResource.messages[1]?.content).toMatchObject({
      type: 'resource',
      resource: { uri: 'demo://resource/dynamic/blob/3' },
    });
    await expect(toolkit.getPrompt('everything.args-prompt', {})).rejects.toMatchObject({
      code: 'server_error',
      rpcCode: -32602,
    });
  });

  test('arguments of prompts and variables of templates are completed', async () => {
    const prompt = { type: 'ref/prompt', name: 'completable-prompt' } as const;
    const on = { server: 'everything' };
    expect((await toolkit.complete(prompt, { name: 'department', value: 'S' }, on)).values).toEqual([
      'Sales',
      'Support',
    ]);
    const context = { arguments: { department: 'Engineering' } };
    expect((await toolkit.complete(prompt, { name: 'name', value: 'A' }, { ...on, context })).values).toEqual([
      'Alice',
    ]);
    const template = { type: 'ref/resource', uri: 'demo://resource/dynamic/text/{resourceId}' } as const;
    expect((await toolkit.complete(template, { name: 'resourceId', value: '42' }, on)).values).toEqual(['42']);
    expect((await toolkit.complete(template, { name: 'resourceId', value: 'x' }, on)).values).toEqual([]);
  });

  test('a connection made anew offers the same, and a closed toolkit says so', async () => {
    await bare.reconnect('everything');
    expect(textOf(await bare.callTool('everything.echo', { message: 'again' }))).toBe('Echo: again');
    await bare.close();
    await expect(bare.callTool('everything.echo', { message: 'late' })).rejects.toMatchObject({ code: 'closed' });
  });
});
