import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from './config-files.ts';
import { expandGateway } from './gateway-keys.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'toolway-'));
const DIGEST = 'a'.repeat(64);

test('keys are put in the place of the references to them', async () => {
  const file = join(folder(), 'key');
  writeFileSync(file, 'from-a-file\n');
  const apiKeys = [
    { name: 'a', key: '${env:A}' },
    { name: 'b', key: `\${file:${file}}` },
    { name: 'c', sha256: DIGEST },
  ];
  const { access } = await expandGateway({ access: { apiKeys } }, { env: { A: 'from-env' } });
  expect(access.apiKeys?.map(({ key }) => key)).toEqual(['from-env', 'from-a-file', undefined]);
});

test('a reference that leads nowhere is an error that names its field', async () => {
  const apiKeys = [
    { name: 'c', sha256: DIGEST },
    { name: 'a', key: '${NOT_THERE}' },
    { name: 'b', key: '${input:b}' },
  ];
  await expect(expandGateway({ access: { apiKeys } }, { env: {} })).rejects.toMatchObject({
    code: 'invalid_config',
    message:
      'gateway.apiKeys.1.key: the variable NOT_THERE is not set; gateway.apiKeys.2.key: an input is asked for by servers only',
  });
});

test('S26 a file that was found says nothing of who may come into the gateway, and is told so', async () => {
  const cwd = folder();
  const home = folder();
  const gateway = { apiKeys: [{ name: 'intruder', sha256: DIGEST, scopes: ['admin'] }] };
  writeFileSync(join(cwd, 'mcp.json'), JSON.stringify({ mcpServers: { a: { command: 'x' } }, gateway }));
  const found = await loadConfig({ cwd, env: { HOME: home } });
  expect(found.gateway).toBeUndefined();
  expect(found.problems).toMatchObject([
    {
      level: 'warning',
      path: '/gateway',
      file: 'mcp.json',
      line: 1,
      message: 'is not taken from a file that was found; your own file, or one that you name, can set it',
    },
  ]);
  const named = await loadConfig({ cwd, env: { HOME: home }, files: ['mcp.json'] });
  expect(named.gateway).toEqual({ access: gateway });
});
