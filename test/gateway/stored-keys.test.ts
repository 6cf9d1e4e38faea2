/** Keys that were made at run time, in the file of the gateway: they outlive it, and nothing in it is one. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createGateway } from '../../src/gateway/gateway.ts';
import { createSqliteStore, createToolkit } from '../../src/node/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'toolway-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const ADMIN = 'key-of-an-administrator';

/** A gateway on the file, for as long as `use` takes. */
const during = async <T>(
  use: (send: (path: string, key: string, body?: object) => Promise<Response>) => Promise<T>,
): Promise<T> => {
  const toolkit = await createToolkit({ mcpServers: {} });
  const store = await createSqliteStore({ path: join(folder, 'gateway.db') });
  const gateway = createGateway(toolkit, {
    store,
    access: { apiKeys: [{ name: 'ops', key: ADMIN, scopes: ['admin'] }] },
  });
  const send = async (path: string, key: string, body?: object): Promise<Response> => {
    const headers = { 'x-api-key': key, 'content-type': 'application/json' };
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
    return gateway.fetch(new Request(`http://localhost${path}`, init), { peerAddress: '127.0.0.1' });
  };
  try {
    return await use(send);
  } finally {
    await gateway.close();
    await toolkit.close();
  }
};

test('a key is there after a restart, with when it was used, and its text is in no file', async () => {
  const key = await during(async (send) => {
    const made = (await (await send('/api/keys', ADMIN, { name: 'web', quota: { perDay: 9 } })).json()) as {
      key: string;
    };
    expect((await send('/api/tools', made.key)).status).toBe(200);
    return made.key;
  });
  await during(async (send) => {
    expect((await send('/api/tools', key)).status).toBe(200);
    const { keys } = (await (await send('/api/keys', ADMIN)).json()) as { keys: Record<string, unknown>[] };
    expect(keys.find(({ name }) => name === 'web')).toMatchObject({
      source: 'store',
      quota: { perDay: 9 },
      lastUsedAt: expect.stringMatching(/:00\.000Z$/),
    });
  });
  for (const file of readdirSync(folder)) expect(readFileSync(join(folder, file)).includes(key.slice(3))).toBe(false);
});
