import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { live } from '../../test/fixtures/cli/live.ts';
import { folder } from '../../test/fixtures/cli/world.ts';
import { createTestServer } from '../testing/index.ts';

const tool = (description: string) => ({ description, inputSchema: { type: 'object' }, run: () => 'done' });

const run = (...argv: string[]) => {
  const cwd = folder();
  const mcpServers = { files: { command: 'a' }, mail: { command: 'b' }, down: { command: '/nowhere/at/all' } };
  writeFileSync(join(cwd, 'c.json'), JSON.stringify({ mcpServers }));
  const servers = {
    files: createTestServer({
      tools: { read_file: tool('Reads a file'), write_file: tool('Writes \u001b[2Ja file\u202e') },
    }).config,
    mail: createTestServer({ tools: { send: tool('Sends a file to somebody') } }).config,
  };
  return live(['search', ...argv, '--config', 'c.json'], { cwd, servers });
};

describe('search', () => {
  test('prints the tools that fit, best first; a server that is down is a remark', async () => {
    const { code, out, err } = await run('read', 'file');
    expect(code).toBe(0);
    expect(out).toBe(
      'files.read_file()  Reads a file\nfiles.write_file()  Writes a file\\u{202e}\nmail.send()  Sends a file to somebody\n',
    );
    expect(err).toMatch(/^toolway: down: .*\n$/);
  });

  test('--limit and --server narrow it; --json is one document with the scores', async () => {
    expect((await run('file', '--limit', '1')).out).toBe('files.read_file()  Reads a file\n');
    expect((await run('file', '--server', 'mail')).out).toBe('mail.send()  Sends a file to somebody\n');
    const { out } = await run('send', '--json');
    expect(JSON.parse(out)).toEqual({
      query: 'send',
      tools: [expect.objectContaining({ name: 'send', qualifiedName: 'mail.send', score: expect.any(Number) })],
    });
    expect(JSON.parse(out).tools[0]).not.toHaveProperty('stale');
  });

  test('nothing found is no failure', async () => {
    expect(await run('zebra', '--quiet')).toEqual({ code: 0, out: '', err: '' });
    expect((await run('zebra')).err).toContain('No tool fits these words.\n');
  });

  test.each([[['file', '--limit', '0']], [['file', '--limit', 'ten']], [['']], [[]]])('%j is exit 2', async (argv) => {
    expect(await run(...argv)).toMatchObject({ code: 2, out: '' });
  });

  test('no server there is exit 3', async () => {
    expect((await run('file', '--server', 'down')).code).toBe(3);
  });
});
