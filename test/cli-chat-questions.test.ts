/** Questions of `toolway chat` that are taken back, asked again, or have several lines: at a real terminal. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { asked as ask, type ChatWorld, chatWorld, scriptedModel as model } from './fixtures/cli/chat-world.ts';
import { CTRL_C, CTRL_D, ENTER } from './fixtures/cli/pty.ts';
import type { Turn } from './fixtures/llm/turns.ts';

let cli: BuiltCli;
let world: ChatWorld;
beforeAll(() => {
  cli = buildCli('chat-questions');
});
afterAll(() => cli.remove());
beforeEach(() => {
  world = chatWorld(cli);
});
const greet = (args: Record<string, unknown>): Turn => ({ calls: [{ name: 'shop__greet', arguments: args }] });

test('the last question is taken back, and again, and what its calls did is said to stay', async () => {
  const said = await model(
    { text: 'One.' },
    greet({ name: 'Ann' }),
    { text: 'Greeted.' },
    { text: 'Two instead.' },
    { fault: { status: 400, type: 'invalid_request_error', message: 'no' } },
    { text: 'Now it went.' },
  );
  const pty = await world.talk(said);
  expect(await ask(pty, '/undo')).toContain('nothing was asked yet');
  await ask(pty, 'first');
  pty.type(`greet Ann${ENTER}`);
  await pty.see('[n]o: ');
  pty.type(`y${ENTER}`);
  await pty.see(/Greeted\.[\s\S]*chat> /);
  expect(await ask(pty, '/undo')).toMatch(/Taken back: greet Ann[\s\S]*did stays done: shop__greet/);
  expect(await ask(pty, 'history')).not.toContain('Ann');
  expect(await ask(pty, 'second')).toContain('Two instead.');
  expect(JSON.stringify(said.bodies[3])).toMatch(/first.*One\..*second/);
  expect(JSON.stringify(said.bodies[3])).not.toContain('Ann');
  expect(await ask(pty, 'third')).toContain('no');
  expect(await ask(pty, 'retry')).toMatch(/Asking again: third[\s\S]*Now it went\./);
  expect(JSON.stringify(said.bodies[5]).match(/third/g)).toHaveLength(1);
  // What was taken back is not in what is kept, and a conversation that goes on knows what was said last.
  const next = await world.talk(said, ['--continue']);
  expect(await ask(next, '/undo')).toContain('Taken back: third');
  expect(await ask(next, '/undo')).toContain('Taken back: second');
  expect(await ask(next, '/undo')).toContain('Taken back: first');
  expect(await ask(next, '/undo')).toContain('nothing was asked yet');
  said.say({ text: 'Anew.' });
  expect(await ask(next, 'a new beginning')).toContain('Anew.');
  expect(await ask(next, 'sessions')).toContain('a new beginning');
  expect(world.chats()).toHaveLength(1);
});

test('a question has several lines: behind a backslash, Ctrl-J, or Alt-Enter', async () => {
  const said = await model({ text: 'Read.' });
  const pty = await world.talk(said);
  pty.type(`one \\${ENTER}`);
  await pty.see('  ... ');
  pty.type('two\\\\');
  await pty.see('two');
  pty.type('\n');
  await pty.see('  ... ');
  pty.type('\n');
  await pty.see('  ... ');
  pty.type('quit\x1b\r');
  await pty.see('  ... ');
  expect(await ask(pty, 'four')).toContain('Read.');
  expect(JSON.stringify(said.bodies[0])).toContain(JSON.stringify('one \ntwo\\\\\n\nquit\nfour').slice(1, -1));
  // The one that was begun is dropped as any other.
  pty.type(`half\\${ENTER}`);
  await pty.see('  ... ');
  pty.type(CTRL_C);
  await pty.see('chat> ');
  pty.type(CTRL_D);
  expect(await pty.exit()).toBe(0);
  expect(said.bodies).toHaveLength(1);
});

test('a script that ran meanwhile is not what a person goes on with', async () => {
  const said = await model({ text: 'One.' }, { text: 'Two.' }, { text: 'Three.' }, { text: 'Four.' });
  const pty = await world.talk(said);
  await ask(pty, 'mine');
  pty.type(CTRL_D);
  await pty.exit();
  await world.once(said, ['-p', 'nightly']);
  expect((await world.once(said, ['--sessions'])).out).toMatch(/\(--print\) nightly\n[^\n]* {2}mine\n/);
  const next = await world.talk(said, ['--continue']);
  expect(next.all).toContain(': mine (');
  // A script goes on with what was last.
  await world.once(said, ['-p', '--continue', 'and then']);
  expect(JSON.stringify(said.bodies[2])).toMatch(/nightly.*and then/);
});

test('of two chats that go on with one conversation, the second to write gets a name of its own, and says so', async () => {
  const said = await model({ text: 'One.' }, { text: 'Two.' }, { text: 'Three.' }, { text: 'Four.' });
  const pty = await world.talk(said);
  await ask(pty, 'first');
  const other = await world.talk(said, ['--continue']);
  await ask(pty, 'here');
  expect(await ask(other, 'there')).toMatch(/another chat goes on with \d{8}-\w{6}; this one is kept as/);
  expect(await ask(other, 'there again')).not.toContain('another chat');
  const folder = join(world.home, 'state/chats');
  const kept = world.chats().map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(kept).toHaveLength(2);
  expect(kept.filter((text) => /first.*One.*here.*Two/s.test(text) && !text.includes('there'))).toHaveLength(1);
  expect(kept.filter((text) => /first.*One.*there.*Three.*there again/s.test(text))).toHaveLength(1);
});
