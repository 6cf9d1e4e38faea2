/**
 * Completion as a person meets it: real shells at a real terminal, before a server whose names would do harm. What Tab
 * made of a line is read off from the words that the shell hands over when the line is run, not from the screen.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { HOSTILE } from './fixtures/cli/hostile-names.js';
import { atTerminal, ENTER, type Pty, TAB } from './fixtures/cli/pty.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/cli/${name}`, import.meta.url));
const node = process.execPath;
const CTRL_A = '\x01';
const BASH_COMPLETION = '/usr/share/bash-completion/bash_completion';

const isHere = (program: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
/** Runs where the shell is; says why not elsewhere. */
const describeIn = (shell: string, there = isHere(shell)) => {
  if (!there) console.warn(`${shell} is not on this machine: what it does at Tab is not tested`);
  return describe.runIf(there);
};

let cli: BuiltCli;
let home = '';
const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  PATH: `${join(home, 'bin')}:${process.env.PATH}`,
  HOME: home,
  TERM: 'xterm-256color',
  LC_ALL: 'C.UTF-8',
  ...more,
});
const write = (path: string, text: string): string => {
  const file = join(home, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
};
const toolway = (...argv: string[]): string =>
  execFileSync(join(home, 'bin/toolway'), argv, {
    cwd: home,
    env: environment(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

beforeAll(() => {
  cli = buildCli('completion-shells');
  home = mkdtempSync(join(tmpdir(), 'toolway-completion-'));
  chmodSync(write('bin/toolway', `#!/bin/sh\nexec '${node}' '${cli.main}' "$@"\n`), 0o755);
  chmodSync(write('bin/say', `#!${node}\nconsole.log('<' + JSON.stringify(process.argv.slice(2)) + '>');\n`), 0o755);
  const mcpServers = {
    shop: { command: node, args: [fixture('terminal-server.js'), cli.kit, 'legacy'] },
    hostile: { command: node, args: [fixture('hostile-names-server.js'), cli.kit] },
    never: { command: '/nowhere/at/all' },
  };
  write('.config/toolway/config.json', JSON.stringify({ mcpServers }));
  for (const file of ['a-file.txt', 'with space.txt', "it's $(touch pwned).txt", 'folder/in@side']) write(file, 'x');
  for (const list of ['list', 'prompts', 'resources']) toolway(list);
  write('.bashrc', `PS1='$ '\nbind 'set enable-bracketed-paste off'\n${toolway('completion', 'bash')}`);
  write('.bashrc-lazy', `PS1='$ '\nbind 'set enable-bracketed-paste off'\nsource ${BASH_COMPLETION}\n`);
  write('.local/share/bash-completion/completions/toolway', toolway('completion', 'bash'));
  write('.zshrc', `PROMPT='$ '\nbindkey -e\nsource <(toolway completion zsh)\n`);
  write('by-fpath/.zshrc', `PROMPT='$ '\nbindkey -e\nfpath=(~/zsh $fpath)\nautoload -Uz compinit && compinit -u\n`);
  write('zsh/_toolway', toolway('completion', 'zsh'));
  write('.config/fish/completions/toolway.fish', toolway('completion', 'fish'));
  const quiet = 'set -g fish_greeting\nset -g fish_autosuggestion_enabled 0\n';
  write('.config/fish/config.fish', `${quiet}function fish_prompt\n  echo -n '$ '\nend\n`);
}, 60_000);
afterAll(() => {
  cli.remove();
  rmSync(home, { recursive: true, force: true });
});

const start = async (command: [string, ...string[]], more: Record<string, string> = {}): Promise<Pty> => {
  const pty = atTerminal(command, { cwd: home, env: environment(more), columns: 200 });
  pty.type(`echo rea""dy${ENTER}`);
  await pty.see(/[\r\n]ready/);
  await pty.see('$ ');
  return pty;
};
const bash = (rc = '.bashrc'): Promise<Pty> => start(['bash', '--noprofile', '--rcfile', join(home, rc), '-i']);
const zsh = (folder = ''): Promise<Pty> => start(['zsh', '-i'], { ZDOTDIR: join(home, folder) });
const fish = (): Promise<Pty> => start(['fish', '-i', '--private']);

/** The words that the shell runs after Tab. */
const wordsAfterTab = async (pty: Pty, line: string): Promise<string[]> => {
  pty.type(line + TAB + CTRL_A);
  pty.type(`say ${ENTER}`);
  const shown = await pty.see(/<\[".*"\]>/);
  await pty.see('$ ');
  return JSON.parse(shown.slice(shown.lastIndexOf('<["') + 1, -1));
};

/** What is typed, and the words that it is to become. */
const EXPECTED: [string, string][] = [
  ['toolway ca', 'toolway call'],
  ['toolway stat', 'toolway status'],
  ['toolway call --max', 'toolway call --max-output'],
  ['toolway ping sh', 'toolway ping shop'],
  ['toolway ping --server ne', 'toolway ping --server never'],
  ['toolway ping --server=ne', 'toolway ping --server=never'],
  ['toolway call shop.gr', 'toolway call shop.greet'],
  ['toolway call greet', 'toolway call greet'],
  ['toolway call shop.greet na', 'toolway call shop.greet name='],
  ['toolway call greet tone=fr', 'toolway call greet tone=friendly'],
  ["toolway call greet 'tone=fr", 'toolway call greet tone=friendly'],
  ['toolway call greet "tone=fr', 'toolway call greet tone=friendly'],
  ['toolway call greet tone=for\\ ', 'toolway call greet tone=for·ever'],
  ['toolway call greet "tone=for ', 'toolway call greet tone=for·ever'],
  ["toolway call greet name='a b' lo", 'toolway call greet name=a·b loud='],
  ['toolway call greet loud=t', 'toolway call greet loud=true'],
  ['toolway call greet --args @a-f', 'toolway call greet --args @a-file.txt'],
  ['toolway call greet name=@a-f', 'toolway call greet name=@a-file.txt'],
  ['toolway call greet name:=@a-f', 'toolway call greet name:=@a-file.txt'],
  ['toolway call greet name=@wi', 'toolway call greet name=@with·space.txt'],
  ['toolway call greet name=@it', "toolway call greet name=@it's·$(touch·pwned).txt"],
  ['toolway call greet name=@folder/i', 'toolway call greet name=@folder/in@side'],
  ['toolway call greet name=@~/a-f', 'toolway call greet name=@~/a-file.txt'],
  ['toolway list --config a-f', 'toolway list --config a-file.txt'],
  ['toolway list --config=a-f', 'toolway list --config=a-file.txt'],
  ['toolway list --config ~/a-f', 'toolway list --config HOME/a-file.txt'],
  ['toolway list --config ~/folder/i', 'toolway list --config HOME/folder/in@side'],
  ['toolway read demo://cl', 'toolway read demo://clock'],
  ['toolway read "demo://cl', 'toolway read demo://clock'],
  ['toolway completion z', 'toolway completion zsh'],
  ['toolway call hostile.keys h:i:j.=z', 'toolway call hostile.keys h:i:j.=z:1'],
  ['~/bin/toolway stat', 'HOME/bin/toolway status'],
];
const asWords = (text: string): string[] =>
  text.split(' ').map((word) => word.replaceAll('·', ' ').replace('HOME', home));

const completes = async (pty: Pty, expected = EXPECTED): Promise<void> => {
  for (const [typed, words] of expected) {
    expect([typed, await wordsAfterTab(pty, typed)]).toEqual([typed, asWords(words)]);
  }
};
/** Every such name becomes one word that is the name, wherever it stands. */
const keepsHostile = async (pty: Pty): Promise<void> => {
  for (const name of HOSTILE) {
    const [letter = ''] = name;
    for (const [typed, word] of [
      [`toolway call hostile.values v=${letter}`, `v=${name}`],
      [`toolway call hostile.keys ${letter}`, `${name}.=`],
      [`toolway call hostile.x${letter}`, `hostile.x${name}`],
    ] as const) {
      const words = await wordsAfterTab(pty, typed);
      expect([typed, words.at(-1)]).toEqual([typed, word]);
    }
  }
  expect(existsSync(join(home, 'pwned'))).toBe(false);
};
/** What is listed moves no cursor, sets no title, and has one line for a candidate. */
const listsSafely = async (pty: Pty, keys: string, described: string | RegExp): Promise<void> => {
  const before = pty.all.length;
  pty.type(`toolway call hostile.values ${keys}`);
  await pty.see(described);
  expect(pty.all.slice(before)).not.toContain('owned\x07');
  expect(pty.all.slice(before)).not.toContain('\x1b[2J');
  expect(pty.all.slice(before)).not.toContain('second line\n');
};

describeIn('bash')('bash', () => {
  test('completes commands, servers, tools, arguments, values, options and files', async () => {
    await completes(await bash());
  }, 60_000);
  test('names that would do harm are words and nothing more', async () => keepsHostile(await bash()), 60_000);
  test('says what candidates are where it lists them', async () => {
    await listsSafely(await bash(), TAB + TAB, /count= {2}\(How many\)[\s\S]*v= {6}\(The value/);
  });
});

describeIn('bash-completion', isHere('bash') && existsSync(BASH_COMPLETION))('bash with bash-completion', () => {
  test('loads the script when it is first needed', async () => {
    await completes(await bash('.bashrc-lazy'));
  }, 60_000);
});

describeIn('zsh')('zsh', () => {
  test('completes commands, servers, tools, arguments, values, options and files', async () => {
    await completes(await zsh());
  }, 60_000);
  test('the script may be a file of fpath as well', async () => {
    await completes(await zsh('by-fpath'), EXPECTED.slice(0, 3));
  });
  test('names that would do harm are words and nothing more', async () => keepsHostile(await zsh()), 60_000);
  test('says what candidates are where it lists them', async () => {
    await listsSafely(await zsh(), TAB, /count= +-- How many[\s\S]*v= +-- The value/);
  });
});

describeIn('fish')('fish', () => {
  test('completes commands, servers, tools, arguments, values, options and files', async () => {
    await completes(await fish());
  }, 60_000);
  test('names that would do harm are words and nothing more', async () => keepsHostile(await fish()), 60_000);
  test('a quote with an escape in it is one word', async () => {
    const typed = "toolway call hostile.values 'v=d\\'q\\'' co";
    expect(await wordsAfterTab(await fish(), typed)).toEqual([
      ...['toolway', 'call', 'hostile.values'],
      ...["v=d'q'", 'count='],
    ]);
  });
  test('says what candidates are where it lists them', async () => {
    await listsSafely(await fish(), TAB, /count= +\([^()]*How many[\s\S]*v= +\([^()]*The value/);
  });
});
