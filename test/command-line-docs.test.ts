/**
 * The pages about the command line and its chat tell the truth: every example on them runs. A block of `console` is lines for bash behind
 * `$ `, each with what it prints; a block of `terminal` is typed at one, behind its prompts, `^C` being a key. `…` stands
 * for anything, alone on its line for any lines.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../src/cli/commands.ts';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { atTerminal, CTRL_C, ENTER, type Pty } from './fixtures/cli/pty.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pageAt = (path: string): string => readFileSync(join(root, path), 'utf8');
const page = pageAt('docs/command-line.md');
const everything = join(root, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js');
const node = process.execPath;

let cli: BuiltCli;
let home = '';
const environment = (): Record<string, string> => ({
  PATH: `${join(home, 'bin')}:${process.env.PATH}`,
  HOME: home,
  TERM: 'xterm-256color',
  NO_COLOR: '1',
  TMPDIR: home,
});

beforeAll(() => {
  cli = buildCli('docs');
  home = mkdtempSync(join(tmpdir(), 'toolway-docs-'));
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'bin/toolway'), `#!/bin/sh\nexec '${node}' '${cli.main}' "$@"\n`);
  chmodSync(join(home, 'bin/toolway'), 0o755);
  // Packages that the page fetches are those that are installed here: nothing is asked of a network.
  writeFileSync(join(home, 'bin/npx'), `#!/bin/sh\nexec '${node}' '${everything}' stdio\n`);
  chmodSync(join(home, 'bin/npx'), 0o755);
  const configured = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
  expect(configured.mcpServers.everything.args).toEqual(['-y', '@modelcontextprotocol/server-everything']);
  mkdirSync(join(home, '.config/toolway'), { recursive: true });
  const servers = { everything: { command: node, args: [everything] } };
  writeFileSync(join(home, '.config/toolway/config.json'), JSON.stringify({ mcpServers: servers }));
});
afterAll(() => {
  // What examples leave to themselves, also where one of them has failed.
  spawnSync(node, [cli.main, 'daemon', 'stop'], { cwd: home, env: environment() });
  spawnSync('sh', ['-c', 'kill $(cat gateway.pid)'], { cwd: home });
  cli.remove();
  rmSync(home, { recursive: true, force: true });
});

const blocks = (language: string): string[][] =>
  [...(page + pageAt('docs/chat.md')).matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, text = '']) => text.trimEnd().split('\n'),
  );
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
/** The lines as a pattern. */
const patternOf = (lines: readonly string[]): string =>
  lines.map((line) => (line === '…' ? '(.*\\n)*' : `${escaped(line).replaceAll('…', '.*')}\\s*\\n`)).join('');

interface Example {
  line: string;
  printed: string[];
}
const examples = blocks('console').flatMap((lines) => {
  const found: Example[] = [];
  for (const line of lines) {
    if (line.startsWith('$ ')) found.push({ line: line.slice(2), printed: [] });
    else found.at(-1)?.printed.push(line);
  }
  return found;
});

describe('a line of the page prints what stands below it', () => {
  test.each(examples)('$line', ({ line, printed }) => {
    const { stdout } = spawnSync('bash', ['-c', `{ ${line}\n} 2>&1`], {
      cwd: home,
      env: environment(),
      encoding: 'utf8',
    });
    expect(stdout).toMatch(new RegExp(`^${patternOf(printed)}$`));
  });
});

/** Where somebody types. */
const PROMPT = /^(\$ |toolway> |chat> |.*(?:\[n\]o: |\[d\]ecline\? ))(.*)$/;

const play = async (pty: Pty, line: string): Promise<void> => {
  const [, prompt, typed = ''] = PROMPT.exec(line) ?? [];
  if (line === '^C') return pty.type(CTRL_C);
  if (line === '…') return;
  if (prompt === undefined) await pty.see(new RegExp(escaped(line).replaceAll('…', '.*')));
  else {
    await pty.see(prompt);
    pty.type(typed + ENTER);
  }
};

describe('what the page shows at a terminal happens there', () => {
  test.each(blocks('terminal').map((lines) => ({ first: lines[0], lines })))('$first (%#)', async ({ lines }) => {
    const [start = '', ...more] = lines;
    expect(start).toMatch(/^\$ toolway /);
    const pty = atTerminal(['bash', '-c', start.slice(2)], { cwd: home, env: environment(), columns: 200 });
    for (const line of more) await play(pty, line);
    expect(await pty.exit()).toBe(0);
  });
});

test('there is a section for each command, under its name', () => {
  const sections = [...page.matchAll(/^## ([a-z]+)$/gm)].map(([, name = '']) => name);
  expect(sections.sort()).toEqual(Object.keys(COMMANDS).sort());
});
