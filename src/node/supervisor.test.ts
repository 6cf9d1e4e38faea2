import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { buildHost, fixture, lives, pidsIn, scratch, until } from '../../test/fixtures/stdio/harness.ts';
import { createSupervisor, SUPERVISOR_SCRIPT } from './supervisor.ts';

const started: number[] = [];
afterAll(() => {
  for (const pid of started.splice(0)) {
    if (lives(pid)) process.kill(pid, 'SIGKILL');
  }
});

/** A process group of one, which minds no signal of ours but SIGKILL when it is `deaf`. */
const sleeper = ({ deaf = false } = {}): number => {
  const script = `${deaf ? "trap '' TERM; " : ''}while :; do sleep 0.1; done`;
  const { pid } = spawn('/bin/sh', ['-c', script], { detached: true, stdio: 'ignore' });
  if (pid === undefined) throw new Error('no process');
  started.push(pid);
  return pid;
};
const fails = (error: Error): void => expect.unreachable(error.message);

describe.concurrent('the supervisor', () => {
  test('lives as long as there are groups', async () => {
    const supervisor = createSupervisor();
    const [a, b] = [sleeper(), sleeper()];
    supervisor.add(a, fails);
    supervisor.add(b, fails);
    const { pid = 0 } = supervisor;
    expect(lives(pid)).toBe(true);
    supervisor.remove(a);
    supervisor.remove(a);
    expect(lives(pid)).toBe(true);
    supervisor.remove(b);
    expect(supervisor.pid).toBeUndefined();
    await until(() => !lives(pid));
    expect([a, b].map(lives)).toEqual([true, true]);
  });

  test('ends the groups it was told of, and not those it was told to forget', async () => {
    const supervisor = createSupervisor();
    const [kept, forgotten, deaf] = [sleeper(), sleeper(), sleeper({ deaf: true })];
    for (const group of [kept, forgotten, deaf]) supervisor.add(group, fails);
    const { pid = 0 } = supervisor;
    supervisor.remove(forgotten);
    supervisor.release();
    await until(() => !lives(kept) && !lives(deaf) && !lives(pid));
    expect(lives(forgotten)).toBe(true);
  });

  test('is started anew for a group that comes after its end, with all groups that are left', async () => {
    const supervisor = createSupervisor();
    const [first, second] = [sleeper(), sleeper()];
    supervisor.add(first, fails);
    const { pid = 0 } = supervisor;
    process.kill(pid, 'SIGKILL');
    await until(() => supervisor.pid === undefined);
    supervisor.add(second, fails);
    expect(supervisor.pid).not.toBe(pid);
    supervisor.release();
    await until(() => !lives(first) && !lives(second));
  });

  test("says so when it cannot start, and is in nobody's way", async () => {
    const supervisor = createSupervisor({ shellPath: '/no/such/shell' });
    const group = sleeper();
    const error = await new Promise<Error>((resolve) => supervisor.add(group, resolve));
    expect(error).toMatchObject({ code: 'ENOENT' });
    expect(supervisor.pid).toBeUndefined();
    supervisor.remove(group);
    supervisor.release();
    expect(lives(group)).toBe(true);
  });

  test('believes whole lines with plain numbers only: a line that the death of the host cut off names a stranger', async () => {
    const [named, stranger] = [sleeper(), sleeper()];
    const shell = spawn('/bin/sh', ['-c', SUPERVISOR_SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    const ended = new Promise((resolve) => shell.once('exit', resolve));
    const junk = [
      '',
      '+',
      '-',
      'x',
      '+x',
      `+0${stranger}`,
      `+-${stranger}`,
      `+${stranger} `,
      `+ ${stranger}`,
      '+99999999999',
    ];
    const odd = [`+$(kill ${stranger})`, `+${stranger};`, `-${stranger}`, '+*', `+${stranger}\r`];
    shell.stdin.end(`${[...junk, ...odd].join('\n')}\n+${named}\n+${stranger}`);
    await ended;
    expect([named, stranger].map(lives)).toEqual([false, true]);
  });
});

describe.concurrent('when the host', () => {
  const host = buildHost();
  /** A host with a well-behaved server and this one. `over`: it has ended, and nobody holds its stdout or stderr. */
  const run = async (way: string, server: string, processes: number) => {
    const file = join(scratch(), 'pids');
    const words = [process.execPath, fixture(server), file].join('|');
    const program = spawn(process.execPath, [host, way, words, 'cat'], { stdio: ['ignore', 'pipe', 'pipe'] });
    program.stdout.resume();
    program.stderr.resume();
    const over = new Promise<void>((resolve) => program.once('close', () => resolve()));
    const pids = await pidsIn(file, processes);
    started.push(...pids);
    return { program, over, pids };
  };

  test('is killed with SIGKILL, its servers and what they started are gone soon, and sooner than in a quiet end', async () => {
    const { program, over, pids } = await run('none', 'stubborn.js', 3);
    expect(pids.every(lives)).toBe(true);
    program.kill('SIGKILL');
    await over;
    await until(() => !pids.some(lives), 3500);
  });

  test.each(['exit', 'release', 'release and return'])(
    'ends by "%s", it need not wait for its servers, and they end',
    async (way) => {
      const { program, over, pids } = await run(way, 'stubborn.js', 3);
      program.kill('SIGUSR2');
      await over;
      expect(program.exitCode).toBe(0);
      expect(pids.some(lives)).toBe(true);
      await until(() => !pids.some(lives));
    },
  );

  test('closes its links, nothing keeps it from ending, and no process is left', async () => {
    const { program, over, pids } = await run('close and return', 'stubborn.js', 3);
    program.kill('SIGUSR2');
    await over;
    expect(program.exitCode).toBe(0);
    expect(pids.some(lives)).toBe(false);
  });

  test('closes its links, not even a process that left the group and holds the pipes keeps it from ending', async () => {
    const { program, over, pids } = await run('close and return', 'escape.js', 1);
    program.kill('SIGUSR2');
    await over;
    expect(program.exitCode).toBe(0);
    expect(pids.map(lives)).toEqual([true]);
  });
});
