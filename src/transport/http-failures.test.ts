import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Driven, drive, PORTS, until } from '../../test/fixtures/http/drive.ts';
import {
  type Handler,
  type RawServer,
  resultFor,
  sendJson,
  startRawServer,
} from '../../test/fixtures/http/raw-server.ts';
import { createHttpTransport } from './http.ts';
import { SESSION_LOST } from './transport.ts';

const rpcError = (id: unknown, code = -32603) => ({ jsonrpc: '2.0', id, error: { code, message: 'boom' } });

describe.each(PORTS)('failures over %s', (_name, makePort) => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  const dial = async (url: string): Promise<Driven> => {
    const driven = drive(createHttpTransport({ url, port: makePort(new URL(url).origin) }));
    closing.unshift(() => driven.transport.close());
    await driven.transport.start();
    return driven;
  };
  const connect = async (handle: Handler): Promise<Driven & { server: RawServer }> => {
    const server = await startRawServer(handle);
    closing.push(() => server.close());
    return Object.assign(await dial(server.url), { server });
  };
  /** A server that writes bytes of its own making after each request. */
  const connectRaw = async (answer: (socket: Socket, id: unknown) => void): Promise<Driven> => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
        const end = text.indexOf('\r\n\r\n');
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
        if (end < 0 || text.length < end + 4 + length) return;
        const { id } = JSON.parse(text.slice(end + 4, end + 4 + length));
        text = '';
        answer(socket, id);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return dial(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  };

  test.each([
    [400, {}, { code: 'protocol_error', executed: 'unknown' }],
    [
      401,
      { 'www-authenticate': 'Bearer scope="a"' },
      { code: 'auth_required', executed: 'no', data: { wwwAuthenticate: 'Bearer scope="a"' } },
    ],
    [403, {}, { code: 'forbidden', executed: 'unknown' }],
    [403, { 'www-authenticate': 'Bearer error="insufficient_scope"' }, { code: 'forbidden', executed: 'no' }],
    [404, {}, { code: 'protocol_error', executed: 'no' }],
    [405, {}, { code: 'protocol_error', executed: 'no' }],
    [408, {}, { code: 'outcome_unknown', executed: 'unknown' }],
    [413, {}, { code: 'message_too_large', executed: 'no' }],
    [415, {}, { code: 'protocol_error', executed: 'unknown' }],
    [422, {}, { code: 'protocol_error', executed: 'unknown' }],
    [429, { 'retry-after': '3' }, { code: 'rate_limited', executed: 'no', retryAfterMs: 3000 }],
    [429, {}, { code: 'rate_limited', executed: 'no' }],
    [500, {}, { code: 'outcome_unknown', executed: 'unknown' }],
    [502, {}, { code: 'outcome_unknown', executed: 'unknown' }],
    [503, { 'retry-after': '0.5' }, { code: 'outcome_unknown', executed: 'unknown', retryAfterMs: 500 }],
    [504, {}, { code: 'outcome_unknown', executed: 'unknown' }],
    [304, {}, { code: 'protocol_error', executed: 'unknown' }],
  ])('HTTP %i %j is told as it is meant', async (status, headers, expected) => {
    const { ask } = await connect((_seen, response) => {
      response.writeHead(status, headers).end(status === 304 ? undefined : `<p>\nno\u001b[31m ${'x'.repeat(500)}`);
    });
    const { error } = await ask('tools/call');
    expect(error).toMatchObject({ ...expected, status });
    expect(error?.message).toContain(`HTTP ${status}`);
    if (status !== 304) expect(error?.message).toContain('<p> no\\u{1b}[31m xxx');
    expect(error?.message.length).toBeLessThan(300);
  });

  test('a date in Retry-After is a wait from now on', async () => {
    const { ask } = await connect((_seen, response) => {
      response.writeHead(429, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }).end();
    });
    const wait = (await ask('tools/call')).error?.retryAfterMs ?? 0;
    expect(wait).toBeGreaterThan(50_000);
    expect(wait).toBeLessThanOrEqual(60_000);
  });

  test.each([
    ['its own id', (id: unknown) => rpcError(id, -32022)],
    ['null', () => rpcError(null)],
    ['no id', () => ({ jsonrpc: '2.0', error: { code: -32600, message: 'boom' } })],
  ])('a JSON-RPC error with %s in a refusal is the answer, and the status is told', async (_id, body) => {
    for (const status of [400, 404, 500]) {
      const { ask } = await connect(({ message: { id } }, response) => sendJson(response, body(id), status));
      expect(await ask('server/discover')).toMatchObject({ message: { id: 1, error: { message: 'boom' } }, status });
    }
  });

  test.each([
    ['an error for somebody else', rpcError(77)],
    ['a result', resultFor(1)],
    ['an error that is no JSON-RPC', { error: 'nope' }],
  ])('%s in a refusal is none', async (_what, body) => {
    const { ask } = await connect((_seen, response) => sendJson(response, body, 500));
    expect((await ask('tools/call')).error).toMatchObject({ code: 'outcome_unknown', status: 500 });
  });

  test.each([401, 403, 413, 429])('HTTP %i says enough, even with a JSON-RPC error in its body', async (status) => {
    const { ask } = await connect(({ message: { id } }, response) => sendJson(response, rpcError(id), status));
    expect((await ask('tools/call')).error?.status).toBe(status);
  });

  test.each([-32001, -32600])(
    '50 requests that meet a lost session (%i) are each told so, and it is forgotten once',
    async (code) => {
      let held: (() => void)[] = [];
      const { ask, askModern, transport, server } = await connect(({ message: { id, method } }, response) => {
        if (method === 'initialize')
          sendJson(response, resultFor(id), 200, { 'mcp-session-id': `s${server.seen.length}` });
        else
          held.push(() =>
            sendJson(response, { jsonrpc: '2.0', error: { code, message: 'Session not found' }, id }, 404),
          );
      });
      await ask('initialize');
      const asked = Array.from({ length: 50 }, () => ask('tools/call'));
      await until(() => held.length === 50);
      const last = held.pop();
      for (const answer of held) answer();
      const outcomes = await Promise.all(asked.slice(0, 49));
      for (const { error } of outcomes) {
        expect(error).toMatchObject({ code: 'not_connected', executed: 'no', status: 404, cause: SESSION_LOST });
      }
      expect(transport.sessionId).toBeUndefined();
      await ask('initialize');
      expect(server.seen.at(-1)?.headers).not.toHaveProperty('mcp-session-id');
      expect(transport.sessionId).toBe('s52');
      last?.();
      expect((await asked[49])?.error?.cause).toBe(SESSION_LOST);
      expect(transport.sessionId).toBe('s52');
      held = [];
      const modern = askModern('tools/call');
      await until(() => held.length === 1);
      held[0]?.();
      expect(await modern).toMatchObject({ status: 404, message: { error: { code } } });
    },
  );

  test('a 404 within a session that says "method not found" is an answer, and the session lives', async () => {
    const { ask, transport } = await connect(({ message: { id, method } }, response) => {
      if (method === 'initialize') sendJson(response, resultFor(id), 200, { 'mcp-session-id': 's' });
      else sendJson(response, rpcError(id, -32601), 404);
    });
    await ask('initialize');
    expect(await ask('nope')).toMatchObject({ status: 404, message: { error: { code: -32601 } } });
    expect(transport.sessionId).toBe('s');
  });

  test.each([
    [
      'HTML',
      200,
      { 'content-type': 'text/html' },
      '<html>Sign in</html>',
      'text/html and no JSON-RPC answer: <html>Sign in',
    ],
    ['nothing', 200, { 'content-type': 'application/json' }, '', 'no JSON-RPC answer: nothing'],
    ['202', 202, {}, '', undefined],
    ['204', 204, {}, '', undefined],
    ['half a value', 200, { 'content-type': 'application/json' }, '{"jsonrpc":"2.0","id":1,"res', undefined],
    ['null', 200, { 'content-type': 'application/json' }, 'null', undefined],
    ['an empty batch', 200, { 'content-type': 'application/json' }, '[]', undefined],
    ['an answer without jsonrpc', 200, { 'content-type': 'application/json' }, '{"id":1,"result":{}}', undefined],
    [
      'an answer with a string for a number',
      200,
      { 'content-type': 'application/json' },
      '{"jsonrpc":"2.0","id":"1","result":{}}',
      'the id of another',
    ],
    ['no text', 200, { 'content-type': 'application/json' }, Buffer.from([0x22, 0xff, 0x22]), undefined],
  ])(
    '%s instead of an answer is a protocol error, and nobody knows whether it ran',
    async (_what, status, headers, body, said) => {
      const { ask, messages } = await connect((_seen, response) => void response.writeHead(status, headers).end(body));
      const { error } = await ask('tools/call');
      expect(error).toMatchObject({ code: 'protocol_error', executed: 'unknown' });
      if (said !== undefined) expect(error?.message).toContain(said);
      expect(messages).toEqual([]);
    },
  );

  test('a length that is larger than the body is a broken connection', async () => {
    const { ask } = await connectRaw((socket) => {
      socket.end('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"jsonrpc"');
    });
    expect((await ask('tools/call')).error).toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
  });

  test('a length that is smaller than the body is a typed error', async () => {
    const { ask } = await connectRaw((socket, id) => {
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n${JSON.stringify(resultFor(id))}`,
      );
    });
    const { error } = await ask('tools/call');
    expect(['protocol_error', 'outcome_unknown']).toContain(error?.code);
  });

  test.each([
    ['early hints before the answer', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n'],
    ['HTTP/1.0 without a length', 'HTTP/1.0 200 OK\r\n'],
    ['no content type', 'HTTP/1.1 200 OK\r\nConnection: close\r\nX-A: b\r\n'],
  ])('%s is fine', async (_what, head) => {
    const { ask } = await connectRaw((socket, id) => {
      const type = head.includes('X-A') ? '' : 'Content-Type: application/json\r\n';
      socket.end(`${head}${type}\r\n${JSON.stringify(resultFor(id, { ok: true }))}`);
    });
    expect((await ask('tools/call')).message).toMatchObject({ result: { ok: true } });
  });

  test('extensions of chunks, and chunks of one byte, are fine', async () => {
    const { ask } = await connectRaw((socket, id) => {
      const bytes = [...Buffer.from(JSON.stringify(resultFor(id, { text: '🦊' })))];
      const chunks = bytes.map((byte) =>
        Buffer.concat([Buffer.from('1;a=b\r\n'), Buffer.from([byte]), Buffer.from('\r\n')]),
      );
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n');
      socket.write(Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]));
    });
    expect((await ask('tools/call')).message).toMatchObject({ result: { text: '🦊' } });
  });

  test('what is no HTTP is a typed error', async () => {
    const { ask } = await connectRaw((socket) => void socket.end('SSH-2.0-OpenSSH_9\r\n'));
    expect((await ask('tools/call')).error).toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
  });

  test('a refused connection never left, and says why', async () => {
    const gone = await startRawServer(() => {});
    await gone.close();
    const { ask } = await dial(gone.url);
    const { error } = await ask('tools/call');
    expect(error).toMatchObject({ code: 'connect_failed', executed: 'no' });
    expect(error?.message).toMatch(/cannot connect: .*ECONNREFUSED/);
  });

  test('a name that cannot be resolved never left', async () => {
    const { ask } = await dial('http://no-such-host.invalid/mcp');
    expect((await ask('tools/call')).error).toMatchObject({ code: 'connect_failed', executed: 'no' });
  });

  test('a connection that is reset after the request leaves the outcome unknown', async () => {
    const { ask } = await connectRaw((socket) => void socket.resetAndDestroy());
    expect((await ask('tools/call')).error).toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
  });
});
