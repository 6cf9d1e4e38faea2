/** Inputs of a configuration, asked for at a real terminal before the servers that need them start. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { atTerminal, CTRL_C, CTRL_D, ENTER, type Pty } from './fixtures/cli/pty.ts';

const fixture = fileURLToPath(new URL('fixtures/cli/terminal-server.js', import.meta.url));
const node = process.execPath;
const SECRET = 'correct-horse-battery';

let cli: BuiltCli;
let home = '';
beforeAll(() => {
  cli = buildCli('inputs');
}, 120_000);
afterAll(() => cli.remove());
beforeEach(({ onTestFinished }) => {
  home = mkdtempSync(join(tmpdir(), 'toolway-inputs-'));
  const made = home;
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
});

/** What each server was started with, a line each. */
const started = (): string[] => {
  const log = join(home, 'started');
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean).sort() : [];
};

const start = (
  argv: string[],
  { env = {}, columns = 100 }: { env?: Record<string, string>; columns?: number } = {},
): Pty => {
  // The server tells what it was given, then is an ordinary one.
  const script = 'echo "$NAME $TOKEN $REGION" >> started; exec "$@"';
  const server = (name: string, more: object) => ({
    command: 'sh',
    args: ['-c', script, 'sh', node, fixture, cli.kit, 'legacy'],
    env: { NAME: name, TOKEN: `\${input:token}`, ...more },
  });
  const config = {
    inputs: [
      { id: 'token', type: 'promptString', description: 'The \u001b[2Jkey of the shop', password: true },
      {
        id: 'region',
        type: 'pickString',
        options: ['eu', 'us', { value: 'asia', label: 'As\u001b[2Jia' }],
        default: 'us',
      },
    ],
    mcpServers: { shop: server('shop', { REGION: `\${input:region}` }), bank: server('bank', {}) },
  };
  writeFileSync(join(home, 'servers.json'), JSON.stringify(config));
  // The terminal sets TERM itself.
  return atTerminal(
    ['env', `TERM=${env.TERM ?? 'xterm-256color'}`, node, cli.main, ...argv, '--config', 'servers.json'],
    {
      cwd: home,
      columns,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: home,
        TOOLWAY_STATE_DIR: join(home, 'state'),
        ...env,
      },
    },
  );
};

/** Everything that is in the folder of state. */
const kept = (): string =>
  existsSync(join(home, 'state'))
    ? readdirSync(join(home, 'state'))
        .map((name) => readFileSync(join(home, 'state', name), 'utf8'))
        .join('\n')
    : '';

describe('at a terminal', () => {
  test.each(['xterm-256color', 'dumb'])(
    'a secret is asked for once, is typed unseen and is kept nowhere (TERM=%s)',
    async (TERM) => {
      const pty = start(['status', '-v'], { env: { TERM } });
      await pty.see('shop, bank need a value for token:');
      await pty.see('The key of the shop');
      await pty.see('token (hidden): ');
      pty.type(`${SECRET}!\x7f`);
      pty.type(ENTER);
      await pty.see(/1\) eu[\s\S]*3\) Asia \(asia\)[\s\S]*region \(one of these\) \[us\]: /);
      pty.type(`4${ENTER}`);
      await pty.see('region is none of the options');
      pty.type(`3${ENTER}`);
      await pty.see(/shop {2}connected[\s\S]*bank {2}connected/);
      expect(await pty.exit()).toBe(0);
      expect(started()).toEqual([`bank ${SECRET} `, `shop ${SECRET} asia`]);
      expect(pty.all).not.toContain('correct');
      expect(pty.all).not.toContain('\x1b[2J');
      expect(kept()).not.toContain('correct');
    },
  );

  test('the default is taken at Enter, and an option can be reached with the arrow keys', async () => {
    const pty = start(['status', 'shop', '--input', 'token=x']);
    await pty.see('[us]: ');
    pty.type(ENTER);
    expect(await pty.exit()).toBe(0);
    const other = start(['status', 'shop', '--input', 'token=x']);
    await other.see('[us]: ');
    other.type('\x1b[A');
    await other.see('eu');
    other.type(ENTER);
    expect(await other.exit()).toBe(0);
    expect(started()).toEqual(['shop x eu', 'shop x us']);
    const third = start(['status', 'shop', '--input', 'token=x']);
    await third.see('[us]: ');
    third.type('\x1b[A'.repeat(3));
    await third.see('Asia');
    third.type(ENTER);
    expect(await third.exit()).toBe(0);
    expect(third.all).not.toContain('\x1b[2J');
    expect(started()).toContain('shop x asia');
  });

  test('Ctrl-C at the question exits 130 and starts nothing', async () => {
    const pty = start(['call', 'shop.greet', 'name=x']);
    await pty.see('token (hidden): ');
    pty.type(`half${CTRL_C}`);
    expect(await pty.exit()).toBe(130);
    expect(started()).toEqual([]);
    expect(pty.all).not.toContain('half');
  });

  test.each([
    ['Ctrl-D', CTRL_D, 'the question was not answered'],
    ['an empty answer', ENTER, 'the answer was empty'],
  ])('%s is an error of the servers that need it, which says how it is given', async (_, keys, why) => {
    const pty = start(['call', 'bank.greet', 'name=x']);
    await pty.see('token (hidden): ');
    pty.type(keys);
    await pty.see('bank: env.TOKEN: the input "token" (The key of the shop) was not given');
    await pty.see(`${why}; TOOLWAY_INPUT_TOKEN can hold it`);
    expect(await pty.exit()).toBe(2);
    expect(started()).toEqual([]);
  });

  test('a line of the daemon is asked for what its own server needs, whatever an earlier line has said', async () => {
    const ask = async (server: string, value: string): Promise<void> => {
      const pty = start(['status', server, '--keep-alive']);
      await pty.see('token (hidden): ');
      pty.type(value + ENTER);
      if (server === 'shop') {
        await pty.see('[us]: ');
        pty.type(ENTER);
      }
      await pty.see(/connected/);
      expect(await pty.exit()).toBe(0);
    };
    try {
      await ask('shop', 'one');
      await ask('bank', 'two');
      expect(started()).toEqual(['bank two ', 'shop one us']);
    } finally {
      await start(['daemon', 'stop']).exit();
    }
  });

  test('the shell asks before its first line, also where the screen is narrow', async () => {
    const pty = start(['shell'], { columns: 20 });
    await pty.see('token (hidden): ');
    pty.type(SECRET.repeat(3) + ENTER);
    await pty.see('[us]: ');
    pty.type(ENTER);
    await pty.see('toolway> ');
    pty.type(`ping bank${ENTER}`);
    await pty.see(/bank.* ms/);
    pty.type(CTRL_D);
    expect(await pty.exit()).toBe(0);
    expect(pty.all).not.toContain('correct');
    expect(kept()).not.toContain('correct');
  });
});
