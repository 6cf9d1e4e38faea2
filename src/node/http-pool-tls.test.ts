import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { drive, type Outcome } from '../../test/fixtures/http/drive.ts';
import { resultFor } from '../../test/fixtures/http/raw-server.ts';
import { LOCALHOST } from '../../test/fixtures/http/tls.ts';
import { fetchPort } from '../transport/fetch-port.ts';
import { createHttpTransport } from '../transport/http.ts';
import type { HttpPort } from '../transport/http-port.ts';
import { createPool, type PoolOptions } from './http-pool.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

const listen = async (options: ServerOptions = {}): Promise<string> => {
  const listening = createServer({ ...LOCALHOST, ...options }, (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(resultFor(JSON.parse(body).id)));
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return `https://localhost:${(listening.address() as AddressInfo).port}/mcp`;
};
const askOver = async (url: string, port: HttpPort): Promise<Outcome> => {
  const driven = drive(createHttpTransport({ url, port }));
  await driven.transport.start();
  const outcome = await driven.ask('tools/call');
  await driven.transport.close();
  return outcome;
};
const pooled = (url: string, tls?: PoolOptions['tls']): Promise<Outcome> =>
  askOver(url, createPool({ origin: url, ...(tls === undefined ? {} : { tls }) }));

describe('TLS', () => {
  test('a certificate that nobody vouches for is refused, nothing is sent, and the cause says why', async () => {
    const url = await listen();
    for (const { error } of [await pooled(url), await askOver(url, fetchPort())]) {
      expect(error).toMatchObject({ code: 'connect_failed', executed: 'no' });
      expect(error?.message).toContain('self-signed certificate');
    }
    expect((await pooled(url)).error?.cause).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  test('an authority of the configuration is trusted', async () => {
    expect((await pooled(await listen(), { ca: LOCALHOST.cert })).message).toBeDefined();
  });

  test('a certificate for another name is refused', async () => {
    const url = (await listen()).replace('localhost', '[::ffff:127.0.0.1]');
    const { error } = await pooled(url, { ca: LOCALHOST.cert });
    expect(error).toMatchObject({
      code: 'connect_failed',
      executed: 'no',
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
  });

  test('a server that asks for a certificate is shown the one of the configuration', async () => {
    const url = await listen({ ca: LOCALHOST.cert, requestCert: true, rejectUnauthorized: true });
    expect((await pooled(url, { ca: LOCALHOST.cert, ...LOCALHOST })).message).toBeDefined();
    expect((await pooled(url, { ca: LOCALHOST.cert })).error).toBeDefined();
  });
});
