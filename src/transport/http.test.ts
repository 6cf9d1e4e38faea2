import { afterEach, describe, expect, test } from 'vitest';
import { type Driven, drive, PORTS, settleDown, until } from '../../test/fixtures/http/drive.ts';
import {
  event,
  type Handler,
  openEvents,
  type RawServer,
  resultFor,
  sendJson,
  startRawServer,
} from '../../test/fixtures/http/raw-server.ts';
import { createHttpTransport } from './http.ts';
import type { HeaderSource } from './http-headers.ts';

const echo: Handler = ({ message }, response) => {
  if (message.id === undefined) response.writeHead(202).end();
  else sendJson(response, resultFor(message.id, { echoed: message.params }));
};
/** A server with sessions: one id per `initialize`. */
const withSession =
  (rest: Handler = echo, id = 'session-1'): Handler =>
  (seen, response) => {
    if (seen.method === 'GET') response.writeHead(405).end();
    else if (seen.message.method === 'initialize')
      sendJson(response, resultFor(seen.message.id), 200, { 'mcp-session-id': id });
    else rest(seen, response);
  };

describe.each(PORTS)('Streamable HTTP over %s', (name, makePort) => {
  let server: RawServer;
  let driven: Driven;
  const connect = async (handle: Handler, headers?: HeaderSource): Promise<Driven> => {
    server = await startRawServer(handle);
    driven = drive(
      createHttpTransport({
        url: server.url,
        port: makePort(server.origin),
        ...(headers === undefined ? {} : { headers }),
      }),
    );
    await driven.transport.start();
    return driven;
  };
  /** `fetch` keeps idle connections in an agent of its own, out of anybody's reach. */
  const freed = (): Promise<void> => until(() => name === 'fetch' || server.sockets.size === 0, 'freeing all sockets');
  afterEach(async () => {
    await driven.transport.close();
    await server.close();
  });

  test('starting touches no network', async () => {
    await connect(echo);
    await settleDown(20);
    expect(server.connections).toBe(0);
  });

  test('a modern request names itself in its headers and has no session', async () => {
    const { askModern } = await connect(withSession());
    await driven.ask('initialize');
    const outcome = await askModern(
      'tools/call',
      { name: 'get_weather', arguments: { city: 'Łódź' } },
      { headers: { 'Mcp-Param-City': 'x' } },
    );
    expect(outcome.message).toMatchObject({ id: 2, result: { echoed: { arguments: { city: 'Łódź' } } } });
    const { headers, message } = server.seen[1] ?? {};
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'accept-encoding': 'identity',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'get_weather',
      'mcp-param-city': 'x',
    });
    expect(headers).not.toHaveProperty('mcp-session-id');
    expect(message).toMatchObject({ jsonrpc: '2.0', id: 2, method: 'tools/call' });
  });

  test.each([
    ['prompts/get', { name: 'naïve' }, '=?base64?bmHDr3Zl?='],
    ['resources/read', { uri: 'file:///a b' }, 'file:///a b'],
    ['tasks/get', { taskId: 't-1' }, 't-1'],
    ['tasks/cancel', { taskId: 't-1' }, 't-1'],
    ['tools/list', { name: 'no' }, undefined],
    ['tools/call', { name: 7 }, undefined],
  ])('%s is named by what it is about', async (method, params, name) => {
    const { askModern } = await connect(echo);
    await askModern(method, params);
    expect(server.seen[0]?.headers['mcp-name']).toBe(name);
    expect(server.seen[0]?.headers['mcp-method']).toBe(method);
  });

  test('a legacy session is carried from the answer to initialize on, with the agreed revision', async () => {
    const { ask, notify, transport } = await connect(withSession());
    expect(transport.sessionId).toBeUndefined();
    await ask('initialize');
    expect(transport.sessionId).toBe('session-1');
    transport.setProtocolVersion?.('2025-11-25');
    await notify('notifications/initialized');
    await ask('tools/list');
    const [init, initialized, list] = server.seenBy('POST').map(({ headers }) => headers);
    expect(init).not.toHaveProperty('mcp-session-id');
    expect(init).not.toHaveProperty('mcp-protocol-version');
    for (const headers of [initialized, list]) {
      expect(headers).toMatchObject({ 'mcp-session-id': 'session-1', 'mcp-protocol-version': '2025-11-25' });
    }
    expect(list).not.toHaveProperty('mcp-method');
  });

  test('a session id outside visible ASCII is not taken over', async () => {
    const { ask, transport, warnings } = await connect(withSession(echo, 'a b'));
    await ask('initialize');
    expect(transport.sessionId).toBeUndefined();
    expect(warnings[0]).toMatchObject({ code: 'protocol_error' });
  });

  test('an answer may come as events, after notifications and requests of the server', async () => {
    const { ask, messages } = await connect(({ message: { id } }, response) => {
      openEvents(response);
      response.write(': hello\n\n');
      response.write(event({ jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1 } }));
      response.write(event({ nobody: 'reads this' }, { name: 'other' }));
      response.write(
        event({ jsonrpc: '2.0', id: 'server-1', method: 'sampling/createMessage', params: {} }, { name: 'message' }),
      );
      response.end(event(resultFor(id, { ok: true })));
    });
    await ask('tools/call');
    expect(messages.map(({ method, id }) => method ?? id)).toEqual([
      'notifications/progress',
      'sampling/createMessage',
      1,
    ]);
  });

  test('answers of servers of 2025-03-26 may be a batch', async () => {
    const { ask, messages } = await connect(({ message: { id } }, response) =>
      sendJson(response, [
        { jsonrpc: '2.0', method: 'notifications/message', params: {} },
        resultFor(id, { ok: 1 }),
        resultFor(99),
      ]),
    );
    expect((await ask('tools/call')).message).toMatchObject({ id: 1, result: { ok: 1 } });
    expect(messages).toHaveLength(2);
  });

  test.each([
    ['application/json; charset=UTF-8'],
    ['APPLICATION/JSON'],
    ['application/vnd.mcp+json'],
    ['text/plain'],
    [''],
  ])('JSON is JSON, also as content type "%s"', async (type) => {
    const { ask } = await connect(({ message: { id } }, response) => {
      response
        .writeHead(200, type === '' ? {} : { 'content-type': type })
        .end(`\ufeff ${JSON.stringify(resultFor(id, { ok: type }))}`);
    });
    expect((await ask('tools/call')).message).toMatchObject({ result: { ok: type } });
  });

  test('a notification is sent when the server has accepted it, and rejects when it refuses', async () => {
    let accept = (): void => {};
    const { notify } = await connect((_seen, response) => {
      accept = () => response.writeHead(202).end();
    });
    let done = false;
    const sent = notify('notifications/cancelled').then(() => {
      done = true;
    });
    await until(() => server.seen.length === 1);
    await settleDown(30);
    expect(done).toBe(false);
    accept();
    await sent;
    server.handle = (_seen, response) => response.writeHead(400).end('no');
    await expect(notify('notifications/x')).rejects.toMatchObject({ code: 'protocol_error', status: 400 });
  });

  test('the first byte of an answer is told before the answer is', async () => {
    let finish = (): void => {};
    const { ask, answering } = await connect(({ message: { id } }, response) => {
      openEvents(response);
      finish = () => response.end(event(resultFor(id)));
    });
    const outcome = ask('tools/call');
    await until(() => answering.includes(1));
    finish();
    await outcome;
    expect(answering).toEqual([1]);
  });

  test('a cancelled exchange frees its socket and says nothing more', async () => {
    const { ask, transport, messages, failed } = await connect(({ message: { id } }, response) => {
      if (id === 1) return;
      openEvents(response);
      response.write(event({ jsonrpc: '2.0', method: 'notifications/progress', params: {} }));
    });
    void ask('slow');
    void ask('streaming');
    await until(() => server.seen.length === 2 && messages.length === 1);
    transport.cancel?.(1);
    transport.cancel?.(2);
    await until(() => server.sockets.size === 0, 'freeing both sockets');
    expect(failed).toEqual([]);
    expect(messages).toHaveLength(1);
  });

  test('headers may be asked for anew before each request, and a request can be cancelled meanwhile', async () => {
    let calls = 0;
    let release = (): void => {};
    const { ask, transport } = await connect(echo, () => {
      calls += 1;
      if (calls === 2) return new Promise((resolve) => (release = () => resolve({ Authorization: 'Bearer late' })));
      return Promise.resolve({ Authorization: `Bearer ${calls}` });
    });
    await ask('first');
    void ask('second');
    await until(() => calls === 2);
    transport.cancel?.(2);
    release();
    await ask('third');
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 3']);
  });

  test('a failing header source fails its request alone, which never left', async () => {
    let fail = true;
    const { ask } = await connect(echo, async () => {
      if (fail) throw new Error('no token');
      return {};
    });
    expect((await ask('first')).error).toMatchObject({ code: 'internal', executed: 'no', message: 'no token' });
    fail = false;
    expect((await ask('second')).message).toBeDefined();
    expect(server.seen).toHaveLength(1);
  });

  test('after close nothing is sent, and closing is told once', async () => {
    const { ask, notify, transport, closes } = await connect(withSession());
    await ask('initialize');
    await Promise.all([transport.close(), transport.close()]);
    expect(closes).toEqual([undefined]);
    expect(server.seenBy('DELETE').map(({ headers }) => headers['mcp-session-id'])).toEqual(['session-1']);
    expect((await ask('tools/list')).error).toMatchObject({ code: 'closed', executed: 'no' });
    await expect(notify('x')).rejects.toMatchObject({ code: 'closed' });
    await freed();
  });

  test('close does not wait long for a server that leaves DELETE unanswered', async () => {
    const { ask, transport, closes } = await connect(withSession());
    await ask('initialize');
    server.handle = () => {};
    void ask('hangs');
    await until(() => server.seen.length === 2);
    await transport.close();
    expect(closes).toEqual([undefined]);
    await freed();
  });

  test('an id in use is refused without disturbing its first request', async () => {
    let finish = (): void => {};
    const { ask, transport, failed } = await connect(({ message: { id } }, response) => {
      finish = () => sendJson(response, resultFor(id));
    });
    const outcome = ask('first');
    await until(() => server.seen.length === 1);
    transport.onfail = (id, error) => void failed.push({ id, error });
    await transport.send({ jsonrpc: '2.0', id: 1, method: 'second' });
    await until(() => failed.length === 1);
    expect(failed[0]?.error.code).toBe('internal');
    finish();
    expect((await outcome).message).toBeDefined();
  });
});

test.each([
  ['a line break', { 'X-A': 'a\r\nX-Evil: 1' }],
  ['a null byte', { 'X-A': 'a\0' }],
  ['a character outside Latin 1', { 'X-A': '世' }],
  ['a name that is no token', { 'X A': 'a' }],
  ['framing', { 'Content-Length': '5' }],
])('headers with %s are refused before anything is sent, without showing the value', async (_what, headers) => {
  const transport = createHttpTransport({ url: 'http://127.0.0.1:1/mcp', headers, port: () => () => {} });
  const refusal = await transport.start().catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'invalid_config', executed: 'no' });
  expect(String(refusal)).not.toMatch(/Evil|世/);
});

test.each(['ftp://x/', 'nonsense', 'http://user:secret@host/'])('the URL %s is refused', (url) => {
  expect(() => createHttpTransport({ url, port: () => () => {} })).toThrowError(
    expect.objectContaining({ code: 'invalid_config' }),
  );
});
