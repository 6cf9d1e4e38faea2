import { afterEach, describe, expect, test } from 'vitest';
import { type Driven, drive, PORTS } from '../../test/fixtures/http/drive.ts';
import {
  type Handler,
  openEvents,
  type RawServer,
  resultFor,
  sendJson,
  startRawServer,
} from '../../test/fixtures/http/raw-server.ts';
import { createHttpTransport } from './http.ts';

describe.each(PORTS)('redirects over %s', (_name, makePort) => {
  let server: RawServer;
  let foreign: RawServer;
  let driven: Driven;
  const connect = async (handle: Handler): Promise<Driven> => {
    server = await startRawServer(handle);
    foreign = await startRawServer(({ message: { id } }, response) => sendJson(response, resultFor(id)));
    driven = drive(
      createHttpTransport({
        url: server.url,
        headers: { authorization: 'Bearer secret' },
        port: makePort(server.origin),
      }),
    );
    await driven.transport.start();
    return driven;
  };
  afterEach(async () => {
    await driven.transport.close();
    await server.close();
    await foreign.close();
  });
  const to =
    (status: number, location: () => string): Handler =>
    ({ path, message: { id } }, response) => {
      if (path === '/mcp') response.writeHead(status, { location: location() }).end('<a>moved</a>');
      else sendJson(response, resultFor(id, { path }));
    };

  test.each([301, 302, 303, 307, 308])('HTTP %i to another origin is never followed, and names it', async (status) => {
    const { ask } = await connect(to(status, () => foreign.url));
    const { error } = await ask('tools/call');
    expect(error).toMatchObject({ code: 'protocol_error', status, executed: status > 303 ? 'no' : 'unknown' });
    expect(error?.message).toContain(foreign.origin);
    expect(foreign.connections).toBe(0);
  });

  test('another scheme or port of the same host is another origin', async () => {
    const { ask } = await connect(to(307, () => server.url.replace('http:', 'https:')));
    expect((await ask('tools/call')).error?.message).toContain('another origin, https://127.0.0.1');
  });

  test.each([301, 307, 308])('HTTP %i within the origin repeats the same POST', async (status) => {
    const { ask } = await connect(to(status, () => '/mcp/'));
    expect((await ask('tools/call', { a: 1 })).message).toMatchObject({ result: { path: '/mcp/' } });
    const [first, second] = server.seen;
    expect(second?.method).toBe('POST');
    expect(second?.body).toBe(first?.body);
    expect(second?.headers.authorization).toBe('Bearer secret');
    await ask('tools/call');
    expect(server.seen.slice(2).map(({ path }) => path)).toEqual(status === 307 ? ['/mcp', '/mcp/'] : ['/mcp/']);
  });

  test.each([302, 303])('HTTP %i after a POST is an error that names the place', async (status) => {
    const { ask } = await connect(to(status, () => '/login?next=1'));
    const { error } = await ask('tools/call');
    expect(error).toMatchObject({ code: 'protocol_error', status, executed: 'unknown' });
    expect(error?.message).toContain('/login');
    expect(server.seen).toHaveLength(1);
  });

  test('a circle ends after five redirects', async () => {
    const { ask } = await connect(
      ({ path }, response) => void response.writeHead(307, { location: path === '/a' ? '/b' : '/a' }).end(),
    );
    expect((await ask('tools/call')).error).toMatchObject({ code: 'protocol_error', limit: 5 });
    expect(server.seen).toHaveLength(6);
  });

  test.each([undefined, 'http://[', 'javascript:alert(1)', 'file:///etc/passwd'])(
    'the location %s is refused',
    async (location) => {
      const { ask } = await connect(
        (_seen, response) => void response.writeHead(307, location === undefined ? {} : { location }).end(),
      );
      expect((await ask('tools/call')).error?.code).toBe('protocol_error');
      expect(server.seen).toHaveLength(1);
    },
  );

  test('a redirect with an endless page behind it is followed all the same', async () => {
    const { ask } = await connect(({ path, message: { id } }, response) => {
      if (path !== '/mcp') {
        sendJson(response, resultFor(id));
        return;
      }
      response.writeHead(307, { location: '/there' });
      const timer = setInterval(() => response.write('x'.repeat(65_536)), 1);
      response.on('close', () => clearInterval(timer));
    });
    expect((await ask('tools/call')).message).toBeDefined();
  });

  test('a GET follows any redirect within the origin', async () => {
    const { ask, notify } = await connect(({ method, path, message: { id } }, response) => {
      if (method === 'GET' && path === '/mcp') response.writeHead(302, { location: '/events' }).end();
      else if (method === 'GET') openEvents(response);
      else if (id === undefined) response.writeHead(202).end();
      else sendJson(response, resultFor(id));
    });
    await ask('initialize');
    await notify('notifications/initialized');
    await expect.poll(() => server.seenBy('GET').map(({ path }) => path)).toEqual(['/mcp', '/events']);
  });
});
