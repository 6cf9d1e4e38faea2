import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { fetchJson } from './guarded-json.ts';

const close: (() => void)[] = [];
afterEach(() => {
  for (const each of close.splice(0)) each();
});

const serve = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
};

describe('a document of an issuer', () => {
  test('is JSON over loopback', async () => {
    const url = await serve((_, response) => response.end('{"keys":[]}'));
    expect(await fetchJson(url, { fetch })).toEqual({ keys: [] });
  });

  test('is not looked for where a redirect points', async () => {
    let hits = 0;
    const target = await serve((_, response) => {
      hits += 1;
      response.end('{}');
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await serve((_, response) => response.writeHead(status, { location: target }).end());
      await expect(fetchJson(url, { fetch })).rejects.toThrow(`answered ${status}`);
    }
    expect(hits).toBe(0);
  });

  test('is no larger than it may be, whatever its length says', async () => {
    const url = await serve((_, response) => {
      const chunk = 'x'.repeat(1_000);
      const write = (): void => void (response.destroyed || response.write(chunk, write));
      write();
    });
    await expect(fetchJson(url, { fetch, maxBytes: 10_000 })).rejects.toThrow('sent more than 10000 bytes');
  });

  test('comes in time or not at all', async () => {
    const silent = await serve(() => {});
    await expect(fetchJson(silent, { fetch, timeoutMs: 50 })).rejects.toMatchObject({ name: 'TimeoutError' });
    const slow = await serve((_, response) => void response.write('{'));
    await expect(fetchJson(slow, { fetch, timeoutMs: 50 })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('that is none is told without a word of it', async () => {
    const url = await serve((_, response) => response.end('<html>secret'));
    const error = (await fetchJson(url, { fetch }).catch((thrown) => thrown)) as Error;
    expect(error.message).toMatch(/sent what is not JSON$/);
  });

  test.each([
    'http://login.example/keys',
    'file:///etc/passwd',
    'data:application/json,{}',
    'https://a:b@login.example/',
  ])('is not asked for at %s', async (url) => {
    let asked = 0;
    const never = (async () => {
      asked += 1;
      return new Response('{}');
    }) as typeof fetch;
    await expect(fetchJson(url, { fetch: never })).rejects.toThrow('neither https nor loopback');
    expect(asked).toBe(0);
  });
});
