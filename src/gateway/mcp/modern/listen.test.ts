import { describe, expect, test, vi } from 'vitest';
import { principal } from '../../../../test/fixtures/gateway-app.ts';
import { BERT, eventsOf, modernGateway, type PostOptions } from '../../../../test/fixtures/modern-posts.ts';
import type { Isolation } from '../../../options.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { createTestServer } from '../../../testing/index.ts';
import type { Caller } from '../../principal.ts';

const ID = 'io.modelcontextprotocol/subscriptionId';
const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } };

/** A subscription that is read as it comes. */
const reading = (response: Response) => {
  const events: JsonObject[] = [];
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const all = { text: '', isOver: false };
  const read = async (): Promise<void> => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      all.text += new TextDecoder().decode(value);
      events.push(...eventsOf(all.text).slice(events.length));
    }
    all.isOver = true;
  };
  return { events, all, ended: read(), leave: () => reader.cancel() };
};

describe.each(['legacy', 'modern'] as const)('a subscription, in front of a %s server', (era) => {
  const gateway = async (limits: JsonObject = {}, isolation: Isolation = 'shared') => {
    const server = createTestServer({
      era,
      tools: { echo: () => 'hi', slow: (_, { cancelled }) => cancelled },
      prompts: { greet: { get: () => 'Hello' } },
      resources: { 'a://b': { text: 'x' }, 'a://c': { text: 'y' } },
    });
    const at = await modernGateway(
      { s: server, t: createTestServer({ era, tools: { more: () => 'more' } }) },
      { limits, isolation },
    );
    const listen = async (notifications: JsonObject, options: PostOptions = {}) => {
      const response = await at.send('subscriptions/listen', { notifications }, options);
      return { response, ...reading(response) };
    };
    return { server, listen, ...at };
  };

  test('is acknowledged first, with what is granted of it', async () => {
    const { listen } = await gateway();
    const wanted = {
      toolsListChanged: true,
      promptsListChanged: false,
      resourceSubscriptions: ['a://b', 'a://none'],
      nonsense: true,
    };
    const { response, events } = await listen(wanted, { id: 'sub' });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    await vi.waitFor(() => expect(events).toHaveLength(1));
    expect(events[0]).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/subscriptions/acknowledged',
      params: { _meta: { [ID]: 'sub' }, notifications: { toolsListChanged: true, resourceSubscriptions: ['a://b'] } },
    });
  });

  test('hears of what was asked for, and of nothing else', async () => {
    const { listen, server, toolkit, clock } = await gateway();
    const { events } = await listen({ toolsListChanged: true, resourceSubscriptions: ['a://b'] });
    await vi.waitFor(() => expect(events).toHaveLength(1));
    const changed = Promise.all([
      new Promise((resolve) => toolkit.on('tools_changed', resolve)),
      new Promise((resolve) => toolkit.on('prompts_changed', resolve)),
    ]);
    server.setTool('new', () => 'new');
    server.setPrompt('new', { get: () => 'new' });
    server.resourceUpdated('a://c');
    server.resourceUpdated('a://b');
    await vi.waitFor(() => expect(events).toHaveLength(2));
    await clock.advance(6_000);
    await changed;
    await clock.advance(1_000);
    await vi.waitFor(() => expect(events).toHaveLength(3));
    expect(events.slice(1)).toEqual([
      { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'a://b', _meta: { [ID]: 1 } } },
      { jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: { _meta: { [ID]: 1 } } },
    ]);
  });

  test('hears only of servers that its caller sees', async () => {
    const { listen, server, toolkit, clock } = await gateway();
    const caller: Caller = { principal: principal('key:c', { sees: (name) => name === 't' }) };
    const { events } = await listen({ toolsListChanged: true, resourceSubscriptions: ['a://b'] }, { caller });
    await vi.waitFor(() => expect(events).toHaveLength(1));
    expect(events[0]?.params).toMatchObject({ notifications: { resourceSubscriptions: [] } });
    const changed = new Promise((resolve) => toolkit.on('tools_changed', resolve));
    server.setTool('new', () => 'new');
    server.resourceUpdated('a://b');
    await clock.advance(6_000);
    await changed;
    await clock.advance(1_000);
    expect(events).toHaveLength(1);
  });

  test('lets go of what it subscribed to when its client leaves, and not before', async () => {
    const { listen, server } = await gateway();
    const one = await listen({ resourceSubscriptions: ['a://b'] });
    const two = await listen({ resourceSubscriptions: ['a://b'] }, { caller: BERT });
    await vi.waitFor(() => expect([...one.events, ...two.events]).toHaveLength(2));
    await one.leave();
    server.resourceUpdated('a://b');
    await vi.waitFor(() => expect(two.events).toHaveLength(2));
    expect(server.requests('resources/unsubscribe')).toHaveLength(0);
    await two.leave();
    if (era === 'legacy') await vi.waitFor(() => expect(server.requests('resources/unsubscribe')).toHaveLength(1));
  });

  test('hears of updates on the connection of its caller alone, where each has one', async () => {
    const { server, listen, clock, toolkit } = await gateway({}, 'perPrincipal');
    const ended: string[] = [];
    toolkit.on('disconnected', ({ scope }) => ended.push(scope));
    const { events, leave } = await listen({ resourceSubscriptions: ['a://b'] });
    await vi.waitFor(() => expect(events).toHaveLength(1));
    server.resourceUpdated('a://b');
    await vi.waitFor(() => expect(events).toHaveLength(2));
    const isHeardAgain = async (): Promise<void> => {
      const before = events.length;
      await vi.waitFor(async () => {
        await clock.advance(1_000);
        server.resourceUpdated('a://b');
        expect(events.length).toBeGreaterThan(before);
      });
    };
    server.cut();
    await isHeardAgain();
    // Nobody calls over it, and it stays for as long as somebody wants to hear.
    ended.length = 0;
    await clock.advance(3_600_000);
    await isHeardAgain();
    expect(ended).toEqual([]);
    await leave();
    if (era === 'legacy') await vi.waitFor(() => expect(server.requests('resources/unsubscribe')).toHaveLength(1));
    await clock.advance(800_000);
    expect(ended).toEqual(['key:anna']);
  });

  test('for changes of lists keeps a connection of its caller’s own that there is, and starts none', async () => {
    const { listen, clock, toolkit, post } = await gateway({}, 'perPrincipal');
    const told: string[] = [];
    toolkit.on('connected', ({ server, scope }) => told.push(`connected ${server} ${scope}`));
    toolkit.on('disconnected', ({ server, scope }) => told.push(`disconnected ${server} ${scope}`));
    const { leave } = await listen({ toolsListChanged: true });
    await clock.advance(60_000);
    expect(told).toEqual([]);
    await post('tools/call', { name: 's__echo' });
    await clock.advance(3_600_000);
    expect(told).toEqual(['connected s key:anna']);
    await leave();
    await clock.advance(800_000);
    expect(told).toEqual(['connected s key:anna', 'disconnected s key:anna']);
  });

  test('shows that it is alive', async () => {
    const { listen, clock } = await gateway();
    const { all } = await listen({});
    await clock.advance(15_000);
    await vi.waitFor(() => expect(all.text).toMatch(/\n\n:\n\n$/));
  });

  test('ends with a result when the gateway begins to close', async () => {
    const { listen, closing } = await gateway();
    const { events, ended } = await listen({ toolsListChanged: true });
    closing.abort();
    await ended;
    expect(events.at(-1)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: {
        resultType: 'complete',
        _meta: { [ID]: 1, 'io.modelcontextprotocol/serverInfo': expect.objectContaining({ name: 'toolway' }) },
      },
    });
  });

  test('is one of a few of one caller', async () => {
    const { listen, post } = await gateway({ maxStreams: 1 });
    const first = await listen({});
    const refused = await post('subscriptions/listen', { notifications: {} });
    expect(refused.body.error?.data).toMatchObject({ code: 'backpressure', limit: 1 });
    await listen({}, { caller: BERT });
    await first.leave();
    expect((await listen({})).response.headers.get('content-type')).toBe('text/event-stream');
  });

  test.each<[string, object, number]>([
    ['no filter', {}, -32602],
    ['a filter that is none', { notifications: [] }, -32602],
    ['resources that are none', { notifications: { resourceSubscriptions: [1] } }, -32602],
    ['too many of them', { notifications: { resourceSubscriptions: Array(257).fill('a://b') } }, -32602],
    ['tasks that it does not know of', { notifications: { taskIds: ['a'] } }, -32021],
  ])('is refused with %s', async (_, params, code) => {
    const { post } = await gateway();
    expect((await post('subscriptions/listen', { ...params })).body.error?.code).toBe(code);
  });

  test('hears of tasks of its caller', async () => {
    const { listen, post, clock } = await gateway();
    const called = post('tools/call', { name: 's__slow' }, { capabilities: TASKS });
    await vi.waitFor(() => expect(clock.nextTimerMs).toBeDefined());
    await clock.advance(5_000);
    const { taskId } = (await called).body.result as { taskId: string };
    const other = await listen({ taskIds: [taskId] }, { capabilities: TASKS, caller: BERT });
    const own = await listen({ taskIds: [taskId] }, { capabilities: TASKS });
    await vi.waitFor(() => expect([...own.events, ...other.events]).toHaveLength(2));
    expect(other.events[0]?.params).toMatchObject({ notifications: { taskIds: [] } });
    await post('tasks/cancel', { taskId }, { capabilities: TASKS });
    await vi.waitFor(() => expect(own.events.length).toBeGreaterThan(1));
    expect(own.events[1]).toMatchObject({ method: 'notifications/tasks', params: { taskId, status: 'cancelled' } });
    expect(other.events).toHaveLength(1);
  });
});
