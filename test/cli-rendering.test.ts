/** Markdown and images as a person sees them: at a real terminal, which answers when it is asked, or does not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { atTerminal, CTRL_D, ENTER, type Pty } from './fixtures/cli/pty.ts';

const ESC = '\x1b';
const QUESTION = `${ESC}[16t${ESC}[c`;
const ANSWER = `${ESC}[6;20;10t${ESC}[?62;4;22c`;
const fixture = fileURLToPath(new URL('fixtures/cli/rendering-server.js', import.meta.url));

let cli: BuiltCli;
let home = '';
beforeAll(() => {
  cli = buildCli('rendering');
});
afterAll(() => cli.remove());
beforeEach(({ onTestFinished }) => {
  home = mkdtempSync(join(tmpdir(), 'toolway-rendering-'));
  const made = home;
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
});

const start = (argv: string[], { columns = 60, env = {} as Record<string, string> } = {}): Pty => {
  const config = join(home, 'servers.json');
  writeFileSync(
    config,
    JSON.stringify({ mcpServers: { page: { command: process.execPath, args: [fixture, cli.kit] } } }),
  );
  const world = { PATH: process.env.PATH ?? '', HOME: home, TMPDIR: home, TERM: 'xterm-256color', ...env };
  return atTerminal([process.execPath, cli.main, ...argv, '--config', config], { cwd: home, env: world, columns });
};

describe('Markdown', () => {
  test('is wrapped to the width of the terminal, in its colours, and moves nothing', async () => {
    const pty = start(['call', 'text'], { columns: 30 });
    await pty.exit();
    const { all } = pty;
    expect(all).toContain(`  ${ESC}[2m#${ESC}[22m ${ESC}[1mTitle${ESC}[22m\r\n`);
    expect(all).toContain('  • some words that are\r\n    wrapped\r\n');
    expect(all).toContain(`${ESC}]8;;https://a.example/${ESC}\\`);
    expect(all).not.toContain(`${ESC}[2J`);
    expect(all).not.toContain(`${ESC}]0;`);
    expect(all).toContain('  toolway> rm');
    expect(all).not.toMatch(/(^|\n)toolway>/);
  });

  test('is as it came with --format text', async () => {
    const pty = start(['call', 'text', '--format', 'text']);
    await pty.exit();
    expect(pty.all).toContain('# Title&#27;[2J\r\n\r\n- some words that are wrapped\r\n');
  });
});

describe('an image', () => {
  const drawn = `${ESC}P0;1;0q"1;1;2;1#0;2;100;0;0#0@@-${ESC}\\`;

  test('is drawn where the terminal answers that it can', async () => {
    const pty = start(['call', 'image']);
    await pty.see(QUESTION);
    pty.type(ANSWER);
    await pty.see(drawn);
    expect(await pty.exit()).toBe(0);
  });

  test('is saved where it cannot, and where it never answers: that is waited for 200 ms', async () => {
    const unable = start(['call', 'image']);
    await unable.see(QUESTION);
    unable.type(`${ESC}[?1;2c`);
    await unable.see('saved as');
    const silent = start(['call', 'image']);
    await silent.see(QUESTION);
    await silent.see('saved as', 5_000);
    expect(await silent.exit()).toBe(0);
  });

  test('asks nothing of the terminal where there is none to draw', async () => {
    const pty = start(['call', 'text']);
    await pty.exit();
    expect(pty.all).not.toContain(QUESTION);
  });

  test('in the shell: the terminal is asked once, and nothing that is typed meanwhile is lost', async () => {
    const pty = start(['shell', '--quiet']);
    await pty.see('toolway> ');
    pty.type(`image${ENTER}`);
    await pty.see(QUESTION);
    pty.type(`pi${ANSWER}ng${ENTER}`);
    await pty.see(drawn);
    await pty.see(/page.* ms[\s\S]*toolway> /);
    pty.type(`image${ENTER}`);
    await pty.see(drawn);
    expect(pty.all.split(QUESTION)).toHaveLength(2);
    pty.type(CTRL_D);
    expect(await pty.exit()).toBe(0);
  });
});
