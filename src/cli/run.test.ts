// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are references that the command line must leave alone.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, type FakeServer, folder, type World } from '../../test/fixtures/cli/world.ts';
import { type ErrorCode, ToolwayError } from '../errors.ts';
import { EXIT_CODES } from './exit-codes.ts';

const ESC = String.fromCharCode(27);
const STDIO = ['--stdio', 'x'];
const tool = (name: string, properties: object = {}, more: object = {}) => ({
  name,
  inputSchema: { type: 'object', properties, ...more },
});
const adhoc = (server: FakeServer): World => ({ servers: { adhoc: server } });
const files: FakeServer = {
  tools: [tool('read', { path: { type: 'string' }, head: { type: 'number' } }, { required: ['path'] }), tool('list')],
};
/** A folder with a configuration of the named servers. */
const configured = (servers: Record<string, object>): string => {
  const cwd = folder();
  writeFileSync(join(cwd, 'c.json'), JSON.stringify({ mcpServers: servers }));
  return cwd;
};

describe('general', () => {
  test('--version and --help go to stdout; nothing at all is a usage error', async () => {
    expect(await cli(['--version'])).toMatchObject({ code: 0, out: '1.2.3\n', err: '' });
    expect(await cli(['--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('Usage: toolway <command>'),
      err: '',
    });
    expect(await cli(['call', '--help'])).toMatchObject({ code: 0, out: expect.stringContaining('key:=JSON') });
    expect(await cli([])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Usage: toolway <command>') });
  });

  test('a usage error is told on stderr, or as a document', async () => {
    expect(await cli(['lsit'])).toMatchObject({
      code: 2,
      out: '',
      err: 'toolway: there is no command "lsit"; did you mean list?\n',
    });
    const { code, json, err } = await cli(['lsit', '--json']);
    expect([code, err]).toEqual([2, '']);
    expect(json).toEqual({
      error: {
        code: 'invalid_arguments',
        message: 'there is no command "lsit"; did you mean list?',
        executed: 'no',
        matches: ['list'],
      },
    });
    expect((await cli(['lsit', '--', '--json'])).out).toBe('');
    const nothing = await cli(['--json']);
    expect(nothing).toMatchObject({ code: 2, err: '', json: { error: { code: 'invalid_arguments', executed: 'no' } } });
  });

  test.each(Object.entries(EXIT_CODES) as [ErrorCode, number][])(
    'a call that fails with %s exits with %i',
    async (code, exit) => {
      const call = () =>
        Promise.reject(new ToolwayError(code, 'it failed', { server: 'adhoc', tool: 'list', executed: 'unknown' }));
      const world = adhoc({ ...files, call });
      expect(await cli([...STDIO, 'call', 'list'], world)).toMatchObject({ code: exit, out: '' });
      const { code: exitOfJson, json, err } = await cli([...STDIO, 'call', 'list', '--json'], world);
      expect([exitOfJson, err]).toEqual([exit, '']);
      expect(json).toMatchObject({
        error: { code, message: 'adhoc.list: it failed', server: 'adhoc', tool: 'list', executed: 'unknown' },
      });
    },
  );

  test('an error tells the facts that its message leaves out', async () => {
    const facts = {
      stderr: `boom\n${ESC}[2Jat line 1\n`,
      matches: ['read'],
      problems: [{ path: '/a', message: 'is bad' }],
    };
    const world = adhoc({ error: new ToolwayError('spawn_failed', 'it died', facts) });
    const { code, err } = await cli([...STDIO, 'call', 'list'], world);
    expect(code).toBe(3);
    expect(err).toBe('toolway: it died\n  /a: is bad\nDid you mean: read\nboom\nat line 1\n');
  });

  test.each([
    ['that the message quotes are told once', 'boom\nat line 1', 'toolway: it died: boom\nat line 1\n'],
    ['of which it quotes the end are told whole', 'line 1', 'toolway: it died: line 1\nboom\n\nat line 1\n'],
  ])('last words %s', async (_, quoted, told) => {
    const stderr = `boom\n\n${ESC}[31mat line 1${ESC}[0m \n`;
    const world = adhoc({ error: new ToolwayError('server_exited', `it died: ${quoted}`, { stderr }) });
    expect((await cli([...STDIO, 'call', 'list'], world)).err.replaceAll(' \n', '\n')).toBe(told);
  });

  test.each<[string, string[], World, boolean]>([
    ['on a terminal', [], { tty: true }, true],
    ['not with --no-color', ['--no-color'], { tty: true }, false],
    ['not with NO_COLOR', [], { tty: true, env: { NO_COLOR: '1', FORCE_COLOR: '1' } }, false],
    ['not on a dumb terminal', [], { tty: true, env: { TERM: 'dumb' } }, false],
    ['not in a pipe', [], {}, false],
    ['in a pipe with FORCE_COLOR', [], { env: { FORCE_COLOR: '1' } }, true],
    ['not with FORCE_COLOR=0', [], { tty: true, env: { FORCE_COLOR: '0' } }, false],
  ])('colours %s', async (_, argv, world, colored) => {
    const { out } = await cli([...STDIO, ...argv, 'tools'], { ...adhoc(files), ...world });
    expect(out.includes(ESC)).toBe(colored);
  });
});

describe('servers', () => {
  test.each<[string[], object]>([
    [['--stdio', `npx -y 'a b' --c="d"`], { command: 'npx', args: ['-y', 'a b', '--c=d'] }],
    [
      ['--stdio', "x '${HOME}'", '--env', 'A=${B}', '--env', 'C'],
      { command: 'x', args: ['$${HOME}'], env: { A: '$${B}', C: '${C}' } },
    ],
    [
      ['--server-command', 'my prog', '--server-args', '-a', '--server-args=b c'],
      { command: 'my prog', args: ['-a', 'b c'] },
    ],
    [['--url', 'http://h/mcp'], { url: 'http://h/mcp' }],
    [
      ['--url', 'ws://h', '--transport', 'ws', '--header', 'A: b:c', '--header=X:${T}'],
      { url: 'ws://h', transport: 'websocket', headers: { A: 'b:c', X: '${T}' } },
    ],
  ])('%j is a server of its own', async (argv, server) => {
    const { options, code } = await cli([...argv, 'list'], { env: { MCP_SERVER_URL: 'http://other' } });
    expect(code).toBe(0);
    expect({ ...options?.mcpServers }).toEqual({ adhoc: { ...server, maxRetries: 0 } });
  });

  test.each([
    [['--stdio', "a 'b"], `a ' is not closed in "a 'b"`],
    [['--stdio', ' '], '--stdio needs a command'],
    [['--stdio', 'a', '--url', 'http://h'], '--stdio and --url describe one server twice'],
    [['--url', 'file:///x'], '--url must be an http(s) or ws(s) URL, not "file:///x"'],
    [['--url', 'http://h', '--transport', 'stdio'], '--transport must be http, sse or ws, not "stdio"'],
    [['--transport', 'http'], '--transport needs --url'],
    [['--stdio', 'a', '--header', 'a:b'], '--header needs --url'],
    [['--url', 'http://h', '--header', 'ab'], '--header "ab" is not name:value'],
    [['--url', 'http://h', '--env', 'A=b'], '--env needs --stdio or --server-command'],
    [['--server-args', 'a'], '--server-args needs --server-command'],
    [['--stdio', 'a', '--env', '=b'], '--env "=b" names no variable'],
    [['--stdio', 'a', '--timeout', 'soon'], '--timeout must be a number of milliseconds above 0, not "soon"'],
    [['--stdio', 'a', '--timeout', '0'], '--timeout must be a number of milliseconds above 0, not "0"'],
    [['--config', 'gone.json'], 'gone.json: there is no such file'],
  ])('%j is refused', async (argv, message) => {
    expect(await cli([...argv, 'list'])).toMatchObject({
      code: 2,
      err: `toolway: ${message}\n`,
      out: '',
      options: undefined,
    });
  });

  test('--timeout bounds the call and the connection; no command tries to connect twice', async () => {
    const cwd = configured({
      a: { command: 'x', maxRetries: 9, connectTimeoutMs: 100 },
      b: { url: 'http://h', totalTimeoutMs: 10 },
    });
    const { options } = await cli(['list', '--config', 'c.json', '--timeout', '30000'], { cwd });
    expect(options?.mcpServers?.a).toEqual({
      command: 'x',
      maxRetries: 0,
      connectTimeoutMs: 100,
      timeoutMs: 30_000,
      totalTimeoutMs: 300_000,
    });
    expect(options?.mcpServers?.b).toEqual({
      url: 'http://h',
      maxRetries: 0,
      connectTimeoutMs: 20_000,
      timeoutMs: 30_000,
      totalTimeoutMs: 30_000,
    });
  });

  test('a call starts only the server that its name begins with', async () => {
    const cwd = configured({ a: { command: 'x' }, b: { command: 'y' } });
    const started = async (...argv: string[]) =>
      Object.keys(
        (await cli([...argv, '--config', 'c.json'], { cwd, servers: { a: files, b: files } })).options?.mcpServers ??
          {},
      );
    expect(await started('call', 'b.list')).toEqual(['b']);
    expect(await started('call', 'b__list')).toEqual(['b']);
    expect(await started('call', 'list')).toEqual(['a', 'b']);
    expect(await started('call', 'list', '--server', 'a')).toEqual(['a']);
    expect(await started('tools', 'b')).toEqual(['b']);
  });

  test('an unknown server is exit 2 with the nearest', async () => {
    const cwd = configured({ files: { command: 'x' } });
    for (const argv of [
      ['list', 'fils'],
      ['call', 'x', '--server', 'fils'],
    ]) {
      const outcome = await cli([...argv, '--config', 'c.json'], { cwd });
      expect(outcome).toMatchObject({ code: 2, err: 'toolway: there is no server "fils"\nDid you mean: files\n' });
    }
  });

  test('servers of the working directory are listed, and nobody has agreed to them', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'mcp.json'), '{"mcpServers": {"evil": {"command": "x"}}}');
    const { err, out, options } = await cli(['list'], { cwd });
    expect(out).toContain('evil  untrusted  stdio\n');
    expect(err).toBe('toolway: nobody has agreed to what ./mcp.json starts; "toolway trust" shows it and asks\n');
    expect(options?.mcpServers?.evil).toMatchObject({ command: 'x', untrusted: true });
    expect((await cli(['list', '--quiet'], { cwd })).err).toBe('');
  });

  test('the user’s own file is read without being named', async () => {
    const cwd = folder();
    mkdirSync(join(cwd, 'toolway'));
    writeFileSync(join(cwd, 'toolway/config.json'), '{"servers": {"mine": {"command": "x"}}}');
    expect(Object.keys((await cli(['list'], { cwd })).options?.mcpServers ?? {})).toEqual(['mine']);
  });

  test('warnings of a configuration go to stderr, with their place', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'c.json'), '{"mcpServers": {"a": {\n"command": "x", "oauth": {}, "unheardOf": 1}}}');
    const { err } = await cli(['list', '--config', 'c.json'], { cwd });
    expect(err).toBe('toolway: c.json:2:17: /mcpServers/a/oauth: has no effect in this version\n');
    expect((await cli(['list', '--config', 'c.json', '-v'], { cwd })).err).toContain(
      'unheardOf: is not a field of Toolway',
    );
  });

  test('-v hears Toolway and what servers log, on stderr and harmless', async () => {
    const context = { server: 'adhoc', scope: '', signal: new AbortController().signal };
    const { options, written } = await cli([...STDIO, '-v', 'list'], adhoc(files));
    const before = written.err.length;
    options?.logger?.warn('something odd');
    options?.onLog?.({ level: 'info', data: `x${ESC}[2Jy` }, context);
    options?.onLog?.({ level: 'error', data: { a: '\u009b' } }, context);
    expect(written.err.slice(before)).toBe('toolway: something odd\nadhoc: info: xy\nadhoc: error: {"a":"\\u009b"}\n');
    expect((await cli([...STDIO, '-v', '--quiet', 'list'], adhoc(files))).options).not.toHaveProperty('onLog');
  });

  test('nothing can be called where there are no servers', async () => {
    const message = 'there are no servers; name a file with --config, or use --stdio or --url';
    expect(await cli(['call', 'x'])).toMatchObject({ code: 2, err: `toolway: ${message}\n` });
    expect((await cli(['list', '--json'])).json).toEqual({ servers: [] });
  });
});

describe('list', () => {
  const dead = new ToolwayError('spawn_failed', 'there is no such program', {
    server: 'dead',
    exitCode: 1,
    stderr: 'oops',
  });
  const cwd = () =>
    configured({
      dead: { command: 'nope' },
      ok: { command: 'x' },
      off: { command: 'y', disabled: true },
      'my server': { url: 'http://h' },
    });
  const servers = {
    dead: { error: dead },
    ok: { ...files, prompts: [{ name: 'p', arguments: [{ name: 'a', required: true }, { name: 'b' }] }] },
  };

  test('prints its document in the order of the configuration, and exits 0 while one is connected', async () => {
    const { code, json } = await cli(['list', '--json', '--config', 'c.json'], { cwd: cwd(), servers });
    expect(code).toBe(0);
    const found = (json as { servers: { name: string }[] }).servers;
    expect(found.map(({ name }) => name)).toEqual(['dead', 'ok', 'off', expect.stringMatching(/^my-server-/)]);
    expect(found[0]).toEqual({
      name: 'dead',
      state: 'failed',
      transport: 'stdio',
      error: { code: 'spawn_failed', message: 'dead: there is no such program', exitCode: 1, stderr: 'oops' },
      tools: [],
      resources: [],
      resourceTemplates: [],
      prompts: [],
    });
    expect(found[1]).toEqual({
      name: 'ok',
      state: 'connected',
      transport: 'stdio',
      era: 'legacy',
      protocolVersion: '2025-11-25',
      serverInfo: { name: 'ok-server', version: '1' },
      connectMs: 12,
      tools: files.tools?.map((own) => ({ ...own, qualifiedName: `ok.${(own as { name: string }).name}` })),
      resources: [],
      resourceTemplates: [],
      prompts: [{ name: 'p', arguments: [{ name: 'a', required: true }, { name: 'b' }], qualifiedName: 'ok.p' }],
    });
    expect(found[2]).toMatchObject({ state: 'disabled' });
    expect(found[3]).toMatchObject({ originalName: 'my server' });
  });

  test('is for people too', async () => {
    const { out } = await cli(['list', '--config', 'c.json'], { cwd: cwd(), servers });
    expect(out).toContain('dead  failed  stdio\n  spawn_failed: dead: there is no such program\n');
    expect(out).toContain(
      'ok  connected  stdio · legacy 2025-11-25 · 2 tools · 1 prompt · 12 ms\n  read(path: string, head?: number)\n',
    );
    expect(out).toContain('(in the file: "my server")');
  });

  test('exits 3 when not one server is connected, with its document all the same', async () => {
    const only = configured({ dead: { command: 'nope' }, off: { command: 'y', disabled: true } });
    const { code, json } = await cli(['list', '--json', '--config', 'c.json'], { cwd: only, servers });
    expect(code).toBe(3);
    expect(json).toMatchObject({ servers: [{ state: 'failed' }, { state: 'disabled' }] });
  });

  test('what servers write cannot reach the terminal as it is', async () => {
    const evil = `x${ESC}]0;pwned\u0007${ESC}[2J\u009b2J\u202e\nsecond line`;
    const tools = [{ name: evil, description: evil, inputSchema: { properties: { [evil]: { enum: [evil] } } } }];
    const world = adhoc({ tools, resources: [{ uri: evil, name: evil }], prompts: [{ name: evil }] });
    for (const argv of [['list'], ['list', '--json'], ['tools'], ['resources'], ['prompts', '--json']]) {
      const { out } = await cli([...STDIO, ...argv], world);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
      expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
    const { json } = await cli([...STDIO, 'tools', '--json'], world);
    expect(json).toMatchObject({ tools: [{ name: evil, description: evil }] });
  });
});
