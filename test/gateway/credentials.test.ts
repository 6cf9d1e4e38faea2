/** Credentials of one's own, through real sockets: whose reach which server, and that nothing else ever tells one. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gatewayHandlers } from '../../src/gateway/handlers.ts';
import type { Toolkit } from '../../src/index.ts';
import { createSqliteStore, createToolkit } from '../../src/node/index.ts';
import { type ServedGateway, serveGateway } from '../../src/node/serve.ts';
import { readStateKey } from '../../src/node/state-key.ts';
import { type PersonalServer, startPersonalServer } from '../fixtures/personal-server.ts';

const CHILD = join(import.meta.dirname, '../fixtures/personal-stdio.js');
const KEYS = { ann: 'gateway-key-of-ann-111', bob: 'gateway-key-of-bob-222', reader: 'gateway-key-reader-333' };
const ANN = 'canary-ann-token-aaaa';
const BOB = 'canary-bob-token-bbbb';
const COOKIE = 'canary-cookie-77';

const folder = mkdtempSync(join(tmpdir(), 'toolway-credentials-'));
const heardFile = join(folder, 'child.log');
const state = join(folder, 'state');
const told: unknown[] = [];
const note = (...facts: unknown[]): void => void told.push(...facts);
const logger = { debug: note, info: note, warn: note, error: note };
const events: string[] = [];

let upstream: PersonalServer;
let toolkit: Toolkit;
let gateway: ServedGateway;

const open = async (): Promise<void> => {
  toolkit = await createToolkit({
    ...gatewayHandlers,
    connect: 'wait',
    logger,
    log: (line) => void events.push(line),
    mcpServers: {
      web: {
        url: `${upstream.origin}/mcp`,
        headers: { authorization: 'Bearer ${principal:TOKEN}' },
        retry: false,
      },
      local: { command: process.execPath, args: [CHILD, heardFile], env: { TOKEN: '${principal:TOKEN}' } },
      plain: { command: process.execPath, args: [CHILD, join(folder, 'plain.log')] },
    },
  });
  const events2 = ['connecting', 'connected', 'disconnected', 'failed', 'warning', 'tool_call_error', 'log'] as const;
  for (const name of events2) toolkit.on(name, (event) => void events.push(JSON.stringify(event)));
  gateway = await serveGateway(toolkit, {
    port: 0,
    logger,
    store: await createSqliteStore({ path: join(state, 'gateway.db') }),
    stateKey: await readStateKey({ path: join(state, 'gateway.key'), env: {} }),
    onRequest: note,
    onAudit: note,
    access: {
      apiKeys: [
        { name: 'ann', key: KEYS.ann },
        { name: 'bob', key: KEYS.bob, scopes: ['admin'] },
        { name: 'reader', key: KEYS.reader, scopes: ['read'] },
      ],
    },
  });
};
const shut = async (): Promise<void> => {
  await gateway.close();
  await toolkit.close({ drainMs: 0 });
};
beforeAll(async () => {
  upstream = await startPersonalServer();
  await open();
});
afterAll(async () => {
  await shut();
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Who = keyof typeof KEYS;
const send = (who: Who, path: string, { method = 'GET', body }: { method?: string; body?: unknown } = {}) =>
  fetch(gateway.url + path, {
    method,
    headers: {
      authorization: `Bearer ${KEYS[who]}`,
      cookie: `session=${COOKIE}`,
      'content-type': 'application/json',
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const give = (who: Who, server: string, TOKEN: string) =>
  send(who, `/api/credentials/${server}`, { method: 'PUT', body: { values: { TOKEN } } });
const call = async (who: Who, tool: string) => {
  const answer = await send(who, `/api/tools/${tool}`, { method: 'POST', body: {} });
  return { status: answer.status, body: await answer.json() };
};
const said = ({ body }: { body: unknown }) => (body as { content: { text: string }[] }).content[0]?.text;
const childLines = (): { pid: number; env?: Record<string, string>; line?: string }[] =>
  readFileSync(heardFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('credentials of one’s own', () => {
  test('are asked for before anything is started or sent', async () => {
    for (const server of ['web', 'local']) {
      const { status, body } = await call('ann', `${server}/whoami`);
      const url = `${gateway.url}/credentials/${server}`;
      expect([status, body]).toEqual([
        424,
        expect.objectContaining({ code: 'auth_required', executed: 'no', server, credentialsUrl: url }),
      ]);
      expect(body.detail).toContain(url);
    }
    expect(upstream.heard).toEqual([]);
    expect(readdirSync(folder)).not.toContain('child.log');
    const calls = await (await send('ann', '/api/calls?tool=whoami')).json();
    expect(calls.calls.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['auth_required', 'auth_required']);
  });

  test('are shown to their owner, with where they go and without their values', async () => {
    const listed = await (await send('ann', '/api/credentials')).json();
    expect(listed).toEqual({
      credentials: [
        { server: 'web', state: 'missing', names: ['TOKEN'], target: { kind: 'url', shown: upstream.origin } },
        {
          server: 'local',
          state: 'missing',
          names: ['TOKEN'],
          target: { kind: 'command', shown: `${process.execPath} ${CHILD} ${heardFile}` },
        },
      ],
    });
    expect((await give('reader', 'web', ANN)).status).toBe(403);
    const given = await give('ann', 'web', ANN);
    const view = await given.text();
    expect([given.status, given.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(JSON.parse(view)).toMatchObject({ server: 'web', state: 'given', givenAt: expect.any(String) });
    expect(view).not.toContain(ANN);
    expect(await (await send('bob', '/api/credentials/web')).json()).toMatchObject({ state: 'missing' });
  });

  test('reach the connection of their owner, and no other one', async () => {
    await give('bob', 'web', BOB);
    await give('ann', 'local', ANN);
    await give('bob', 'local', BOB);
    expect([said(await call('ann', 'web/whoami')), said(await call('bob', 'web/whoami'))]).toEqual(['aaaa', 'bbbb']);
    const pids = [said(await call('ann', 'local/pid')), said(await call('bob', 'local/pid'))];
    expect(pids[0]).not.toBe(pids[1]);
    expect(said(await call('ann', 'local/pid'))).toBe(pids[0]);
    const starts = childLines().filter(({ env }) => env !== undefined);
    expect(starts.map(({ pid, env }) => [String(pid), env?.TOKEN])).toEqual([
      [pids[0], ANN],
      [pids[1], BOB],
    ]);
    for (const { headers } of upstream.heard)
      expect(headers.filter((each) => each.startsWith('Bearer'))).toHaveLength(1);
    expect(upstream.with(ANN).length).toBeGreaterThan(2);
    const everything = JSON.stringify(upstream.heard) + readFileSync(heardFile, 'utf8');
    for (const inbound of [...Object.values(KEYS), COOKIE]) expect(everything).not.toContain(inbound);
  });

  test('make lists that are their owner’s alone, over REST and MCP', async () => {
    const names = async (who: Who) =>
      (await (await send(who, '/api/tools?server=web')).json()).tools.map(({ name }: { name: string }) => name);
    expect([await names('ann'), await names('bob')]).toEqual([
      expect.arrayContaining(['of_aaaa']),
      expect.arrayContaining(['of_bbbb']),
    ]);
    expect(await names('ann')).not.toContain('of_bbbb');
    const openapi = await (await send('ann', '/openapi.json')).text();
    expect([openapi.includes('of_aaaa'), openapi.includes('of_bbbb')]).toEqual([true, false]);
    expect((await send('reader', '/api/tools?server=web')).status).toBe(424);
    const all = await (await send('reader', '/api/tools')).json();
    expect(new Set(all.tools.map(({ server }: { server: string }) => server))).toEqual(new Set(['plain']));
    expect(await (await send('reader', '/api/servers/web')).json()).toMatchObject({ state: 'auth_required' });
    expect(await (await send('ann', '/api/servers/web')).json()).toMatchObject({ state: 'connected' });
  });

  test('that are replaced end the connection of their owner, and nobody else’s', async () => {
    const before = upstream.heard.length;
    const second = 'canary-ann-second-cccc';
    await give('ann', 'web', second);
    expect(said(await call('ann', 'web/whoami'))).toBe('cccc');
    expect(said(await call('bob', 'web/whoami'))).toBe('bbbb');
    const after = upstream.heard.slice(before);
    expect(after.filter(({ body }) => body.includes('initialize') && !body.includes('notifications'))).toHaveLength(
      after.filter((one) => JSON.stringify(one).includes(second) && /"method":"initialize"/.test(one.body)).length,
    );
    expect(after.some((one) => JSON.stringify(one).includes(ANN))).toBe(false);
  });

  test('that are revoked are sent nowhere any more', async () => {
    expect((await send('ann', '/api/credentials/web', { method: 'DELETE' })).status).toBe(204);
    const before = upstream.heard.length;
    expect((await call('ann', 'web/whoami')).status).toBe(424);
    expect(upstream.heard).toHaveLength(before);
    expect((await send('ann', '/api/credentials/web', { method: 'DELETE' })).status).toBe(404);
    expect(said(await call('bob', 'web/whoami'))).toBe('bbbb');
    await give('ann', 'web', ANN);
  });

  test('are refused where they are not what is wanted, without being repeated', async () => {
    for (const [values, message] of [
      [{ TOKEN: 'short' }, 'must have 6 to 8192 characters'],
      [{ TOKEN: 'x'.repeat(8_193) }, 'must have 6 to 8192 characters'],
      [{ TOKEN: 'canary\r\nx-evil: 1' }, 'printable ASCII'],
      [{ TOKEN: 12 }, 'must be a string'],
      [{ TOKEN: ANN, OTHER: ANN }, 'is not among TOKEN'],
      [{}, 'is missing'],
      ['canary', 'must be an object'],
    ] as const) {
      const answer = await send('ann', '/api/credentials/web', { method: 'PUT', body: { values } });
      const text = await answer.text();
      expect([answer.status, JSON.parse(text).code]).toEqual([400, 'invalid_arguments']);
      expect(text).toContain(message);
      expect(text).not.toMatch(/canary/);
    }
    expect((await give('ann', 'plain', ANN)).status).toBe(404);
    expect((await give('ann', 'nobody', ANN)).status).toBe(404);
    const large = await send('ann', '/api/credentials/web', {
      method: 'PUT',
      body: { values: { TOKEN: 'x'.repeat(300_000) } },
    });
    expect(large.status).toBe(413);
  });

  test('and what becomes of a connection with them are told to their owner and to administrators alone', async () => {
    const left = new AbortController();
    const hear = async (who: Who): Promise<() => string> => {
      const { body } = await fetch(`${gateway.url}/api/events`, {
        headers: { authorization: `Bearer ${KEYS[who]}` },
        signal: left.signal,
      });
      let heard = '';
      const read = async () => {
        for await (const chunk of body ?? []) heard += new TextDecoder().decode(chunk);
      };
      read().catch(() => {});
      return () => heard;
    };
    const [ann, bob, reader] = [await hear('ann'), await hear('bob'), await hear('reader')];
    await give('ann', 'web', 'canary-ann-dddd');
    expect(said(await call('ann', 'web/whoami'))).toBe('dddd');
    await send('ann', '/api/tools/plain/pid', { method: 'POST', body: {} });
    for (const one of [ann, bob]) await expect.poll(one).toMatch(/event: connected\ndata: .*"scope":"key:ann"/);
    left.abort();
    expect(reader()).not.toContain('key:ann');
    await give('ann', 'web', ANN);
  });

  test('are nothing to whoever gets a key under a name that was used before', async () => {
    const make = async () => {
      const made = await (await send('bob', '/api/keys', { method: 'POST', body: { name: 'again' } })).json();
      const shown = { authorization: `Bearer ${made.key}`, 'content-type': 'application/json' };
      const url = `${gateway.url}/api/credentials/web`;
      return {
        id: made.id as string,
        state: async () => (await (await fetch(url, { headers: shown })).json()).state,
        give: () => fetch(url, { method: 'PUT', headers: shown, body: `{"values":{"TOKEN":"${ANN}"}}` }),
      };
    };
    const first = await make();
    await first.give();
    expect(await first.state()).toBe('given');
    expect((await send('bob', `/api/keys/${first.id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await (await make()).state()).toBe('missing');
  });

  test('outlive the gateway, and are nowhere to be read in what it keeps, logs or answers', async () => {
    await call('ann', 'web/echo');
    const quoted = await send('bob', '/api/tools/web/echo', { method: 'POST', body: {} });
    expect(await quoted.text()).not.toContain(BOB);
    for (const path of ['/api/calls', '/api/events', '/api/servers', '/api/credentials', '/metrics', '/api/metrics']) {
      const answer = await send('bob', path);
      const text = path === '/api/events' ? '' : await answer.text();
      await answer.body?.cancel().catch(() => {});
      for (const canary of [ANN, BOB]) expect([path, text.includes(canary)]).toEqual([path, false]);
    }
    await shut();
    const kept = readdirSync(state).map((name) => readFileSync(join(state, name), 'latin1'));
    const all = { told: JSON.stringify(told), events: events.join('\n'), kept: kept.join('\n') };
    expect(all.told).toContain('credential_given');
    expect(all.events).toContain('***');
    for (const canary of ['canary-ann', 'canary-bob', btoa(ANN), btoa(BOB)])
      for (const [place, text] of Object.entries(all))
        expect([place, canary, text.includes(canary)]).toEqual([place, canary, false]);
    await open();
    expect(said(await call('ann', 'web/whoami'))).toBe('aaaa');
    expect(await (await send('ann', '/api/credentials/web')).json()).toMatchObject({ state: 'given' });
  });
});
