import type { ServerResponse } from 'node:http';
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
import { systemClock } from '../clock.ts';
import type { HeaderSource } from './http-headers.ts';
import { httpParts } from './http-parts.ts';
import { createSseTransport } from './sse.ts';

describe.each(PORTS)('HTTP+SSE over %s', (_name, makePort) => {
  let server: RawServer;
  let driven: Driven;
  let stream: ServerResponse | undefined;
  afterEach(async () => {
    await driven.transport.close();
    await server.close();
    stream = undefined;
  });
  const make = async (
    handle: Handler,
    options: { headers?: HeaderSource; maxMessageBytes?: number } = {},
  ): Promise<Driven> => {
    server = await startRawServer(handle);
    const { maxMessageBytes = 1024 * 1024, headers = {} } = options;
    driven = drive(
      createSseTransport(
        {
          url: `${server.origin}/sse`,
          port: makePort(server.origin),
          limits: { maxMessageBytes },
          headers,
          clock: systemClock,
        },
        httpParts,
      ),
    );
    return driven;
  };
  const serving =
    (onpost: Handler, endpoint = '/messages?session=1'): Handler =>
    (seen, response) => {
      if (seen.method !== 'GET') {
        onpost(seen, response);
        return;
      }
      stream = response;
      openEvents(response);
      response.write(event(endpoint, { name: 'endpoint' }));
    };
  const connect = async (
    onpost: Handler,
    options?: { headers?: HeaderSource; maxMessageBytes?: number },
  ): Promise<Driven> => {
    const made = await make(serving(onpost), options);
    await made.transport.start();
    return made;
  };
  const echo: Handler = ({ message: { id, params } }, response) => {
    response.writeHead(202).end('Accepted');
    if (id !== undefined) stream?.write(event(resultFor(id, params), { name: 'message' }));
  };

  test('messages are posted to the address that the server names, and answers come over the stream', async () => {
    const { ask, notify, transport, messages } = await connect(echo, {
      headers: async () => ({ Authorization: 'Bearer t' }),
    });
    transport.setProtocolVersion?.('2024-11-05');
    expect((await ask('tools/call', { a: 1 })).message).toMatchObject({ id: 1, result: { a: 1 } });
    await notify('notifications/initialized');
    stream?.write(event({ jsonrpc: '2.0', id: 'x', method: 'ping' }));
    await until(() => messages.length === 2);
    for (const { path, headers } of server.seenBy('POST')) {
      expect(path).toBe('/messages?session=1');
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        authorization: 'Bearer t',
        'mcp-protocol-version': '2024-11-05',
      });
    }
    expect(server.seenBy('GET')[0]?.headers).toMatchObject({ accept: 'text/event-stream', authorization: 'Bearer t' });
  });

  test('an answer that overtakes the acceptance of its request is an answer', async () => {
    const { ask } = await connect(({ message: { id } }, response) => {
      stream?.write(event(resultFor(id)));
      setTimeout(() => response.writeHead(202).end(), 20);
    });
    expect((await ask('tools/call')).message).toBeDefined();
  });

  test.each([
    ['another host', 'http://evil.example/messages'],
    ['another port', 'http://127.0.0.1:1/messages'],
    ['another host, without a scheme', '//evil.example/messages'],
    ['another scheme', 'javascript:alert(1)'],
    ['a password', 'http://user:secret@127.0.0.1/'],
    ['nothing that is a URL', 'http://['],
  ])('an address with %s is refused', async (_what, endpoint) => {
    const { transport, closes } = await make(serving(echo, endpoint));
    await expect(transport.start()).rejects.toMatchObject({ code: 'protocol_error', executed: 'no' });
    expect(closes).toEqual([]);
  });

  test.each([
    [401, { code: 'auth_required', status: 401 }],
    [404, { code: 'protocol_error', status: 404 }],
    [405, { code: 'protocol_error', status: 405 }],
    [503, { code: 'outcome_unknown', status: 503, executed: 'unknown' }],
  ])('HTTP %i for the stream is the reason why it does not start', async (status, expected) => {
    const { transport } = await make((_seen, response) => void response.writeHead(status).end('<p>no</p>'));
    await expect(transport.start()).rejects.toMatchObject(expected);
  });

  test('something else than events, or an end before the address, is told as it is', async () => {
    await make((_seen, response) => sendJson(response, {}));
    await expect(driven.transport.start()).rejects.toMatchObject({ code: 'protocol_error' });
    await driven.transport.close();
    await server.close();
    await make((_seen, response) => {
      openEvents(response);
      response.end();
    });
    await expect(driven.transport.start()).rejects.toMatchObject({ code: 'not_connected' });
  });

  test('a stream without a type is what was asked for, since a body that is none would be waited for until its end', async () => {
    const { transport } = await make((_seen, response) => {
      response.writeHead(200);
      response.write(event('/messages', { name: 'endpoint' }));
    });
    await transport.start();
  });

  test('a server that is not there is told as it is', async () => {
    await make(echo);
    await server.close();
    await expect(driven.transport.start()).rejects.toMatchObject({ code: 'connect_failed', executed: 'no' });
  });

  test.each(['end', 'destroy'] as const)('the end (%s) of the stream is the end of the link', async (how) => {
    const { ask, transport, closes } = await connect((_seen, response) => void response.writeHead(202).end());
    void ask('tools/call');
    await until(() => server.seenBy('POST').length === 1);
    stream?.[how]();
    await until(() => closes.length === 1);
    expect(closes[0]).toMatchObject({ code: 'not_connected' });
    expect((await ask('tools/call')).error).toMatchObject({ code: 'not_connected', executed: 'no' });
    await transport.close();
    expect(closes).toHaveLength(1);
  });

  test('a refused message fails its own request', async () => {
    const { ask, notify } = await connect(({ message: { method } }, response) => {
      if (method === 'limited') response.writeHead(429, { 'retry-after': '1' }).end();
      else sendJson(response, { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'no session' } }, 400);
    });
    expect((await ask('limited')).error).toMatchObject({ code: 'rate_limited', executed: 'no', retryAfterMs: 1000 });
    expect(await ask('other')).toMatchObject({ status: 400, message: { id: 2, error: { message: 'no session' } } });
    await expect(notify('x')).rejects.toMatchObject({ code: 'protocol_error', status: 400 });
  });

  test('an answer over the limit fails its own request, and the stream goes on', async () => {
    const { ask } = await connect(
      ({ message: { id, params } }, response) => {
        response.writeHead(202).end();
        stream?.write(event(resultFor(id, { text: 'x'.repeat(Number(params?.size)) })));
      },
      { maxMessageBytes: 1024 * 1024 },
    );
    const large = ask('tools/call', { size: 11 * 1024 * 1024 });
    const small = ask('tools/call', { size: 5 });
    expect((await large).error).toMatchObject({ code: 'message_too_large', executed: 'yes', limit: 1024 * 1024 });
    expect((await small).message).toBeDefined();
  });

  test('one that cannot be told apart ends the link, with that reason', async () => {
    const { closes } = await connect(echo, { maxMessageBytes: 1000 });
    stream?.write(`${'data: {\n'.repeat(1000)}\n`);
    await until(() => closes.length === 1);
    expect(closes[0]).toMatchObject({ code: 'message_too_large', limit: 1000 });
  });

  test('a cancelled request frees its POST', async () => {
    const { ask, transport, failed } = await connect(() => {});
    void ask('tools/call');
    await until(() => server.seenBy('POST').length === 1);
    transport.cancel?.(1);
    await until(() => server.seenBy('POST')[0]?.aborted === true);
    expect(failed).toEqual([]);
  });

  test('close ends the stream and everything in flight, and is told once', async () => {
    const { ask, notify, transport, closes } = await connect(() => {});
    void ask('tools/call');
    const note = notify('x');
    await until(() => server.seenBy('POST').length === 2);
    await Promise.all([transport.close(), expect(note).rejects.toMatchObject({ code: 'closed' })]);
    await until(() => server.seen.every(({ aborted }) => aborted));
    expect(closes).toEqual([undefined]);
    expect((await ask('tools/call')).error).toMatchObject({ code: 'closed', executed: 'no' });
  });

  test('close while it starts makes the start fail', async () => {
    const { transport } = await make((_seen, response) => openEvents(response));
    const started = expect(transport.start()).rejects.toMatchObject({ code: 'closed' });
    await until(() => server.seen.length === 1);
    await settleDown(20);
    await transport.close();
    await started;
  });
});
