import { describe, expect, test } from 'vitest';
import { type ScriptedPeer, scriptedPeer } from '../../test/fixtures/scripted-peer.ts';
import { type ScriptedServer, scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, failure, toolkitOf } from '../../test/fixtures/toolkits.ts';
import type { Toolkit } from '../api.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig, ToolkitOptions } from '../options.ts';

const HINTS = { ttlMs: 60_000, cacheScope: 'private' };
const CAPABILITIES = { tools: { listChanged: true }, resources: { listChanged: true, subscribe: true }, prompts: {} };

/** A server whose resources and tools say how often they were asked. */
const library = (config: Partial<ServerConfig> = {}, hints: object = HINTS) => {
  let reads = 0;
  let finds = 0;
  const find = () => {
    finds += 1;
    return text(`found ${finds}`);
  };
  const server = scriptedServer({ find, write: find }, config);
  server.capabilities = CAPABILITIES;
  const { transport } = server.config;
  let down = false;
  server.config.transport = () => {
    if (down) throw new ToolwayError('connect_failed', 'nobody is there', { executed: 'no' });
    const made = (transport as () => ScriptedPeer['transport'])();
    server.latest().on('resources/read', ({ params }) => {
      reads += 1;
      return { contents: [{ uri: params?.uri as string, text: `read ${reads}` }], ...hints };
    });
    server.latest().on('prompts/list', () => ({ prompts: [{ name: 'p' }] }));
    server.latest().on('prompts/get', () => {
      reads += 1;
      return { messages: [], ...hints };
    });
    server.latest().on('completion/complete', () => {
      reads += 1;
      return { completion: { values: [] }, ...hints };
    });
    return made;
  };
  return {
    server,
    reads: () => reads,
    finds: () => finds,
    tell: (method: string, params: object = {}) => server.latest().say({ jsonrpc: '2.0', method, params }),
    fall: () => {
      down = true;
      server.latest().hangUp();
    },
  };
};
const read = (toolkit: Toolkit, uri = 'u:1') => toolkit.readResource(uri, { server: 's' });
const started = async (world: { server: ScriptedServer }, options?: ToolkitOptions) =>
  toolkitOf({ s: world.server }, options);

describe('what was read of a resource is kept', () => {
  test('until its server says that it has changed', async () => {
    const world = library();
    const toolkit = await started(world);
    for (const uri of ['u:1', 'u:2', 'u:1', 'u:2']) await read(toolkit, uri);
    expect(world.reads()).toBe(2);
    world.tell('notifications/resources/updated', { uri: 'u:1' });
    for (const uri of ['u:1', 'u:2']) await read(toolkit, uri);
    expect(world.reads()).toBe(3);
    world.tell('notifications/resources/list_changed');
    for (const uri of ['u:1', 'u:2']) await read(toolkit, uri);
    expect(world.reads()).toBe(5);
  });

  test('until its server is connected anew, or removed', async () => {
    const world = library();
    const toolkit = await started(world);
    await read(toolkit);
    await toolkit.reconnect('s');
    await read(toolkit);
    await read(toolkit);
    expect(world.reads()).toBe(2);
    await toolkit.removeServer('s');
    await toolkit.addServer('s', world.server.config);
    await read(toolkit);
    expect(world.reads()).toBe(3);
  });

  test('of no server that was removed, whatever the scope', async () => {
    const world = library({ cache: { tools: ['find'] } });
    const toolkit = await started(world);
    for (const scope of ['', 'x']) await toolkit.callTool('s.find', {}, { scope });
    await toolkit.removeServer('s');
    await toolkit.addServer('s', world.server.config);
    for (const scope of ['', 'x']) await toolkit.callTool('s.find', {}, { scope });
    expect(world.finds()).toBe(4);
  });

  test('from the first reading on, also where that one had to wait for the connection', async () => {
    const world = library();
    const toolkit = await started(world, { connect: 'lazy' });
    await read(toolkit);
    await read(toolkit);
    expect(world.reads()).toBe(1);
  });

  test('within limits.maxCacheEntries and limits.maxCacheBytes', async () => {
    for (const limits of [{ maxCacheEntries: 1 }, { maxCacheBytes: 200 }]) {
      const world = library();
      const toolkit = await started(world, { limits });
      for (const uri of ['u:1', 'u:2', 'u:1']) await read(toolkit, uri);
      expect(world.reads()).toBe(3);
    }
  });

  test('and so is a prompt, and a completion, where the server says for how long', async () => {
    const world = library();
    world.server.capabilities = { ...CAPABILITIES, completions: {} };
    const toolkit = await started(world);
    for (let time = 0; time < 2; time += 1) await toolkit.getPrompt('s.p');
    expect(world.reads()).toBe(1);
    const ref = { type: 'ref/prompt', name: 'p' } as const;
    for (let time = 0; time < 2; time += 1)
      expect(await toolkit.complete(ref, { name: 'a', value: '' }, { server: 's' })).toMatchObject({ values: [] });
    expect(world.reads()).toBe(2);
  });
});

describe('an answer that ran out', () => {
  test('stands in while its server cannot be reached, for each who waits for it', async () => {
    const world = library({ cache: { ttlMs: 1_000, tools: ['find'] } }, { ttlMs: 1_000 });
    const { toolkit, clock } = await clockedToolkitOf({ s: world.server });
    await toolkit.callTool('s.find');
    await read(toolkit);
    await clock.advance(1_000);
    world.fall();
    const asked = [toolkit.callTool('s.find'), read(toolkit), read(toolkit), failure(read(toolkit, 'u:2'))];
    asked.push(failure(read(toolkit, 'u:2')));
    await clock.advance(60_000);
    const [found, first, second, third, fourth] = await Promise.all(asked);
    expect(found).toEqual({ ...text('found 1'), _meta: { 'toolway/stale': true, 'toolway/ageMs': 61_000 } });
    for (const answer of [first, second])
      expect(answer).toMatchObject({ contents: [{ text: 'read 1' }], _meta: { 'toolway/stale': true } });
    for (const error of [third, fourth]) expect(error).toMatchObject({ code: 'connect_timeout', executed: 'no' });
  });
});

describe('the result of a tool', () => {
  test('is kept and shared where the operator names the tool, and nowhere else', async () => {
    const world = library({ cache: { tools: ['find'] } });
    const toolkit = await started(world);
    for (const name of ['s.find', 's.write']) {
      await Promise.all([toolkit.callTool(name), toolkit.callTool(name)]);
      await toolkit.callTool(name);
    }
    expect(
      world.server
        .latest()
        .requests('tools/call')
        .map(({ params }) => params?.name),
    ).toEqual(['find', 'write', 'write', 'write']);
  });

  test('is forgotten when the definitions of the tools change', async () => {
    for (const pins of ['block', 'off'] as const) {
      const world = library({ cache: { tools: ['find'] }, pins });
      const { toolkit, clock } = await clockedToolkitOf({ s: world.server });
      await toolkit.callTool('s.find');
      world.tell('notifications/tools/list_changed');
      await clock.advance(10_000);
      await toolkit.callTool('s.find');
      expect(world.finds()).toBe(1);
      world.server.definitions.find = { description: 'another one' };
      // Definitions are compared by their hashes, which are made beside the clock.
      const noticed = new Promise((resolve) => toolkit.on('tools_changed', resolve));
      world.tell('notifications/tools/list_changed');
      await clock.advance(10_000);
      await noticed;
      if (pins === 'block') {
        expect(await failure(toolkit.callTool('s.find'))).toMatchObject({ code: 'tool_changed', executed: 'no' });
        await toolkit.acceptTool('s.find');
      }
      await toolkit.callTool('s.find');
      expect(world.finds()).toBe(2);
    }
  });

  test('is told of as one of a call of its own to whoever listens', async () => {
    const world = library({ cache: { tools: ['find'] } });
    const toolkit = await started(world);
    const heard: unknown[] = [];
    toolkit.on('tool_call_success', ({ result }) => heard.push(result));
    const made = await Promise.all([toolkit.callTool('s.find'), toolkit.callTool('s.find')]);
    made.push(await toolkit.callTool('s.find'));
    expect(heard).toEqual(made);
  });
});

describe('callers that share a call', () => {
  test('are seen each by itself, as far as it is, and can be cancelled one by one', async () => {
    const server = scriptedServer({ find: () => undefined }, { retrySafe: ['find'] });
    const toolkit = await toolkitOf({ s: server });
    const made = [failure(toolkit.callTool('s.find')), toolkit.callTool('s.find')];
    await expect.poll(() => server.latest().requests('tools/call').length).toBe(1);
    const calls = toolkit.calls();
    expect(calls.map(({ state }) => state)).toEqual(['handed_over', 'handed_over']);
    expect(toolkit.cancel(calls[0]?.id ?? '')).toBe(true);
    expect(await made[0]).toMatchObject({ code: 'cancelled', executed: 'unknown' });
    const [request] = server.latest().requests('tools/call');
    server.latest().answer(request, text('found'));
    expect(await made[1]).toEqual(text('found'));
  });

  test('hear the same progress, and the server hears once that all have gone', async () => {
    const server = scriptedServer({ find: () => undefined }, { retrySafe: ['find'] });
    const toolkit = await toolkitOf({ s: server });
    const heard: string[] = [];
    const gone = new AbortController();
    const made = ['a', 'b'].map((name) =>
      failure(toolkit.callTool('s.find', {}, { signal: gone.signal, onProgress: () => void heard.push(name) })),
    );
    await expect.poll(() => server.latest().requests('tools/call').length).toBe(1);
    const progressToken = server.latest().requests('tools/call')[0]?.id;
    server.latest().say({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken, progress: 1 },
    });
    expect(heard).toEqual(['a', 'b']);
    gone.abort();
    for (const error of await Promise.all(made)) expect(error).toMatchObject({ code: 'cancelled' });
    const cancelled = server
      .latest()
      .sent.filter((sent) => 'method' in sent && sent.method === 'notifications/cancelled');
    expect(cancelled).toHaveLength(1);
  });
});

test('an idempotency key travels in _meta, beside what the caller puts there, and its outcome is shared', async () => {
  const world = library();
  const toolkit = await started(world);
  const options = { idempotencyKey: 'k', meta: { trace: 1 }, principal: 'ann' };
  const both = await Promise.all([
    toolkit.callTool('s.write', { a: 1 }, options),
    toolkit.callTool('s.write', { a: 1 }, options),
  ]);
  both.push(await toolkit.callTool('s.write', { a: 1 }, options));
  expect(both).toEqual([text('found 1'), text('found 1'), text('found 1')]);
  expect(
    world.server
      .latest()
      .requests('tools/call')
      .map(({ params }) => params?._meta),
  ).toMatchObject([{ 'toolway/idempotencyKey': 'k', trace: 1 }]);
  expect(await failure(toolkit.callTool('s.write', { a: 2 }, options))).toMatchObject({
    code: 'invalid_arguments',
    executed: 'no',
    server: 's',
    tool: 'write',
  });
});

test('a result that rests on what the user answered on the way is not kept (2026-07-28 server/utilities/caching)', async () => {
  const peer = scriptedPeer();
  peer.on('server/discover', () => ({
    resultType: 'complete',
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {} },
  }));
  peer.on('tools/list', () => ({ resultType: 'complete', tools: [{ name: 'find', inputSchema: { type: 'object' } }] }));
  let answered = 0;
  peer.on('tools/call', ({ params }) => {
    if (params?.inputResponses === undefined)
      return {
        resultType: 'input_required',
        inputRequests: {
          q: {
            method: 'elicitation/create',
            params: { message: '?', requestedSchema: { type: 'object', properties: {} } },
          },
        },
      };
    answered += 1;
    return { resultType: 'complete', ...text(`answer ${answered}`) };
  });
  const server = scriptedServer({});
  server.config = { transport: () => peer.transport, cache: { tools: ['find'] } };
  const toolkit = await toolkitOf({ s: server }, { onElicit: () => ({ action: 'accept', content: {} }) });
  for (const said of ['answer 1', 'answer 2']) expect(await toolkit.callTool('s.find')).toMatchObject(text(said));
});

test('nor is one for which the user had to visit a page (2025-11-25 client/elicitation)', async () => {
  let asked = 0;
  const visit = { mode: 'url', message: 'please', url: 'https://example.com/' };
  const find = () => {
    asked += 1;
    if (asked % 2 === 0) return text(`answer ${asked / 2}`);
    return { error: { code: -32042, message: 'visit', data: { elicitations: [visit] } } };
  };
  const toolkit = await toolkitOf(
    { s: scriptedServer({ find }, { cache: { tools: ['find'] } }) },
    { onElicit: () => ({ action: 'accept' }) },
  );
  for (const said of ['answer 1', 'answer 2']) expect(await toolkit.callTool('s.find')).toEqual(text(said));
});
