import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type LiveWorld, live } from '../../test/fixtures/cli/live.ts';
import { folder } from '../../test/fixtures/cli/world.ts';
import { createTestServer } from '../testing/index.ts';
import { holdAlone } from './batch/lock.ts';

/** A folder with an input, and a server that notes what it is asked. */
const world = (lines: (object | string)[], { retrySafe = [] as string[] } = {}) => {
  const cwd = folder();
  const at = (name: string): string => join(cwd, name);
  const write = (all: (object | string)[]): void =>
    writeFileSync(
      at('in.jsonl'),
      all.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''),
    );
  write(lines);
  writeFileSync(at('c.json'), JSON.stringify({ mcpServers: { s: { command: 'x', retrySafe } } }));
  const server = createTestServer({
    tools: {
      echo: ({ n }) => `${n}`,
      fail: () => ({ content: [{ type: 'text', text: 'no' }], isError: true }),
      look: () => 'seen',
    },
  });
  const run = (argv: string[], more: Partial<LiveWorld> = {}) =>
    live(['batch', ...argv, '--config', 'c.json'], { cwd, servers: { s: server.config }, ...more });
  const read = (name: string): string[] => readFileSync(at(name), 'utf8').split('\n').filter(Boolean);
  const results = () => read('out.jsonl').map((line) => JSON.parse(line));
  return { cwd, at, run, write, read, results, server, calls: () => server.calls.map((call) => call.arguments.n) };
};
const echo = (n: number) => ({ name: 's.echo', arguments: { n }, id: `id${n}` });
const OUT = ['in.jsonl', '--out', 'out.jsonl'];

describe('results', () => {
  test('are one line for each line, in the shape of tryCall, with its number and id', async () => {
    const { run } = world([echo(1), '', { server: 's', tool: 'fail' }, { name: 'nothing', id: 7 }]);
    const { code, out, err } = await run(['in.jsonl', '--concurrency', '1']);
    const [first, second, third, ...others] = out.split('\n');
    expect(JSON.parse(first ?? '')).toEqual({
      line: 1,
      outcome: 'done',
      id: 'id1',
      success: true,
      result: expect.objectContaining({ content: [{ type: 'text', text: '1' }] }),
      serverUsed: 's',
      attempts: 1,
      durationMs: expect.any(Number),
      cached: false,
    });
    expect(JSON.parse(second ?? '')).toMatchObject({ line: 3, outcome: 'tool_error', success: true });
    expect(JSON.parse(third ?? '')).toMatchObject({
      line: 4,
      outcome: 'unknown_tool',
      id: 7,
      success: false,
      error: { code: 'unknown_tool', executed: 'no' },
    });
    expect(others).toEqual(['']);
    expect(code).toBe(5);
    expect(err).toMatch(/^outcome {11}lines\ndone {18}1\ntool_error {12}1\nunknown_tool {10}1\nall {19}3\nin 0:0\d\n$/);
  });

  test.each<[string, object | string, string]>([
    ['what is not JSON', '{"name":', 'not JSON'],
    ['what is no object', '[1]', 'no object with name and arguments'],
    ['a line without a name', { arguments: {} }, 'it names no tool'],
    ['arguments that are none', { name: 's.echo', arguments: [1] }, 'its arguments must be an object'],
    ['options that are none', { name: 's.echo', options: 1 }, 'its options must be an object'],
    ['a field that means nothing', { name: 's.echo', args: {} }, 'there is no field "args"'],
    ['an id that is none', { name: 's.echo', id: {} }, 'its id must be'],
    ['a signal', { name: 's.echo', options: { signal: {} } }, 'signal is no option of a line'],
  ])('%s is an outcome of its line', async (_, line, why) => {
    const { run, results, calls } = world([echo(1), line, echo(3)]);
    expect((await run([...OUT, '--concurrency', '1', '--quiet'])).code).toBe(2);
    expect(results()[1]).toMatchObject({ line: 2, outcome: 'invalid_arguments', attempts: 0 });
    expect(results()[1].error.message).toContain(`line 2: ${why}`);
    expect(calls()).toEqual([1, 3]);
  });

  test('so are bytes that are no text, and a line of more than 10 MiB', async () => {
    const { run, results, at, calls } = world([echo(1)]);
    const tooLong = Buffer.concat([Buffer.alloc(10 * 2 ** 20 + 1, 'x'), Buffer.from('\n')]);
    writeFileSync(at('in.jsonl'), Buffer.concat([Buffer.from([0x22, 0xff, 0x22, 0x0a]), tooLong]));
    expect((await run([...OUT, '--concurrency', '1'])).code).toBe(2);
    expect(results().map(({ error }) => error.message)).toEqual([
      expect.stringContaining('line 1: not JSON'),
      'line 2: longer than 10485760 bytes',
    ]);
    expect(calls()).toEqual([]);
  });

  test('a server that is not configured is an outcome too', async () => {
    const { run, results } = world([{ server: 't', tool: 'echo' }]);
    expect((await run(OUT)).code).toBe(2);
    expect(results()).toMatchObject([{ outcome: 'unknown_server' }]);
  });

  test('stdin is an input, and --json a summary', async () => {
    const { run } = world([echo(1)]);
    const { out } = await run(['-', '--quiet'], { stdin: `${JSON.stringify(echo(5))}\n${JSON.stringify(echo(6))}` });
    expect(out.split('\n').filter(Boolean)).toHaveLength(2);
    const summary = await run([...OUT, '--json']);
    expect(JSON.parse(summary.out)).toEqual({
      lines: 1,
      failed: 0,
      outcomes: { done: 1 },
      before: 0,
      durationMs: expect.any(Number),
      out: 'out.jsonl',
    });
    expect(summary.err).toBe('');
    const refused = await run(['in.jsonl', '--json']);
    expect([refused.code, JSON.parse(refused.out).error.message]).toEqual([2, expect.stringContaining('--out')]);
  });

  test('what a server wrote cannot reach the terminal', async () => {
    const { run } = world([{ name: 's.echo', arguments: { n: '\u001b]52;c;aGk=\u0007\u009b2J\u202e' } }]);
    const { out } = await run(['in.jsonl', '--quiet']);
    expect(out).toContain('\\u001b]52;c;aGk=\\u0007\\u009b2J\\u202e');
  });

  test('progress is shown on a terminal only, and taken away', async () => {
    const lines = Array.from({ length: 40 }, (_, n) => echo(n));
    const { run } = world(lines);
    expect((await run(['in.jsonl'])).err).not.toContain('\r');
    expect((await run(['in.jsonl'], { tty: true, env: { NO_COLOR: '1' } })).err).toContain('\r\u001b[2Koutcome');
  });
});

describe('an end before the end', () => {
  test('what was finished is not sent again; what was begun is unknown, once', async () => {
    const { run, results, calls, at } = world([echo(1), echo(2), echo(3)]);
    expect((await run([...OUT, '--concurrency', '1'])).code).toBe(0);
    // Killed in the second call: it is begun, and nothing else is known of it.
    const [head, ...records] = readFileSync(at('out.jsonl.journal'), 'utf8').split('\n');
    expect(records.slice(0, 3)).toEqual(['{"begin":1}', '{"end":1}', '{"begin":2}']);
    writeFileSync(at('out.jsonl.journal'), `${[head, ...records.slice(0, 3)].join('\n')}\n{"beg`);
    writeFileSync(at('out.jsonl'), `${JSON.stringify(results()[0])}\n{"line":2,"outc`);
    expect((await run([...OUT, '--resume'])).code).toBe(8);
    expect(results().map(({ line, id, outcome }) => [line, id, outcome])).toEqual([
      [1, 'id1', 'done'],
      [2, 'id2', 'outcome_unknown'],
      [3, 'id3', 'done'],
    ]);
    expect(results()[1].error).toMatchObject({
      executed: 'unknown',
      message: expect.stringContaining('not sent again'),
    });
    expect(calls()).toEqual([1, 2, 3, 3]);
    const again = await run([...OUT, '--resume']);
    expect([again.code, results().length, calls().length]).toEqual([8, 3, 4]);
    expect(again.err).toContain('3 of them in earlier runs');
  });

  test('a tool that is named in retrySafe is sent again', async () => {
    const { run, results, at, server } = world([{ name: 'look' }], { retrySafe: ['lo*'] });
    await run(OUT);
    truncateSync(at('out.jsonl'), 10);
    const journal = readFileSync(at('out.jsonl.journal'), 'utf8');
    writeFileSync(at('out.jsonl.journal'), journal.replace('{"end":1}\n', ''));
    expect((await run([...OUT, '--resume'])).code).toBe(0);
    expect([results().length, server.calls.length]).toEqual([1, 2]);
  });

  test('a result that was taken away is not made anew', async () => {
    const { run, results, at, server } = world([{ name: 'look' }], { retrySafe: ['look'] });
    await run(OUT);
    writeFileSync(at('out.jsonl'), '');
    expect((await run([...OUT, '--resume'])).code).toBe(8);
    expect([results()[0].outcome, server.calls.length]).toEqual(['outcome_unknown', 1]);
  });

  test('a journal that was killed in its first line is begun anew', async () => {
    const { run, results, at } = world([echo(1)]);
    writeFileSync(at('out.jsonl.journal'), '{"journal":"toolw');
    expect((await run([...OUT, '--resume'])).code).toBe(0);
    expect(results()).toHaveLength(1);
  });

  test('Ctrl-C: what is under way is cancelled, what was never sent is sent by the next run', async () => {
    const { run, results, at, server } = world([echo(1), echo(2), echo(3)]);
    const interrupt = new AbortController();
    server.misbehave({ type: 'silent', tool: 'echo' });
    const running = run([...OUT, '--concurrency', '1'], { signal: interrupt.signal });
    await server.request('tools/call');
    interrupt.abort();
    expect(await running).toMatchObject({
      code: 130,
      err: expect.stringMatching(/--resume goes on\ntoolway: of 1 line nobody knows/),
    });
    expect(results()).toMatchObject([{ line: 1, outcome: 'cancelled', error: { executed: 'unknown' } }]);
    expect(existsSync(at('out.jsonl.journal'))).toBe(true);
    const resumed = await run([...OUT, '--resume']);
    expect(results().map(({ outcome }) => outcome)).toEqual(['cancelled', 'done', 'done']);
    expect([resumed.code, resumed.err]).toEqual([
      8,
      expect.stringContaining('of 1 line nobody knows whether its call ran; it is not sent again'),
    ]);
  });
});

describe('what is refused before anything is sent', () => {
  const refused = async (
    { run, calls }: ReturnType<typeof world>,
    argv: string[],
    why: string | RegExp,
    sent: number[] = [],
  ): Promise<void> => {
    const { code, err } = await run(argv);
    expect([code, err]).toEqual([2, expect.stringMatching(why)]);
    expect(calls()).toEqual(sent);
  };

  test('an input that has changed', async () => {
    const it = world([echo(1)]);
    await it.run(OUT);
    it.write([echo(2)]);
    await refused(it, [...OUT, '--resume'], 'the input is not what it was', [1]);
  });

  test('results of an earlier run, unless --yes', async () => {
    const it = world([echo(1)]);
    await it.run(OUT);
    await refused(it, OUT, 'there is a journal of an earlier run', [1]);
    expect((await it.run([...OUT, '--yes'])).code).toBe(0);
    expect([it.results().length, it.calls()]).toEqual([1, [1, 1]]);
  });

  test('a file that is there already, or has lost its journal', async () => {
    const it = world([echo(1)]);
    writeFileSync(it.at('out.jsonl'), 'my notes\n');
    await refused(it, OUT, 'out.jsonl is there already');
    await refused(it, [...OUT, '--resume'], 'without its journal');
    expect(it.read('out.jsonl')).toEqual(['my notes']);
  });

  test('files that are none of ours', async () => {
    const it = world([echo(1)]);
    writeFileSync(it.at('out.jsonl.journal'), 'a diary\n');
    await refused(it, [...OUT, '--resume'], 'is no journal of a batch');
    const other = world([echo(1)]);
    await other.run(OUT);
    appendFileSync(other.at('out.jsonl'), 'my notes\n');
    await refused(other, [...OUT, '--resume'], 'out.jsonl:2: this is no result of a batch', [1]);
    const third = world([echo(1)]);
    await third.run(OUT);
    appendFileSync(third.at('out.jsonl.journal'), 'x\n{"begin":1}\n');
    await refused(third, [...OUT, '--resume'], 'out.jsonl.journal:4: this is no record', [1]);
  });

  test('a second run on the same journal, until the first has ended', async () => {
    const it = world([echo(1)]);
    const letGo = await holdAlone(it.at('out.jsonl.journal'));
    onTestFinished(letGo);
    await refused(it, OUT, 'another run is at work');
    await letGo();
    expect((await it.run(OUT)).code).toBe(0);
  });

  test.each<[string[], string]>([
    [['nowhere.jsonl'], 'cannot read nowhere.jsonl: there is no such file'],
    [['in.jsonl', '--resume'], '--resume needs --out'],
    [['-', '--resume', '--out', 'o'], '--resume reads the input again'],
    [['-', '--out', 'o'], 'results of stdin go to stdout'],

    [['in.jsonl', '--out', 'in.jsonl'], 'cannot go where the input comes from'],
    [['in.jsonl', '--out', '/nowhere/o'], 'cannot write /nowhere/o'],
    [['in.jsonl', '--concurrency', '257'], '--concurrency must be at most 256'],
    [['in.jsonl', '--concurrency', '0'], '--concurrency must be a whole number'],
    [['in.jsonl', '--out', '/dev/null'], 'it is no file'],
  ])('%j', async (argv, why) => {
    await refused(world([echo(1)]), argv, why);
  });

  test('no server there: exit 3, and nothing is begun', async () => {
    const { cwd, at } = world([echo(1)]);
    const { code } = await live(['batch', ...OUT, '--stdio', '/nowhere/at/all'], { cwd });
    expect([code, readFileSync(at('out.jsonl'), 'utf8')]).toEqual([3, '']);
  });
});
