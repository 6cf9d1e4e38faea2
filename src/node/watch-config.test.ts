import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import { createToolkit } from './index.ts';
import type { FollowingToolkit } from './server-changes.ts';
import { changeAgreements, trustFile } from './trust-file.ts';
import { type ConfigChange, type WatchConfigOptions, watchConfig } from './watch-config.ts';

let cwd = '';
let env: Record<string, string> = {};
beforeEach(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), 'toolway-watch-')));
  env = { XDG_CONFIG_HOME: join(cwd, 'home'), TOOLWAY_STATE_DIR: join(cwd, 'state') };
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const json = (...names: string[]): string =>
  JSON.stringify({ mcpServers: Object.fromEntries(names.map((name) => [name, { command: name }])) });
const put = (name: string, text: string) => writeFile(join(cwd, name), text);
const until = async (what: string, condition: () => boolean, boundMs = 10_000): Promise<void> => {
  const end = Date.now() + boundMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${boundMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
/** A toolkit that only remembers what was done to it. */
const recorder = (servers: Readonly<Record<string, ServerConfig>>) => {
  const names = new Map(Object.entries(servers));
  const done: string[] = [];
  const toolkit: FollowingToolkit = {
    async addServer(name, config) {
      done.push(`+${name}`);
      names.set(name, config);
    },
    async removeServer(name) {
      done.push(`-${name}`);
      names.delete(name);
    },
    status: () => Object.fromEntries([...names.keys()].map((name) => [name, {}])) as never,
    on: () => () => {},
  };
  return { toolkit, done, names };
};
const watching = async (options: WatchConfigOptions = {}) => {
  const changes: ConfigChange[] = [];
  const errors: ToolwayError[] = [];
  const watched = await watchConfig({
    cwd,
    env,
    debounceMs: 30,
    onChange: (change) => void changes.push(change),
    onError: (error) => void errors.push(error),
    ...options,
  });
  onTestFinished(() => watched.close());
  const { toolkit, done, names } = recorder(watched.options.mcpServers);
  watched.apply(toolkit);
  /** Waits for the next change and gives what it did. */
  const next = async (change: () => Promise<unknown>): Promise<string[]> => {
    const before = [changes.length, done.length] as const;
    await change();
    await until('a change', () => changes.length > before[0]);
    return done.slice(before[1]);
  };
  return { watched, changes, errors, done, names, next };
};

describe('servers of a file that changes', () => {
  test('are added, removed and made anew; the others are not touched', async () => {
    await put('a.json', json('one', 'two', 'three'));
    const { next, changes, watched } = await watching({ files: ['a.json'] });
    const changed = { mcpServers: { one: { command: 'one' }, two: { command: 'other' }, four: { url: 'http://h' } } };
    expect(await next(() => put('a.json', JSON.stringify(changed)))).toEqual(['-three', '-two', '+two', '+four']);
    expect(changes[0]).toMatchObject({ added: ['four'], removed: ['three'], changed: ['two'], pending: [] });
    expect({ ...watched.options.mcpServers }).toEqual(changed.mcpServers);
  });

  test('stay as they are while only the looks of the file change', async () => {
    await put('a.json', json('one'));
    const { done, changes, next } = await watching({ files: ['a.json'] });
    await put('a.json', `\n\n${json('one')}`);
    await next(() => new Promise((resolve) => setTimeout(resolve, 100)).then(() => put('a.json', json('one', 'two'))));
    expect([done, changes.length]).toEqual([['+two'], 1]);
  });

  test('a file that is broken in between changes nothing, and is reported with its place', async () => {
    await put('a.json', json('one'));
    const { done, errors, next } = await watching({ files: ['a.json'] });
    await put('a.json', '{"mcpServers": {,');
    await until('the report', () => errors.length > 0);
    expect(errors[0]).toMatchObject({ code: 'invalid_config', message: expect.stringContaining('a.json:1:17: ') });
    await put('a.json', '');
    await unlink(join(cwd, 'a.json'));
    await until('the report', () => errors.some(({ message }) => message.includes('there is no such file')));
    expect(done).toEqual([]);
    expect(await next(() => put('a.json', json('two')))).toEqual(['-one', '+two']);
  });

  test('a server that is wrong in between goes on as it was', async () => {
    await put('a.json', json('one', 'two'));
    const { done, errors, next } = await watching({ files: ['a.json'] });
    await put('a.json', '{"mcpServers": {"one": {"command": "one", "args": 5}, "two": {"command": "two"}}}');
    await until('the report', () => errors.length > 0);
    expect([done, errors[0]?.message]).toEqual([[], expect.stringContaining('a.json:1:43: /mcpServers/one/args')]);
    expect(await next(() => put('a.json', json('two')))).toEqual(['-one']);
  });

  test('defaults count as part of each server, and settings that cannot be changed are told', async () => {
    await put('a.json', json('one'));
    const { next, names, changes } = await watching({ files: ['a.json'] });
    const text = { defaults: { timeoutMs: 5 }, policy: { default: 'ask' }, ...JSON.parse(json('one')) };
    expect(await next(() => put('a.json', JSON.stringify(text)))).toEqual(['-one', '+one']);
    expect(names.get('one')).toEqual({ command: 'one', timeoutMs: 5 });
    expect(changes[0]).toMatchObject({ changed: ['one'], pending: ['policy'] });
  });
});

describe('ways in which files change', () => {
  const cases: [string, () => Promise<unknown>][] = [
    ['written in place', () => put('a.json', json('two'))],
    [
      'written beside it and put in its place',
      async () => {
        await put('.a.json.swp', json('two'));
        await rename(join(cwd, '.a.json.swp'), join(cwd, 'a.json'));
      },
    ],
    [
      'moved away and written anew',
      async () => {
        await rename(join(cwd, 'a.json'), join(cwd, 'a.json~'));
        await put('a.json', json('two'));
      },
    ],
    [
      'deleted, and there again later',
      async () => {
        await unlink(join(cwd, 'a.json'));
        await new Promise((resolve) => setTimeout(resolve, 150));
        await put('a.json', json('two'));
      },
    ],
    [
      'in pieces',
      async () => {
        const text = json('two');
        for (let length = 1; length <= text.length; length += 4) await put('a.json', text.slice(0, length));
        await put('a.json', text);
      },
    ],
  ];
  test.each(cases)('%s', async (_, change) => {
    await put('a.json', json('one'));
    const { next } = await watching({ files: ['a.json'] });
    expect(await next(change)).toEqual(['-one', '+two']);
    expect(await next(() => put('a.json', json('three')))).toEqual(['-two', '+three']);
  });

  test('behind links: what they lead to, and where they lead', async () => {
    await mkdir(join(cwd, 'v1'));
    await mkdir(join(cwd, 'v2'));
    await put('v1/a.json', json('one'));
    await put('v2/a.json', json('two'));
    await symlink('v1', join(cwd, 'data'));
    await mkdir(join(cwd, 'conf'));
    await symlink(join(cwd, 'data/a.json'), join(cwd, 'conf/a.json'));
    const { next } = await watching({ files: ['conf/a.json'] });
    expect(await next(() => put('v1/a.json', json('three')))).toEqual(['-one', '+three']);
    // As volumes of Kubernetes do it.
    await symlink('v2', join(cwd, 'data.new'));
    expect(await next(() => rename(join(cwd, 'data.new'), join(cwd, 'data')))).toEqual(['-three', '+two']);
    expect(await next(() => put('v2/a.json', json('four')))).toEqual(['-two', '+four']);
  });

  test('with their folder, which may come later, go, and come again', async () => {
    const { next, watched } = await watching();
    expect(Object.keys(watched.options.mcpServers)).toEqual([]);
    const write = async (name: string) => {
      await mkdir(join(cwd, 'home/toolway'), { recursive: true });
      await put('home/toolway/config.json', json(name));
    };
    expect(await next(() => write('one'))).toEqual(['+one']);
    expect(await next(() => rm(join(cwd, 'home'), { recursive: true }))).toEqual(['-one']);
    expect(await next(() => write('two'))).toEqual(['+two']);
    await rename(join(cwd, 'home/toolway'), join(cwd, 'home/old'));
    expect(await next(() => write('three'))).toContain('+three');
  });

  test('many changes within the time are one', async () => {
    await put('a.json', json('one'));
    const { next, changes } = await watching({ files: ['a.json'], debounceMs: 100 });
    await next(async () => {
      for (const name of ['x', 'y', 'z', 'two']) await put('a.json', json(name));
    });
    expect(changes.map(({ added }) => added)).toEqual([['two']]);
  });
});

describe('layers', () => {
  test('the user, the project and what is agreed to are followed together', async () => {
    await mkdir(join(cwd, 'home/toolway'), { recursive: true });
    await put('home/toolway/config.json', json('mine'));
    await put('mcp.json', json('theirs'));
    const { next, names, watched, errors } = await watching();
    expect(names.get('theirs')).toEqual({ command: 'theirs', untrusted: true });
    const [definition] = watched.options.found;
    const agreed = () =>
      changeAgreements(trustFile(join(cwd, 'state')), (all) =>
        all.set(definition?.hash ?? '', { name: 'theirs', file: definition?.file ?? '', at: 1 }),
      );
    expect(await next(agreed)).toEqual(['-theirs', '+theirs']);
    expect(names.get('theirs')).toEqual({ command: 'theirs' });
    // A definition that changes under a running server stops it.
    expect(await next(() => put('mcp.json', '{"mcpServers": {"theirs": {"command": "evil"}}}'))).toEqual([
      '-theirs',
      '+theirs',
    ]);
    expect(names.get('theirs')).toEqual({ command: 'evil', untrusted: true });
    await put('mcp.json', '{ broken');
    await until('the report', () => errors.length > 0);
    expect([errors[0]?.message, names.has('theirs')]).toEqual([expect.stringContaining('mcp.json:1:3'), true]);
    expect(await next(() => rm(join(cwd, 'mcp.json')))).toEqual(['-theirs']);
    expect(await next(() => put('home/toolway/config.json', json('mine', 'more')))).toEqual(['+more']);
  });
});

/** What the kernel watches for this process. */
const watches = (): number =>
  readdirSync('/proc/self/fdinfo')
    .map((fd) => {
      try {
        return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
          .split('\n')
          .filter((line) => line.startsWith('inotify ')).length;
      } catch {
        return 0;
      }
    })
    .reduce((sum, count) => sum + count, 0);

describe.runIf(process.platform === 'linux')('the end', () => {
  test('after close nothing is heard, and nothing keeps the program alive', async () => {
    await put('a.json', json('one'));
    const { watched, done, changes } = await watching({ files: ['a.json'] });
    expect(watches()).toBeGreaterThan(0);
    expect(process.getActiveResourcesInfo()).not.toContain('FSEventWrap');
    await watched.close();
    await put('a.json', json('two'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([done, changes]).toEqual([[], []]);
    expect(watches()).toBe(0);
  });

  test('what cannot be read at first is an error, and leaves no watcher', async () => {
    await expect(watchConfig({ files: ['gone.json'], cwd, env })).rejects.toMatchObject({ code: 'invalid_config' });
    expect(watches()).toBe(0);
  });

  test('a toolkit that does not follow any more stays as it is', async () => {
    await put('a.json', json('one'));
    const { watched, next } = await watching({ files: ['a.json'] });
    const { toolkit, done } = recorder(watched.options.mcpServers);
    const stop = watched.apply(toolkit);
    stop();
    await next(() => put('a.json', json('two')));
    expect(done).toEqual([]);
  });

  test('a handler that throws is reported, and changes nothing', async () => {
    await put('a.json', json('one'));
    const { errors, done } = await watching({
      files: ['a.json'],
      onChange: () => {
        throw new Error('mine');
      },
    });
    await put('a.json', json('two'));
    await until('the report', () => errors.length > 0);
    expect([errors[0]?.message, done]).toEqual(['the handler of a change failed', ['-one', '+two']]);
  });
});

test('a change between the reading and the toolkit is not missed', async () => {
  await put('a.json', json('one'));
  const { watched, next } = await watching({ files: ['a.json'] });
  const { toolkit, done } = recorder(watched.options.mcpServers);
  await next(() => put('a.json', json('two')));
  watched.apply(toolkit);
  await until('it catches up', () => done.length === 2);
  expect(done).toEqual(['-one', '+two']);
});

test('a running toolkit follows: calls to a server that did not change go on', async () => {
  const kit = new URL('../../test/fixtures/cli/server.js', import.meta.url).pathname;
  const server = (more: object = {}) => ({ command: process.execPath, args: [kit], ...more });
  const write = (servers: object) => put('a.json', JSON.stringify({ mcpServers: servers }));
  await write({ stays: server(), goes: server(), changes: server() });
  const watched = await watchConfig({ files: ['a.json'], cwd, env: { ...process.env, ...env }, debounceMs: 30 });
  const toolkit = await createToolkit({ ...watched.options, connect: 'wait' });
  onTestFinished(async () => {
    await watched.close();
    await toolkit.close();
  });
  watched.apply(toolkit);
  const before = toolkit.status();
  const hanging = toolkit.callTool('stays.hang').catch((error: ToolwayError) => error);
  await write({ stays: server(), changes: server({ env: { A: 'b' } }), comes: server() });
  await until('the new one is connected', () => toolkit.status().comes?.state === 'connected');
  await until('the changed one is another', () => {
    const { pid, state } = toolkit.status().changes ?? {};
    return state === 'connected' && pid !== before.changes?.pid;
  });
  expect(Object.keys(toolkit.status()).sort()).toEqual(['changes', 'comes', 'stays']);
  expect(toolkit.status().stays).toMatchObject({ pid: before.stays?.pid, inFlight: 1 });
  await toolkit.close({ drainMs: 0 });
  expect(await hanging).toMatchObject({ code: 'outcome_unknown', cause: { code: 'closed' } });
});
