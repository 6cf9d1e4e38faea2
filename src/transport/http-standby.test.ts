import { afterEach, describe, expect, test } from 'vitest';
import {
  type Driven,
  drive,
  type HastyClock,
  hastyClock,
  PORTS,
  settleDown,
  until,
} from '../../test/fixtures/http/drive.ts';
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

describe.each(PORTS)('the stream on which a legacy server speaks unasked, over %s', (_name, makePort) => {
  let server: RawServer;
  let driven: Driven;
  let clock: HastyClock;
  afterEach(async () => {
    await driven.transport.close();
    await server.close();
  });
  const standby =
    (onget: Handler): Handler =>
    (seen, response) => {
      if (seen.method === 'GET') onget(seen, response);
      else if (seen.method === 'DELETE') response.writeHead(200).end();
      else if (seen.message.method === 'initialize')
        sendJson(response, resultFor(seen.message.id), 200, { 'mcp-session-id': 's1' });
      else response.writeHead(202).end();
    };
  const open = async (onget: Handler): Promise<Driven> => {
    server = await startRawServer(standby(onget));
    clock = hastyClock();
    driven = drive(createHttpTransport({ url: server.url, port: makePort(server.origin), clock }));
    const opened = driven;
    await opened.transport.start();
    await opened.ask('initialize');
    opened.transport.setProtocolVersion?.('2025-06-18');
    expect(server.seenBy('GET')).toEqual([]);
    await opened.notify('notifications/initialized');
    return opened;
  };

  test('it is opened once the handshake is accepted, and brings requests and notifications', async () => {
    const { messages } = await open((_seen, response) => {
      openEvents(response);
      response.write(event({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }));
      response.write(event({ jsonrpc: '2.0', id: 'p', method: 'ping' }));
    });
    await until(() => messages.length === 3);
    expect(messages.slice(1).map(({ method }) => method)).toEqual(['notifications/tools/list_changed', 'ping']);
    expect(server.seenBy('GET')[0]?.headers).toMatchObject({
      accept: 'text/event-stream',
      'mcp-session-id': 's1',
      'mcp-protocol-version': '2025-06-18',
    });
  });

  test.each([404, 405])('a server without it says %i, and nobody hears of that', async (status) => {
    const { warnings } = await open((_seen, response) => void response.writeHead(status).end());
    await settleDown(50);
    expect(server.seenBy('GET')).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  test('a refusal for another reason is told and not repeated', async () => {
    const { warnings } = await open((_seen, response) => void response.writeHead(401).end());
    await until(() => warnings.length === 1);
    expect(warnings[0]).toMatchObject({ code: 'auth_required' });
    await settleDown(50);
    expect(server.seenBy('GET')).toHaveLength(1);
  });

  test('a server that hangs up each time is given up after five attempts, which is told once', async () => {
    const { warnings } = await open((_seen, response) => {
      openEvents(response);
      response.end(`retry: 100\n${event('', { id: `e${server.seenBy('GET').length}` })}`);
    });
    await until(() => server.seenBy('GET').length === 5);
    await settleDown(100);
    expect(server.seenBy('GET').map(({ headers }) => headers['last-event-id'])).toEqual([
      undefined,
      'e1',
      'e2',
      'e3',
      'e4',
    ]);
    expect(warnings).toMatchObject([{ code: 'outcome_unknown', message: expect.stringContaining('is given up') }]);
  });

  test('real messages, and connections that held, count as success', async () => {
    await open((_seen, response) => {
      openEvents(response);
      if (server.seenBy('GET').length % 2 === 0) response.write(event({ jsonrpc: '2.0', method: 'notifications/x' }));
      else clock.ahead += 60_000;
      response.end();
    });
    await until(() => server.seenBy('GET').length >= 20);
  });

  test.each([400, 404])('a refusal with %i after it was open is a session that may be lost', async (status) => {
    const doubts: unknown[] = [];
    const { warnings } = await open((_seen, response) => {
      driven.transport.onsessionlost = (doubt) => doubts.push(doubt);
      if (server.seenBy('GET').length > 1) response.writeHead(status).end();
      else {
        openEvents(response);
        response.end();
      }
    });
    await until(() => doubts.length === 1);
    expect(doubts).toMatchObject([{ status, message: expect.stringContaining('is given up') }]);
    await settleDown(50);
    expect(server.seenBy('GET')).toHaveLength(2);
    expect(warnings).toEqual([]);
  });

  test('a server that had opened it and is away is waited for, which is told once', async () => {
    const { messages, warnings } = await open((_seen, response) => {
      const attempt = server.seenBy('GET').length;
      if (attempt > 1 && attempt < 12) {
        if (attempt % 2 === 0) response.destroy();
        else response.writeHead(503).end();
        return;
      }
      openEvents(response);
      if (attempt === 1) response.end();
      else response.write(event({ jsonrpc: '2.0', method: 'notifications/x' }));
    });
    await until(() => messages.length === 2);
    expect(warnings).toMatchObject([{ message: expect.stringContaining('cannot be opened at present') }]);
    expect(Math.max(...clock.waits)).toBeLessThanOrEqual(60_000);
  });

  test('a server that never opens it is not waited for', async () => {
    const { warnings } = await open((_seen, response) => void response.destroy());
    await until(() => warnings.length === 1);
    await settleDown(50);
    expect(server.seenBy('GET')).toHaveLength(5);
    expect(warnings).toMatchObject([{ message: expect.stringContaining('is given up') }]);
  });

  test('one event over the limit is told, and the stream goes on behind it', async () => {
    const { messages, warnings } = await open((_seen, response) => {
      openEvents(response);
      response.write(`data: ${'x'.repeat(11 * 1024 * 1024)}\n\n`);
      response.write(event({ jsonrpc: '2.0', method: 'notifications/y' }));
    });
    await until(() => messages.length === 2);
    expect(warnings).toMatchObject([{ code: 'message_too_large' }]);
    expect(server.seenBy('GET')).toHaveLength(1);
  });

  test('a new handshake opens a new one in place of the old one, and close ends it', async () => {
    const { ask, notify, transport } = await open((_seen, response) => openEvents(response));
    await until(() => server.seenBy('GET').length === 1);
    await ask('initialize');
    await notify('notifications/initialized');
    await until(() => server.seenBy('GET').length === 2 && server.seenBy('GET')[0]?.aborted === true);
    await transport.close();
    await until(() => server.seenBy('GET').every(({ aborted }) => aborted));
    await settleDown(50);
    expect(server.seenBy('GET')).toHaveLength(2);
  });
});
