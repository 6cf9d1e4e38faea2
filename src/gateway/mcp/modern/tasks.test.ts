import { describe, expect, test, vi } from 'vitest';
import { BERT, modernGateway, type PostOptions } from '../../../../test/fixtures/modern-posts.ts';
import { ToolwayError } from '../../../errors.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { createTestServer } from '../../../testing/index.ts';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';

const KNOWS = { capabilities: { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } } };
const form = { message: 'who?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } };

describe.each(['legacy', 'modern'] as const)('a call to a %s server', (era) => {
  const gateway = async (limits: JsonObject = {}, store?: Store) => {
    const ends: ((end: 'result' | 'error') => void)[] = [];
    let goOn: () => void = () => {};
    const server = createTestServer({
      era,
      tools: {
        quick: () => 'quick',
        slow: (_, { progress, signal }) =>
          new Promise((resolve, reject) => {
            signal.addEventListener('abort', () => resolve('aborted'));
            progress({ progress: 1, message: 'half way' });
            ends.push((end) => {
              if (end === 'result') resolve('slow');
              else reject(new ToolwayError('server_error', 'broken', { rpcCode: -32603 }));
            });
          }),
        asks: async (_, { elicit }) => {
          await new Promise<void>((resolve) => {
            goOn = resolve;
          });
          return JSON.stringify(await elicit(form));
        },
        required: { execution: { taskSupport: 'required' }, run: async (_, { cancelled }) => cancelled },
      },
    });
    const at = await modernGateway({ s: server }, { limits, ...(store && { store }) });
    /** Calls a tool and lets the time pass after which its client waits no longer. */
    const begun = async (name: string, { ms = 5_000, ...options }: PostOptions & { ms?: number } = {}) => {
      const posted = at.post('tools/call', { name }, { ...KNOWS, ...options });
      const before = server.calls.length;
      await vi.waitFor(() => expect(server.calls.length).toBeGreaterThan(before));
      await at.clock.advance(ms);
      const { body } = await posted;
      return body.result as JsonObject & { taskId: string };
    };
    const get = async (taskId: string, options: PostOptions = {}) =>
      (await at.post('tasks/get', { taskId }, { ...KNOWS, ...options })).body;
    return { server, end: (how: 'result' | 'error') => ends.at(-1)?.(how), goOn: () => goOn(), begun, get, ...at };
  };

  test('becomes a task where it takes long and its client knows tasks', async () => {
    const { begun, get, end } = await gateway();
    const { taskId, ...created } = await begun('s__slow');
    expect(created).toMatchObject({
      resultType: 'task',
      status: 'working',
      createdAt: '2027-01-15T08:00:05.000Z',
      ttlMs: 3_600_000,
      pollIntervalMs: 1_000,
    });
    expect(taskId).toMatch(/^[0-9a-f]{32}$/);
    expect((await get(taskId)).result).toMatchObject({ resultType: 'complete', taskId, status: 'working' });
    end('result');
    await vi.waitFor(async () => expect((await get(taskId)).result?.status).toBe('completed'));
    expect((await get(taskId)).result).toMatchObject({ result: { content: [{ text: 'slow' }] } });
  });

  test('is answered as ever where it does not take long, or its client knows no tasks', async () => {
    const { post, begun, server, clock, end } = await gateway();
    expect((await post('tools/call', { name: 's__quick' }, KNOWS)).body.result?.resultType).toBe('complete');
    const posted = post('tools/call', { name: 's__slow' });
    await vi.waitFor(() => expect(server.calls).toHaveLength(2));
    await clock.advance(6_000);
    end('result');
    expect((await posted).body.result).toMatchObject({ resultType: 'complete', content: [{ text: 'slow' }] });
    expect(await begun('s__required', { ms: 50 })).toMatchObject({ resultType: 'task' });
  });

  test('that fails as a task tells its error', async () => {
    const { begun, get, end } = await gateway();
    const { taskId } = await begun('s__slow');
    end('error');
    await vi.waitFor(async () => expect((await get(taskId)).result?.status).toBe('failed'));
    expect((await get(taskId)).result).toMatchObject({ error: { code: -32603 } });
  });

  test('asks as a task, and goes on with the answer', async () => {
    const { begun, get, goOn, post, clock } = await gateway();
    const { taskId } = await begun('s__asks');
    goOn();
    await vi.waitFor(async () => {
      await clock.advance(0);
      expect((await get(taskId)).result?.status).toBe('input_required');
    });
    const { inputRequests } = (await get(taskId)).result as { inputRequests: Record<string, unknown> };
    const [key = ''] = Object.keys(inputRequests);
    expect(inputRequests[key]).toEqual({ method: 'elicitation/create', params: form });
    const update = (answer: unknown) =>
      post('tasks/update', { taskId, inputResponses: { [key]: answer, other: 1 } }, KNOWS);
    expect((await update({ action: 'nonsense' })).body.error?.code).toBe(-32602);
    const { body } = await update({ action: 'accept', content: { name: 'Anna' } });
    expect(body.result).toEqual({ resultType: 'complete', _meta: expect.anything() });
    await clock.settle();
    await vi.waitFor(async () => expect((await get(taskId)).result?.status).toBe('completed'));
    expect(JSON.stringify((await get(taskId)).result)).toContain('Anna');
  });

  test('can be cancelled as a task, as often as one likes', async () => {
    const { begun, get, post, toolkit } = await gateway();
    const { taskId } = await begun('s__slow');
    for (const _ of [1, 2]) {
      const { body } = await post('tasks/cancel', { taskId }, KNOWS);
      expect(body.result).toEqual({ resultType: 'complete', _meta: expect.anything() });
    }
    expect((await get(taskId)).result?.status).toBe('cancelled');
    await vi.waitFor(() => expect(toolkit.calls()).toEqual([]));
  });

  test('is a task of nobody but its caller', async () => {
    const { begun, get, post } = await gateway();
    const { taskId } = await begun('s__slow');
    const others = { ...KNOWS, caller: BERT };
    expect((await get(taskId, { caller: BERT })).error?.code).toBe(-32602);
    expect((await post('tasks/cancel', { taskId }, others)).body.error?.code).toBe(-32602);
    expect((await post('tasks/update', { taskId, inputResponses: {} }, others)).body.error?.code).toBe(-32602);
    expect((await get('0'.repeat(32))).error?.code).toBe(-32602);
    expect((await get(taskId)).result?.status).toBe('working');
  });

  test('is no task to a client that has not said that it knows them', async () => {
    const { begun, post } = await gateway();
    const { taskId } = await begun('s__slow');
    expect(await post('tasks/get', { taskId })).toMatchObject({
      status: 400,
      body: {
        error: {
          code: -32021,
          data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
        },
      },
    });
  });

  test('is cancelled and forgotten when its time as a task is over', async () => {
    const { begun, get, clock, toolkit } = await gateway({ taskTtlMs: 60_000 });
    const { taskId } = await begun('s__slow');
    await clock.advance(59_000);
    expect((await get(taskId)).result).toBeDefined();
    await clock.advance(1_000);
    expect((await get(taskId)).error?.code).toBe(-32602);
    await vi.waitFor(() => expect(toolkit.calls()).toEqual([]));
  });

  test('is waited for where there are as many tasks already', async () => {
    const { post, server, clock, end } = await gateway({ maxTasks: 1 });
    const first = post('tools/call', { name: 's__slow' }, KNOWS);
    await vi.waitFor(() => expect(server.calls).toHaveLength(1));
    const second = post('tools/call', { name: 's__slow' }, KNOWS);
    await vi.waitFor(() => expect(server.calls).toHaveLength(2));
    await clock.advance(6_000);
    expect((await first).body.result?.resultType).toBe('task');
    end('result');
    expect((await second).body.result).toMatchObject({ resultType: 'complete', content: [{ text: 'slow' }] });
  });

  test('is waited for where the store cannot be told of it, and cancelled when its client leaves', async () => {
    const store = createMemoryStore();
    vi.spyOn(store.records, 'put').mockRejectedValue(new Error('the disk is full'));
    const { post, server, clock, end, toolkit } = await gateway({}, store);
    const stays = post('tools/call', { name: 's__slow' }, KNOWS);
    await vi.waitFor(() => expect(server.calls).toHaveLength(1));
    await clock.advance(6_000);
    end('result');
    expect((await stays).body.result).toMatchObject({ resultType: 'complete', content: [{ text: 'slow' }] });
    const leaving = new AbortController();
    void post('tools/call', { name: 's__slow' }, { ...KNOWS, signal: leaving.signal });
    await vi.waitFor(() => expect(server.calls).toHaveLength(2));
    await clock.advance(6_000);
    expect(toolkit.calls()).toHaveLength(1);
    leaving.abort();
    await vi.waitFor(() => expect(toolkit.calls()).toEqual([]));
  });
});
