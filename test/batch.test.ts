/** `toolway batch` as a process, where the disk takes no more. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
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
