import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer as createWebServer, type Server } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { nodeBinary } from '../../../scripts/test-tools.js';
import { live } from '../../../test/fixtures/cli/live.ts';
import { folder } from '../../../test/fixtures/cli/world.ts';
import {
  AUTHORITY,
  EXPIRED,
  FOR_OTHERS,
  FUTURE,
  INSPECTED,
  TRUSTED,
} from '../../../test/fixtures/http/certificates.ts';
import { LOCALHOST } from '../../../test/fixtures/http/tls.ts';
import type { Finding } from './finding.ts';
import { checkNetwork, type NetworkCheck } from './network.ts';
import { exceptionIn, proxyOfEnvironment } from './proxy-choice.ts';

const DAY_MS = 86_400_000;
const SECRET = 'hunter2-hunter2';

const listen = async (server: Server): Promise<number> => {
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};
const secure = async (options: ServerOptions): Promise<string> =>
  `https://localhost:${await listen(createSecureServer(options, (_, response) => response.writeHead(500).end()))}/mcp`;
/** A proxy that tunnels to 127.0.0.1 whatever host is asked for, or refuses. */
const proxyThat = async (status = 200, headers = ''): Promise<{ url: string; asked: string[] }> => {
  const asked: string[] = [];
  const proxy = createWebServer((_, response) => response.writeHead(500).end());
  proxy.on('connect', (request, client) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
    client.on('error', () => {});
    if (status !== 200) return client.end(`HTTP/1.1 ${status} No\r\n${headers}\r\n`);
    const onward = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(onward).pipe(client);
    });
    onward.on('error', () => client.destroy());
  });
  return { asked, url: `http://127.0.0.1:${await listen(proxy)}` };
};
const check = (url: string, more: Partial<NetworkCheck> = {}): Promise<Finding[]> =>
  checkNetwork({ url, env: {}, ...more });
const ca = { ca: AUTHORITY };

describe('a certificate', () => {
  test('that is good is told with its issuer and its days', async () => {
    const [found, ...more] = await check(await secure(TRUSTED), { tls: ca });
    expect(more).toEqual([]);
    expect(found?.level).toBe('ok');
    expect(found?.says).toMatch(
      /^TLSv1\.3, certificate by "Toolway Test Authority" of Toolway Tests, trusted by "tls": \{ "ca" \}, valid for \d+ days$/,
    );
  });

  test.each([
    [13, 'note'],
    [15, 'ok'],
  ])('that ends in %i days', async (days, level) => {
    const now = Date.parse('2126-01-01T00:00:00Z') - (days + 0.5) * DAY_MS;
    const [found] = await check(await secure(TRUSTED), { tls: ca, now });
    expect(found).toMatchObject({ level, says: expect.stringContaining(`valid for ${days} days`) });
    expect(found?.fix).toBe(level === 'note' ? 'renew the certificate of the server' : undefined);
  });

  test('that is self-signed', async () => {
    const url = await secure(LOCALHOST);
    expect(await check(url)).toEqual([
      {
        level: 'problem',
        check: 'tls',
        says: 'the certificate is self-signed, by "localhost" (DEPTH_ZERO_SELF_SIGNED_CERT)',
        fix: expect.stringMatching(
          /^give the server "tls": \{ "ca": "FILE\.pem" \} .*: openssl s_client -connect localhost:\d+ </,
        ),
      },
    ]);
    expect(await check(url, { tls: { ca: LOCALHOST.cert } })).toMatchObject([{ level: 'ok' }]);
  });

  test('that has expired', async () => {
    const now = Date.parse('2020-01-31T00:00:00Z');
    expect(await check(await secure(EXPIRED), { tls: ca, now })).toEqual([
      {
        level: 'problem',
        check: 'tls',
        says: 'the certificate expired 30 days ago, on 2020-01-01',
        fix: 'renew the certificate of the server',
      },
    ]);
  });

  test('that is not valid yet, perhaps by a wrong clock', async () => {
    expect(await check(await secure(FUTURE), { tls: ca })).toMatchObject([
      {
        level: 'problem',
        says: expect.stringMatching(/from 2100-01-01 only, .*clock.* 20\d\d-/),
        fix: expect.stringMatching(/^set the clock/),
      },
    ]);
  });

  test('that is for another host, by its names', async () => {
    expect(await check(await secure(FOR_OTHERS), { tls: ca })).toMatchObject([
      {
        level: 'problem',
        says: 'the certificate is for other.example, www.other.example, not for localhost',
        fix: 'reach the server under a name that its certificate has',
      },
    ]);
  });

  test('by an authority that nobody here knows, and by none of those of the configuration', async () => {
    const [found] = await check(await secure({ ...TRUSTED, cert: `${TRUSTED.cert}\n${AUTHORITY}` }));
    expect(found).toMatchObject({
      level: 'problem',
      says: 'the issuer is unknown here: the certificate is by "Toolway Test Authority" of Toolway Tests (SELF_SIGNED_CERT_IN_CHAIN)',
      fix: 'give the server "tls": { "ca": "FILE.pem" } with the certificate of "Toolway Test Authority" of Toolway Tests; for all servers: export NODE_EXTRA_CA_CERTS=FILE.pem',
    });
    const [other] = await check(await secure(TRUSTED), { tls: { ca: LOCALHOST.cert } });
    expect(other).toMatchObject({ level: 'problem', fix: expect.stringMatching(/^put into the file of "tls"/) });
  });

  test('that is not the only thing wrong: everything is told', async () => {
    const says = (await check(await secure(FOR_OTHERS))).map((each) => each.says);
    expect(says).toEqual([expect.stringContaining('issuer is unknown'), expect.stringContaining('not for localhost')]);
  });

  test('of a company that inspects TLS is told as such, with its name', async () => {
    const [found] = await check(await secure(INSPECTED));
    expect(found).toMatchObject({
      level: 'problem',
      says: 'the certificate is by "Zscaler Root CA" of Zscaler Inc., which is no public authority: most likely TLS is inspected on the way (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
      fix: expect.stringMatching(/^export NODE_EXTRA_CA_CERTS=FILE\.pem, with the certificate of "Zscaler Root CA"/),
    });
  });

  test('of hostile length is cut', async () => {
    const { judge } = await import('./certificate.ts');
    const own = {
      subject: { CN: 'x'.repeat(10_000) },
      issuer: { CN: 'x'.repeat(10_000), O: 'y'.repeat(10_000) },
      subjectaltname: Array.from({ length: 1_000 }, (_, at) => `DNS:${at}${'z'.repeat(1_000)}`).join(', '),
      valid_from: '2020-01-01',
      valid_to: '2021-01-01',
    };
    const shown = { protocol: 'TLSv1.3', chain: [own] as never, code: 'CERT_UNTRUSTED', isForOthers: true };
    const url = new URL('https://a.example');
    const found = judge({
      shown,
      url,
      path: url.pathname,
      now: Date.now(),
      hasOwnAuthorities: false,
      isPublic: false,
      throughProxy: false,
    });
    expect(found).toHaveLength(3);
    expect(JSON.stringify(found).length).toBeLessThan(3_000);
  });

  test('is not checked at all where the environment says so, which is told', async () => {
    const found = await check(await secure(LOCALHOST), { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
    expect(found).toMatchObject([
      { level: 'note', fix: 'unset NODE_TLS_REJECT_UNAUTHORIZED' },
      { level: 'note', says: expect.stringContaining('self-signed') },
    ]);
  });
});

describe('authorities', () => {
  test('in NODE_EXTRA_CA_CERTS count, and doctor says so', async () => {
    const url = await secure(TRUSTED);
    const file = join(folder(), 'ca.pem');
    writeFileSync(file, AUTHORITY);
    const module = fileURLToPath(new URL('network.ts', import.meta.url));
    const script = `import { checkNetwork } from ${JSON.stringify(module)};
      console.log(JSON.stringify(await checkNetwork({ url: ${JSON.stringify(url)}, env: process.env })));`;
    // Node reads the variable at its start alone.
    const args = ['--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', script];
    const { stdout } = await promisify(execFile)(nodeBinary(24), args, { env: { NODE_EXTRA_CA_CERTS: file } });
    expect(JSON.parse(stdout)).toMatchObject([
      { level: 'ok', says: expect.stringContaining('certificate by "Toolway Test Authority"') },
      { level: 'ok', says: expect.stringContaining('(NODE_EXTRA_CA_CERTS)') },
    ]);
  });

  test('in NODE_EXTRA_CA_CERTS that count for nothing', async () => {
    const cwd = folder();
    const url = await secure(TRUSTED);
    const last = async (file: string, tls?: NetworkCheck['tls']) =>
      (await check(url, { tls, env: { NODE_EXTRA_CA_CERTS: join(cwd, file) } })).at(-1);
    writeFileSync(join(cwd, 'empty.pem'), 'no certificate');
    writeFileSync(join(cwd, 'ca.pem'), AUTHORITY);
    expect(await last('gone.pem')).toMatchObject({ level: 'note', says: expect.stringContaining('(ENOENT)') });
    expect(await last('empty.pem')).toMatchObject({ level: 'note', says: expect.stringContaining('holds no') });
    expect(await last('ca.pem', ca)).toMatchObject({ level: 'note', says: expect.stringContaining('takes its place') });
  });

  test('of the configuration are read from their file, and a file that is not there is told', async () => {
    const cwd = folder();
    const url = await secure(TRUSTED);
    writeFileSync(join(cwd, 'ca.pem'), AUTHORITY);
    const findings = async (file: string): Promise<Finding[]> => {
      const config = { mcpServers: { s: { url, tls: { ca: join(cwd, file) } } } };
      writeFileSync(join(cwd, 'c.json'), JSON.stringify(config));
      const { out } = await live(['doctor', '--config', 'c.json', '--json'], { cwd });
      return JSON.parse(out).servers[0].findings.filter((each: Finding) => each.check === 'tls');
    };
    expect(await findings('ca.pem')).toMatchObject([
      { level: 'ok', says: expect.stringContaining('trusted by "tls"') },
    ]);
    expect(await findings('gone.pem')).toMatchObject([{ level: 'problem', says: expect.stringContaining('tls.ca') }]);
  });
});

describe('whoever says a little now and then', () => {
  /** Begins like this, and goes on so for ever. */
  const dripping = async (begin: string | Buffer, more: string): Promise<{ port: number; heard: Promise<void> }> => {
    let hear = (): void => {};
    const heard = new Promise<void>((resolve) => (hear = resolve));
    const server = createServer((socket) => {
      const timer = setInterval(() => socket.write(more, hear), 20);
      socket.on('error', () => {}).on('close', () => clearInterval(timer));
      socket.resume().write(begin);
    });
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, heard };
  };
  const afterFiveSeconds = async (found: Promise<Finding[]>, heard: Promise<void>): Promise<string | undefined> => {
    await heard;
    await vi.advanceTimersByTimeAsync(5_000);
    return (await found)[0]?.says;
  };
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  test('in the place of a server is heard out for five seconds', async () => {
    const { port, heard } = await dripping(Buffer.from([0x16, 3, 3, 0x3f, 0xff]), 'x');
    const found = check(`https://127.0.0.1:${port}/`);
    expect(await afterFiveSeconds(found, heard)).toContain('no TLS handshake within 5000 ms');
  });

  test('in the place of a proxy as well', async () => {
    const { port, heard } = await dripping('HTTP/1.1 200 OK\r\n', 'x: y\r\n');
    const found = check('https://a.example/', { proxy: `http://127.0.0.1:${port}` });
    expect(await afterFiveSeconds(found, heard)).toContain('ETIMEDOUT');
  });
});

describe('a server that does not speak TLS', () => {
  test('is told with the URL that fits', async () => {
    const port = await listen(createWebServer((_, response) => response.end()));
    expect(await check(`https://localhost:${port}/mcp`)).toMatchObject([
      { level: 'problem', says: expect.stringContaining('no TLS'), fix: `"url": "http://localhost:${port}/mcp"` },
    ]);
    // What stands for a reference may be a secret.
    const [hidden] = await check(`https://localhost:${port}/${SECRET}`, { written: '${URL}' });
    expect(hidden?.fix).toBe(`"url": "http://localhost:${port}/…"`);
  });

  test('or is not there', async () => {
    const server = createWebServer();
    const port = await listen(server);
    server.close();
    await once(server, 'close');
    expect(await check(`https://127.0.0.1:${port}/`)).toEqual([
      {
        level: 'problem',
        check: 'network',
        says: `no connection to 127.0.0.1:${port}: nothing listens there (ECONNREFUSED)`,
      },
    ]);
  });
});

describe('a proxy', () => {
  test('of the server is gone through, and the certificate behind it is checked', async () => {
    const proxy = await proxyThat();
    const url = await secure(TRUSTED);
    const named = proxy.url.replace('//', `//me:${SECRET}@`);
    const found = await check(url, { proxy: named, tls: ca });
    expect(found).toMatchObject([
      { level: 'ok', check: 'network', says: `goes through the proxy ${proxy.url}, which "proxy" of the server names` },
      { level: 'ok', check: 'tls', says: expect.stringContaining('Toolway Test Authority') },
    ]);
    expect(proxy.asked).toEqual([`localhost:${new URL(url).port} Basic ${btoa(`me:${SECRET}`)}`]);
    expect(JSON.stringify(found)).not.toContain(SECRET);
    expect((await check(url, { proxy: named }))[1]?.says).toContain('most likely TLS is inspected by the proxy');
  });

  test.each<[number, string, string, string, string]>([
    [
      407,
      'Proxy-Authenticate: Basic realm="x"\r\n',
      '',
      '407 No, it wants Basic',
      'give the server "proxy": "http://${PROXY_USER}:${PROXY_PASSWORD}@127.0.0.1:',
    ],
    [
      407,
      'Proxy-Authenticate: Basic realm="x"\r\n',
      `me:${SECRET}@`,
      'does not accept the user name and password',
      'set them right: "proxy": ',
    ],
    [
      407,
      'Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n',
      '',
      'it wants Negotiate or NTLM',
      'Toolway speaks Basic only',
    ],
    [403, '', '', '403 No', 'have a.example:443 allowed by those who run the proxy'],
    [502, '', '', '502 No', 'the proxy does not get there itself'],
  ])('that refuses CONNECT with %i %j', async (status, headers, user, says, fix) => {
    const proxy = await proxyThat(status, headers);
    const found = await check('https://a.example/mcp', { proxy: proxy.url.replace('//', `//${user}`) });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ level: 'problem', check: 'network' });
    expect(found[0]?.says).toContain(`the proxy ${proxy.url} refuses CONNECT to a.example:443: ${status}`);
    expect(found[0]?.says).toContain(says);
    expect(found[0]?.fix).toContain(fix);
    expect(JSON.stringify(found)).not.toContain(SECRET);
  });

  test('that is not there', async () => {
    expect(await check('https://a.example/', { proxy: 'http://127.0.0.1:1' })).toMatchObject([
      { level: 'problem', says: 'no connection to the proxy http://127.0.0.1:1: ECONNREFUSED' },
    ]);
  });

  test('of the environment is tried where there is no way without it', async () => {
    const proxy = await proxyThat();
    const { port } = new URL(await secure(TRUSTED));
    const url = `https://server.invalid:${port}/mcp`;
    const named = proxy.url.replace('//', `//me:${SECRET}@`);
    const found = await check(url, { env: { HTTPS_PROXY: named } });
    expect(found).toMatchObject([
      { level: 'problem', check: 'network', fix: 'give the server "proxy": "${HTTPS_PROXY}"' },
    ]);
    expect(found[0]?.says).toContain('through the proxy in HTTPS_PROXY there is a way');
    expect(JSON.stringify(found)).not.toContain(SECRET);
    expect(proxy.asked).toHaveLength(1);
    const refusing = await proxyThat(403);
    const [, refusal] = await check(url, { env: { HTTPS_PROXY: refusing.url } });
    expect(refusal?.says).toContain('refuses CONNECT');
    const [left] = await check(url, { env: { HTTPS_PROXY: refusing.url, NO_PROXY: '.invalid' } });
    expect(left?.says).not.toContain('HTTPS_PROXY');
    expect(refusing.asked).toHaveLength(1);
  });

  test('of the environment that NO_PROXY takes out again', () => {
    const chosen = (url: string, env: Record<string, string>) => proxyOfEnvironment(new URL(url), env);
    expect(chosen('https://a.b/', { https_proxy: 'http://p' })?.variable).toBe('https_proxy');
    expect(chosen('http://a.b/', { HTTPS_PROXY: 'http://p' })).toBeUndefined();
    expect(chosen('http://a.b/', { ALL_PROXY: 'http://p' })?.variable).toBe('ALL_PROXY');
    expect(chosen('http://localhost:1/', { HTTP_PROXY: 'http://p' })).toBeUndefined();
    expect(chosen('https://a.b/', { HTTPS_PROXY: 'http://p', no_proxy: 'b' })?.except).toEqual({
      variable: 'no_proxy',
      entry: 'b',
    });
  });

  test.each<[string, string, string | undefined]>([
    ['example.com', 'https://example.com/', 'example.com'],
    ['x, .example.com', 'https://a.example.com/', '.example.com'],
    ['*.example.com', 'https://a.example.com/', '*.example.com'],
    ['example.com', 'https://notexample.com/', undefined],
    ['example.com:8443', 'https://example.com/', undefined],
    ['example.com:443', 'https://example.com/', 'example.com:443'],
    ['*', 'https://example.com/', '*'],
    ['::1', 'https://[::1]/', '::1'],
    ['[::1]:443', 'https://[::1]/', '[::1]:443'],
    ['10.0.0.1', 'https://10.0.0.1/', '10.0.0.1'],
    ['', 'https://example.com/', undefined],
  ])('NO_PROXY %j and %s', (list, url, entry) => {
    expect(exceptionIn(list, new URL(url))).toBe(entry);
  });

  test('of the server counts whatever NO_PROXY says, which is told', async () => {
    const proxy = await proxyThat();
    const found = await check('http://a.example/', { proxy: proxy.url, env: { NO_PROXY: 'a.example' } });
    expect(found.at(-1)).toMatchObject({ level: 'note', fix: 'remove "proxy" from the server' });
  });
});
