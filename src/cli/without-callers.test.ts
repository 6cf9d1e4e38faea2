import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, folder } from '../../test/fixtures/cli/world.ts';

test('a command that has no callers to keep apart starts no process ahead of them', async () => {
  const file = join(folder(), 'mcp.json');
  const server = { command: 'x', isolation: 'perSession', pool: { warm: 2, maxMemoryMb: 100 } };
  writeFileSync(file, JSON.stringify({ mcpServers: { s: server } }));
  const { code, options } = await cli(['list', '--config', file], { servers: { s: {} } });
  expect(code).toBe(0);
  expect(options?.mcpServers?.s).toMatchObject({ command: 'x', pool: { maxMemoryMb: 100 } });
  expect(options?.mcpServers?.s?.isolation).toBeUndefined();
  expect((await cli(['config', '--config', file])).out).toContain('perSession');
});
