/** `toolway serve` as its user sees it: what it prints, who comes in, what it refuses to begin, how it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';

const COMMAND = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const EVERYTHING = fileURLToPath(
  new URL('../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url),
);
const folder = mkdtempSync(join(tmpdir(), 'toolway-serve-'));
const running: ChildProcess[] = [];
afterEach(async () => {
  const ends = running.splice(0).map((child) => {
    if (child.exitCode !== null || child.signalCode !== null) return undefined;
    child.kill('SIGTERM');
    return new Promise((resolve) => child.once('exit', resolve));
  });
  await Promise.all(ends);
  rmSync(folder, { recursive: true, force: true });
});

const servers = { everything: { command: process.execPath, args: [EVERYTHING, 'stdio'] } };
const configFile = (gateway?: object): string => {
  const file = join(mkdtempSync(join(tmpdir(), 'toolway-serve-')), 'mcp.json');
  writeFileSync(file, JSON.stringify({ mcpServers: servers, ...(gateway && { gateway }) }));
  return file;
};

/** Starts the command; `url`, `key` and `link` are there once it has printed its document. */
const start = (args: string[], env: Record<string, string> = {}) => {
  const child = spawn(process.execPath, [COMMAND, 'serve', '--json', '--port', '0', ...args], {
    env: { PATH: process.env.PATH, TOOLWAY_STATE_DIR: folder, ...env },
  });
  running.push(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const listening = async (): Promise<{ url: string; key?: string; link?: string }> => {
    await vi.waitFor(() => expect(out).toContain('"url"'), { timeout: 20_000, interval: 50 });
    await vi.waitFor(() => JSON.parse(out));
    return JSON.parse(out);
  };
  return { child, code, listening, out: () => out, err: () => err };
};
const sum = (url: string, headers: Record<string, string>): Promise<Response> =>
  fetch(`${url}/api/tools/everything/get-sum`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"a": 19, "b": 23}',
  });
const statusWith = async (url: string, key: string): Promise<number> =>
  (await sum(url, { authorization: `Bearer ${key}` })).status;

describe('toolway serve', { timeout: 60_000 }, () => {
  test('is bounded by the numbers of the configuration', async () => {
    const { listening } = start(['--config', configFile({ limits: { maxBodyBytes: 10 } })]);
    const { url, key = '' } = await listening();
    const answer = await sum(url, { 'x-api-key': key });
    expect([answer.status, await answer.json()]).toMatchObject([413, { code: 'message_too_large' }]);
  });

  test('where nothing can be kept it says so and goes on, and a wrong key stops it', async () => {
    const config = configFile();
    const { listening, err } = start(['--config', config], { TOOLWAY_STATE_DIR: '/proc/no-such-folder' });
    const { url, key = '' } = await listening();
    expect(await statusWith(url, key)).toBe(200);
    expect(err()).toMatch(/^toolway: .*gateway\.key cannot be used: .* are remembered until this gateway ends$/m);

    const other = start(['--config', config], { TOOLWAY_STATE_KEY: 'short' });
    expect(await other.code).toBe(2);
    expect(other.err() + other.out()).toContain('TOOLWAY_STATE_KEY does not hold a key of 32 bytes');
  });

  test('makes a key where there is none, and a link that signs a browser in once', async () => {
    const { listening, child, code } = start(['--config', configFile()]);
    const { url, key = '', link = '' } = await listening();
    const answer = await sum(url, { 'x-api-key': key });
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('42')]);
    expect((await sum(url, {})).status).toBe(401);

    const signedIn = await fetch(link, { redirect: 'manual' });
    const cookie = signedIn.headers.getSetCookie()[0] ?? '';
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Strict/i);
    const session = cookie.split(';')[0] ?? '';
    expect((await sum(url, { cookie: session, 'x-toolway': '1' })).status).toBe(200);
    expect((await sum(url, { cookie: session })).status).toBe(403);
    expect((await fetch(link, { redirect: 'manual' })).headers.getSetCookie()).toEqual([]);

    child.kill('SIGINT');
    expect(await code).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  test('takes keys from the line, the environment and the configuration, and follows the latter', async () => {
    const keys = (...names: string[]) => ({
      apiKeys: names.map((name) => ({ name, key: `\${KEY_${name.toUpperCase()}}` })),
    });
    const file = configFile(keys('one', 'two'));
    const [one, two, three, four] = ['1', '2', '3', '4'].map((digit) => digit.repeat(32)) as [
      string,
      string,
      string,
      string,
    ];
    const { listening, err } = start(['--config', file, '--api-key', three], {
      TOOLWAY_API_KEY: four,
      KEY_ONE: one,
      KEY_TWO: two,
    });
    const { url, key } = await listening();
    expect(key).toBeUndefined();
    for (const known of [one, two, three, four]) expect(await statusWith(url, known)).toBe(200);

    writeFileSync(file, JSON.stringify({ mcpServers: servers, gateway: keys('one') }));
    await vi.waitFor(async () => expect(await statusWith(url, two)).toBe(401), { timeout: 10_000, interval: 100 });
    for (const known of [one, three, four]) expect(await statusWith(url, known)).toBe(200);
    expect(err()).toContain('the keys of the configuration count now');
    for (const secret of [one, two, three, four]) expect(err()).not.toContain(secret);
  });

  test.each([
    [['--host', '0.0.0.0'], 'give a key'],
    [['--host', '0.0.0.0', '--no-auth'], '--no-auth is for'],
    [['--no-auth', '--api-key', 'x'.repeat(32)], 'contradict'],
    [['--port', '65536'], '--port must be'],
    [['--port', 'x'], '--port must be'],
  ])('does not begin with %j', async (args, said) => {
    const { code, err, out } = start(['--config', configFile(), ...args]);
    expect(await code).toBe(2);
    expect(err() + out()).toContain(said);
  });

  test('says that the port is taken, and leaves no server behind', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const { code, err, out } = start(['--config', configFile(), '--port', String(port)]);
    expect(await code).toBe(2);
    expect(err() + out()).toContain(`cannot listen on 127.0.0.1:${port}`);
    other.close();
  });

  test('says which servers have failed, and why, once each, and which is back', async () => {
    const file = configFile();
    const faulty = { wrong: { comand: 'x' }, missing: { command: 'no-such-program' }, dying: { command: 'false' } };
    writeFileSync(file, JSON.stringify({ mcpServers: { ...servers, ...faulty } }));
    const { listening, err } = start(['--config', file]);
    const { url, key = '' } = await listening();
    await vi.waitFor(() => expect(err()).toMatch(/^toolway: dying: .*code 1/m), { timeout: 10_000 });
    expect(err()).toMatch(/^toolway: wrong: .*did you mean command\?/m);
    expect(err()).toMatch(/^toolway: missing: .*no such command/m);

    expect((await sum(url, { 'x-api-key': key })).status).toBe(200);
    const headers = { 'x-api-key': key };
    const { pid } = await (await fetch(`${url}/api/servers/everything`, { headers })).json();
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(err()).toContain('toolway: everything is connected again'), { timeout: 10_000 });
    expect(err()).toMatch(/^toolway: everything: .*SIGKILL/m);
    for (const name of ['wrong', 'missing', 'dying']) expect(err().split(`toolway: ${name}: `)).toHaveLength(2);
  });

  test('lets in everybody on this machine with --no-auth, and no page of another site', async () => {
    const { listening } = start(['--config', configFile(), '--no-auth']);
    const { url, key, link } = await listening();
    expect([key, link]).toEqual([undefined, undefined]);
    expect((await sum(url, {})).status).toBe(200);
    expect((await sum(url, { origin: 'https://evil.example' })).status).toBe(403);
  });

  test('lets finish at SIGTERM what is under way, and answers it', async () => {
    const { listening, child, code } = start(['--config', configFile()]);
    const { url, key = '' } = await listening();
    const call = fetch(`${url}/api/tools/everything/trigger-long-running-operation`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: '{"duration": 2, "steps": 2}',
    });
    await vi.waitFor(async () => {
      const { inFlight } = await (await fetch(`${url}/api/calls`, { headers: { 'x-api-key': key } })).json();
      expect(inFlight).toHaveLength(1);
    });
    child.kill('SIGTERM');
    const answer = await call;
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('completed')]);
    expect(await code).toBe(0);
  });
});
