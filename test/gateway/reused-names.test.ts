/** The name of a key that is gone, given to another one: whoever has it from then on has nothing of who had it before. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Store } from '../../src/gateway/index.ts';
import { createGateway, createMemoryStore, type Gateway, gatewayHandlers } from '../../src/gateway/index.ts';
import type { Toolkit } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';

const CHILD = join(import.meta.dirname, '../fixtures/personal-stdio.js');
const OPS = 'key-of-an-administrator';

let folder: string;
let toolkit: Toolkit;
let gateway: Gateway;
let store: Store;
/** Awaited before a record is deleted. */
let beforeDelete: (kind: string) => Promise<void>;

const send = async (key: string, method: string, path: string, body?: object) => {
  const response = await gateway.fetch(
    new Request(`http://localhost${path}`, {
      method,
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
    { peerAddress: '127.0.0.1' },
  );
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
};
const make = async (): Promise<{ id: string; key: string }> =>
  (await send(OPS, 'POST', '/api/keys', { name: 'ann', scopes: ['call', 'approve'] })).body;
const remove = (id: string) => send(OPS, 'DELETE', `/api/keys/${id}`);
const pidOf = async (key: string): Promise<string> =>
  (await send(key, 'POST', '/api/tools/own/pid', {})).body.content[0].text;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'toolway-names-'));
  beforeDelete = async () => {};
  const child = { command: process.execPath, args: [CHILD, join(folder, 'child.log')] };
  toolkit = await createToolkit({
    ...gatewayHandlers,
    connect: 'lazy',
    policy: { rules: [{ server: 'asked', action: 'ask' }] },
    mcpServers: {
      own: child,
      web: { ...child, env: { TOKEN: '${principal:TOKEN}' } },
      asked: child,
    },
  });
  const memory = createMemoryStore();
  const { records } = memory;
  store = {
    ...memory,
    records: {
      ...records,
      async delete(kind, id) {
        await beforeDelete(kind);
        return records.delete(kind, id);
      },
    },
  };
  gateway = createGateway(toolkit, {
    store,
    stateKey: new Uint8Array(32).fill(7),
    isolation: { own: 'perPrincipal' },
    access: { apiKeys: [{ name: 'ops', key: OPS, scopes: ['admin'] }] },
  });
});
afterEach(async () => {
  await gateway.close();
  await toolkit.close({ drainMs: 0 });
  rmSync(folder, { recursive: true, force: true });
});

test('not the process that was the other one’s alone', async () => {
  const before = await make();
  const pid = await pidOf(before.key);
  expect(await pidOf(before.key)).toBe(pid);
  await remove(before.id);
  expect(await pidOf((await make()).key)).not.toBe(pid);
});

test('not what was granted to the other one', async () => {
  const before = await make();
  const call = (key: string) => send(key, 'POST', '/api/tools/asked/pid', {});
  const pending = async () => (await send(OPS, 'GET', '/api/approvals')).body.approvals;
  const first = call(before.key);
  await expect.poll(async () => (await pending()).length).toBe(1);
  const [{ id }] = await pending();
  await send(OPS, 'POST', `/api/approvals/${id}`, { decision: 'always', scope: 'tool' });
  expect((await first).status).toBe(200);
  expect((await call(before.key)).status).toBe(200);
  await remove(before.id);
  const { key } = await make();
  const second = call(key);
  await expect.poll(async () => (await pending()).length).toBe(1);
  await send(OPS, 'POST', `/api/approvals/${(await pending())[0].id}`, { decision: 'deny' });
  expect((await second).status).toBe(403);
  expect((await send(OPS, 'GET', '/api/grants')).body.grants).toEqual([]);
});

test('not its credentials, however long the store takes to forget them; and there is no such key where it cannot', async () => {
  const before = await make();
  await send(before.key, 'PUT', '/api/credentials/web', { values: { TOKEN: 'canary-token' } });
  const stateOf = async (key: string) => (await send(key, 'GET', '/api/credentials/web')).body.state;
  expect(await stateOf(before.key)).toBe('given');
  beforeDelete = async (kind) => {
    if (kind === 'credential') throw new Error('the disk is full');
  };
  await remove(before.id);
  const refused = await send(OPS, 'POST', '/api/keys', { name: 'ann' });
  expect([refused.status, refused.body.key]).toEqual([500, undefined]);
  beforeDelete = (kind) => new Promise((resolve) => setTimeout(resolve, kind === 'credential' ? 100 : 0));
  expect(await stateOf((await make()).key)).toBe('missing');
});
