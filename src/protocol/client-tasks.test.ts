import { describe, expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { Handlers } from '../handlers.ts';
import type { Answer } from './answering.ts';
import { createClientTasks, MAX_CLIENT_TASKS } from './client-tasks.ts';
import { RpcFault } from './rpc-fault.ts';
import { createServerRequests } from './server-requests.ts';
import type { JsonObject, SampleResult } from './types.ts';

interface ByHand extends Clock {
  /** Timers that neither fired nor were cancelled, by their length. */
  readonly waiting: Map<() => void, number>;
  held: boolean[];
}
const byHand = (): ByHand => {
  const waiting = new Map<() => void, number>();
  const held: boolean[] = [];
  return {
    waiting,
    held,
    now: () => 0,
    after(ms, fn) {
      waiting.set(fn, ms);
      return { cancel: () => void waiting.delete(fn), keepAlive: (yes) => void held.push(yes) };
    },
  };
};

const fault = (code: number, message = ''): unknown =>
  expect.objectContaining({ name: 'RpcFault', code, message: expect.stringContaining(message) });
const sampled: SampleResult = { role: 'assistant', model: 'm', content: { type: 'text', text: 'y' } };
const sampling = { messages: [{ role: 'user', content: { type: 'text', text: 'x' } }], maxTokens: 5 };
const context = (signal = new AbortController().signal) => ({
  server: 's',
  scope: '',
  requestId: 1,
  signal,
  handlers: {},
});
const relatedTo = (taskId: unknown) => ({ 'io.modelcontextprotocol/related-task': { taskId } });

/** Tasks over questions that end when the test says so. */
const setup = () => {
  const questions: {
    method: string;
    params: JsonObject;
    signal: AbortSignal;
    give: (result: JsonObject) => void;
    fail: (error: unknown) => void;
  }[] = [];
  const answer: Answer = (method, params, { signal }) =>
    new Promise((give, fail) => {
      questions.push({ method, params, signal, give, fail });
      signal.addEventListener('abort', () => fail(new RpcFault(-1, 'rejected')));
    });
  const clock = byHand();
  const tasks = createClientTasks({ answer, clock });
  const ask = (method: string, params: JsonObject = {}, signal?: AbortSignal): Promise<JsonObject> =>
    tasks.answer(method, params, context(signal));
  const create = async (task: JsonObject = {}): Promise<JsonObject & { taskId: string }> => {
    const created = await ask('sampling/createMessage', { ...sampling, task });
    return created.task as JsonObject & { taskId: string };
  };
  return { questions, clock, tasks, ask, create };
};
type Setup = ReturnType<typeof setup>;
const question = ({ questions }: Setup, index = 0) => {
  const found = questions[index];
  if (found === undefined) throw new Error(`question ${index} was not asked`);
  return found;
};

describe('a question that is asked as a task', () => {
  test('is answered at once with a task, and put without its wish to be one', async () => {
    const it = setup();
    const task = await it.create({ ttl: 60_000 });
    expect(task).toEqual({
      taskId: expect.stringMatching(/^[0-9a-f]{32}$/),
      status: 'working',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      lastUpdatedAt: task.createdAt,
      ttl: 60_000,
      pollInterval: 1_000,
    });
    expect(question(it)).toMatchObject({ method: 'sampling/createMessage', params: sampling });
    expect(question(it).params).not.toHaveProperty('task');
    expect(await it.ask('tasks/get', { taskId: task.taskId })).toEqual(task);
    expect(await it.ask('tasks/list')).toEqual({ tasks: [task] });
  });

  test('gives its result to who waits for it, and to who asks later, with the task that it belongs to', async () => {
    const it = setup();
    const { taskId } = await it.create();
    const waiting = it.ask('tasks/result', { taskId });
    question(it).give({ ...sampled, _meta: { own: 1 } } as JsonObject);
    const result = { ...sampled, _meta: { own: 1, ...relatedTo(taskId) } };
    expect(await waiting).toEqual(result);
    expect(await it.ask('tasks/result', { taskId })).toEqual(result);
    expect(await it.ask('tasks/get', { taskId })).toMatchObject({ status: 'completed' });
  });

  test('that fails is a failed task, whose result is the very error', async () => {
    const it = setup();
    const { taskId } = await it.create();
    question(it).fail(new RpcFault(-32603, 'the client failed to answer'));
    await expect(it.ask('tasks/result', { taskId })).rejects.toEqual(fault(-32603, 'the client failed'));
    expect(await it.ask('tasks/get', { taskId })).toMatchObject({
      status: 'failed',
      statusMessage: 'the client failed to answer',
    });
  });

  test('can be waited for by a request that is taken back, and by the next one', async () => {
    const it = setup();
    const { taskId } = await it.create();
    const takingBack = new AbortController();
    const waiting = it.ask('tasks/result', { taskId }, takingBack.signal);
    takingBack.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(question(it).signal.aborted).toBe(false);
    question(it).give({ ...sampled });
    expect(await it.ask('tasks/result', { taskId })).toMatchObject({ model: 'm' });
  });

  test('must say how in an object', async () => {
    const it = setup();
    for (const task of [true, 'yes', 5, []]) {
      await expect(it.ask('sampling/createMessage', { ...sampling, task })).rejects.toEqual(fault(-32602, 'task'));
    }
    expect(it.questions).toEqual([]);
  });

  test('is not begun for a request that was taken back meanwhile', async () => {
    const it = setup();
    const asking = it.ask('sampling/createMessage', { ...sampling, task: {} }, AbortSignal.abort());
    await expect(asking).rejects.toEqual(fault(-32603, 'taken back'));
    expect(it.questions).toEqual([]);
  });
});

describe('a task', () => {
  test('that is cancelled aborts its handler and stays cancelled', async () => {
    const it = setup();
    const { taskId } = await it.create();
    const waiting = it.ask('tasks/result', { taskId });
    expect(await it.ask('tasks/cancel', { taskId })).toMatchObject({ taskId, status: 'cancelled' });
    expect(question(it).signal.aborted).toBe(true);
    await expect(waiting).rejects.toEqual(fault(-1, 'rejected'));
    expect(await it.ask('tasks/get', { taskId })).toMatchObject({ status: 'cancelled' });
    await expect(it.ask('tasks/cancel', { taskId })).rejects.toEqual(fault(-32602, 'cancelled already'));
  });

  test('that has ended cannot be cancelled', async () => {
    const it = setup();
    const { taskId } = await it.create();
    question(it).give({ ...sampled });
    await it.ask('tasks/result', { taskId });
    await expect(it.ask('tasks/cancel', { taskId })).rejects.toEqual(fault(-32602, 'completed already'));
  });

  test.each([
    [{}, 300_000],
    [{ ttl: 'long' }, 300_000],
    [{ ttl: Number.NaN }, 300_000],
    [{ ttl: 5_000.4 }, 5_000],
    [{ ttl: -5 }, 1_000],
    [{ ttl: 1e12 }, 3_600_000],
  ])('asked for with %j is held for %i ms', async (wish, ttl) => {
    const { clock, create } = setup();
    expect(await create(wish)).toMatchObject({ ttl });
    expect([...clock.waiting.values()]).toEqual([ttl]);
    expect(clock.held).toEqual([false]);
  });

  test('is forgotten after that time, and nobody is asked any more', async () => {
    const it = setup();
    const { taskId } = await it.create();
    const waiting = it.ask('tasks/result', { taskId });
    for (const expire of it.clock.waiting.keys()) expire();
    expect(question(it).signal.aborted).toBe(true);
    await expect(waiting).rejects.toEqual(fault(-1));
    await expect(it.ask('tasks/get', { taskId })).rejects.toEqual(fault(-32602));
    expect(await it.ask('tasks/list')).toEqual({ tasks: [] });
  });

  test('that nobody knows is an invalid parameter, and so are pages of the list', async () => {
    const { ask, create } = setup();
    await create();
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
      for (const taskId of ['none', '__proto__', 5, null, undefined, {}]) {
        await expect(ask(method, { taskId })).rejects.toEqual(fault(-32602, 'no such task'));
      }
    }
    await expect(ask('tasks/list', { cursor: 'next' })).rejects.toEqual(fault(-32602, 'cursor'));
    await expect(ask('tasks/update')).rejects.toEqual(fault(-32601));
  });
});

describe('all tasks together', () => {
  test(`are ${MAX_CLIENT_TASKS}; one more is refused until one has been collected or cancelled`, async () => {
    const it = setup();
    const ids: string[] = [];
    for (let count = 0; count < MAX_CLIENT_TASKS; count += 1) ids.push((await it.create()).taskId);
    expect(new Set(ids).size).toBe(MAX_CLIENT_TASKS);
    await expect(it.create()).rejects.toEqual(fault(-32603, `${MAX_CLIENT_TASKS} tasks`));
    expect(it.questions).toHaveLength(MAX_CLIENT_TASKS);

    question(it, 7).give({ ...sampled });
    await expect(it.create()).rejects.toEqual(fault(-32603));
    await it.ask('tasks/result', { taskId: ids[7] });
    await it.create();
    await expect(it.ask('tasks/get', { taskId: ids[7] })).rejects.toEqual(fault(-32602));

    await it.ask('tasks/cancel', { taskId: ids[3] });
    await it.create();
    await expect(it.create()).rejects.toEqual(fault(-32603));
    expect(it.clock.waiting.size).toBe(MAX_CLIENT_TASKS);
  });

  test('are dropped when the session ends: handlers are aborted, and no timer is left', async () => {
    const it = setup();
    const { taskId } = await it.create();
    await it.create();
    it.tasks.forget();
    expect(it.questions.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(it.clock.waiting.size).toBe(0);
    await expect(it.ask('tasks/get', { taskId })).rejects.toEqual(fault(-32602));
  });
});

describe('the answers of a client', () => {
  const requestsOf = (handlers: Handlers) => {
    const requests = createServerRequests({ clock: systemClock, handlers, server: 's', scope: '', report: () => {} });
    const { signal } = new AbortController();
    return {
      requests,
      ask: (method: string, params: JsonObject, requestId?: number): Promise<JsonObject> =>
        requests.answer(method, params, requestId === undefined ? { signal } : { signal, requestId }),
    };
  };

  test('offer tasks to legacy servers for what has a handler', () => {
    const tasksOf = (handlers: Handlers) => requestsOf(handlers).requests.capabilities('legacy').tasks;
    const [elicitation, sampling] = [{ create: {} }, { createMessage: {} }];
    const onElicit = () => ({ action: 'cancel' }) as const;
    const onSample = () => sampled;
    expect(tasksOf({ onElicit, onSample })).toEqual({ list: {}, cancel: {}, requests: { elicitation, sampling } });
    expect(tasksOf({ onElicit })).toEqual({ list: {}, cancel: {}, requests: { elicitation } });
    expect(tasksOf({ onSample })).toEqual({ list: {}, cancel: {}, requests: { sampling } });
    expect(tasksOf({ roots: [] })).toBeUndefined();
    expect(requestsOf({ onElicit, onSample }).requests.capabilities('modern')).not.toHaveProperty('tasks');
  });

  test('are tasks only where a server asks for one on its own; questions at the same time share one list', async () => {
    const { ask, requests } = requestsOf({ onSample: () => sampled, onElicit: () => ({ action: 'decline' }) });
    const wish = { ...sampling, task: {} };
    const [one, two] = await Promise.all([
      ask('sampling/createMessage', wish, 1),
      ask('elicitation/create', { message: 'x', requestedSchema: { type: 'object', properties: {} }, task: {} }, 2),
    ]);
    const { tasks } = await ask('tasks/list', {}, 3);
    expect((tasks as JsonObject[]).map(({ taskId }) => taskId)).toEqual(
      [one, two].map(({ task }) => (task as JsonObject).taskId),
    );
    const { taskId } = two.task as JsonObject;
    expect(await ask('tasks/result', { taskId }, 4)).toEqual({ action: 'decline', _meta: relatedTo(taskId) });
    expect(await ask('sampling/createMessage', wish)).toBe(sampled);
    expect(await ask('sampling/createMessage', { ...sampling, task: null }, 5)).toBe(sampled);
    requests.forget();
    expect(await ask('tasks/list', {}, 6)).toEqual({ tasks: [] });
  });

  test('know no tasks without a handler that could have one', async () => {
    const { ask } = requestsOf({ roots: [] });
    await expect(ask('tasks/list', {}, 1)).rejects.toEqual(fault(-32601));
    expect(await ask('roots/list', { task: {} }, 2)).toEqual({ roots: [] });
    const onlyElicit = requestsOf({ onElicit: () => ({ action: 'cancel' }) });
    await expect(onlyElicit.ask('sampling/createMessage', { ...sampling, task: {} }, 1)).rejects.toEqual(fault(-32601));
  });
});
