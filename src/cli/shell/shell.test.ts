import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, type FakeServer, folder, type World } from '../../../test/fixtures/cli/world.ts';
import { ToolwayError } from '../../errors.ts';
import { isKept, MAX_HISTORY_BYTES, MAX_LINE_LENGTH, MAX_LINES, openHistory } from './history.ts';
import { tellOfServers } from './notices.ts';
import { splitLine } from './split-line.ts';

describe('a line', () => {
  test.each<[string, string[]]>([
    ['call a b=1', ['call', 'a', 'b=1']],
    [`a.b(x: 1, y: "c d)") k=2`, [`a.b(x: 1, y: "c d)")`, 'k=2']],
    [`a {"b": "c d", "e": [1, 2]} f`, ['a', '{"b": "c d", "e": [1, 2]}', 'f']],
    [`a k:={"b": "it's"}`, ['a', `k:={"b": "it's"}`]],
    [`a k=[1, 2]`, ['a', 'k=[1, 2]']],
    [`a 'b c' "d e" f\\ g`, ['a', 'b c', 'd e', 'f g']],
    ['a k={not closed', ['a', 'k={not', 'closed']],
    ['  ', []],
  ])('%j', (line, words) => {
    expect(splitLine(line)).toEqual(words);
  });

  test('a quote that is not closed is told', () => {
    expect(() => splitLine(`a 'b`)).toThrow('is not closed');
  });
});

describe('the history', () => {
  test.each<[string, boolean]>([
    ['call a b=1', true],
    [' call a', false],
    ['', false],
    ['list --header "A: b"', false],
    ['list --env X=1', false],
    ['call login password=x', false],
    ['call x api_key:="y"', false],
    ['call x {"token": "y"}', false],
    ['call x Authorization=y', false],
    ['two\nlines', false],
    ['call x '.padEnd(MAX_LINE_LENGTH + 1, 'y'), false],
  ])('%j: %j', (line, kept) => {
    expect(isKept(line)).toBe(kept);
  });

  test('holds the last lines only, also where its file holds more', async () => {
    const file = join(folder(), 'state', 'history');
    mkdirSync(join(file, '..'));
    writeFileSync(file, Array.from({ length: MAX_LINES + 5 }, (_, at) => `line ${at}\n`).join(''), { mode: 0o644 });
    const history = await openHistory(file);
    expect(history.lines.length).toBe(MAX_LINES);
    expect(history.lines[0]).toBe(`line ${MAX_LINES + 4}`);
    await history.add('one more');
    await history.add('one more');
    expect(history.lines.slice(0, 2)).toEqual(['one more', `line ${MAX_LINES + 4}`]);
    const lines = readFileSync(file, 'utf8').split('\n');
    expect([lines.length, lines.at(0), lines.at(-2)]).toEqual([MAX_LINES + 2, 'line 5', 'one more']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is cut where its file is too long', async () => {
    const file = join(folder(), 'history');
    const line = (at: number): string => `${at} `.padEnd(MAX_LINE_LENGTH, 'x');
    writeFileSync(file, Array.from({ length: 200 }, (_, at) => `${line(at)}\n`).join(''));
    const history = await openHistory(file);
    expect(history.lines[0]).toBe(line(199));
    expect(statSync(file).size).toBeLessThanOrEqual(MAX_HISTORY_BYTES);
    expect(history.lines.length).toBe(100);
  });

  test('does without a file where it cannot have one', async () => {
    const file = join(folder(), 'taken');
    writeFileSync(file, '');
    const history = await openHistory(join(file, 'history'));
    await history.add('a line');
    expect(history.lines).toEqual(['a line']);
  });
});

describe('without a terminal', () => {
  const tools = [
    { name: 'do', inputSchema: { type: 'object', properties: { n: { type: 'number' } } } },
    { name: 'fail', inputSchema: {} },
  ];
  const server: FakeServer = {
    tools,
    call: async (tool, args) => ({ isError: tool === 'fail', content: [{ type: 'text', text: JSON.stringify(args) }] }),
  };
  const lines = (text: string, argv: string[] = [], world: World = {}) =>
    cli(['shell', '--stdio', 'x', ...argv], { servers: { adhoc: server }, stdin: text, ...world });

  test('lines are run one after the other, with no prompt and no history', async () => {
    const outcome = await lines('do n=1\n\n# a comment\nadhoc.do(n: 2)\nping\n');
    expect(outcome).toMatchObject({ code: 0, out: '{"n":1}\n{"n":2}\nadhoc  1.0 ms\n', err: '' });
  });

  test.each<[string, number]>([
    ['fail\ndo', 5],
    ['fail\nnonsense\ndo', 2],
    ['do\nquit\nfail', 0],
    ['call do n=x', 2],
    ['list --url http://h', 2],
    ['shell', 2],
    ["do 'n", 2],
    ['do --args -', 2],
    ['last many', 2],
  ])('%j exits with %i', async (text, code) => {
    expect((await lines(text)).code).toBe(code);
  });

  test('an unknown word is told with the command or tool that may have been meant', async () => {
    expect((await lines('fial')).err).toContain('there is no command or tool "fial"\nDid you mean: fail');
    expect((await lines('lits')).err).toContain('Did you mean: list');
    expect((await lines('adhoc.od')).err).toContain('Did you mean: adhoc.do');
  });

  test('with --json every command prints its document', async () => {
    const { out, code } = await lines('do n=1\nnonsense\n', ['--json']);
    expect(code).toBe(2);
    const [first, second] = out.split('\n}\n').map((text) => text && JSON.parse(`${text}\n}`));
    expect(first).toMatchObject({ tool: 'do', result: {} });
    expect(second).toMatchObject({ error: { code: 'invalid_arguments' } });
  });

  test('--server of a line is one of those that are there', async () => {
    expect((await lines('tools --server nope')).err).toContain('there is no server "nope"');
    expect((await lines('tools --server adhoc')).out).toContain('adhoc.do(n?: number)');
  });
});

test('a server that has failed before anybody listens is told of; one that fails again and again once, and when it is back', () => {
  const handlers = new Map<string, (event: never) => void>();
  const told: string[] = [];
  const on = (name: string, handler: (event: never) => void): (() => void) => {
    handlers.set(name, handler);
    return () => {};
  };
  const failed = {
    state: 'failed',
    lastError: new ToolwayError('invalid_config', 'must be a string', { server: 'b' }),
  };
  const status = () => ({ a: { state: 'connecting' }, b: failed });
  tellOfServers({ on, status } as never, (text) => void told.push(text));
  expect(told.splice(0)).toEqual(['b: not connected: must be a string']);
  const emit = (name: string, event: object): void => handlers.get(name)?.(event as never);
  emit('connected', { server: 'a' });
  emit('disconnected', { server: 'a' });
  emit('reconnecting', { server: 'a', error: new Error('x') });
  emit('failed', { server: 'a', error: new Error('x') });
  emit('connected', { server: 'a' });
  emit('tools_changed', { server: 'a' });
  expect(told).toEqual(['a: disconnected', 'a: connected again', 'a: its tools have changed']);
});
