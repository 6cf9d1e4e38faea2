/** A client whose server forgets the session: while it restarts and nothing is called, and in the middle of calls. */
import type { ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { Handlers, Toolkit } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { type Hosted, host, until } from '../fixtures/servers/launch.ts';
import { answerJson, initialized, toolList } from '../fixtures/servers/raw-http.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Restartable {
  http: Hosted;
  url: string;
  tools: string[];
  /** Handshakes to refuse after the restart, with 503. */
  refusals: number;
  /** Calls of tools that find their session forgotten. */
  forgets: number;
  /** Streams that are open now, by session. */
  streams: Map<string, ServerResponse>;
  /** Forgets all sessions. */
  forget(): void;
  /** The same, and cuts all connections. */
  restart(): void;
  tell(session: string, message: { method: string; id?: number; params?: object }): void;
}

type Refuse = (response: ServerResponse, id: unknown) => void;

/** A server with sessions; `refuse` answers what belongs to none. */
const start = async (refuse: Refuse): Promise<Restartable> => {
  let sessions = new Set<string>();
  let count = 0;
  const streams = new Map<string, ServerResponse>();
  const replies: Record<string, () => object> = {
    'tools/list': () => toolList(...server.tools),
    'resources/list': () => ({ resources: [] }),
    'resources/templates/list': () => ({ resourceTemplates: [] }),
  };
  const http = await host((request, response, body) => {
    const session = String(request.headers['mcp-session-id'] ?? '');
    if (body?.method === 'initialize') {
      if (count > 0 && server.refusals > 0) {
        server.refusals -= 1;
        response.writeHead(503).end();
        return;
      }
      count += 1;
      sessions.add(`s${count}`);
      response.setHeader('mcp-session-id', `s${count}`);
      const capabilities = { tools: { listChanged: true }, resources: { subscribe: true } };
      answerJson(response, { jsonrpc: '2.0', id: body.id, result: { ...initialized(), capabilities } });
    } else if (body?.method === 'server/discover') {
      answerJson(response, { jsonrpc: '2.0', id: body.id, error: { code: -32601, message: 'no' } }, 404);
    } else if (body?.method === 'tools/call' && server.forgets > 0) {
      server.forgets -= 1;
      server.forget();
      refuse(response, body.id);
    } else if (!sessions.has(session)) refuse(response, body?.id);
    else if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('retry: 100\n\n');
      streams.set(session, response);
    } else if (body?.id === undefined || body.method === undefined) response.writeHead(202).end();
    else if (body.method !== 'tools/call' || body.params?.name !== 'never') {
      const result = replies[body.method ?? '']?.() ?? {};
      answerJson(response, { jsonrpc: '2.0', id: body.id, result });
    }
  });
  closers.push(() => http.stop());
  const server: Restartable = {
    http,
    url: `${http.origin}/mcp`,
    tools: ['one'],
    refusals: 0,
    forgets: 0,
    streams,
    forget() {
      sessions = new Set();
      streams.clear();
    },
    restart() {
      server.forget();
      http.cut();
    },
    tell(session, message) {
      streams.get(session)?.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
    },
  };
  return server;
};

const connect = async (server: Restartable, handlers: Handlers = {}): Promise<Toolkit> => {
  const mcpServers = { s: { url: server.url, era: 'legacy', ...handlers } } as const;
  const toolkit = await createToolkit({ connect: 'wait', mcpServers });
  closers.push(() => toolkit.close({ drainMs: 0 }));
  await until(() => server.streams.has('s1'), 'the first stream');
  return toolkit;
};

const says404: Refuse = (response) => void response.writeHead(404).end();
/** As many servers do that are written after the example of the official SDK. */
const says400: Refuse = (response, id = null) =>
  answerJson(response, { jsonrpc: '2.0', id, error: { code: -32000, message: 'Bad Request: no valid session' } }, 400);

test('a server that forgot the session gets a new one by itself: its lists are read, and what it says there is heard', async () => {
  const server = await start(says404);
  const toolkit = await connect(server);
  server.tools = ['two'];
  server.restart();
  await until(() => server.streams.has('s2'), 'the stream of a new session');
  const namesOf = async () => (await toolkit.listTools()).map(({ name }) => name).join();
  await until(async () => (await namesOf()) === 'two', 'the tools of the restarted server');
  server.tools = ['three'];
  server.tell('s2', { method: 'notifications/tools/list_changed' });
  await until(async () => (await namesOf()) === 'three', 'the changed tools');
  expect(server.http.count('initialize')).toBe(2);
});

test('so does one that says 400 to an unknown session, and what was subscribed to is again', async () => {
  const server = await start(says400);
  const toolkit = await connect(server);
  const updates: string[] = [];
  await toolkit.subscribeResource('x://y', ({ uri }) => updates.push(uri), { server: 's' });
  server.restart();
  await until(() => server.streams.has('s2') && server.http.count('resources/subscribe') === 2, 'the subscription');
  server.tell('s2', { method: 'notifications/resources/updated', params: { uri: 'x://y' } });
  await until(() => updates.length > 0, 'the update');
  expect(updates).toEqual(['x://y']);
  expect(server.http.count('initialize')).toBe(2);
});

test('a server that refuses handshakes while it starts is asked again', async () => {
  const server = await start(says404);
  await connect(server);
  server.refusals = 1;
  server.restart();
  await until(() => server.streams.has('s2'), 'the stream of a new session');
  expect(server.http.count('initialize')).toBe(3);
});

test('calls that find out first open the only new session', async () => {
  const server = await start(says404);
  const toolkit = await connect(server);
  server.restart();
  await Promise.all([toolkit.callTool('s.one'), toolkit.ping('s')]);
  await until(() => server.streams.has('s2'), 'the stream of a new session');
  expect(server.http.count('initialize')).toBe(2);
});

test('a call that could not open the session again waits until it is, and is sent then', async () => {
  const server = await start(says404);
  const toolkit = await connect(server);
  server.refusals = 1;
  server.restart();
  await expect(toolkit.callTool('s.one')).resolves.toMatchObject({ content: [] });
  await until(() => server.streams.has('s2'), 'the stream of a new session');
  expect(server.http.count('initialize')).toBe(3);
});

test('tasks that the forgotten session had left with us are dropped', async () => {
  const server = await start(says404);
  const signals: AbortSignal[] = [];
  await connect(server, {
    onElicit: (_request, { signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    },
  });
  const params = { message: 'x', requestedSchema: { type: 'object', properties: {} }, task: {} };
  server.tell('s1', { id: 1, method: 'elicitation/create', params });
  await until(() => signals.length === 1, 'the question');
  expect(signals[0]?.aborted).toBe(false);
  server.restart();
  await until(() => signals[0]?.aborted === true, 'the end of the task');
  expect(server.http.count('initialize')).toBe(2);
});

test('a call whose session is lost again and again is sent in a new one each time, and the next call has one', async () => {
  const server = await start(says404);
  const toolkit = await connect(server);
  server.forgets = 3;
  await toolkit.callTool('s.one');
  server.forgets = 2;
  await expect(toolkit.callTool('s.one', {}, { retry: false })).rejects.toMatchObject({
    code: 'not_connected',
    executed: 'no',
  });
  await toolkit.callTool('s.one');
});

test.each([
  [404, says404],
  [400, says400],
])('a cancelled call that leaves a lost session behind (%i) does not take the next ones along', async (_, refuse) => {
  const server = await start(refuse);
  server.tools = ['one', 'never'];
  const toolkit = await connect(server);
  const caller = new AbortController();
  const hanging = toolkit.callTool('s.never', {}, { signal: caller.signal });
  await until(() => server.http.count('tools/call') === 1, 'the call that hangs');
  server.forget();
  caller.abort();
  await expect(hanging).rejects.toMatchObject({ code: 'cancelled' });
  await until(() => server.http.count('notifications/cancelled') === 1, 'the cancellation');
  await toolkit.ping('s');
  await toolkit.callTool('s.one');
});
