/** The command line where things go wrong around it: servers that are silent, and people and outputs that go away. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';

const node = process.execPath;

let cli: BuiltCli;
let home = '';
beforeAll(() => {
  cli = buildCli('trouble');
});
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
