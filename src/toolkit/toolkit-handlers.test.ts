import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ScriptedServer, scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { toolkitOf } from '../../test/fixtures/toolkits.ts';
import type { Progress } from '../protocol/types.ts';
import type { JsonRpcRequest } from '../protocol/wire.ts';

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeEach(() => void process.on('unhandledRejection', note));
afterEach(async () => {
  // Node tells of a rejection that nobody handles once the microtasks are done.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0)).toEqual([]);
});

const tokenOf = ({ params }: JsonRpcRequest): unknown =>
  (params?._meta as { progressToken: unknown } | undefined)?.progressToken;

/** Before it answers, a call of its tool brings progress, a log message and an update of a resource. */
const talkative = (): ScriptedServer => {
  const server = scriptedServer({
    talk: (_, request) => {
      const tell = (method: string, params: object) => server.latest().say({ jsonrpc: '2.0', method, params });
      tell('notifications/progress', { progressToken: tokenOf(request), progress: 1 });
      tell('notifications/message', { level: 'info', data: 'x' });
      tell('notifications/resources/updated', { uri: 'u:1' });
      return text('done');
    },
  });
  server.capabilities = { tools: {}, logging: {}, resources: { subscribe: true } };
  return server;
};
const throwing = (what: string) => (): never => {
  throw new Error(what);
};
const rejecting = (what: string) => async (): Promise<never> => throwing(what)();

describe.each([
  ['throw', throwing],
  ['reject', rejecting],
])('handlers of the user that %s', (_, failing) => {
  test('are reported, and the call has its result', async () => {
    const server = talkative();
    const reported: string[] = [];
    const hear = (message: string, facts?: { error?: unknown; cause?: unknown }): void =>
      void reported.push(`${message}: ${((facts?.error ?? facts?.cause) as Error | undefined)?.message}`);
    const logger = { debug() {}, info() {}, warn: hear, error: hear };
    const toolkit = await toolkitOf({ s: server }, { onLog: failing('log'), logger });
    toolkit.on('tool_call_success', failing('event'));
    await toolkit.subscribeResource('u:1', failing('subscription'), { server: 's' });
    const result = await toolkit.callTool('s.talk', {}, { onProgress: failing('progress') });
    expect(result).toEqual(text('done'));
    await vi.waitFor(() =>
      expect([...reported].sort()).toEqual([
        'a handler failed: log',
        'a handler of "tool_call_success" failed: event',
        'a subscription handler failed: subscription',
        'onProgress failed: progress',
      ]),
    );
  });

  test('do nothing to a call of the single-server client', async () => {
    const toolkit = await toolkitOf({ s: talkative() });
    const seen: Progress[] = [];
    const onProgress = (progress: Progress) => {
      seen.push(progress);
      return failing('progress')();
    };
    expect(await toolkit.server('s').callTool('talk', {}, { onProgress })).toEqual(text('done'));
    expect(seen).toEqual([{ progress: 1 }]);
  });

  test('do nothing to a call that became a task', async () => {
    const server = scriptedServer({ slow: () => ({ task: { taskId: 't', status: 'working', pollInterval: 1 } }) });
    server.definitions.slow = { execution: { taskSupport: 'required' } };
    server.capabilities = { tools: {}, tasks: { requests: { tools: { call: {} } } } };
    const onTask = vi.fn(failing('task'));
    const toolkit = await toolkitOf({ s: server }, { onTask });
    server.latest().on('tasks/get', () => ({ taskId: 't', status: 'completed' }));
    server.latest().on('tasks/result', () => text('at last'));
    expect(await toolkit.callTool('s.slow')).toEqual(text('at last'));
    expect(onTask).toHaveBeenCalledTimes(2);
  });

  test('and a logger that fails as well leave the call alone', async () => {
    const fail = vi.fn((): unknown => failing('logger')());
    const toolkit = await toolkitOf(
      { s: talkative() },
      { logger: { debug: fail, info: fail, warn: fail, error: fail }, onLog: failing('log') },
    );
    toolkit.on('tool_call_success', failing('event'));
    expect(await toolkit.callTool('s.talk', {}, { onProgress: failing('progress') })).toEqual(text('done'));
    await vi.waitFor(() => expect(fail.mock.calls.length).toBeGreaterThanOrEqual(3));
  });
});
