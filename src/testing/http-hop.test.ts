import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../test/fixtures/faults/drive.ts';
import { FIXTURES } from '../../test/fixtures/faults/worlds.ts';
import { createToolkit } from '../node/index.ts';
import { createFakeClock } from './fake-clock.ts';
import { createFaultProxy } from './fault-proxy.ts';
import type { Toxic } from './toxics.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

interface Heard {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}
type Answer = (response: ServerResponse, heard: Heard) => void;

const json: Answer = (response, { body }) => {
  response.writeHead(200, 'Fine', { 'Content-Type': 'application/json', 'X-Own': 'own' });
  response.end(`{"heard":${JSON.stringify(body)}}`);
};
const events =
  (...texts: string[]): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const text of texts) response.write(`data: ${text}\n\n`);
    response.end();
  };

const setUp = async (answer: Answer, toxics: Toxic[] = []) => {
  const heard: Heard[] = [];
  let gone = 0;
  const server = createServer({ keepAliveTimeout: 0 }, (incoming, response) => {
    let body = '';
    incoming.on('data', (chunk) => {
      body += chunk;
    });
    response.on('close', () => {
      if (!response.writableFinished) gone += 1;
    });
    incoming.on('end', () => {
      const { method, url, headers } = incoming;
      heard.push({ method, url, headers, body });
      answer(response, { method, url, headers, body });
    });
  });
  const sockets = new Set<object>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const clock = createFakeClock();
  const proxy = await createFaultProxy({ target: `http://127.0.0.1:${port}/mcp`, clock, seed: 5 });
  cleanups.push(() => proxy.close());
  for (const toxic of toxics) await proxy.add(toxic);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanups.push(() => agent.destroy());

  interface Got {
    status?: number;
    statusMessage?: string;
    headers: IncomingMessage['headers'];
    body: string;
    complete: boolean;
    error: string;
  }
  /** Sends one request; what comes back is there, also when it ends early. */
  const post = (body = '', headers: Record<string, string> = {}): { got: Got; done: Promise<Got>; abort(): void } => {
    const got: Got = { headers: {}, body: '', complete: false, error: '' };
    const outgoing = request({ port: proxy.port, host: proxy.host, path: '/mcp?x=1', method: 'POST', headers, agent });
    const done = new Promise<Got>((resolve) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        got.error = error.code ?? 'error';
        resolve(got);
      };
      outgoing.on('error', failed);
      outgoing.on('response', (response) => {
        Object.assign(got, { status: response.statusCode, statusMessage: response.statusMessage });
        got.headers = response.headers;
        response.on('data', (chunk) => {
          got.body += chunk;
        });
        response.on('error', failed);
        response.on('end', () => {
          got.complete = response.complete;
          resolve(got);
        });
      });
    });
    outgoing.end(body);
    return { got, done, abort: () => outgoing.destroy() };
  };
  return { clock, proxy, heard, port, post, gone: () => gone, connections: () => sockets.size };
};
const call = (method: string): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method });

describe('HTTP through a proxy without toxics', () => {
  test('arrives as it was sent, over one connection there too, and the answer as it was given', async () => {
    const { heard, port, post, connections } = await setUp(json);
    const { status, statusMessage, headers, body } = await post('{"a":"é"}', { 'X-Mine': 'mine' }).done;
    expect([status, statusMessage, headers['x-own'], body]).toEqual([
      200,
      'Fine',
      'own',
      '{"heard":"{\\"a\\":\\"é\\"}"}',
    ]);
    await post('again').done;
    expect(heard.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', '/mcp?x=1', '{"a":"é"}'],
      ['POST', '/mcp?x=1', 'again'],
    ]);
    expect(heard[0]?.headers).toMatchObject({ 'x-mine': 'mine', host: `127.0.0.1:${port}` });
    expect(connections()).toBe(1);
  });

  test('events arrive as they are said', async () => {
    let say: (text: string) => void = () => {};
    const { post } = await setUp((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      say = (text) => response.write(`data: ${text}\n\n`);
    });
    const { got, abort } = post();
    await until(() => got.status === 200);
    say('one');
    await until(() => got.body === 'data: one\n\n');
    say('two');
    await until(() => got.body === 'data: one\n\ndata: two\n\n');
    abort();
  });

  test('a client that leaves is gone for the server too', async () => {
    const { heard, post, gone } = await setUp(() => {});
    const { abort, done } = post();
    await until(() => heard.length === 1);
    abort();
    await done;
    await until(() => gone() === 1);
  });

  test('a server that breaks off in its answer breaks off for the client too', async () => {
    const { post } = await setUp((response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    });
    const { status, body, error } = await post().done;
    expect([status, body, error]).toEqual([200, 'half', 'ECONNRESET']);
  });

  test('a connection that the server closes when idle is closed', async () => {
    const { proxy, post } = await setUp((response) => {
      const { socket } = response;
      response.end('once');
      setTimeout(() => socket?.destroySoon(), 20);
    });
    expect((await post().done).body).toBe('once');
    await until(() => proxy.connections === 0);
  });

  test('an upgrade is passed on byte by byte', async () => {
    const { proxy, port } = await setUp(json);
    expect(port).toBeGreaterThan(0);
    const socket = connect(proxy.port, proxy.host);
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk;
    });
    socket.write('GET /mcp HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    // A server that knows no upgrades takes it for a plain request.
    await until(() => seen.includes('"heard"'));
    socket.destroy();
  });
});

describe('status', () => {
  test('upstream, which is the default, the server never hears of the request', async () => {
    const toxic: Toxic = { type: 'status', status: 503, headers: { 'retry-after': '2' }, body: 'later' };
    const { heard, post, proxy } = await setUp(json, [{ ...toxic, times: 2 }]);
    for (let i = 0; i < 2; i += 1) {
      const { status, headers, body } = await post().done;
      expect([status, headers['retry-after'], body]).toEqual([503, '2', 'later']);
    }
    expect([heard.length, proxy.toxics()]).toEqual([0, []]);
    expect((await post().done).status).toBe(200);
  });

  test('downstream, the server has done its work', async () => {
    const { heard, post } = await setUp(json, [{ type: 'status', stream: 'downstream', status: 502 }]);
    const { status, body } = await post('work').done;
    expect([status, body, heard.length]).toEqual([502, '', 1]);
  });

  test('for one JSON-RPC method, or for what a function says', async () => {
    const { post, proxy } = await setUp(json, [{ type: 'status', status: 500, rpcMethod: 'tools/call' }]);
    expect((await post(call('tools/list')).done).status).toBe(200);
    expect((await post(call('tools/call')).done).status).toBe(500);
    expect((await post('no JSON').done).status).toBe(200);
    await proxy.add({ type: 'status', status: 418, match: ({ headers }) => headers['x-tea'] === 'yes' });
    expect((await post('', { 'x-tea': 'yes' }).done).status).toBe(418);
    expect((await post('', { 'x-tea': 'no' }).done).status).toBe(200);
  });

  test('with a probability, of each request', async () => {
    const { post } = await setUp(json, [{ type: 'status', status: 500, toxicity: 0.5 }]);
    const statuses: unknown[] = [];
    for (let i = 0; i < 20; i += 1) statuses.push((await post().done).status);
    expect(statuses.filter((status) => status === 500).length).toBeGreaterThan(4);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(4);
  });
});

test('headers of requests and answers are set, and taken out', async () => {
  const { heard, post } = await setUp(json, [
    { type: 'headers', stream: 'upstream', headers: { 'x-mine': undefined, Via: 'proxy' } },
    { type: 'headers', headers: { 'content-type': 'text/plain', 'x-own': undefined } },
  ]);
  const { headers, body } = await post('body', { 'X-Mine': 'mine' }).done;
  expect(heard[0]?.headers).toMatchObject({ via: 'proxy' });
  expect(heard[0]?.headers).not.toHaveProperty('x-mine');
  expect([headers['content-type'], headers['x-own'], body]).toEqual(['text/plain', undefined, '{"heard":"body"}']);
});

describe('cut', () => {
  test.each([
    [0, ''],
    [5, '{"hea'],
  ])('after %i bytes of the body', async (afterBytes, body) => {
    const { post } = await setUp(json, [{ type: 'cut', afterBytes }]);
    const got = await post('x').done;
    expect([got.status, got.body, got.complete, got.error]).toEqual([200, body, false, 'ECONNRESET']);
  });

  test('in the middle of an event', async () => {
    const { post } = await setUp(events('one', 'two', 'three'), [{ type: 'cut', inEvent: 2 }]);
    const got = await post().done;
    expect([got.body, got.complete]).toEqual(['data: one\n\ndata:', false]);
  });

  test('an answer that is shorter comes whole', async () => {
    const { post } = await setUp(events('one'), [{ type: 'cut', inEvent: 2 }]);
    expect(await post().done).toMatchObject({ body: 'data: one\n\n', complete: true });
  });
});

describe('duplicate', () => {
  test('downstream, each event comes twice', async () => {
    const { post } = await setUp(events('one', 'two'), [{ type: 'duplicate' }]);
    const { body, complete } = await post().done;
    expect([body, complete]).toEqual(['data: one\n\ndata: one\n\ndata: two\n\ndata: two\n\n', true]);
  });

  test('upstream, the request does', async () => {
    const { heard, post } = await setUp(json, [{ type: 'duplicate', stream: 'upstream', times: 1 }]);
    expect((await post('work').done).body).toBe('{"heard":"work"}');
    await until(() => heard.length === 2);
    expect(heard.map(({ body }) => body)).toEqual(['work', 'work']);
    await post('more').done;
    expect(heard).toHaveLength(3);
  });
});

describe('reorder', () => {
  test('lets so many events wait for each other, and the rest not for ever', async () => {
    const { post } = await setUp(events('1', '2', '3', '4', '5'), [{ type: 'reorder', of: 2 }]);
    expect((await post().done).body.match(/\d/g)?.join('')).toBe('21435');
  });

  test('gives up waiting when its time is over', async () => {
    const { clock, post } = await setUp(
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: alone\n\n');
      },
      [{ type: 'reorder', withinMs: 250 }],
    );
    const { got, abort } = post();
    await until(() => got.status === 200 && clock.pendingTimers > 0);
    await clock.advance(249);
    expect(got.body).toBe('');
    await clock.advance(1);
    await until(() => got.body === 'data: alone\n\n');
    abort();
  });
});

describe.each(FIXTURES.filter(({ column }) => ['json', 'events', 'session', 'sse', 'websocket'].includes(column)))(
  'a toolkit and its server with a proxy between them: $name',
  (fixture) => {
    test('calls work, and a call whose answer is lost is not sent again', async () => {
      const world = await fixture.start();
      const { url = '' } = world.config;
      const proxy = await createFaultProxy({ target: url });
      const config = { ...world.config, url: proxy.url, retryDelayMs: 20 };
      const toolkit = await createToolkit({ connect: 'wait', mcpServers: { s: config } });
      cleanups.push(
        () => world.close(),
        () => proxy.close(),
        () => toolkit.close({ drainMs: 0 }),
      );
      const count = (key: string) => toolkit.callTool('s.count', { key });
      expect((await count('fine')).structuredContent).toEqual({ value: 'fine' });
      const name = await proxy.add({ type: 'reset_peer' });
      await expect(count('lost')).rejects.toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
      await proxy.remove(name);
      expect((await count('fine again')).structuredContent).toEqual({ value: 'fine again' });
      expect(world.effects()).toEqual(['fine', 'lost', 'fine again']);
      expect(proxy.accepted).toBeGreaterThan(0);
    });
  },
);
