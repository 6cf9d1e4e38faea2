import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readStateKey } from './state-key.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolway-state-key-'));
  path = join(folder, 'new', 'gateway.key');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the key is made once, for the user alone, whoever asks first', async () => {
  const [one, other] = await Promise.all([readStateKey({ path, env: {} }), readStateKey({ path, env: {} })]);
  expect([one.length, one]).toEqual([32, other]);
  expect(await readStateKey({ path, env: { TOOLWAY_STATE_KEY: ' ' } })).toEqual(one);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, 'new'))).toEqual(['gateway.key']);
});

test('a key in the variable counts before the file, which is not made', async () => {
  const key = new Uint8Array(32).fill(7);
  expect(await readStateKey({ path, env: { TOOLWAY_STATE_KEY: Buffer.from(key).toString('base64') } })).toEqual(key);
  expect(readdirSync(folder)).toEqual([]);
});

test('what is no key of 32 bytes is an error, and is left as it is', async () => {
  for (const TOOLWAY_STATE_KEY of ['short', 'AAAA', 'not base64!', Buffer.alloc(33).toString('base64')])
    await expect(readStateKey({ path, env: { TOOLWAY_STATE_KEY } })).rejects.toThrow(
      'TOOLWAY_STATE_KEY does not hold a key of 32 bytes as base64',
    );
  const file = join(folder, 'gateway.key');
  writeFileSync(file, 'half');
  await expect(readStateKey({ path: file, env: {} })).rejects.toMatchObject({ code: 'invalid_config' });
  expect(readFileSync(file, 'utf8')).toBe('half');
  await expect(readStateKey({ path: folder, env: {} })).rejects.toMatchObject({ code: 'invalid_config' });
});
