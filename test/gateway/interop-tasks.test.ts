/** Calls that outlive their request, and a raw WebSocket, where the two eras meet. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema, CreateTaskResultSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type InteropWorld, keyOf, onEnd, PROBES, startInterop } from '../fixtures/interop-world.ts';
import { until } from '../fixtures/servers/launch.ts';

type Json = Record<string, unknown>;

const EXTENSION = 'io.modelcontextprotocol/tasks';
const VERSION = '2026-07-28';

/** One request of the modern era by a client that knows tasks. */
const post = async ({ url }: InteropWorld, method: string, params: Json, as = 'anna'): Promise<Json> => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': VERSION,
    'io.modelcontextprotocol/clientCapabilities': { elicitation: {}, extensions: { [EXTENSION]: {} } },
  };
  const response = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': VERSION,
      'mcp-method': method,
      'mcp-name': String(params.name ?? params.taskId),
      'x-api-key': keyOf(as),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
  });
  return (await response.json()) as Json;
};

describe.each(['legacy', 'modern'] as const)('a task, in front of a %s server', (era) => {
  const world = () => startInterop({ a: PROBES[era] }, { limits: { taskAfterMs: 100 } });

  test('of a client of the modern era is looked at, cancelled on its server, and nobody else’s', async () => {
    const at = await world();
    const begun = await post(at, 'tools/call', { name: 'a__wait', arguments: {} });
    expect(begun).toMatchObject({ result: { resultType: 'task', status: 'working' } });
    const { taskId } = begun.result as { taskId: string };
    expect(await post(at, 'tasks/get', { taskId }, 'bert')).toMatchObject({ error: { code: -32602 } });
    expect(await post(at, 'tasks/cancel', { taskId })).toMatchObject({ result: { resultType: 'complete' } });
    expect(await post(at, 'tasks/get', { taskId })).toMatchObject({ result: { status: 'cancelled' } });
    await until(async () => {
      const { result } = await post(at, 'tools/call', { name: 'a__aborts', arguments: {} });
      return (result as { content: { text: string }[] }).content[0]?.text === '1';
    }, 'the server heard of it');
  });

  test('of a client of the modern era ends with its result', async () => {
    const at = await world();
    const begun = await post(at, 'tools/call', { name: 'a__wait', arguments: { ms: 400 } });
    const { taskId } = begun.result as { taskId: string };
    const ended = await until(async () => {
      const { result } = await post(at, 'tasks/get', { taskId });
      return (result as Json).status === 'completed' ? (result as Json) : undefined;
    }, 'the task is completed');
    expect(ended).toMatchObject({ result: { content: [{ text: 'waited' }] } });
  });

  test('of a client of the legacy era asks its client, and gives its result', async () => {
    const { url } = await world();
    const client = new Client({ name: 'tasks', version: '1' }, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'later' } }));
    onEnd(() => client.close().catch(() => {}));
    const requestInit = { headers: { 'x-api-key': keyOf('anna') } };
    await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit }));
    const params = { name: 'a__elicit', arguments: {}, task: { ttl: 60_000 } };
    const { task } = await client.request({ method: 'tools/call', params }, CreateTaskResultSchema);
    const result = await client.experimental.tasks.getTaskResult(task.taskId, CallToolResultSchema);
    expect(result.content).toMatchObject([{ text: 'accept later' }]);
    const state = await client.experimental.tasks.getTask(task.taskId);
    expect(state).toMatchObject({ status: 'completed', ttl: 60_000 });
  });
});

describe('a raw WebSocket', () => {
  const open = ({ url }: InteropWorld, key: string | undefined): WebSocket => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const socket = new WebSocket(`${url.replace('http', 'ws')}/mcp`, 'mcp', { headers });
    onEnd(() => socket.terminate());
    return socket;
  };

  test('is let in with a key only', async () => {
    const at = await startInterop({ a: PROBES.legacy });
    for (const key of [undefined, 'interop-key-of-nobody-0123456789']) {
      const status = await new Promise((resolve) => {
        const socket = open(at, key);
        socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode));
        socket.on('open', () => resolve('open'));
        socket.on('error', () => {});
      });
      expect(status).toBe(401);
    }
  });

  test('says hello, calls, hears progress, is asked, cancels, and is told what is no message', async () => {
    const at = await startInterop({ a: PROBES.legacy });
    const socket = open(at, keyOf('anna'));
    const heard: Json[] = [];
    socket.on('message', (data) => heard.push(JSON.parse(String(data)) as Json));
    await new Promise((resolve) => socket.once('open', resolve));
    expect(socket.protocol).toBe('mcp');
    const send = (message: Json): void => socket.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
    const answerTo = (id: unknown): Promise<Json> =>
      until(
        () => heard.find((message) => message.id === id && message.method === undefined),
        `the answer to ${id} arrives`,
      );
    const clientInfo = { name: 'raw', version: '1' };
    const capabilities = { elicitation: {} };
    send({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities, clientInfo } });
    expect(await answerTo(1)).toMatchObject({
      result: { protocolVersion: '2025-11-25', serverInfo: { name: 'toolway' } },
    });
    send({ method: 'notifications/initialized' });
    send({ id: 2, method: 'tools/call', params: { name: 'a__steps', arguments: {}, _meta: { progressToken: 'p' } } });
    await answerTo(2);
    const steps = heard.filter(({ method }) => method === 'notifications/progress');
    expect(steps.map(({ params }) => params)).toMatchObject(
      [1, 2, 3, 4, 5].map((progress) => ({ progress, progressToken: 'p' })),
    );
    send({ id: 3, method: 'tools/call', params: { name: 'a__elicit', arguments: {} } });
    const question = await until(() => heard.find(({ method }) => method === 'elicitation/create'), 'it is asked');
    send({ id: question.id, result: { action: 'accept', content: { name: 'raw' } } });
    expect(await answerTo(3)).toMatchObject({ result: { content: [{ text: 'accept raw' }] } });
    send({ id: 4, method: 'tools/call', params: { name: 'a__wait', arguments: {} } });
    await until(() => at.toolkit.calls().some(({ state }) => state === 'handed_over'), 'the call is at its server');
    send({ method: 'notifications/cancelled', params: { requestId: 4 } });
    await until(() => at.toolkit.calls().length === 0, 'the call is over');
    send({ id: 5, method: 'tools/call', params: { name: 'a__aborts', arguments: {} } });
    expect(await answerTo(5)).toMatchObject({ result: { content: [{ text: '1' }] } });
    socket.send('{"jsonrpc": ');
    await until(() => heard.some(({ error }) => (error as Json | undefined)?.code === -32700), 'it is told');
    expect(heard.some(({ id }) => id === 4)).toBe(false);
  });
});
