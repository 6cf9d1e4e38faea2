/** The command where the system does not answer, or takes nothing more: pipes without a writer, disks without room. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';

const fixture = fileURLToPath(new URL('fixtures/cli/server.js', import.meta.url));
const node = process.execPath;
const onFixture = ['--stdio', `'${node}' '${fixture}'`];

let cli: BuiltCli;
let home = '';
beforeAll(() => {
  cli = buildCli('ends');
  home = mkdtempSync(join(tmpdir(), 'toolway-ends-'));
});
afterAll(() => {
  cli.remove();
  rmSync(home, { recursive: true, force: true });
});

const start = (program: string, argv: string[], stdout: 'pipe' | number = 'pipe'): ChildProcess => {
  const env = { PATH: process.env.PATH, HOME: home };
  const child = spawn(program, argv, { cwd: home, env, stdio: ['ignore', stdout, 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
};
const ended = async (child: ChildProcess) => {
  let [out, err] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const [code, signal] = await once(child, 'close');
  return { code, signal, out, err };
};

test
  .skipIf(!existsSync('/dev/full'))
  .each([[['call', 'args', 'a=1', ...onFixture]], [['tools', '--json', ...onFixture]], [['--version']], [['--help']]])(
  'the output of %j that cannot be written is told: exit 1',
  async (argv) => {
    const full = openSync('/dev/full', 'w');
    const child = start(node, [cli.main, ...argv], full);
    closeSync(full);
    const { code, err } = await ended(child);
    expect(code).toBe(1);
    expect(err).toMatch(/^toolway: cannot write the output: ENOSPC.*\n$/);
  },
);

describe.skipIf(process.platform === 'win32')('a pipe', () => {
  const pipe = (name: string): string => {
    const path = join(home, name);
    execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
    onTestFinished(() => rmSync(path));
    return path;
  };

  test.each(['SIGINT', 'SIGTERM'] as const)('into which nobody writes does not hold %s', async (signal) => {
    const [first, second] = [pipe('first'), pipe('second')];
    const child = start(node, [cli.main, 'call', 'args', `a=@${first}`, `b=@${second}`, ...onFixture]);
    const outcome = ended(child);
    // It ends when the first pipe was opened on the other side: by a command that hears signals, and comes to the second.
    const [code] = await once(start('sh', ['-c', 'echo x > "$0"', first]), 'close');
    expect(code).toBe(0);
    child.kill(signal);
    expect(await outcome).toEqual({ code: null, signal, out: '', err: '' });
  });

  test('with a name is no configuration', async () => {
    const { code, err } = await ended(start(node, [cli.main, 'list', '--config', pipe('c.json')]));
    expect([code, err]).toEqual([2, expect.stringMatching(/^toolway: .*c\.json is a named pipe, not a file\n$/)]);
  });

  test.each([
    ['from the shell', '<(sleep 0.2; cat "$2")', ''],
    ['at stdin', '/dev/stdin', '< <(sleep 0.2; cat "$2")'],
  ])('%s is one', async (_, file, input) => {
    const script = `exec "$0" "$1" list --json --config ${file} ${input}`;
    const servers = join(home, 'servers.json');
    writeFileSync(servers, JSON.stringify({ mcpServers: { off: { command: 'x', disabled: true } } }));
    const outcome = await ended(start('bash', ['-c', script, node, cli.main, servers]));
    expect(outcome).toMatchObject({ code: 0, out: expect.stringContaining('"off"') });
  });
});
