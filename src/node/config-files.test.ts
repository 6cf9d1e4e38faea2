import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MAX_CONFIG_BYTES } from '../config/text.ts';
import { loadConfig } from './config-files.ts';

let cwd = '';
let env: Record<string, string> = {};
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'toolway-config-'));
  env = { XDG_CONFIG_HOME: join(cwd, 'home'), TOOLWAY_STATE_DIR: join(cwd, 'state') };
  await mkdir(join(cwd, 'home/toolway'), { recursive: true });
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const file = (name: string, content: unknown) =>
  writeFile(join(cwd, name), typeof content === 'string' ? content : JSON.stringify(content));
const servers = (...names: string[]) => ({
  mcpServers: Object.fromEntries(names.map((name) => [name, { command: name }])),
});
const load = (options: { files?: string[]; env?: Record<string, string> } = {}) =>
  loadConfig({ cwd, ...options, env: { ...env, ...options.env } });
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => Promise.reject(new Error('it loaded')),
    (error) => error,
  );

describe('configuration files', () => {
  test('named files come in order, and nothing else is read', async () => {
    await file('home/toolway/config.json', servers('user'));
    await file('mcp.json', servers('project'));
    await file('a.json', servers('one', 'two'));
    await file('b.json', { mcpServers: { one: { url: 'http://h' } } });
    const config = await load({ files: ['a.json', 'b.json'] });
    expect(Object.entries(config.mcpServers)).toEqual([
      ['one', { url: 'http://h' }],
      ['two', { command: 'two' }],
    ]);
    expect(config.files).toEqual([join(cwd, 'a.json'), join(cwd, 'b.json')]);
    expect(config.untrusted).toEqual([]);
  });

  test('without names the user file is read, and files of the working directory, whose servers nobody agreed to', async () => {
    await file('home/toolway/config.json', servers('user'));
    await file('mcp.json', servers('project'));
    await file('.mcp.json', '{ not even JSON');
    const config = await load();
    expect({ ...config.mcpServers }).toEqual({
      user: { command: 'user' },
      project: { command: 'project', untrusted: true },
    });
    expect(config.untrusted).toEqual(['mcp.json']);
  });

  test('TOOLWAY_CONFIG names a file; --config goes before it', async () => {
    await file('a.json', servers('a'));
    await file('b.json', servers('b'));
    expect(Object.keys((await load({ env: { TOOLWAY_CONFIG: 'a.json' } })).mcpServers)).toEqual(['a']);
    expect(Object.keys((await load({ env: { TOOLWAY_CONFIG: 'a.json' }, files: ['b.json'] })).mcpServers)).toEqual([
      'b',
    ]);
  });

  test('the environment adds a server and sets the timeout of all', async () => {
    await file('a.json', { mcpServers: { a: { command: 'x', timeoutMs: 5 } } });
    const config = await load({ files: ['a.json'], env: { MCP_SERVER_URL: 'http://h', MCP_TIMEOUT: '2' } });
    expect({ ...config.mcpServers }).toEqual({
      a: { command: 'x', timeoutMs: 2000 },
      default: { url: 'http://h', timeoutMs: 2000 },
    });
    expect(config.defaults).toEqual({ timeoutMs: 2000 });
  });

  test.each([
    ['{"mcpServers": {\n  "a": {"command": "x",,}\n}}', 'a.json:2:24: a name in double quotes is expected, not ","'],
    ['{"mcpServers": []}', 'a.json:1:2: /mcpServers: must be an object of servers by name, not a list'],
    [
      '{"server": {}}',
      'a.json:1:1: holds no servers: none of mcpServers, servers, mcp_servers, context_servers is there',
    ],
  ])('a file %j is an error with its place', async (text, message) => {
    await file('a.json', text);
    const error = await failure(load({ files: ['a.json'] }));
    expect(error).toMatchObject({ code: 'invalid_config', executed: 'no' });
    expect(error.message).toBe(message);
  });

  test.each([
    ['a.yaml', '# one\nmcpServers:\n  a: { command: x, args: 5 }\n', 'a.yaml:3:20'],
    ['a.yml', 'servers: {\n  a: {command: x, args: 5}}', 'a.yml:2:19'],
    ['a.toml', '[mcp_servers.a]\ncommand = "x"\nargs = 5\n', 'a.toml:3:1'],
    ['a.jsonc', '{ // one\n "mcpServers": {"a": {"command": "x", "args": 5,}}}', 'a.jsonc:2:39'],
  ])('%s is read, and its problems have places', async (name, text, place) => {
    await file(name, text);
    const { problems } = await load({ files: [name] });
    const [problem] = problems.filter(({ level }) => level === 'error');
    expect(`${problem?.file}:${problem?.line}:${problem?.column}`).toBe(place);
  });

  test('comments and trailing commas in a .json file are notes', async () => {
    await file('a.json', '{\n  // mine\n  "mcpServers": {"a": {"command": "x"},}\n}');
    const { problems, mcpServers } = await load({ files: ['a.json'] });
    expect({ ...mcpServers }).toEqual({ a: { command: 'x' } });
    expect(problems.map(({ level, line, column, message }) => `${level} ${line}:${column} ${message}`)).toEqual([
      'note 2:3 comments are not part of JSON',
      'note 3:39 a comma before "}" is not part of JSON',
    ]);
  });

  test('the user file may be of any format; of several, one is read', async () => {
    await file('home/toolway/config.yaml', 'mcpServers: { user: { command: user } }');
    expect(Object.keys((await load()).mcpServers)).toEqual(['user']);
    await file('home/toolway/config.toml', '[mcpServers.other]\ncommand = "other"\n');
    const { mcpServers, problems } = await load();
    expect(Object.keys(mcpServers)).toEqual(['user']);
    expect(problems).toEqual([
      {
        level: 'warning',
        file: join(cwd, 'home/toolway/config.toml'),
        path: '',
        message: 'is not read, because there is config.yaml as well',
      },
    ]);
  });

  test('the folders of an editor are those of the project that its file is about', async () => {
    await mkdir(join(cwd, 'project/.vscode'), { recursive: true });
    const text =
      '{"servers": {"a": {"command": "${workspaceFolder}/run", "args": ["${userHome}", "${workspaceFolderBasename}"]}}}';
    await file('project/.vscode/mcp.json', text);
    await file('plain.json', text);
    const { mcpServers } = await load({ files: ['project/.vscode/mcp.json'], env: { HOME: '/home/me' } });
    expect(mcpServers.a).toEqual({ command: join(cwd, 'project/run'), args: ['/home/me', 'project'] });
    expect((await load({ files: ['plain.json'] })).mcpServers.a?.command).toBe('${workspaceFolder}/run');
  });

  test('files that a server names are looked for beside the file that names them', async () => {
    await mkdir(join(cwd, 'sub'), { recursive: true });
    const server = { command: 'x', envFile: '.env', tls: { ca: 'ca.pem', key: '/etc/key.pem', cert: '-----BEGIN' } };
    await file('sub/a.json', { mcpServers: { a: server, b: { command: 'x', envFile: '~/b.env' } } });
    const { mcpServers } = await load({ files: ['sub/a.json'] });
    expect(mcpServers.a).toMatchObject({
      envFile: join(cwd, 'sub/.env'),
      tls: { ca: join(cwd, 'sub/ca.pem'), key: '/etc/key.pem', cert: '-----BEGIN' },
    });
    expect(mcpServers.b?.envFile).toBe('~/b.env');
  });

  test('every value has an origin: a place in a file, or a variable', async () => {
    await file(
      'a.json',
      '{"defaults": {"maxRetries": 1},\n "mcpServers": {"a": {"command": "x",\n  "env": {"A": "b"}, "timeoutMs": 5}}}',
    );
    const loaded = await load({ files: ['a.json'], env: { MCP_SERVER_URL: 'http://h', MCP_TIMEOUT: '2' } });
    expect({ ...loaded.origins.a }).toEqual({
      command: { kind: 'file', file: 'a.json', line: 2, column: 23 },
      env: { kind: 'file', file: 'a.json', line: 3, column: 3 },
      'env/A': { kind: 'file', file: 'a.json', line: 3, column: 11 },
      timeoutMs: { kind: 'variable', name: 'MCP_TIMEOUT' },
    });
    expect({ ...loaded.origins.default }).toEqual({
      url: { kind: 'variable', name: 'MCP_SERVER_URL' },
      timeoutMs: { kind: 'variable', name: 'MCP_TIMEOUT' },
    });
    expect({ ...loaded.defaultOrigins }).toMatchObject({ maxRetries: { kind: 'file', line: 1, column: 15 } });
  });

  test('a wrong server fails with the place in its file', async () => {
    await file(
      'a.json',
      '{"mcpServers": {\n  "bad": {\n    "command": "x", "args": 5\n  },\n  "ok": {"command": "y"}\n}}',
    );
    const config = await load({ files: ['a.json'] });
    const transport = config.mcpServers.bad?.transport;
    if (typeof transport !== 'function') throw new Error('this server would start');
    expect((await failure(Promise.resolve().then(transport))).message).toBe(
      'bad: a.json:3:21: /mcpServers/bad/args: must be a list of strings, not a number',
    );
    expect(config.mcpServers.ok).toEqual({ command: 'y' });
  });

  test('a name given twice is a warning with its place', async () => {
    await file('a.json', '{"mcpServers": {"a": {"command": "x"},\n "a": {"command": "y"}}}');
    const { problems, mcpServers } = await load({ files: ['a.json'] });
    expect(problems).toMatchObject([{ level: 'warning', path: '/mcpServers/a', line: 2, column: 2, file: 'a.json' }]);
    expect(mcpServers.a).toEqual({ command: 'y' });
  });

  test.each([
    ['gone.json', 'gone.json: there is no such file'],
    ['.', '.: it is a folder'],
  ])('the file %s cannot be read', async (name, message) => {
    const error = await failure(load({ files: [name] }));
    expect(error.code).toBe('invalid_config');
    expect(error.message).toContain(message);
  });

  test('a file over the limit is refused unread', async () => {
    await file('big.json', ' '.repeat(MAX_CONFIG_BYTES + 1));
    expect((await failure(load({ files: ['big.json'] }))).message).toContain(`larger than ${MAX_CONFIG_BYTES} bytes`);
  });

  test.skipIf(process.platform === 'win32')('of a file without an end no more is read than is allowed', async () => {
    expect((await failure(load({ files: ['/dev/zero'] }))).message).toContain(`larger than ${MAX_CONFIG_BYTES} bytes`);
  });

  test.skipIf(process.platform === 'win32')('a named pipe is refused unread', async () => {
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(cwd, 'pipe.json')]);
    expect((await failure(load({ files: ['pipe.json'] }))).message).toBe(
      `pipe.json: ${join(cwd, 'pipe.json')} is a named pipe, not a file`,
    );
  });

  test('a wrong environment is an error that names the variable', async () => {
    expect((await failure(load({ env: { MCP_TIMEOUT: 'soon' } }))).message).toBe(
      'MCP_TIMEOUT: must be a number of milliseconds above 0, not "soon"',
    );
  });
});
