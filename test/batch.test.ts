/** `toolway batch` as a process: at a terminal, where its reader leaves, and where the disk takes no more. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { atTerminal, CTRL_C } from './fixtures/cli/pty.ts';
import { folder } from './fixtures/cli/world.ts';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const server = fileURLToPath(new URL('./fixtures/cli/server.js', import.meta.url));
const CALLS = 200;

/** One `ulimit` block is 512 or 1024 bytes, as the shell likes: either is less than all results. */
const BLOCKS = 8;

test.runIf(process.platform !== 'win32')(
  'where the results find no room, none is lost, and nothing is sent twice',
  () => {
    const cwd = folder();
    const log = join(cwd, 'log');
    const call = (n: number): string => `${JSON.stringify({ name: 'args', arguments: { n } })}\n`;
    writeFileSync(join(cwd, 'in.jsonl'), Array.from({ length: CALLS }, (_, n) => call(n)).join(''));
    const stdio = ['--stdio', `'${process.execPath}' '${server}'`];
    const argv = ['batch', 'in.jsonl', '--out', 'out.jsonl', ...stdio, '--env', `LOG=${log}`];
    const env = { PATH: process.env.PATH, HOME: cwd };
    const run = (command: string, args: string[]) => spawnSync(command, args, { cwd, env, encoding: 'utf8' });

    const inRoom = `ulimit -S -f ${BLOCKS}; exec "$@"`;
    const full = run('sh', ['-c', inRoom, 'sh', process.execPath, main, ...argv.slice(0, -2)]);
    expect(full.status).toBe(1);
    expect(full.stderr).toMatch(/^toolway: cannot write .*out\.jsonl(\.journal)?: /);
    const linesIn = (text: string): number[] =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).line);
    const first = [...linesIn(readFileSync(join(cwd, 'out.jsonl'), 'utf8')), ...linesIn(full.stdout)];
    expect(first.length).toBeGreaterThan(10);
    expect(new Set(first).size).toBe(first.length);

    const rest = run(process.execPath, [main, ...argv, '--resume']);
    expect(rest.status).toBe(8);
    const all = linesIn(readFileSync(join(cwd, 'out.jsonl'), 'utf8'));
    expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: CALLS }, (_, index) => index + 1));
    const sentAgain = readFileSync(log, 'utf8')
      .split('\n')
      .flatMap((line) => (line.includes('"tools/call"') ? [JSON.parse(line).params.arguments.n + 1] : []))
      .filter((line) => first.includes(line));
    expect(sentAgain).toEqual([]);
  },
);

/** A folder with calls that take their time, and the words of a batch over them. */
const slowCalls = (count: number, delayMs: number) => {
  const cwd = folder();
  const call = (n: number) => ({ name: 'charge', arguments: { key: `${n}`, delayMs } });
  writeFileSync(
    join(cwd, 'in.jsonl'),
    Array.from({ length: count }, (_, n) => `${JSON.stringify(call(n))}\n`).join(''),
  );
  const effects = fileURLToPath(new URL('./fixtures/cli/effects.js', import.meta.url));
  const stdio = ['--stdio', `'${process.execPath}' '${effects}'`, '--env', `EFFECTS=${join(cwd, 'effects')}`];
  const linesOf = (name: string): string[] => readFileSync(join(cwd, name), 'utf8').split('\n').filter(Boolean);
  return { cwd, argv: [main, 'batch', 'in.jsonl', ...stdio], linesOf };
};

test.runIf(process.platform !== 'win32')(
  'a terminal shows a bar with the time that is left; Ctrl-C ends it, and --resume goes on',
  async () => {
    const { cwd, argv, linesOf } = slowCalls(40, 100);
    const env = { PATH: process.env.PATH ?? '', HOME: cwd, NO_COLOR: '1' };
    const out = ['--out', 'out.jsonl', '--resume', '--concurrency', '4'];
    const pty = atTerminal([process.execPath, ...argv, ...out], { cwd, env });
    await pty.see(/\[#+-+\] +\d+ % \d+\/40 · \d+\/s · ETA \d+:\d\d/);
    pty.type(CTRL_C);
    expect(await pty.exit()).toBe(130);
    const cut = linesOf('out.jsonl').length;
    expect(cut).toBeLessThan(40);
    const rest = spawnSync(process.execPath, [...argv, ...out], { cwd, env, encoding: 'utf8' });
    expect(rest.stderr).not.toContain('\r');
    const results = linesOf('out.jsonl').map((line) => JSON.parse(line));
    expect(new Set(results.map(({ line }) => line)).size).toBe(40);
    expect(results).toHaveLength(40);
    expect(new Set(linesOf('effects')).size).toBe(linesOf('effects').length);
    expect(results.filter(({ outcome }) => outcome !== 'done').length).toBeLessThanOrEqual(4);
  },
);

test('a reader of the results that leaves ends it quietly', () => {
  const { cwd, argv } = slowCalls(200, 5);
  const quoted = [process.execPath, ...argv].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const { status, stdout, stderr } = spawnSync('bash', ['-c', `set -o pipefail; ${quoted} --quiet | head -1`], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd },
    encoding: 'utf8',
  });
  expect([status, stdout.split('\n').length, stderr]).toEqual([0, 2, '']);
});
