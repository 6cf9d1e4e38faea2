/** What becomes of tasks when their gateway is killed, in both eras. */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildProgram, newFolder, type Program } from '../fixtures/store-world.ts';

type Json = Record<string, unknown>;
interface Told {
  status?: string;
  result?: Json;
  error?: { code: number; message: string; data?: Json };
}

/** A gateway as a program, which says where it listens. */
const SOURCE = `
import { gatewayHandlers } from '#src/gateway/handlers.ts';
import { createSqliteStore, createToolkit, serveGateway } from '#src/node/index.ts';
const { path, bank, apiKeys } = JSON.parse(process.argv[2]);
const toolkit = await createToolkit({ connect: 'wait', ...gatewayHandlers, mcpServers: { bank } });
const store = await createSqliteStore({ path });
const limits = { taskAfterMs: 30 };
const { url } = await serveGateway(toolkit, { port: 0, store, access: { apiKeys }, limits });
console.log(url);
`;
const EFFECTS = fileURLToPath(new URL('../fixtures/cli/effects.js', import.meta.url));
const apiKeys = ['ann', 'bob'].map((name) => ({ name, key: `key-of-${name}-in-a-test`, scopes: ['call'] }));

let program: Program;
let folder: string;
beforeAll(async () => {
  program = await buildProgram('tasks', SOURCE);
});
afterAll(() => program.remove());
beforeEach(async () => {
  folder = await newFolder();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const start = async () => {
  const bank = { command: process.execPath, args: [EFFECTS], env: { EFFECTS: `${folder}/effects` } };
  const running = program.start(JSON.stringify({ path: `${folder}/gateway.db`, bank, apiKeys }));
  const url = String((await running.lines.next()).value);
  return {
    ...running,
    post: (message: Json, headers: Record<string, string>) =>
      fetch(`${url}/mcp`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...headers,
          authorization: `Bearer key-of-${headers.as ?? 'ann'}-in-a-test`,
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
      }),
  };
};
type Gateway = Awaited<ReturnType<typeof start>>;

/** Begins a task, and asks for one. */
type Client = (
  gateway: Gateway,
  as?: string,
) => Promise<{ begin(key: string, delayMs: number): Promise<string>; get(taskId: string): Promise<Told> }>;

const call = (key: string, delayMs: number) => ({ name: 'bank__charge', arguments: { key, delayMs } });
const answerOf = async (response: Response): Promise<Json & { result: Json; error?: Told['error'] }> =>
  JSON.parse((await response.text()).split('\ndata: ').at(-1) ?? '');

const legacy: Client = async (gateway, as = 'ann') => {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
  const hello = await gateway.post({ method: 'initialize', params }, { as });
  const session = { as, 'mcp-session-id': hello.headers.get('mcp-session-id') ?? '' };
  const ask = async (method: string, asked: Json) => answerOf(await gateway.post({ method, params: asked }, session));
  return {
    async begin(key, delayMs) {
      const { result } = await ask('tools/call', { ...call(key, delayMs), task: { ttl: 60_000 } });
      return (result.task as { taskId: string }).taskId;
    },
    async get(taskId) {
      const state = await ask('tasks/get', { taskId });
      if (state.error !== undefined) return { error: state.error };
      const status = state.result.status as string;
      if (status === 'working') return { status };
      const { result, error } = await ask('tasks/result', { taskId });
      return { status, result, ...(error !== undefined && { error }) };
    },
  };
};
const modern: Client = async (gateway, as = 'ann') => {
  const version = '2026-07-28';
  const ask = async (method: string, params: Json & { name?: string; taskId?: string }) => {
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': version,
      'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
    };
    const name = String(params.name ?? params.taskId);
    const headers = { as, 'mcp-protocol-version': version, 'mcp-method': method, 'mcp-name': name };
    return answerOf(await gateway.post({ method, params: { ...params, _meta } }, headers));
  };
  return {
    begin: async (key, delayMs) => (await ask('tools/call', call(key, delayMs))).result.taskId as string,
    async get(taskId) {
      const { result, error } = await ask('tasks/get', { taskId });
      return error === undefined ? (result as Told) : { error };
    },
  };
};

describe.each([
  ['legacy', legacy],
  ['modern', modern],
])('a gateway that is killed, asked for tasks by clients of the %s era', (_, clientOf) => {
  test('has those that had ended, and says of one that ran that nobody knows what became of it', async () => {
    const first = await start();
    const client = await clientOf(first);
    const done = await client.begin('done', 100);
    const running = await client.begin('runs', 1_500);
    await expect.poll(() => client.get(done)).toMatchObject({ status: 'completed' });
    expect(await client.get(running)).toMatchObject({ status: 'working' });
    await first.kill();

    const second = await start();
    const again = await clientOf(second);
    expect(await again.get(done)).toMatchObject({ status: 'completed', result: { content: [{ text: 'done' }] } });
    const unknown = { code: 'outcome_unknown', executed: 'unknown', server: 'bank', tool: 'charge' };
    expect(await again.get(running)).toMatchObject({ status: 'failed', error: { code: -32000, data: unknown } });
    const other = await clientOf(second, 'bob');
    for (const taskId of [done, running]) expect(await other.get(taskId)).toMatchObject({ error: { code: -32602 } });
    expect(readFileSync(`${folder}/effects`, 'utf8').split('\n').filter(Boolean)).toEqual(['charge done']);
    await second.kill();
  });
});
