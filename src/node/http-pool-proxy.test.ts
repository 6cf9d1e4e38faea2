import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { drive, type Outcome } from '../../test/fixtures/http/drive.ts';
import { resultFor } from '../../test/fixtures/http/raw-server.ts';
import { LOCALHOST } from '../../test/fixtures/http/tls.ts';
import { createHttpTransport } from '../transport/http.ts';
import { createPool, type PoolOptions } from './http-pool.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const portOf = async (server: Server): Promise<number> => {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};
/** A server that answers every request, behind no proxy. */
const origin = async (scheme: 'http' | 'https'): Promise<string> => {
  const answer: Parameters<typeof createServer>[1] = (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const result = JSON.stringify(resultFor(JSON.parse(body).id));
      response.writeHead(200, { 'content-type': 'application/json' }).end(result);
    });
  };
  const server = scheme === 'http' ? createServer(answer) : createSecureServer({ ...LOCALHOST }, answer);
  return `${scheme}://localhost:${await portOf(server)}/mcp`;
};
/** A proxy that tunnels to 127.0.0.1, and notes where to and for whom. */
const tunnels = async (status = 200) => {
  const seen: string[] = [];
  const proxy = createServer((_, response) => response.writeHead(500).end());
  proxy.on('connect', (request, client) => {
    seen.push(`${request.url?.replace(/\d+$/, 'PORT')} ${request.headers['proxy-authorization'] ?? '-'}`);
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const onward = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(onward).pipe(client);
    });
    for (const socket of [client, onward]) socket.on('error', () => {});
  });
  return { seen, url: `http://me:p%40ss@127.0.0.1:${await portOf(proxy)}` };
};
const ask = async (url: string, options: Omit<PoolOptions, 'origin'>): Promise<Outcome> => {
  const driven = drive(createHttpTransport({ url, port: createPool({ origin: url, ...options }) }));
  await driven.transport.start();
  const outcome = await driven.ask('tools/call');
  await driven.transport.close();
  return outcome;
};

test.each(['http', 'https'] as const)('%s goes through the tunnel of a proxy that knows its user', async (scheme) => {
  const proxy = await tunnels();
  const { message, error } = await ask(await origin(scheme), { proxy: proxy.url, tls: { ca: LOCALHOST.cert } });
  expect(error).toBeUndefined();
  expect(message).toBeDefined();
  expect(proxy.seen).toEqual([`localhost:PORT Basic ${btoa('me:p@ss')}`]);
});

test('a proxy that refuses, or is not there, is a failed connection over which nothing was sent', async () => {
  const url = await origin('http');
  const refused = await ask(url, { proxy: (await tunnels(407)).url });
  expect(refused.error).toMatchObject({ code: 'connect_failed', executed: 'no' });
  expect(refused.error?.message).toContain('407');
  const gone = await ask(url, { proxy: 'http://127.0.0.1:1' });
  expect(gone.error).toMatchObject({ code: 'connect_failed', executed: 'no' });
});
