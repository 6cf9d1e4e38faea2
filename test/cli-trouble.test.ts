/** The command line where things go wrong around it: servers that are silent, and people and outputs that go away. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { atTerminal, CTRL_C, CTRL_D, ENTER, type Pty } from './fixtures/cli/pty.ts';

const node = process.execPath;

let cli: BuiltCli;
let home = '';
beforeAll(() => {
  cli = buildCli('trouble');
}, 120_000);
afterAll(() => cli.remove());
beforeEach(({ onTestFinished }) => {
  home = mkdtempSync(join(tmpdir(), 'toolway-trouble-'));
  const made = home;
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
});

const environment = (): Record<string, string> => ({ PATH: process.env.PATH ?? '', HOME: home });
const configure = (config: object): void => writeFileSync(join(home, 'servers.json'), JSON.stringify(config));
const run = (...argv: string[]) => {
  const { status, stdout, stderr } = spawnSync(node, [cli.main, ...argv, '--config', 'servers.json'], {
    cwd: home,
    env: environment(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 25_000,
  });
  return { code: status, out: stdout, err: stderr };
};

describe('a server that does not answer in time', () => {
  const mute = { command: 'sleep', args: ['60'] };

  test.each([
    ['list', { connectTimeoutMs: 400, timeoutMs: 400 }],
    ['status', { connectTimeoutMs: 400, timeoutMs: 400 }],
    ['list', { connectTimeoutMs: 60_000, timeoutMs: 400 }],
    ['status', { connectTimeoutMs: 60_000, timeoutMs: 400 }],
  ])('has failed, says %s with %j, and why', (command, times) => {
    configure({ mcpServers: { mute: { ...mute, ...times } } });
    const { code, out } = run(command, '--json');
    expect(code).toBe(3);
    const { servers } = JSON.parse(out);
    const { state, error, lastError } = servers[0];
    expect([state, (error ?? lastError).code]).toEqual(['failed', 'connect_timeout']);
  });
});

test('a server that keeps a command waiting is named once, unless nothing is to be said', () => {
  const mute = { command: 'sleep', args: ['60'], connectTimeoutMs: 3_800 };
  configure({ mcpServers: { mute } });
  for (const argv of [['list'], ['call', 'x']])
    expect(run(...argv).err.match(/^toolway: waiting for mute$/gm)).toHaveLength(1);
  expect(run('list', '--quiet').err).not.toContain('waiting');
});

test('of a server that hangs as it starts, what it has said meanwhile is shown: the end of it', () => {
  const script = 'for n in $(seq 30); do echo "step $n" >&2; done; exec sleep 60';
  configure({ mcpServers: { slow: { command: 'sh', args: ['-c', script] } } });
  for (const command of ['call', 'list', 'doctor']) {
    const { code, out, err } = run(...(command === 'call' ? ['call', 'x'] : [command]), '--timeout', '600');
    expect.soft([command, code]).toEqual([command, 3]);
    expect.soft(out + err, command).toContain('step 30');
    expect.soft(out + err, command).not.toContain('step 10\n');
  }
});

describe('Ctrl-C at an approval', () => {
  const fixture = fileURLToPath(new URL('fixtures/cli/terminal-server.js', import.meta.url));
  const start = (...argv: string[]): Pty => {
    const shop = { command: node, args: [fixture, cli.kit, 'legacy', join(home, 'log')] };
    configure({ mcpServers: { shop }, policy: { default: 'ask' } });
    return atTerminal([node, cli.main, ...argv, '--config', 'servers.json'], { cwd: home, env: environment() });
  };

  test('is the end of the call, which is not sent', async () => {
    const pty = start('call', 'shop.hang');
    await pty.see('[n]o: ');
    pty.type(CTRL_C);
    await pty.see('cancelled');
    expect(await pty.exit()).toBe(130);
    expect(existsSync(join(home, 'log'))).toBe(false);
  });

  test('is the end of a batch, of which no further line is asked about', async () => {
    const line = '{"name": "shop.greet", "arguments": {"name": "x"}}\n';
    writeFileSync(join(home, 'calls.jsonl'), line.repeat(3));
    const pty = start('batch', 'calls.jsonl', '--concurrency', '1', '--out', 'out.jsonl');
    await pty.see('[n]o: ');
    pty.type(`y${ENTER}`);
    await pty.see('[n]o: ');
    pty.type(CTRL_C);
    await pty.see('interrupted; ');
    expect(await pty.exit()).toBe(130);
    expect(pty.all.split('May shop.greet be called?')).toHaveLength(3);
  });

  test('is the end of a line of the shell, and not of the shell', async () => {
    const pty = start('shell');
    await pty.see('toolway> ');
    pty.type(`greet name=x${ENTER}`);
    await pty.see('[n]o: ');
    pty.type(CTRL_C);
    await pty.see(/cancelled[\s\S]*toolway> /);
    pty.type(`greet name=y${ENTER}`);
    await pty.see('[n]o: ');
    pty.type(`y${ENTER}`);
    await pty.see('hello {"name":"y"');
    pty.type(CTRL_D);
    expect(await pty.exit()).toBe(0);
  });
});

describe('a server that asks for a message of a model', () => {
  /** It asks twice in each call, whether that is offered or not. */
  const asker = `
    const say = (message) => console.log(JSON.stringify({ jsonrpc: '2.0', ...message }));
    const answers = {
      initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'a', version: '1' } },
      'tools/list': { tools: [{ name: 'think\u001b[2J', inputSchema: { type: 'object' } }] },
      ping: {},
    };
    let call, refused = [];
    require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, method, error } = JSON.parse(line);
      if (method === 'tools/call') {
        call = id;
        for (const one of ['a', 'b']) say({ id: one, method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } });
      } else if (method === undefined) {
        refused.push(error.code);
        if (refused.length === 2) say({ id: call, result: { content: [{ type: 'text', text: refused.join() }] } });
      } else if (id !== undefined) say(answers[method] ? { id, result: answers[method] } : { id, error: { code: -32601, message: 'no' } });
    });`;

  test('is refused, and whoever sits here is told which one and why, once', () => {
    configure({ mcpServers: { asker: { command: node, args: ['asker.cjs'] } } });
    writeFileSync(join(home, 'asker.cjs'), asker);
    const told = 'toolway: asker asks for a message of a model (in think): refused, because no model is configured\n';
    const tool = 'asker.think\u001b[2J';
    expect(run('call', tool)).toEqual({ code: 0, out: '-32601,-32601\n', err: told });
    expect(run('call', tool, '--quiet').err).toBe('');
  });
});

describe('a folder that cannot be used', () => {
  const shop = (): void => {
    const fixture = fileURLToPath(new URL('fixtures/cli/terminal-server.js', import.meta.url));
    configure({ mcpServers: { shop: { command: node, args: [fixture, cli.kit, 'legacy'] } } });
  };

  test('is told where it is the working directory, which is gone', () => {
    const line = `mkdir gone && cd gone && rmdir ../gone && exec '${node}' '${cli.main}' list`;
    const { status, stderr } = spawnSync('sh', ['-c', line], { cwd: home, env: environment(), encoding: 'utf8' });
    expect([status, stderr.split('\n')]).toEqual([
      2,
      [expect.stringContaining('the working directory cannot be used'), ''],
    ]);
  });

  test.runIf(process.platform === 'linux')(
    'is told where results are to be saved, and is no hindrance where state is kept',
    () => {
      shop();
      const saved = run('call', 'greet', 'name=x', '--save', '/proc/toolway/x');
      expect([saved.code, saved.err]).toEqual([2, expect.stringContaining('--save: ENOENT')]);
      const { status, stdout } = spawnSync(node, [cli.main, 'call', 'greet', 'name=x', '--config', 'servers.json'], {
        cwd: home,
        env: { ...environment(), TOOLWAY_STATE_DIR: '/proc/toolway' },
        encoding: 'utf8',
        timeout: 20_000,
      });
      expect([status, stdout]).toEqual([0, 'hello {"name":"x","loud":false}\n']);
    },
  );
});
