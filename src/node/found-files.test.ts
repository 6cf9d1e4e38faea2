import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from './config-files.ts';
import { changeAgreements, trustFile } from './trust-file.ts';

let cwd = '';
let state = '';
beforeEach(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), 'toolway-found-')));
  state = join(cwd, 'state');
  await mkdir(join(cwd, 'home/toolway'), { recursive: true });
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const file = (name: string, content: unknown) =>
  writeFile(join(cwd, name), typeof content === 'string' ? content : JSON.stringify(content));
const load = (folder = cwd) =>
  loadConfig({ cwd: folder, env: { XDG_CONFIG_HOME: join(cwd, 'home'), TOOLWAY_STATE_DIR: state, SECRET: 's3cret' } });
const agree = async (...names: string[]) => {
  const { found } = await load();
  await changeAgreements(trustFile(state), (agreements) => {
    for (const { name, file: path, hash } of found)
      if (names.includes(name)) agreements.set(hash, { name, file: path, at: 1 });
  });
};
const untrusted = async (folder?: string) =>
  Object.entries((await load(folder)).mcpServers).flatMap(([name, server]) => (server.untrusted ? [name] : []));

describe('servers of a file that was found', () => {
  test('are untrusted until they are agreed to; those of the user run', async () => {
    await file('home/toolway/config.json', { mcpServers: { mine: { command: 'mine' } } });
    await file('mcp.json', {
      mcpServers: { one: { command: 'x', args: ['${SECRET}'] }, two: { url: 'http://h/${SECRET}' } },
    });
    const config = await load();
    expect({ ...config.mcpServers }).toEqual({
      mine: { command: 'mine' },
      one: { command: 'x', args: ['${SECRET}'], untrusted: true },
      two: { url: 'http://h/${SECRET}', untrusted: true },
    });
    expect(config.untrusted).toEqual(['mcp.json']);
    expect(config.found.map(({ name, file: path, trusted }) => [name, path, trusted])).toEqual([
      ['one', join(cwd, 'mcp.json'), false],
      ['two', join(cwd, 'mcp.json'), false],
    ]);
    expect(JSON.stringify(config.found)).not.toContain('s3cret');
    await agree('one');
    expect(await untrusted()).toEqual(['two']);
    await agree('two');
    expect((await load()).untrusted).toEqual([]);
  });

  const server = {
    command: 'node',
    args: ['server.js', 'a'],
    env: { A: 'b' },
    cwd: 'sub',
    envFile: '.env',
    autoApprove: ['read'],
  };
  test.each<[string, object]>([
    ['the command', { command: 'nodе' }],
    ['one byte of an argument', { args: ['server.js', 'b'] }],
    ['one more argument', { args: ['server.js', 'a', ''] }],
    ['arguments that are split elsewhere', { args: ['server.js a'] }],
    ['the value of a variable', { env: { A: 'c' } }],
    ['one more variable', { env: { A: 'b', NODE_OPTIONS: '--require=./x' } }],
    ['the folder', { cwd: 'other' }],
    ['the file of variables', { envFile: 'other.env' }],
    ['what it may do unasked', { autoApprove: ['*'] }],
    ['hints that are believed', { trustHints: true }],
    ['pins that are off', { pins: 'off' }],
    ['the group whose calls it may answer', { group: 'mail' }],
  ])('are asked about again when %s changes', async (_, change) => {
    await file('mcp.json', { mcpServers: { a: server } });
    await agree('a');
    expect(await untrusted()).toEqual([]);
    await file('mcp.json', { mcpServers: { a: { ...server, ...change } } });
    expect(await untrusted()).toEqual(['a']);
  });

  test.each<[string, object]>([
    ['time limits', { timeoutMs: 5, connectTimeoutMs: 5 }],
    ['fewer tools', { disabledTools: ['write'] }],
    ['another spelling', { alwaysAllow: ['read'], autoApprove: undefined, type: undefined }],
  ])('stay trusted with %s', async (_, change) => {
    await file('mcp.json', { mcpServers: { a: server } });
    await agree('a');
    await file('mcp.json', { mcpServers: { a: { ...server, ...change } } });
    expect(await untrusted()).toEqual([]);
  });

  test('a URL or a header that changes is asked about again', async () => {
    const remote = { url: 'https://h/mcp', headers: { Authorization: 'Bearer ${TOKEN}' } };
    await file('mcp.json', { mcpServers: { a: remote } });
    await agree('a');
    for (const change of [
      { url: 'https://evil/mcp' },
      { headers: { Authorization: 'Bearer ${OTHER}' } },
      { type: 'sse' },
    ]) {
      await file('mcp.json', { mcpServers: { a: { ...remote, ...change } } });
      expect(await untrusted()).toEqual(['a']);
    }
  });

  test('the same words in another folder mean another program', async () => {
    await file('mcp.json', { mcpServers: { a: { command: './run' } } });
    await agree('a');
    await mkdir(join(cwd, 'copy'));
    await writeFile(join(cwd, 'copy/mcp.json'), JSON.stringify({ mcpServers: { a: { command: './run' } } }));
    expect(await untrusted()).toEqual([]);
    expect(await untrusted(join(cwd, 'copy'))).toEqual(['a']);
  });

  test('an input whose default changes is a definition that changes', async () => {
    const text = (fallback: string) => ({
      servers: { a: { command: '${input:program}' } },
      inputs: [{ id: 'program', type: 'promptString', default: fallback }],
    });
    await file('mcp.json', text('safe'));
    await agree('a');
    await file('mcp.json', text('evil'));
    expect(await untrusted()).toEqual(['a']);
  });

  test('one that is switched off is not asked about, and is untrusted all the same', async () => {
    await file('mcp.json', { mcpServers: { a: { command: 'x', disabled: true } } });
    const { found, mcpServers, untrusted: files } = await load();
    expect([found, files]).toEqual([[], []]);
    expect(mcpServers.a).toEqual({ command: 'x', disabled: true, untrusted: true });
  });

  test('no file can say of itself that it is trusted', async () => {
    await file('mcp.json', { mcpServers: { a: { command: 'x', untrusted: false, trusted: true, trust: true } } });
    expect(await untrusted()).toEqual(['a']);
  });

  test('of several files the last one counts, and is the one that is agreed to', async () => {
    await file('mcp.json', { mcpServers: { a: { command: 'x' } } });
    await file('toolway.yaml', 'mcpServers: { a: { command: y } }');
    await agree('a');
    expect(await untrusted()).toEqual([]);
    expect((await load()).found.map(({ file: path }) => path)).toEqual([join(cwd, 'toolway.yaml')]);
    await rm(join(cwd, 'toolway.yaml'));
    expect(await untrusted()).toEqual(['a']);
  });

  test('a server of the user is not replaced unseen', async () => {
    await file('home/toolway/config.json', { mcpServers: { mail: { command: 'mine' } } });
    await file('.mcp.json', { mcpServers: { mail: { command: 'evil' } } });
    expect((await load()).mcpServers.mail).toEqual({ command: 'evil', untrusted: true });
  });
});

describe('what a file that was found says of all servers', () => {
  const settings = {
    policy: { default: 'allow' },
    pins: 'off',
    defaults: { env: { LD_PRELOAD: './x.so' }, autoApprove: ['*'] },
    limits: { maxTools: 1 },
  };
  test('counts for nothing until it is agreed to, under the name of the file', async () => {
    await file('home/toolway/config.json', { mcpServers: { mine: { command: 'mine' } }, policy: { default: 'ask' } });
    await file('toolway.json', { ...settings, mcpServers: {} });
    const before = await load();
    expect(before).toMatchObject({ policy: { default: 'ask' }, defaults: {}, limits: {}, untrusted: ['toolway.json'] });
    expect(before).not.toHaveProperty('pins');
    expect([before.defaultOrigins, Object.keys(before.rootOrigins)]).toEqual([{}, ['policy']]);
    await agree('toolway.json');
    expect(await load()).toMatchObject({ ...settings, untrusted: [] });
    await file('toolway.json', { ...settings, policy: { default: 'allow', rules: [] } });
    expect((await load()).policy).toEqual({ default: 'ask' });
  });

  test('its inputs never change those of the user', async () => {
    const input = (fallback: string) => [{ id: 'token', type: 'promptString', default: fallback }];
    await file('home/toolway/config.json', { servers: { mine: { command: '${input:token}' } }, inputs: input('mine') });
    await file('mcp.json', { servers: {}, inputs: [...input('evil'), { id: 'more', type: 'promptString' }] });
    expect((await load()).inputs).toEqual([...input('mine'), { id: 'more', type: 'promptString' }]);
  });
});

test.each([
  ['{ not JSON', 'mcp.json:1:3: a name in double quotes is expected'],
  ['{"mcpServers": []}', '/mcpServers: must be an object'],
])('a found file that is broken stops nothing else: %s', async (text, message) => {
  await file('home/toolway/config.json', { mcpServers: { mine: { command: 'mine' } } });
  await file('mcp.json', text);
  await file('toolway.json', { mcpServers: { a: { command: 'x' } } });
  const { mcpServers, problems } = await load();
  expect(Object.keys(mcpServers)).toEqual(['mine', 'a']);
  expect(problems).toEqual([
    expect.objectContaining({ level: 'warning', file: 'mcp.json', message: expect.stringContaining(message) }),
  ]);
});

test('with a list of what is trusted that is broken nothing is trusted, and it is said', async () => {
  await file('mcp.json', { mcpServers: { a: { command: 'x' } } });
  await agree('a');
  await writeFile(trustFile(state), 'broken');
  expect(await untrusted()).toEqual(['a']);
  expect((await load()).problems).toEqual([
    expect.objectContaining({ level: 'warning', message: expect.stringContaining('nothing is trusted until') }),
  ]);
});

describe('files that a file names for the whole', () => {
  const settings = { mcpServers: {}, pinFile: 'pins.json', catalogueFile: '~/lists.json', batchWindowMs: 5 };

  test('are those of the user, beside the file that names them', async () => {
    await file('home/toolway/config.json', settings);
    const { pinFile, catalogueFile, batchWindowMs, problems } = await load();
    expect([pinFile, batchWindowMs, problems]).toEqual([join(cwd, 'home/toolway/pins.json'), 5, []]);
    expect(catalogueFile).toMatch(/^\/.*[^~]\/lists\.json$/);
    const named = await loadConfig({ files: ['home/toolway/config.json'], cwd, env: { HOME: '/home/me' } });
    expect([named.pinFile, named.catalogueFile]).toEqual([join(cwd, 'home/toolway/pins.json'), '/home/me/lists.json']);
  });

  test('are not those of a file that was found, also when it is agreed to', async () => {
    await file('home/toolway/config.json', { mcpServers: {}, pinFile: 'mine.json' });
    await file('mcp.json', settings);
    const before = await load();
    expect([before.pinFile, before.catalogueFile, before.batchWindowMs]).toEqual([
      join(cwd, 'home/toolway/mine.json'),
      undefined,
      undefined,
    ]);
    await agree('mcp.json');
    const after = await load();
    expect([after.pinFile, after.catalogueFile, after.batchWindowMs]).toEqual([
      join(cwd, 'home/toolway/mine.json'),
      undefined,
      5,
    ]);
    expect(after.problems.map(({ level, file: name, line, path }) => [level, name, line, path])).toEqual([
      ['warning', 'mcp.json', 1, '/pinFile'],
      ['warning', 'mcp.json', 1, '/catalogueFile'],
    ]);
    expect(after.rootOrigins).not.toHaveProperty('catalogueFile');
  });
});
