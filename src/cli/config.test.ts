// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are references that the command must show as they are.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, folder } from '../../test/fixtures/cli/world.ts';

const within = (files: Record<string, string>): string => {
  const cwd = folder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  return cwd;
};
/** The rows of one server: field, value, origin. */
const rows = (out: string): Record<string, [value: string, origin: string]> =>
  Object.fromEntries(
    out
      .split('\n')
      .filter((line) => line.startsWith('  '))
      .map((line) => {
        const [field = '', value = '', origin = ''] = line.trim().split(/ {2,}/);
        return [field, [value, origin]];
      }),
  );

describe('toolway config', () => {
  test('shows each value with where it comes from: file, variable, flag, default', async () => {
    const cwd = within({
      'a.yaml':
        'defaults: { maxConcurrency: 4 }\nmcpServers:\n  files:\n    command: npx\n    env:\n      LEVEL: info\n',
    });
    const env = { MCP_RETRY_ATTEMPTS: '5' };
    const { code, out, options } = await cli(['config', '--config', 'a.yaml', '--timeout', '7000'], { cwd, env });
    expect(code).toBe(0);
    expect(out.split('\n')[0]).toBe('files');
    expect(rows(out)).toMatchObject({
      command: ['npx', 'a.yaml:4:5'],
      'env.LEVEL': ['info', 'a.yaml:6:7'],
      maxConcurrency: ['4', 'a.yaml:1:13'],
      retry: ['{"attempts":5}', 'MCP_RETRY_ATTEMPTS'],
      timeoutMs: ['7000', '--timeout'],
      connectTimeoutMs: ['7000', '--timeout'],
      totalTimeoutMs: ['300000', 'default'],
      era: ['auto', 'default'],
    });
    expect(options).toBeUndefined();
  });

  test('no secret is shown, and references are shown as they are written', async () => {
    const server = {
      command: 'x',
      args: ['--token', 'abcd', '--pin=1234', '--verbose', 'https://me:hunter2@h.example'],
      env: { API_KEY: 'k1', TOKEN: '${TOKEN}', PASSWORD: '${PW:-secret-default}', PLAIN: 'visible' },
    };
    const remote = {
      url: 'https://h.example/?api_key=0123456789',
      headers: { Authorization: 'Bearer abc', Cookie: 'a=b' },
    };
    const cwd = within({ 'a.json': JSON.stringify({ mcpServers: { local: server, remote } }) });
    const { json, out } = await cli(['config', '--config', 'a.json', '--json'], { cwd, env: { TOKEN: 'never-read' } });
    for (const secret of ['abcd', '1234', 'hunter2', 'k1', 'secret-default', '0123456789"', 'Bearer abc', 'a=b']) {
      expect(out).not.toContain(secret);
    }
    expect(out).not.toContain('never-read');
    const { local } = (json as { servers: Record<string, { values: Record<string, { value: unknown }> }> }).servers;
    expect(local?.values['env.TOKEN']?.value).toBe('${TOKEN}');
    expect(local?.values['env.PLAIN']?.value).toBe('visible');
    expect(local?.values.args?.value).toEqual(['--token', '***', '--pin=***', '--verbose', expect.any(String)]);
  });

  test('a server that cannot be used says why, with its place; the others are shown', async () => {
    const cwd = within({ 'a.toml': '[mcp_servers.bad]\ncommand = "x"\nargs = 5\n[mcp_servers.good]\ncommand = "y"\n' });
    const { code, out } = await cli(['config', '--config', 'a.toml'], { cwd });
    expect(code).toBe(0);
    expect(out).toContain('bad\n  bad: a.toml:3:1: /mcp_servers/bad/args: must be a list of strings, not a number\n');
    expect(rows(out).command).toEqual(['y', 'a.toml:5:1']);
  });

  test('one server, a server of the line, and what holds for all', async () => {
    const cwd = within({
      'a.json':
        '{"mcpServers": {"a": {"command": "x"}, "my b": {"command": "y"}},\n "limits": {"maxQueue": 9}, "pins": "warn"}',
    });
    const one = await cli(['config', 'a', '--config', 'a.json'], { cwd });
    expect(one.out).not.toContain('my-b');
    expect(rows(one.out)).toMatchObject({ 'limits.maxQueue': ['9', 'a.json:2:13'], pins: ['warn', 'a.json:2:29'] });
    expect((await cli(['config', '--config', 'a.json'], { cwd })).out).toContain('(in the file: my b)');
    const line = await cli(['config', '--url', 'http://h.example', '--header', 'X: y'], { cwd });
    expect(rows(line.out)).toMatchObject({
      url: ['http://h.example', '--url'],
      'headers.X': ['y', '--header'],
    });
    const unknown = await cli(['config', 'aa', '--config', 'a.json'], { cwd });
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('there is no server "aa"')]);
  });

  test('what nobody has agreed to is shown as that', async () => {
    const cwd = within({ 'mcp.json': '{"mcpServers": {"evil": {"command": "x", "untrusted": false}}}' });
    const { out } = await cli(['config'], { cwd });
    expect(out.split('\n')[0]).toBe('evil  (untrusted)');
    expect(Object.keys(rows(out))).not.toContain('untrusted');
    expect((await cli(['config', '--json'], { cwd })).json).toMatchObject({ servers: { evil: { untrusted: true } } });
  });

  test('control characters of a file do not reach the terminal', async () => {
    const ESC = String.fromCharCode(27);
    const cwd = within({
      'a.json': JSON.stringify({ mcpServers: { a: { command: `x${ESC}[2J`, env: { [`A${ESC}`]: 'b' } } } }),
    });
    expect((await cli(['config', '--config', 'a.json'], { cwd })).out).not.toContain(ESC);
  });

  test('without servers it says how to get some', async () => {
    expect(await cli(['config'])).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringContaining('There are no servers'),
    });
  });
});
