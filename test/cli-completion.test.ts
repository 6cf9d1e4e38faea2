/** Completion in a real shell: what bash offers at Tab, from names that earlier runs have left. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { atTerminal, CTRL_U, type Pty, TAB } from './fixtures/cli/pty.ts';

const fixture = fileURLToPath(new URL('fixtures/cli/terminal-server.js', import.meta.url));
const node = process.execPath;

let cli: BuiltCli;
let home = '';
const environment = (): Record<string, string> => ({
  PATH: `${join(home, 'bin')}:${process.env.PATH}`,
  HOME: home,
  TERM: 'xterm-256color',
});
const toolway = (...argv: string[]): string =>
  execFileSync(join(home, 'bin/toolway'), argv, {
    cwd: home,
    env: environment(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

beforeAll(() => {
  cli = buildCli('completion');
  home = mkdtempSync(join(tmpdir(), 'toolway-completion-'));
  mkdirSync(join(home, 'bin'));
  const program = join(home, 'bin', 'toolway');
  writeFileSync(program, `#!/bin/sh\nexec '${node}' '${cli.main}' "$@"\n`);
  chmodSync(program, 0o755);
  mkdirSync(join(home, '.config/toolway'), { recursive: true });
  const servers = {
    shop: { command: node, args: [fixture, cli.kit, 'legacy'] },
    never: { command: '/nowhere/at/all' },
  };
  writeFileSync(join(home, '.config/toolway/config.json'), JSON.stringify({ mcpServers: servers }));
  writeFileSync(join(home, 'a-file.txt'), 'x');
  mkdirSync(join(home, 'folder'));
  writeFileSync(join(home, 'folder/in'), 'x');
  toolway('list');
  writeFileSync(
    join(home, '.bashrc'),
    "PS1='$ '\nbind 'set enable-bracketed-paste off'\nsource <(toolway completion bash)\n",
  );
}, 60_000);
afterAll(() => {
  cli.remove();
  rmSync(home, { recursive: true, force: true });
});

describe('bash', () => {
  const bash = async (): Promise<Pty> => {
    const pty = atTerminal(['bash', '--noprofile', '--rcfile', join(home, '.bashrc'), '-i'], {
      cwd: home,
      env: environment(),
    });
    pty.type('echo rea""dy\r');
    await pty.see('\nready');
    await pty.see('$ ');
    return pty;
  };

  test('completes commands, options, servers, tools, arguments, values and files', async () => {
    const pty = await bash();
    const after = async (typed: string, completed: string): Promise<void> => {
      pty.type(`toolway ${typed}`);
      await pty.see(typed);
      pty.type(TAB);
      await pty.see(completed);
      pty.type(CTRL_U);
    };
    await after('stat', 'us ');
    await after('call --max', '-output ');
    await after('ping sh', 'op ');
    await after('ping --server ne', 'ver ');
    await after('call shop.gr', 'eet ');
    await after('call greet', ' ');
    await after('call shop.greet na', 'me=');
    await after('call shop.greet tone=fr', 'iendly ');
    await after("call shop.greet 'tone=fr", 'iendly');
    await after('call shop.greet tone="fr', 'iendly');
    await after('call shop.greet loud=t', 'rue ');
    await after('prompt shop.letter t', 'o');
    await after('read demo://cl', 'ock ');
    await after('read "demo://cl', 'ock');
    await after('call greet --args @a-f', 'ile.txt ');
    await after('call greet name=@a-f', 'ile.txt ');
    await after('call greet name=@fol', 'der/');
    await after('call greet name=@folder/', 'in ');
    await after('list --config a-f', 'ile.txt ');
    await after('completion z', 'sh ');
    await after('help cal', 'l ');
  });

  test('what a server calls its values is quoted, and is never executed', async () => {
    const pty = await bash();
    pty.type('toolway call greet tone=$');
    await pty.see('tone=$');
    pty.type(TAB);
    await pty.see("'$(touch pwned)'");
    expect(pty.all).not.toContain('bad');
    pty.type('\r');
    await pty.see('$(touch pwned)');
    await pty.see('$ ');
    expect(existsSync(join(home, 'pwned'))).toBe(false);
  });
});
