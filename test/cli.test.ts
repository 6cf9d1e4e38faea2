/** The command itself: built, started as a process, talking to real servers. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = join(root, `node_modules/.cache/toolway-cli-${process.pid}`);
const everything = join(root, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js');
const filesystem = join(root, 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js');
const fixture = join(root, 'test/fixtures/cli/server.js');
const node = process.execPath;
const onEverything = ['--stdio', `'${node}' '${everything}'`];
const onFixture = ['--stdio', `'${node}' '${fixture}'`];

let home = '';
beforeAll(() => {
  mkdirSync(built, { recursive: true });
  cpSync(join(root, 'package.json'), join(built, 'package.json'));
  execFileSync(node, [join(root, 'scripts/build.js'), join(built, 'dist')], { stdio: 'inherit' });
  home = mkdtempSync(join(tmpdir(), 'toolway-cli-'));
});
afterAll(() => {
  rmSync(built, { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
});

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

const start = (argv: string[], env: Record<string, string> = {}): ChildProcess =>
  spawn(node, [join(built, 'dist/cli/main.js'), ...argv], {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: join(home, 'config'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const ended = async (child: ChildProcess): Promise<Ended> => {
  const outcome = { code: null, out: '', err: '' } as Ended;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    outcome.out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    outcome.err += text;
  });
  [outcome.code] = (await once(child, 'close')) as [number | null];
  return outcome;
};
const toolway = (...argv: string[]): Promise<Ended> => ended(start(argv));
const asJson = async (...argv: string[]) => {
  const { code, out, err } = await toolway(...argv, '--json');
  return { code, err, json: JSON.parse(out) };
};

const until = async (what: string, condition: () => boolean, boundMs = 15_000): Promise<void> => {
  const end = Date.now() + boundMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${boundMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
/** A log that the fixture server writes. */
const newLog = () => {
  const file = join(home, `log-${Math.random().toString(36).slice(2)}`);
  onTestFinished(() => rmSync(file, { force: true }));
  const entries = (): { pid?: number; method?: string; id?: number; params?: { requestId?: number } }[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line))
      : [];
  return { file, entries, pid: () => entries()[0]?.pid ?? 0 };
};

test('tools that cannot be remembered are told of once, without -v, with the cause', async () => {
  const config = join(home, 'three.json');
  const server = { command: node, args: [fixture] };
  writeFileSync(config, JSON.stringify({ mcpServers: { a: server, b: server, c: server } }));
  const state = join(home, 'state');
  symlinkSync('nowhere/at/all', state);
  const { code, err } = await ended(start(['list', '--config', config], { TOOLWAY_STATE_DIR: state }));
  expect(code).toBe(0);
  expect(err).toMatch(/^toolway: the pin file .*pins\.json could not be written: E[A-Z]+: .*\n$/);
});

describe('on server-everything', () => {
  test('list prints every server of the configuration in its order, with what each one offers', async () => {
    const config = join(home, 'servers.json');
    const servers = {
      dead: { command: node, args: ['-e', 'console.error("out of order"); process.exit(7)'] },
      everything: { command: node, args: [everything] },
      files: { command: node, args: [filesystem, home] },
      off: { command: node, disabled: true },
      wrong: { command: node, args: 'not a list' },
    };
    writeFileSync(config, JSON.stringify({ mcpServers: servers }));
    const { code, json } = await asJson('list', '--config', config);
    expect(code).toBe(0);
    expect(json.servers.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`)).toEqual([
      'dead failed',
      'everything connected',
      'files connected',
      'off disabled',
      'wrong failed',
    ]);
    const [dead, every, files, , wrong] = json.servers;
    expect(dead).toMatchObject({
      transport: 'stdio',
      error: { exitCode: 7, stderr: expect.stringContaining('out of order') },
      tools: [],
    });
    expect(every).toMatchObject({
      transport: 'stdio',
      era: 'legacy',
      protocolVersion: '2025-11-25',
      connectMs: expect.any(Number),
      resources: expect.arrayContaining([expect.objectContaining({ uri: expect.stringContaining('demo://') })]),
      prompts: expect.arrayContaining([
        expect.objectContaining({ name: 'simple-prompt', qualifiedName: 'everything.simple-prompt' }),
      ]),
    });
    const echo = every.tools.find(({ name }: { name: string }) => name === 'echo');
    expect(echo.qualifiedName).toBe('everything.echo');
    for (const added of ['server', 'fetchedAt', 'stale']) expect(echo).not.toHaveProperty(added);
    expect(files.tools.length).toBeGreaterThan(5);
    expect(wrong.error).toMatchObject({ code: 'invalid_config', message: expect.stringContaining('servers.json:1:') });
  });

  test('call passes arguments as the schema wants them', async () => {
    expect(await toolway('call', 'adhoc.echo', 'message=hello', ...onEverything)).toEqual({
      code: 0,
      out: 'Echo: hello\n',
      err: '',
    });
    const sum = await asJson(...onEverything, 'call', 'get-sum', 'a=1', 'b=2.5');
    expect(sum).toMatchObject({
      code: 0,
      err: '',
      json: { server: 'adhoc', tool: 'get-sum', attempts: 1, cached: false },
    });
    expect(sum.json.result.content[0].text).toContain('3.5');
    const form = await toolway('call', 'adhoc.get-sum(a: 2, b: 40)', ...onEverything);
    expect(form.out).toContain('42');
  });

  test('the spellings of the seeds work', async () => {
    const argv = ['--server-command', node, '--server-args', everything];
    expect((await toolway(...argv, 'call-tool', 'echo', '{"message": "hi"}')).out).toBe('Echo: hi\n');
    expect((await toolway(...argv, 'list-tools')).out).toContain('adhoc.echo(message: string)');
  });

  test('an unknown tool is exit 2 with the one that was meant; a wrong argument shows the signature', async () => {
    expect(await toolway('call', 'adhoc.ehco', 'message=x', ...onEverything)).toEqual({
      code: 2,
      out: '',
      err: 'toolway: there is no tool "adhoc.ehco"\nDid you mean: adhoc.echo\n',
    });
    const wrong = await toolway('call', 'get-sum', 'a=one', ...onEverything);
    expect(wrong).toMatchObject({
      code: 2,
      err: expect.stringContaining('Usage: adhoc.get-sum(a: number, b: number)'),
    });
    const missing = await asJson('call', 'get-sum', 'a=1', ...onEverything);
    expect(missing).toMatchObject({
      code: 2,
      json: { error: { code: 'invalid_arguments', executed: 'no', tool: 'get-sum' } },
    });
  });

  test('read, prompt, ping, status and the catalogue', async () => {
    expect(await toolway('read', 'demo://resource/static/document/features.md', ...onEverything)).toMatchObject({
      code: 0,
      out: expect.stringContaining('#'),
    });
    expect((await toolway('prompt', 'args-prompt', 'city=Bern', ...onEverything)).out).toContain('Bern');
    expect((await asJson('ping', ...onEverything)).json).toEqual({
      servers: [{ name: 'adhoc', ms: expect.any(Number) }],
    });
    expect((await asJson('status', ...onEverything)).json.servers[0]).toMatchObject({
      name: 'adhoc',
      connected: true,
      breaker: 'closed',
    });
    expect((await asJson('resources', ...onEverything)).json.resourceTemplates.length).toBeGreaterThan(0);
    expect((await asJson('prompts', ...onEverything)).json.prompts.length).toBeGreaterThan(0);
  });

  test('images are saved', async () => {
    const folder = join(home, 'pictures');
    const { code, out } = await toolway('call', 'get-tiny-image', '--save', folder, ...onEverything);
    expect([code, out]).toEqual([0, expect.stringContaining(join(folder, 'get-tiny-image.png'))]);
    expect(readFileSync(join(folder, 'get-tiny-image.png')).subarray(1, 4).toString()).toBe('PNG');
  });

  test('over HTTP', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as { port: number };
    probe.close();
    const server = spawn(node, [everything, 'streamableHttp'], {
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    onTestFinished(() => void server.kill('SIGKILL'));
    let said = '';
    server.stderr.on('data', (chunk) => {
      said += chunk;
    });
    await until('the server listens', () => said.includes('listening'));
    const { code, json } = await asJson('call', 'echo', 'message=hi', '--url', `http://127.0.0.1:${port}/mcp`);
    expect(code).toBe(0);
    expect(json.result.content[0].text).toBe('Echo: hi');
  });
});

describe('on server-filesystem', () => {
  test('a file is read; an error of the tool is exit 5 with its text on stdout', async () => {
    const stdio = ['--stdio', `'${node}' '${filesystem}' '${home}'`];
    writeFileSync(join(home, 'two.txt'), 'first\nsecond\n');
    const first = await toolway('call', 'read_text_file', `path=${join(home, 'two.txt')}`, 'head=1', ...stdio);
    expect(first).toMatchObject({ code: 0, out: 'first\n' });
    const outside = await toolway('call', 'read_text_file', 'path=/etc/passwd', ...stdio);
    expect(outside).toMatchObject({
      code: 5,
      out: expect.stringMatching(/denied/i),
      err: 'toolway: the tool answered with an error\n',
    });
  });
});

describe('ways to end', () => {
  test.each<[string, string[], number, object]>([
    ['isError', ['call', 'fail'], 5, { result: { isError: true } }],
    [
      'a JSON-RPC error',
      ['call', 'refuse'],
      9,
      { error: { code: 'server_error', rpcCode: -32099, data: { why: 'rain' } } },
    ],
    ['a server that dies in the call', ['call', 'die'], 8, { error: { code: 'outcome_unknown', executed: 'unknown' } }],
    [
      'a timeout',
      ['call', 'hang', '--timeout', '700'],
      7,
      { error: { code: 'timeout', executed: 'unknown', limit: 700 } },
    ],
  ])('%s', async (_, argv, exit, document) => {
    const { code, json, err } = await asJson(...argv, ...onFixture);
    expect([code, err]).toEqual([exit, '']);
    expect(json).toMatchObject(document);
  });

  test.each([
    ['there is no such program', '/nowhere/at/all'],
    ['it exits at once', `'${node}' -e 'process.exit(1)'`],
  ])('%s: exit 3', async (_, command) => {
    expect(await toolway('call', 'x', '--stdio', command)).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringMatching(/^toolway: adhoc: /),
    });
    expect((await asJson('list', '--stdio', command)).code).toBe(3);
  });

  test('everything is written before the process ends, however slowly it is read', async () => {
    const child = start(['call', 'big', 'mib=6', ...onFixture]);
    let bytes = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      child.stdout?.pause();
      setImmediate(() => child.stdout?.resume());
    });
    const [code] = await once(child, 'close');
    expect([code, bytes]).toEqual([0, 6 * 2 ** 20]);
  });

  test('a reader that leaves early ends it quietly', async () => {
    const child = start(['call', 'big', 'mib=6', ...onFixture]);
    child.stdout?.once('data', () => child.stdout?.destroy());
    let err = '';
    child.stderr?.on('data', (chunk) => {
      err += chunk;
    });
    const [code, signal] = await once(child, 'close');
    expect([code, signal, err]).toEqual([0, null, '']);
  });

  test('Ctrl-C cancels the call on the server, exits 130 and leaves no child', async () => {
    const log = newLog();
    const child = start(['call', 'hang', '--env', `LOG=${log.file}`, ...onFixture]);
    const outcome = ended(child);
    await until('the call arrives', () => log.entries().some(({ method }) => method === 'tools/call'));
    child.kill('SIGINT');
    expect(await outcome).toMatchObject({ code: 130, out: '' });
    await until('the server is gone', () => !alive(log.pid()));
    const call = log.entries().find(({ method }) => method === 'tools/call');
    const cancelled = log.entries().find(({ method }) => method === 'notifications/cancelled');
    expect(cancelled?.params?.requestId).toBe(call?.id);
  });

  test('it does not wait for a server that does not want to go, and leaves none behind', async () => {
    const log = newLog();
    const child = start(['call', 'args', 'a=1', '--env', `LOG=${log.file}`, '--env', 'STUBBORN=1', ...onFixture]);
    expect(await ended(child)).toEqual({ code: 0, out: '{"a":"1"}\n', err: '' });
    await until('the server is gone', () => !alive(log.pid()));
  });
});

describe('help and version', () => {
  test('are written whole to whatever reads them, and a reader that is gone is no failure', async () => {
    const { code, out, err } = await toolway('--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^toolway connects any application[\s\S]*More: toolway <command> --help\n$/);
    expect(await toolway('--version')).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' });
    const child = start(['--help']);
    child.stdout?.destroy();
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  test('a line that is wrong is told so, with --help in it or not', async () => {
    expect(await toolway('--help', '--nonsense')).toMatchObject({ code: 2, out: '' });
    expect(await toolway('list', '--helpp')).toMatchObject({ code: 2, err: expect.stringContaining('--help') });
  });

  test('a tool may be given the word --help', async () => {
    expect(await toolway('call', 'args', ...onFixture, '--', 'a=--help')).toMatchObject({
      code: 0,
      out: '{"a":"--help"}\n',
    });
  });
});

test('schemas with patterns are checked in their thread, which finds its libraries', async () => {
  const { code, err } = await toolway('call', 'pattern', 'id=x1', ...onFixture);
  expect([code, err]).toEqual([2, expect.stringContaining('pattern')]);
  expect((await toolway('call', 'pattern', 'id=AB-1', ...onFixture)).code).toBe(0);
});
