/** What an angry person meets in `toolway chat`: models that fail, conversations that are not there, disks and pipes that end. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { type ChatWorld, chatWorld, scriptedModel as model } from './fixtures/cli/chat-world.ts';
import { CTRL_C, CTRL_D, ENTER } from './fixtures/cli/pty.ts';
import type { Turn } from './fixtures/llm/turns.ts';

let cli: BuiltCli;
let world: ChatWorld;
beforeAll(() => {
  cli = buildCli('chat-trouble');
});
afterAll(() => cli.remove());
beforeEach(() => {
  world = chatWorld(cli);
});

const FAULTS: [status: number, words: RegExp, code: number][] = [
  [404, /status 404 of http:\S+\/v1\/messages: is there a model claude-sonnet-5-5, and is the base URL right/, 2],
  [401, /status 401 of http:\S+: the key is missing or wrong/, 4],
  [429, /status 429 of http:\S+: too many requests/, 9],
];
test.each(FAULTS)(
  'a model that answers %i without a word is told with where and what to do',
  async (status, words, code) => {
    const fault = { status, body: {}, headers: { 'retry-after': '900' } };
    const ended = await world.once(await model({ fault } satisfies Turn), ['-p', 'hello']);
    expect({ code: ended.code, err: ended.err }).toEqual({ code, err: expect.stringMatching(words) });
  },
);

test('a conversation that is not there is said to be none, with those that are', async () => {
  const said = await model({ text: 'One.' }, { text: 'Two.' });
  expect((await world.once(said, ['--resume', 'nope'])).err).toContain('there is no conversation "nope"');
  const pty = await world.talk(said);
  pty.type('the first question\r');
  await pty.see(/One\.[\s\S]*chat> /);
  pty.type('quit\r');
  await pty.exit();
  const { code, err } = await world.once(said, ['--resume', 'nope', 'go on']);
  expect(code).toBe(2);
  expect(err).toMatch(/there is no conversation "nope".*the last ones are:\n {2}\d{8}-\w{6} {2}the first question/);
});

test('a server that does not answer is named while it is waited for, and Ctrl-C ends that', async () => {
  const mute = { command: process.execPath, args: ['-e', 'process.stdin.resume()'] };
  writeFileSync(join(world.home, 'servers.json'), JSON.stringify({ mcpServers: { mute } }));
  const pty = await world.talk(await model({ text: 'Never.' }));
  pty.type(`hello${ENTER}`);
  await pty.see('waiting for mute');
  pty.type(CTRL_C);
  await pty.see(/the turn is cancelled[\s\S]*chat> /);
  pty.type(CTRL_D);
  expect(await pty.exit()).toBe(0);
});

test('servers that are not there are told of: to a script with who is waited for, at a terminal at once', async () => {
  const mute = { command: process.execPath, args: ['-e', 'process.stdin.resume()'], connectTimeoutMs: 4_000 };
  const mcpServers = { mute, wrong: { command: 3 }, missing: { command: 'no-such-program' } };
  writeFileSync(join(world.home, 'servers.json'), JSON.stringify({ mcpServers }));
  const said = await model({ text: 'Alone.' }, { text: 'Alone.' });
  const { code, out, err } = await world.once(said, ['-p', 'hello']);
  expect({ code, out }).toEqual({ code: 0, out: 'Alone.\n' });
  expect(err).toMatch(/^toolway: .*\/mcpServers\/wrong\/command: must be a string/m);
  expect(err).toMatch(/^toolway: missing: .*no such command/m);
  expect(err).toMatch(/^toolway: waiting for mute\ntoolway: mute: .*within 4000 ms/m);
  expect(await world.once(said, ['-p', 'hello', '--quiet'])).toEqual({ code: 0, out: 'Alone.\n', err: '' });

  const pty = await world.talk(said);
  expect(pty.all).toMatch(/wrong: not connected: (?!wrong).*must be a string/);
  pty.type(`/tools${ENTER}`);
  await pty.see('waiting for mute');
  await pty.see('missing: no tools: ');
  pty.type(CTRL_D);
  expect(await pty.exit()).toBe(0);
});

test('after Ctrl-D at a question, what is pasted is still marked', async () => {
  const greet: Turn = { calls: [{ name: 'shop__greet', arguments: { name: 'Ann' } }] };
  const pty = await world.talk(await model(greet, { text: 'As you wish.' }));
  pty.type(`hello${ENTER}`);
  await pty.see('[n]o: ');
  pty.type(CTRL_D);
  await pty.see(/As you wish\.[\s\S]*chat> /);
  expect(pty.all.lastIndexOf('\x1b[?2004h')).toBeGreaterThan(pty.all.lastIndexOf('\x1b[?2004l'));
});
