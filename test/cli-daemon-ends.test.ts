/** How lines and the daemon end: by themselves, by signals, and by what nobody wants. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createFrameReader, FRAME, jsonFrame, MAX_HELLO_BYTES } from '../src/cli/daemon/frames.ts';
import { MOST_LINES } from '../src/cli/daemon/server.ts';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { askingFixture, daemonWorld } from './fixtures/cli/daemon-world.ts';
import { alive, until } from './fixtures/cli/wait.ts';

const node = process.execPath;

let cli: BuiltCli;
beforeAll(() => {
  cli = buildCli('daemon-ends');
});
afterAll(() => cli.remove());

const world = () => {
  const made = daemonWorld(cli.main);
  const { heard, report } = made;
  return {
    ...made,
    calls: () => heard().filter(({ method }) => method === 'tools/call'),
    /** The one daemon, and its one server. */
    async pids() {
      const [daemon, ...others] = await report();
      expect(others).toEqual([]);
      return { daemon: daemon?.pid ?? 0, server: daemon?.toolkits[0]?.servers[0]?.pid ?? 0 };
    },
  };
};

describe('a line', () => {
  test('that is interrupted is cancelled on its server, which stays, and exits with 130', async () => {
    const { run, start, ended, onFixture, heard, calls, warm, pids } = world();
    await warm(['call', 'args', ...onFixture]);
    const before = await pids();
    const line = start(['call', 'hang', '--keep-alive', ...onFixture]);
    const end = ended(line);
    await until('the call', () => calls().length === 2);
    line.kill('SIGINT');
    const { code, err } = await end;
    expect({ code, err }).toEqual({ code: 130, err: expect.stringContaining('cancelled') });
    await until('the cancellation', () => heard().some(({ method }) => method === 'notifications/cancelled'));
    expect(await pids()).toEqual(before);
    const cold = start(['call', 'hang', ...onFixture]);
    const coldEnd = ended(cold);
    await until('the cold call', () => calls().length === 3);
    cold.kill('SIGINT');
    expect({ code, err }).toEqual((({ code, err }) => ({ code, err }))(await coldEnd));
    expect((await run(['daemon', 'stop'])).code).toBe(0);
    expect(alive(before.server)).toBe(false);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('that gets a %s ends as a cold one does', async (signal, _code) => {
    const { start, ended, onFixture, calls } = world();
    const codes: (number | null)[] = [];
    for (const more of [['--keep-alive'], []]) {
      const before = calls().length;
      const line = start(['call', 'hang', ...more, ...onFixture]);
      const end = ended(line);
      await until('the call', () => calls().length > before);
      line.kill(signal);
      codes.push((await end).code);
    }
    expect(codes[0]).toBe(codes[1]);
  });

  test('whose process is killed is cancelled on its server', async () => {
    const { start, onFixture, heard, calls } = world();
    const line = start(['call', 'hang', '--keep-alive', ...onFixture]);
    await until('the call', () => calls().length === 1);
    line.kill('SIGKILL');
    await until('the cancellation', () => heard().some(({ method }) => method === 'notifications/cancelled'));
  });

  test('whose reader has seen enough ends well, whatever was on its way', async () => {
    const { start, ended, onFixture, warm } = world();
    await warm(['call', 'args', ...onFixture]);
    // Whether a write is under way when the reader leaves is told apart by the system, and is chance.
    for (let time = 0; time < 12; time += 1) {
      const line = start(['call', 'big', 'mib=8', '--keep-alive', ...onFixture]);
      line.stdout?.once('data', () => line.stdout?.destroy());
      expect(await ended(line)).toMatchObject({ code: 0, err: '' });
    }
  }, 60_000);

  test('whose reader is slow gets every byte, and the daemon waits with it', async () => {
    const { start, onFixture, warm, pids } = world();
    await warm(['call', 'args', ...onFixture]);
    const { daemon } = await pids();
    const rssKib = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon}/status`, 'utf8'))?.[1]);
    const line = start(['call', 'big', 'mib=8', '--keep-alive', ...onFixture]);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    if (process.platform === 'linux') expect(rssKib()).toBeLessThan(300 * 1024);
    let bytes = 0;
    for await (const chunk of line.stdout ?? []) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(8 * 2 ** 20);
  });
});

describe('the daemon', () => {
  test('that is killed leaves no server behind; the call is in doubt and ran once; the next line starts another', async () => {
    const { start, ended, onFixture, calls, pids, warm } = world();
    const line = start(['call', 'hang', '--keep-alive', '--json', ...onFixture]);
    const end = ended(line);
    await until('the call', () => calls().length === 1);
    const before = await pids();
    process.kill(before.daemon, 'SIGKILL');
    const { code, out } = await end;
    expect(code).toBe(8);
    expect(JSON.parse(out).error).toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
    await until('the end of the server', () => !alive(before.server));
    expect(calls()).toHaveLength(1);
    expect((await warm(['call', 'args', ...onFixture])).code).toBe(0);
    expect((await pids()).daemon).not.toBe(before.daemon);
  });

  test('is started once by lines that come together', async () => {
    const { warm, onFixture, report, heard } = world();
    const ends = await Promise.all(Array.from({ length: 6 }, () => warm(['call', 'args', ...onFixture])));
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await report()).toHaveLength(1);
    expect(heard().filter(({ pid }) => pid !== undefined)).toHaveLength(1);
  });

  test('ends servers that no line uses, and then itself', async () => {
    const { warm, onFixture, pids, state } = world();
    await warm(['call', 'args', ...onFixture], { more: { TOOLWAY_IDLE_TIMEOUT_MS: '1500' } });
    const { daemon, server } = await pids();
    expect(alive(daemon) && alive(server)).toBe(true);
    await until('the end of the daemon', () => !alive(daemon));
    expect(alive(server)).toBe(false);
    expect(readdirSync(join(state, 'daemon'))).toEqual([]);
  });

  test('lets lines under way end when it is told to', async () => {
    const { start, ended, home, log, run, report } = world();
    const servers = { shop: { command: node, args: [askingFixture, cli.kit, 'legacy', log] } };
    writeFileSync(join(home, 'shop.json'), JSON.stringify({ mcpServers: servers }));
    const end = ended(start(['call', 'slow', '--keep-alive', '--config', 'shop.json']));
    await until('the line', async () => (await report())[0]?.lines === 1);
    const stopped = run(['daemon', 'stop']);
    expect(await end).toMatchObject({ code: 0, out: 'slow is over\n' });
    expect((await stopped).code).toBe(0);
    expect(await report()).toEqual([]);
  });

  test('is started, found a second time, and stays away where it is there already', async () => {
    const { run, report } = world();
    const started = await run(['daemon', 'start', '--json']);
    expect(await run(['daemon', 'start', '--json'])).toEqual(started);
    expect(await run(['daemon'])).toMatchObject({ code: 0, err: 'toolway: a daemon is there already\n' });
    expect((await report()).map(({ pid }) => pid)).toEqual([JSON.parse(started.out).pid]);
  });

  test.skipIf(process.platform !== 'linux')('has nothing of the environment but what it needs itself', async () => {
    const { warm, onFixture, pids } = world();
    const more = { TOOLWAY_API_KEY: 'hush', NODE_ENV: 'hush', OTHER: 'hush' };
    await warm(['call', 'args', ...onFixture], { more });
    const { daemon } = await pids();
    expect(readFileSync(`/proc/${daemon}/environ`, 'utf8')).not.toContain('hush');
  });

  test.skipIf(process.platform !== 'linux')('is done without where its folder cannot be made', async () => {
    const { warm, onFixture } = world();
    const more = { TOOLWAY_STATE_DIR: '/proc/nowhere' };
    const { code, err } = await warm(['call', 'args', '-v', ...onFixture], { more });
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('runs without the daemon: ENOENT') });
  });

  test.each(['nonsense', '0', '-1', '3000000000'])('takes no idle time of %s', async (given) => {
    const { run } = world();
    expect(await run(['daemon', `--idle-timeout=${given}`])).toMatchObject({ code: 2, out: '' });
  });
});

describe('nobody else', () => {
  const why = async ({ warm, onFixture }: ReturnType<typeof world>): Promise<string> => {
    const { code, out, err } = await warm(['call', 'args', '-v', ...onFixture]);
    expect({ code, out }).toEqual({ code: 0, out: '{}\n' });
    expect((await warm(['call', 'args', ...onFixture])).err).toBe('');
    return /runs without the daemon: (.*)/.exec(err)?.[1] ?? 'it ran in the daemon';
  };

  test('can open the folder, the socket and the secrets', async () => {
    const { warm, onFixture, state, socket } = world();
    await warm(['call', 'args', ...onFixture]);
    const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    expect(mode(join(state, 'daemon'))).toBe('700');
    expect(mode(socket())).toBe('600');
    expect(mode(socket().replace('.sock', '.token'))).toBe('600');
  });

  test('is believed: a folder that others can use, and a link, are passed by', async () => {
    const open = world();
    mkdirSync(join(open.state, 'daemon'), { recursive: true });
    chmodSync(join(open.state, 'daemon'), 0o777);
    expect(await why(open)).toContain('other users can use');
    const linked = world();
    mkdirSync(join(linked.home, 'elsewhere'), { mode: 0o700 });
    mkdirSync(linked.state);
    symlinkSync(join(linked.home, 'elsewhere'), join(linked.state, 'daemon'));
    expect(await why(linked)).toContain('is a link');
  });

  test('is served without the secret, with too much before it, or with none at all', async () => {
    const { warm, onFixture, socket, calls } = world();
    await warm(['call', 'args', ...onFixture]);
    const answers = async (bytes: Uint8Array): Promise<number[]> => {
      const link = connect(socket());
      const reader = createFrameReader(1024);
      const kinds: number[] = [];
      link.on('error', () => {});
      link.write(bytes);
      for await (const chunk of link) kinds.push(...reader.push(chunk as Buffer).map(({ kind }) => kind));
      return kinds;
    };
    const line = {
      words: ['call', 'args', ...onFixture],
      cwd: '/',
      env: {},
      stdout: {},
      stderr: {},
      hasTerminal: false,
    };
    const wrong = jsonFrame(FRAME.hello, { token: '0'.repeat(64), want: 'line' });
    expect(await answers(Buffer.concat([wrong, jsonFrame(FRAME.line, line)]))).toEqual([FRAME.refused]);
    expect(await answers(jsonFrame(FRAME.line, line))).toEqual([FRAME.refused]);
    expect(await answers(Buffer.alloc(MAX_HELLO_BYTES * 2, 0xff))).toEqual([]);
    expect(await answers(jsonFrame(FRAME.hello, { token: 'x'.repeat(MAX_HELLO_BYTES) }))).toEqual([]);
    // Whoever says nothing at all is heard out for five seconds.
    expect(await answers(new Uint8Array())).toEqual([]);
    expect(calls()).toHaveLength(1);
    expect((await warm(['call', 'args', ...onFixture])).code).toBe(0);
  });

  test('gets the line of a user whose secret it does not know', async () => {
    const mine = world();
    await mine.warm(['call', 'args', ...mine.onFixture]);
    const token = mine.socket().replace('.sock', '.token');
    const secrets = readFileSync(token, 'utf8');
    // With another one nobody could end the daemon.
    onTestFinished(() => writeFileSync(token, secrets));
    const [shown] = secrets.split('\n');
    writeFileSync(token, `${shown}\nanother\n`);
    expect(await why(mine)).toContain('somebody else listens');
    writeFileSync(token, 'another\nanother\n');
    expect(await why(mine)).toContain('does not know you');
  });

  test('takes the place of a line for good: a 65th connection is refused, and its line runs by itself', async () => {
    const full = world();
    await full.warm(['call', 'args', ...full.onFixture]);
    const [token] = readFileSync(full.socket().replace('.sock', '.token'), 'utf8').split('\n');
    const links = Array.from({ length: MOST_LINES }, () => connect(full.socket()));
    await Promise.all(
      links.map((link) => {
        link.on('error', () => {}).write(jsonFrame(FRAME.hello, { token, want: 'line' }));
        return new Promise((resolve) => link.once('data', resolve));
      }),
    );
    expect(await why(full)).toContain(`${MOST_LINES} lines under way`);
    for (const link of links) link.destroy();
    await until('room', async () => (await why(full)) === 'it ran in the daemon');
  });

  test('is in the way: what a killed daemon left behind is taken away', async () => {
    const { warm, onFixture, pids, socket } = world();
    await warm(['call', 'args', ...onFixture]);
    const { daemon } = await pids();
    process.kill(daemon, 'SIGKILL');
    await until('the end of the daemon', () => !alive(daemon));
    expect(existsSync(socket())).toBe(true);
    expect((await warm(['call', 'args', ...onFixture])).code).toBe(0);
    expect((await pids()).daemon).not.toBe(daemon);
  });
});
