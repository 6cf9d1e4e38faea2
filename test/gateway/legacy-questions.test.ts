import {
  CallToolResultSchema,
  CreateMessageRequestSchema,
  CreateTaskResultSchema,
  ElicitationCompleteNotificationSchema,
  ElicitRequestSchema,
  ErrorCode,
  ListRootsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import { connectClient, PROBE, startGateway, textOf } from '../fixtures/mcp-gateway.ts';
import { until } from '../fixtures/servers/launch.ts';

const call = (name: string, args: Record<string, unknown> = {}) => ({ name, arguments: args });

describe('what a server asks', () => {
  test('is refused where the client did not declare it', async () => {
    const gateway = await startGateway({ a: PROBE });
    const client = await connectClient(gateway);
    for (const name of ['a__sample', 'a__elicit', 'a__roots'])
      await expect(client.callTool(call(name))).rejects.toMatchObject({ code: ErrorCode.MethodNotFound });
  });

  test('is refused as the client refuses it', async () => {
    const gateway = await startGateway({ a: PROBE });
    const capabilities = { sampling: {}, elicitation: {}, roots: {} };
    let failure = new McpError(-1, 'User rejected sampling request');
    const client = await connectClient(gateway, { capabilities }, (asked) => {
      asked.setRequestHandler(CreateMessageRequestSchema, () => {
        throw failure;
      });
      asked.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' }));
      asked.setRequestHandler(ListRootsRequestSchema, () => {
        throw failure;
      });
    });
    await expect(client.callTool(call('a__sample'))).rejects.toMatchObject({ code: -1 });
    await expect(client.callTool(call('a__roots'))).rejects.toMatchObject({ code: -1 });
    expect(textOf(await client.callTool(call('a__elicit')))).toBe('decline');
    failure = new McpError(-32000, 'out of order');
    await expect(client.callTool(call('a__sample'))).rejects.toMatchObject({ code: ErrorCode.InternalError });
    await expect(client.callTool(call('a__sample', { tools: true }))).rejects.toMatchObject({
      code: ErrorCode.InternalError,
    });
  });

  test('never reaches another client, and none of two that are calling at the same time', async () => {
    const gateway = await startGateway({ a: PROBE });
    const asked: string[] = [];
    const connect = (as: string) =>
      connectClient(gateway, { as, capabilities: { elicitation: {} } }, (client) => {
        client.setRequestHandler(ElicitRequestSchema, () => {
          asked.push(as);
          return { action: 'accept', content: { name: as } };
        });
      });
    const [ann, bob] = [await connect('ann'), await connect('bob')];
    expect(textOf(await ann.callTool(call('a__elicit')))).toBe('accept ann');
    const waiting = bob.callTool(call('a__wait', { ms: 1_000 }));
    await until(() => gateway.toolkit.calls().some(({ state }) => state === 'handed_over'), 'bob is calling');
    await expect(ann.callTool(call('a__elicit'))).rejects.toMatchObject({ code: ErrorCode.MethodNotFound });
    await waiting;
    expect(textOf(await bob.callTool(call('a__elicit')))).toBe('accept bob');
    expect(asked).toEqual(['ann', 'bob']);
  });

  test('is taken back when the call is cancelled', async () => {
    const gateway = await startGateway({ a: PROBE });
    let taken = false;
    const client = await connectClient(gateway, { capabilities: { elicitation: {} } }, (asked) => {
      asked.setRequestHandler(
        ElicitRequestSchema,
        (_request, { signal }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              taken = true;
              resolve({ action: 'cancel' });
            });
          }),
      );
    });
    const controller = new AbortController();
    const waiting = client.callTool(call('a__elicit'), undefined, { signal: controller.signal });
    await until(() => gateway.toolkit.calls().length > 0, 'the call is under way');
    await new Promise((resolve) => setTimeout(resolve, 200));
    controller.abort();
    await expect(waiting).rejects.toThrow();
    await until(() => taken, 'the question is taken back');
  });
});

describe('a URL that a server wants visited', () => {
  test('is put to a client that visits URLs, which hears when that is done', async () => {
    const gateway = await startGateway({ a: PROBE });
    const asked: unknown[] = [];
    const done: string[] = [];
    const client = await connectClient(gateway, { capabilities: { elicitation: { url: {} } } }, (each) => {
      each.setRequestHandler(ElicitRequestSchema, ({ params }) => {
        asked.push(params);
        return { action: 'accept' };
      });
      each.setNotificationHandler(
        ElicitationCompleteNotificationSchema,
        ({ params }) => void done.push(params.elicitationId),
      );
    });
    const other = await connectClient(gateway, { as: 'bob', capabilities: { elicitation: { url: {} } } }, (each) => {
      each.setNotificationHandler(ElicitationCompleteNotificationSchema, () => void done.push('not for bob'));
    });
    const visiting = client.callTool(call('a__visit')).catch((error: unknown) => error);
    await until(() => asked.length > 0, 'the client is asked');
    expect(asked).toMatchObject([{ mode: 'url', url: 'https://example.com/sign-in', elicitationId: 'visit-1' }]);
    await other.callTool(call('a__done'));
    await until(() => done.length > 0, 'the client is told');
    // The server wants the visit again, so that the client is told in its words.
    expect(await visiting).toMatchObject({ code: -32042 });
    expect(done).toEqual(['visit-1']);
  });

  test('is passed on as the error that it is to a client that does not', async () => {
    const gateway = await startGateway({ a: PROBE });
    for (const capabilities of [{}, { elicitation: {} }]) {
      const client = await connectClient(gateway, { capabilities });
      await expect(client.callTool(call('a__visit'))).rejects.toMatchObject({
        code: -32042,
        data: { elicitations: [{ mode: 'url', elicitationId: 'visit-1' }] },
      });
    }
  });
});

describe('a call that is made as a task', () => {
  test('goes on by itself, tells of its state, and gives its result when it is asked for', async () => {
    const gateway = await startGateway({ a: PROBE });
    const client = await connectClient(gateway);
    expect(client.getServerCapabilities()?.tasks).toEqual({
      list: {},
      cancel: {},
      requests: { tools: { call: {} } },
    });
    await client.listTools();
    const seen: string[] = [];
    let taskId = '';
    for await (const message of client.experimental.tasks.callToolStream(
      call('a__described', { n: 3 }),
      CallToolResultSchema,
      { task: { ttl: 60_000 } },
    )) {
      seen.push(message.type);
      if (message.type === 'taskCreated') taskId = message.task.taskId;
      if (message.type === 'result') expect(message.result).toMatchObject({ structuredContent: { n: 3 } });
    }
    expect([seen[0], seen.at(-1)]).toEqual(['taskCreated', 'result']);
    expect(await client.experimental.tasks.getTask(taskId)).toMatchObject({ taskId, status: 'completed', ttl: 60_000 });
    expect(await client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema)).toMatchObject({
      structuredContent: { n: 3 },
      _meta: { 'io.modelcontextprotocol/related-task': { taskId } },
    });
  });

  test('is cancelled on its server, by its principal in any session, and by nobody else', async () => {
    const gateway = await startGateway({ a: PROBE });
    const client = await connectClient(gateway);
    const other = await connectClient(gateway, { as: 'mallory' });
    const second = await connectClient(gateway);
    const created = await client.request(
      { method: 'tools/call', params: { ...call('a__wait'), task: {} } },
      CreateTaskResultSchema,
    );
    const { taskId } = created.task;
    await until(
      () => gateway.toolkit.calls().some(({ state }) => state === 'handed_over'),
      'the call is at its server',
    );
    expect((await client.experimental.tasks.listTasks()).tasks).toMatchObject([{ taskId, status: 'working' }]);
    expect((await other.experimental.tasks.listTasks()).tasks).toEqual([]);
    await expect(other.experimental.tasks.getTask(taskId)).rejects.toMatchObject({ code: ErrorCode.InvalidParams });
    await expect(other.experimental.tasks.cancelTask(taskId)).rejects.toMatchObject({ code: ErrorCode.InvalidParams });
    expect((await second.experimental.tasks.listTasks()).tasks).toEqual([]);
    expect(await second.experimental.tasks.getTask(taskId)).toMatchObject({ status: 'working' });
    expect(await second.experimental.tasks.cancelTask(taskId)).toMatchObject({ status: 'cancelled' });
    await until(async () => textOf(await client.callTool(call('a__aborts'))) === '1', 'the server heard of it');
    await expect(client.experimental.tasks.cancelTask(taskId)).rejects.toMatchObject({ code: ErrorCode.InvalidParams });
    await expect(client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema)).rejects.toMatchObject({
      data: { code: 'cancelled' },
    });
  });

  test('says that it waits while its client is asked something', async () => {
    const gateway = await startGateway({ a: PROBE });
    const states: string[] = [];
    let related: unknown;
    const client = await connectClient(gateway, { capabilities: { elicitation: {} } }, (asked) => {
      asked.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
        related = params._meta?.['io.modelcontextprotocol/related-task'];
        states.push((await client.experimental.tasks.getTask((related as { taskId: string }).taskId)).status);
        return { action: 'accept', content: { name: 'later' } };
      });
    });
    await client.listTools();
    const created = await client.request(
      { method: 'tools/call', params: { ...call('a__elicit'), task: {} } },
      CreateTaskResultSchema,
    );
    const result = await client.experimental.tasks.getTaskResult(created.task.taskId, CallToolResultSchema);
    expect(textOf(result)).toBe('accept later');
    expect(states).toEqual(['input_required']);
    expect(related).toEqual({ taskId: created.task.taskId });
  });
});
