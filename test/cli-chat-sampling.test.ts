/** A server that asks for a message of the model in `toolway chat`: at a real terminal, with the reference server, and a model that speaks by a script over real sockets. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { atTerminal, ENTER, type Pty } from './fixtures/cli/pty.ts';
import { type ScriptedProvider, scriptedAnthropic } from './fixtures/llm/scripted-providers.ts';
import type { Turn } from './fixtures/llm/turns.ts';

const everything = fileURLToPath(
  new URL('../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url),
);
const node = process.execPath;

let cli: BuiltCli;
let home = '';
beforeAll(() => {
  cli = buildCli('chat-sampling');
});
afterAll(() => cli.remove());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'toolway-sampling-'));
  const made = home;
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  const mcpServers = { all: { command: node, args: [everything, 'stdio'] } };
  // Only what the server asks is asked for.
  const policy = { rules: [{ server: 'all', action: 'allow' }] };
  writeFileSync(join(home, 'servers.json'), JSON.stringify({ mcpServers, policy }));
});

const environment = (said: ScriptedProvider): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: home,
  TERM: 'xterm-256color',
  TOOLWAY_STATE_DIR: join(home, 'state'),
  ANTHROPIC_API_KEY: 'sk-secret-key',
  ANTHROPIC_BASE_URL: said.baseURL,
});
const model = async (...turns: Turn[]): Promise<ScriptedProvider> => {
  const said = await scriptedAnthropic(...turns);
  onTestFinished(() => said.close());
  return said;
};
const command = (argv: string[]): [string, ...string[]] => [
  node,
  cli.main,
  'chat',
  ...argv,
  '--config',
  join(home, 'servers.json'),
];
const talk = async (said: ScriptedProvider, argv: string[] = []): Promise<Pty> => {
  const pty = atTerminal(command(argv), { cwd: home, env: environment(said), columns: 140 });
  await pty.see('chat> ');
  return pty;
};
/** Without a terminal. */
const once = (said: ScriptedProvider, argv: string[]): Promise<{ code: number | null; out: string; err: string }> =>
  new Promise((resolve) => {
    const [program, ...args] = command(argv);
    const child = spawn(program, args, { cwd: home, env: environment(said) });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (err += chunk));
    child.on('close', (code) => resolve({ code, out, err }));
    child.stdin.end();
  });

const TOOL = 'all__trigger-sampling-request';
const request = (prompt: string, maxTokens = 50): Turn => ({
  calls: [{ name: TOOL, arguments: { prompt, maxTokens } }],
});
const toolsOf = (body: Record<string, unknown> | undefined): string[] =>
  ((body?.tools ?? []) as { name: string }[]).map(({ name }) => name);
const QUESTION = 'May all have a message of the model?';
const WAYS = '[n]o: ';
/** The model has read what others wrote. */
const agreeToCall = async (pty: Pty): Promise<void> => {
  await pty.see('May all.trigger-sampling-request be called?');
  await pty.see(WAYS);
  pty.type(`y${ENTER}`);
};

test('with yes the server gets a message of the model, on the account of the conversation', async () => {
  const said = await model(
    request('Be short \x1b[2J'),
    { text: 'A short answer.', usage: { input: 1_000, output: 500 } },
    { text: 'It answered.', usage: { input: 100, output: 50 } },
  );
  const pty = await talk(said);
  pty.type(`go${ENTER}`);
  const asked = await pty.see(WAYS);
  expect(asked).toContain(QUESTION);
  expect(asked).toContain('(in trigger-sampling-request)');
  expect(asked).toContain('the tokens are on your account');
  expect(asked).toContain('system prompt: You are a helpful test server.');
  expect(asked).toContain('message: Resource trigger-sampling-request context: Be short');
  expect(asked).toContain('at most 50 tokens');
  expect(pty.all).not.toContain('\x1b[2J');
  expect(said.bodies).toHaveLength(1);
  pty.type(`y${ENTER}`);
  const shown = await pty.see(/It answered\.[\s\S]*1 call[\s\S]*chat> /);
  expect(shown).toMatch(/1\.1 k in .*555 out|1\.1 k in.*· 555 out/);
  expect(said.bodies[1]).toMatchObject({ max_tokens: 50 });
  expect(toolsOf(said.bodies[1])).toEqual([]);
  expect(JSON.stringify(said.bodies[1])).toContain('You are a helpful test server.');
  expect(JSON.stringify(said.bodies[2])).toContain('A short answer.');
});

test('with no the model is not asked, and the server hears that it was refused', async () => {
  const said = await model(request('Be short'), { text: 'As you wish.' });
  const pty = await talk(said);
  pty.type(`go${ENTER}`);
  await pty.see(WAYS);
  pty.type(`n${ENTER}`);
  await pty.see(/✗ all\.trigger-sampling-request[\s\S]*As you wish\.[\s\S]*chat> /);
  expect(said.bodies).toHaveLength(2);
  expect(JSON.stringify(said.bodies[1])).toContain('rejected');
});

test('always holds until the conversation ends, for another model too; the planner writes none', async () => {
  const said = await model(
    request('One', 9_999),
    { text: 'First.' },
    { text: 'Done one.' },
    request('Two'),
    { text: 'Second.' },
    { text: 'Done two.' },
    request('Three'),
    { text: 'Done three.' },
  );
  const pty = await talk(said, ['--model', 'claude-one']);
  pty.type(`go${ENTER}`);
  expect(await pty.see(WAYS)).toContain('at most 4096 tokens');
  pty.type(`a${ENTER}`);
  await pty.see(/Done one\.[\s\S]*chat> /);
  pty.type(`/model claude-two${ENTER}`);
  await pty.see(/claude-two at[\s\S]*chat> /);
  pty.type(`go on${ENTER}`);
  await agreeToCall(pty);
  expect(await pty.see(/Done two\.[\s\S]*chat> /)).not.toContain(QUESTION);
  expect(said.bodies.map((body) => body.model)).toEqual([
    ...Array(3).fill('claude-one'),
    ...Array(3).fill('claude-two'),
  ]);
  pty.type(`clear${ENTER}`);
  await pty.see(/A new conversation\.[\s\S]*chat> /);
  pty.type(`and now?${ENTER}`);
  expect(await pty.see(WAYS)).toContain(QUESTION);
  pty.type(`n${ENTER}`);
  await pty.see(/Done three\.[\s\S]*chat> /);
  pty.type(`/model planner${ENTER}`);
  await pty.see(/planner[\s\S]*chat> /);
  pty.type(`trigger sampling request prompt "hello"${ENTER}`);
  await agreeToCall(pty);
  await pty.see(
    'asks for a message of a model (in trigger-sampling-request): refused, because the planner writes none',
  );
});

test('without a terminal --yes agrees; else servers are not told that a model answers', async () => {
  const said = await model(request('Be short'), { text: 'A short answer.' }, { text: 'Done.' }, { text: 'Nothing.' });
  const { code, out, err } = await once(said, ['-p', 'go', '--yes']);
  expect({ code, out }).toEqual({ code: 0, out: 'Done.\n' });
  expect(err).toContain('all gets a message of the model (--yes)');
  expect(JSON.stringify(said.bodies[2])).toContain('A short answer.');
  expect(toolsOf(said.bodies[0])).toContain(TOOL);
  await once(said, ['-p', 'go']);
  expect(toolsOf(said.bodies[3])).toContain('all__echo');
  expect(toolsOf(said.bodies[3])).not.toContain(TOOL);
});

describe('a server that asks between its calls', () => {
  const late = (delayMs: number): void => {
    const fixture = fileURLToPath(new URL('fixtures/cli/late-sampler.js', import.meta.url));
    const mcpServers = { late: { command: node, args: [fixture, String(delayMs)] } };
    const rules = [
      { server: 'late', tainted: true, action: 'allow' },
      { server: 'late', action: 'allow' },
    ];
    writeFileSync(join(home, 'servers.json'), JSON.stringify({ mcpServers, policy: { rules } }));
  };
  const LATE = 'May late have a message of the model?';

  test('while the model writes: on lines of its own, behind what was written', async () => {
    late(700);
    const said = await model(
      { calls: [{ name: 'late__go' }] },
      { text: 'Begun.\n\n', fault: { stallAfter: 5 } },
      { text: 'A message.' },
    );
    const pty = await talk(said);
    pty.type(`go${ENTER}`);
    const shown = await pty.see(WAYS);
    expect(shown).toMatch(/Begun\.\r\n/);
    expect(shown.slice(shown.indexOf('Begun.'))).toContain(LATE);
    pty.type(`y${ENTER}`);
    await expect.poll(() => said.bodies.length).toBe(3);
  });

  test('while a question is typed: it is answered first, and what was typed is there again', async () => {
    late(900);
    const said = await model(
      { calls: [{ name: 'late__go' }] },
      { text: 'Done.' },
      { text: 'A message.' },
      { text: 'Really done.' },
    );
    const pty = await talk(said);
    pty.type(`go${ENTER}`);
    await pty.see(/Done\.[\s\S]*chat> /);
    pty.type('half of');
    await pty.see(LATE);
    await pty.see(WAYS);
    pty.type(`y${ENTER}`);
    await pty.see('chat> half of');
    pty.type(` it${ENTER}`);
    await pty.see(/Really done\.[\s\S]*chat> /);
    expect(JSON.stringify(said.bodies[3])).toContain('half of it');
  });
});
