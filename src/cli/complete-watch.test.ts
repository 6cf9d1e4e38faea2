import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, type FakeServer, folder, type World } from '../../test/fixtures/cli/world.ts';
import { ToolwayError } from '../errors.ts';
import { MAX_NAMES_BYTES, recall } from './completion/recollection.ts';

const ESC = String.fromCharCode(27);
const EVIL = `${ESC}]52;c;eA==\u0007${ESC}[2J\u202e`;

describe('complete', () => {
  const asked: object[] = [];
  const server: FakeServer = {
    prompts: [{ name: 'letter', arguments: [{ name: 'to' }, { name: 'tone' }] }],
    resourceTemplates: [{ name: 'item', uriTemplate: 'demo://{kind}/{id}' }],
    complete(ref, argument, context) {
      asked.push({ ref, argument, ...(context && { context }) });
      return { values: ['anna', `an${EVIL}`], total: 7, hasMore: true };
    },
  };
  const complete = (argv: string[], world: World = { servers: { adhoc: server } }) =>
    cli(['--stdio', 'x', 'complete', ...argv], world);

  test('prints what the server proposes, a line each, harmlessly', async () => {
    const outcome = await complete(['adhoc.letter', 'to=an', 'tone=warm']);
    expect(outcome).toMatchObject({ code: 0, out: 'anna\nan\\u{202e}\n', err: 'toolway: there are more: 7 in all\n' });
    expect(asked.pop()).toEqual({
      ref: { type: 'ref/prompt', name: 'letter' },
      argument: { name: 'to', value: 'an' },
      context: { arguments: { tone: 'warm' } },
    });
  });

  test.each([['demo://{kind}/{id}'], ['item'], ['adhoc.item']])('takes the template %j', async (name) => {
    const { json, code } = await complete([name, 'id', 'kind=cup', '--json']);
    expect(code).toBe(0);
    expect(json).toMatchObject({
      server: 'adhoc',
      ref: { type: 'ref/resource', uri: 'demo://{kind}/{id}' },
      argument: { name: 'id', value: '' },
      completion: { values: ['anna', expect.any(String)], total: 7, hasMore: true },
    });
  });

  test.each<[string[], number, string]>([
    [['adhoc.leter', 'to'], 2, 'Did you mean: adhoc.letter'],
    [['letter', 'ot'], 2, 'letter has no argument "ot"\nDid you mean: to'],
    [['letter', 'to', 'tnoe=x'], 2, 'Did you mean: tone'],
    [['letter', 'to', 'tone'], 2, 'write key=value'],
    [['letter'], 2, 'usage: toolway complete'],
  ])('%j exits with %i', async (argv, code, said) => {
    expect(await complete(argv)).toMatchObject({ code, out: '', err: expect.stringContaining(said) });
  });

  test('a server that is not there is its own failure', async () => {
    const error = new ToolwayError('connect_failed', 'refused', { server: 'adhoc' });
    expect((await complete(['letter', 'to'], { servers: { adhoc: { error } } })).code).toBe(3);
  });
});

describe('watch', () => {
  const watching = async (argv: string[], world: World = {}) => {
    const user = new AbortController();
    const server: FakeServer = {
      watch(update) {
        update();
        update();
        setTimeout(() => user.abort(), 5);
      },
    };
    return cli(['--stdio', 'x', 'watch', `demo://c${EVIL}`, ...argv], {
      servers: { adhoc: server },
      signal: user.signal,
      ...world,
    });
  };

  test('prints a line for each update until Ctrl-C, which exits 130', async () => {
    const { code, out, err, options } = await watching([]);
    expect(code).toBe(130);
    const time = '\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z';
    expect(out).toMatch(new RegExp(`^(${time} {2}adhoc {2}demo://c\\\\u\\{202e\\}\\n){2}$`));
    expect(err).toBe('toolway: watching demo://c\\u{202e}; Ctrl-C ends\n');
    expect(options?.mcpServers?.adhoc).not.toHaveProperty('maxRetries');
  });

  test('with --json each line is a document', async () => {
    const { out, err } = await watching(['--json', '--quiet']);
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { at: expect.any(String), uri: `demo://c${EVIL}`, server: 'adhoc' },
      { at: expect.any(String), uri: `demo://c${EVIL}`, server: 'adhoc' },
    ]);
    expect([out.includes(ESC), err]).toEqual([false, '']);
  });
});

describe('names for completion', () => {
  const config = { command: 'x', args: ['y'] };
  const tools = [{ name: 'do', inputSchema: { type: 'object', properties: { a: { enum: ['b'] } } } }];

  test('are those that servers listed, by how they are launched', async () => {
    const env = { TOOLWAY_STATE_DIR: folder() };
    await cli(['tools', '--stdio', 'x y'], { env, servers: { adhoc: { tools } } });
    const same = { here: config, other: { command: 'z' } };
    expect(await recall(env, same)).toMatchObject([
      { name: 'here', tools: [{ name: 'do', arguments: [{ name: 'a', values: ['b'] }] }] },
      { name: 'other', tools: [] },
    ]);
  });

  test('begin anew where their file is too long, or is no such file', async () => {
    for (const text of [
      ' '.repeat(MAX_NAMES_BYTES + 1),
      '{"toolway":"names"',
      '{"toolway":"names","version":2,"servers":{}}',
    ]) {
      const state = folder();
      const env = { TOOLWAY_STATE_DIR: state };
      writeFileSync(join(state, 'names.json'), text);
      expect((await recall(env, { here: config }))[0]?.tools).toEqual([]);
      await cli(['tools', '--stdio', 'x y'], { env, servers: { adhoc: { tools } } });
      expect((await recall(env, { here: config }))[0]?.tools.length).toBe(1);
      expect(statSync(join(state, 'names.json')).mode & 0o777).toBe(0o600);
    }
  });

  test('of many servers are those that were listed last, as many as fit', async () => {
    const state = folder();
    const env = { TOOLWAY_STATE_DIR: state };
    const resources = Array.from({ length: 1_900 }, (_, at) => `demo://${at}/${'x'.repeat(480)}`);
    const shelf = (at: number) => ({ at, names: { resources } });
    const servers = Object.fromEntries([1, 2, 3, 4].map((at) => [`${at}`.repeat(64), shelf(at)]));
    writeFileSync(join(state, 'names.json'), JSON.stringify({ toolway: 'names', version: 1, servers }));
    await cli(['tools', '--stdio', 'x y'], {
      env,
      servers: {
        adhoc: {
          tools: Array.from({ length: 1_500 }, (_, at) => ({ name: `${at}-${'t'.repeat(480)}`, inputSchema: {} })),
        },
      },
    });
    expect(statSync(join(state, 'names.json')).size).toBeLessThanOrEqual(MAX_NAMES_BYTES);
    const kept = Object.keys(JSON.parse(readFileSync(join(state, 'names.json'), 'utf8')).servers);
    expect(kept).toHaveLength(4);
    expect(kept).not.toContain('1'.repeat(64));
  });

  test('of a server that was not there are not forgotten', async () => {
    const env = { TOOLWAY_STATE_DIR: folder() };
    await cli(['tools', '--stdio', 'x y'], { env, servers: { adhoc: { tools } } });
    const error = new ToolwayError('connect_failed', 'refused');
    await cli(['tools', '--stdio', 'x y'], { env, servers: { adhoc: { error } } });
    expect((await recall(env, { here: config }))[0]?.tools.length).toBe(1);
  });
});

test.each(['bash', 'zsh', 'fish'])('completion %s prints a script', async (shell) => {
  expect(await cli(['completion', shell])).toMatchObject({ code: 0, out: expect.stringContaining('__complete') });
  expect((await cli(['completion', shell, '--json'])).json).toMatchObject({ shell });
});

test('completion for another shell is refused', async () => {
  const { code, err } = await cli(['completion', 'bahs']);
  expect([code, err]).toEqual([2, 'toolway: there are scripts for bash, zsh and fish, not "bahs"\n']);
});
