/** What goes wrong while a person chats: the process is killed in a call, and a page is pasted. With real processes, a real terminal, and models that speak by a script over real sockets. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { atTerminal, CTRL_D, ENTER, type Pty } from './fixtures/cli/pty.ts';
import { type ScriptedProvider, scriptedAnthropic } from './fixtures/llm/scripted-providers.ts';
import type { Turn } from './fixtures/llm/turns.ts';

const fixture = fileURLToPath(new URL('fixtures/cli/terminal-server.js', import.meta.url));
const node = process.execPath;

let cli: BuiltCli;
let home = '';
beforeAll(() => {
  cli = buildCli('chat-accidents');
});
afterAll(() => cli.remove());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'toolway-accidents-'));
  const made = home;
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  writeFileSync(join(home, 'servers.json'), JSON.stringify(servers()));
});
const servers = () => ({
  mcpServers: { shop: { command: node, args: [fixture, cli.kit, 'legacy', join(home, 'log')] } },
});
const ALLOWED = {
  rules: [
    { server: 'shop', tainted: true, action: 'allow' },
    { server: 'shop', action: 'allow' },
  ],
};

const model = async (...turns: Turn[]): Promise<ScriptedProvider> => {
  const said = await scriptedAnthropic(...turns);
  onTestFinished(() => said.close());
  return said;
};
const environment = ({ baseURL }: ScriptedProvider): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: home,
  TERM: 'xterm-256color',
  TOOLWAY_STATE_DIR: join(home, 'state'),
  ANTHROPIC_API_KEY: 'sk-secret-key',
  ANTHROPIC_BASE_URL: baseURL,
});
const command = (argv: string[]): string[] => [cli.main, 'chat', ...argv, '--config', join(home, 'servers.json')];
const start = (argv: string[], said: ScriptedProvider) =>
  spawn(node, command(argv), { cwd: home, env: environment(said), stdio: ['ignore', 'pipe', 'ignore'] });
const talk = async (said: ScriptedProvider): Promise<Pty> => {
  const pty = atTerminal([node, ...command([])], { cwd: home, env: environment(said), columns: 120 });
  await pty.see('chat> ');
  return pty;
};
/** What the model was asked, for the so-many-th time. */
const asked = (said: ScriptedProvider, at: number): { role: string; content: unknown }[] =>
  said.bodies[at]?.messages as { role: string; content: unknown }[];

test('of a process that is killed in a call, the question, what ran, and the call that may have run are kept', async () => {
  const said = await model(
    { calls: [{ name: 'shop__greet', arguments: { name: 'Ann' }, id: 'done' }] },
    { calls: [{ name: 'shop__hang', id: 'open' }] },
    { text: 'I look first.' },
  );
  writeFileSync(join(home, 'servers.json'), JSON.stringify({ ...servers(), policy: ALLOWED }));
  const child = start(['--print', 'order seven cups'], said);
  onTestFinished(() => void child.kill('SIGKILL'));
  const log = join(home, 'log');
  await expect.poll(() => existsSync(log) && readFileSync(log, 'utf8'), { timeout: 15_000 }).toContain('hang');
  child.kill('SIGKILL');
  await once(child, 'close');

  const [file = ''] = readdirSync(join(home, 'state/chats')).filter((name) => name.endsWith('.json'));
  const next = start(['--resume', file.replace('.json', ''), '--print', 'go on'], said);
  expect(await text(next.stdout)).toBe('I look first.\n');
  const told = JSON.stringify(asked(said, 2));
  expect(told).toMatch(/order seven cups.*"done".*hello .*"open".*The call may have run.*go on/);
});

const MANY = Array.from({ length: 6_000 }, (_, at) => `line ${at}: ${'x'.repeat(40)}`);

test('a paste of many lines that the terminal marks is one question, sent with Enter, with its line ends', async () => {
  const said = await model({ text: 'All read.' });
  const pty = await talk(said);
  expect(pty.all).toContain('\x1b[?2004h');
  pty.type(`look: \x1b[200~${MANY.join('\r')}\x1b[201~`);
  await pty.see('look: [pasted text 1: 6000 lines]');
  pty.type(` please${ENTER}`);
  await pty.see(/All read\.[\s\S]*chat> /);
  expect(JSON.stringify(asked(said, 0))).toContain(JSON.stringify(`look: ${MANY.join('\n')} please`).slice(1, -1));
  pty.type(CTRL_D);
  expect(await pty.exit()).toBe(0);
  expect(said.bodies).toHaveLength(1);
  expect(pty.all.lastIndexOf('\x1b[?2004l')).toBeGreaterThan(pty.all.lastIndexOf('\x1b[?2004h'));
});

test('lines that come at once without marks are one question; Ctrl-D while it is answered drops what was typed ahead', async () => {
  const said = await model({ calls: [{ name: 'shop__slow' }] }, { text: 'All read.' }, { text: 'Never.' });
  writeFileSync(join(home, 'servers.json'), JSON.stringify({ ...servers(), policy: ALLOWED }));
  const pty = await talk(said);
  pty.type(`${MANY.slice(0, 20).join('\r')}\r`);
  await pty.see('[pasted text 1: 20 lines]');
  await pty.see('shop.slow');
  pty.type(`one${ENTER}`);
  pty.type(`\x1b[200~two\rthree\r\x1b[201~${ENTER}`);
  pty.type(`${'x'.repeat(70_000)}${ENTER}`);
  pty.type(CTRL_D);
  await pty.see('All read.');
  expect(await pty.exit()).toBe(0);
  expect(said.bodies).toHaveLength(2);
  expect(JSON.stringify(asked(said, 0))).toContain(JSON.stringify(MANY.slice(0, 20).join('\n')).slice(1, -1));
});

test('a terminal is asked to mark pastes no longer when the chat is told to end', async () => {
  const pty = await talk(await model());
  pty.signal('SIGTERM');
  await pty.exit();
  expect(pty.all.lastIndexOf('\x1b[?2004l')).toBeGreaterThan(pty.all.lastIndexOf('\x1b[?2004h'));
});
