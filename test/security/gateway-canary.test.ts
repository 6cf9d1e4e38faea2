/** What callers show at the gateway's door goes no further: not to servers, not to logs, not to numbers, not to answers. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../src/gateway/store/memory.ts';
import type { Logger, Toolkit } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { type ServedGateway, serveGateway } from '../../src/node/serve.ts';
import { createIssuer, type Issuer } from '../fixtures/issuer.ts';
import { installed, type Launched, launch } from '../fixtures/servers/launch.ts';

const EVERYTHING = installed('@modelcontextprotocol/server-everything/dist/index.js');
const AUDIENCE = 'https://tools.example/mcp';
const KEY = 'canary-key-5f1d2c';
const COOKIE = 'canary-cookie-81ab';
const PROXY = 'canary-proxy-9c3e';

/** Writes down all that it is given, its environment too, and hands it on to a real server. */
const TEE = `
const { appendFileSync } = require('node:fs');
const { spawn } = require('node:child_process');
const [file, server] = process.argv.slice(2);
appendFileSync(file, JSON.stringify(process.env) + '\\n');
const child = spawn(process.execPath, [server, 'stdio'], { stdio: ['pipe', 'inherit', 'ignore'] });
process.stdin.on('data', (chunk) => { appendFileSync(file, chunk); child.stdin.write(chunk); });
process.stdin.on('end', () => child.stdin.end());
`;

const folder = mkdtempSync(join(tmpdir(), 'toolway-canary-'));
const heardFile = join(folder, 'heard');
const tee = join(folder, 'tee.cjs');
writeFileSync(tee, TEE);
const heardBytes: Buffer[] = [];
const told: unknown[] = [];
const note = (...facts: unknown[]): void => void told.push(facts);
const logger: Logger = { debug: note, info: note, warn: note, error: note };
const store = createMemoryStore();

let issuer: Issuer;
let token: string;
let upstream: Launched;
let wire: Server;
let toolkit: Toolkit;
let gateway: ServedGateway;

/** All that travels to the server over HTTP, byte by byte. */
const startWire = (origin: string): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((from) => {
      const to = connect(Number(new URL(origin).port), '127.0.0.1');
      from.on('data', (chunk: Buffer) => heardBytes.push(chunk));
      from.pipe(to).pipe(from);
      for (const socket of [from, to]) socket.on('error', () => socket.destroy());
    });
    server.listen(0, '127.0.0.1', () => resolve(server));
  });

beforeAll(async () => {
  issuer = await createIssuer({ today: Date.now });
  token = await issuer.token();
  upstream = await launch([EVERYTHING, 'streamableHttp']);
  wire = await startWire(upstream.origin);
  toolkit = await createToolkit({
    connect: 'wait',
    logger,
    mcpServers: {
      http: { url: `http://127.0.0.1:${(wire.address() as AddressInfo).port}/mcp`, headers: { 'x-own': 'own-header' } },
      stdio: { command: process.execPath, args: [tee, heardFile, EVERYTHING] },
    },
  });
  gateway = await serveGateway(toolkit, {
    port: 0,
    store,
    logger,
    isolation: { '*': 'perPrincipal' },
    onRequest: (record) => told.push(record),
    access: {
      apiKeys: [{ name: 'ann', key: KEY, scopes: ['admin'] }],
      jwt: { issuer: issuer.issuer, jwksUri: issuer.jwksUri, audience: AUDIENCE },
      fetch: issuer.fetch,
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await toolkit.close({ drainMs: 0 });
  wire.close();
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

const shown = (credential: string): Record<string, string> => ({
  authorization: `Bearer ${credential}`,
  cookie: `session=${COOKIE}`,
  'proxy-authorization': `Basic ${PROXY}`,
  'x-forwarded-for': '203.0.113.77',
});
const send = (path: string, credential: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(gateway.url + path, {
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    headers: {
      ...shown(credential),
      'content-type': 'application/json',
      ...headers,
    },
  });

/** Every face, for one who shows this. */
const useEverything = async (credential: string): Promise<void> => {
  for (const server of ['http', 'stdio']) {
    const echo = await send(`/api/tools/${server}/echo`, credential, { message: `hello ${server}` });
    expect(await echo.json()).toEqual({ content: [{ type: 'text', text: `Echo: hello ${server}` }] });
    await (await send('/tools/call', credential, { name: `${server}.echo`, arguments: { message: 'again' } })).json();
    const modern = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name: 'echo',
        arguments: { message: 'modern' },
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientInfo': { name: 'canary', version: '1' },
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    };
    const headers = {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'echo',
    };
    expect(await (await send(`/mcp/${server}`, credential, modern, headers)).text()).toContain('Echo: modern');
    const client = new Client({ name: 'canary', version: '1' });
    const url = new URL(`${gateway.url}/mcp/${server}`);
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers: shown(credential) } }));
    expect(await client.callTool({ name: 'echo', arguments: { message: 'legacy' } })).toMatchObject({
      content: [{ text: 'Echo: legacy' }],
    });
    await client.listPrompts();
    await client.close();
  }
};

const forms = (secret: string): string[] => [
  secret,
  btoa(secret),
  encodeURIComponent(secret),
  btoa(secret).replace(/=+$/, ''),
];
const canaries = (): string[] =>
  [KEY, token, token.split('.')[2] ?? '', COOKIE, PROXY, '203.0.113.77', issuer.issuer].flatMap(forms);
const found = (text: string, secrets = canaries()): string[] => secrets.filter((secret) => text.includes(secret));

describe('what is shown at the door', () => {
  beforeAll(async () => {
    await useEverything(KEY);
    await useEverything(token);
    for (const path of ['/api/tools/stdio/nothing', '/api/tools/nobody/echo']) await (await send(path, KEY, {})).text();
  }, 60_000);

  test('S8 no byte of it reaches a server, over HTTP or over stdio', () => {
    const overHttp = Buffer.concat(heardBytes).toString('latin1');
    const overStdio = readFileSync(heardFile, 'latin1');
    expect([found(overHttp), found(overStdio)]).toEqual([[], []]);
    expect(overHttp).not.toMatch(/^(authorization|cookie|x-api-key|proxy-authorization|x-forwarded-for):/im);
    // They did hear what they were meant to.
    for (const heard of [overHttp, overStdio]) {
      for (const said of ['hello', 'again', 'modern', 'legacy']) expect(heard).toContain(`"message":"${said}`);
    }
    expect(overHttp).toMatch(/^x-own: own-header/im);
  });

  test('S20 none of it is in logs, the history, numbers or events', async () => {
    const secrets = [KEY, token, token.split('.')[2] ?? '', COOKIE, PROXY].flatMap(forms);
    const texts = {
      told: JSON.stringify(told),
      history: JSON.stringify(await store.history.find({ limit: 1_000 })),
      metrics: await (await send('/metrics', KEY)).text(),
      numbers: await (await send('/api/metrics', KEY)).text(),
      calls: await (await send('/api/calls', KEY)).text(),
      session: await (await send('/api/session', KEY)).text(),
    };
    for (const [place, text] of Object.entries(texts)) expect([place, found(text, secrets)]).toEqual([place, []]);
    expect(texts.history).toContain('key:ann');
    expect(texts.told).toContain('/mcp/stdio');
    expect(texts.metrics).toContain('toolway');
  });

  test('S20 none of it is in an answer that refuses it', async () => {
    const wrong = 'canary-wrong-77aa';
    const parts = (await issuer.token({ aud: 'https://other.example' })).split('.');
    for (const credential of [wrong, parts.join('.'), `${wrong}\u00ff`]) {
      const answer = await send('/api/tools', encodeURI(credential));
      const text = (await answer.text()) + JSON.stringify([...answer.headers]);
      expect(answer.status).toBe(401);
      expect(found(text, [wrong, parts[1] ?? '', parts[2] ?? ''])).toEqual([]);
    }
    expect(found(JSON.stringify(told), [wrong, parts[2] ?? ''])).toEqual([]);
  });
});
