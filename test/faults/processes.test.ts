import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { drive, until } from '../fixtures/faults/drive.ts';
import { living, livingInGroups } from '../fixtures/faults/processes.ts';
import { type Host, runHost } from '../fixtures/faults/run-host.ts';
import { FIXTURES, over, type World } from '../fixtures/faults/worlds.ts';

const noProcess = 'its server is no child of ours';
const STDIO_ONLY = {
  json: noProcess,
  events: noProcess,
  session: noProcess,
  sse: noProcess,
  websocket: noProcess,
  memory: noProcess,
};
const [stdio] = FIXTURES;

const hosts: Host[] = [];
const leftovers: number[] = [];
// Not after each: these two run at the same time.
afterAll(async () => {
  for (const { process: host, over: gone } of hosts.splice(0)) {
    host.kill('SIGKILL');
    await gone;
  }
  for (const pid of living(leftovers.splice(0))) process.kill(pid, 'SIGKILL');
});

/** A program with a toolkit on a server that ignores the end of its stdin and SIGTERM, with a child and an orphan that hold its pipes. */
const hostOfStubborn = async (plan: 'close' | 'sit') => {
  const world = (await stdio?.start({ stubborn: true })) as World;
  const host = runHost(world.config, plan);
  hosts.push(host);
  await host.line();
  await until(() => world.pids().length === 3);
  leftovers.push(...world.pids());
  expect(living(world.pids())).toHaveLength(3);
  return { host, pids: world.pids(), leaders: world.starts() };
};

describe.concurrent('T15, T16: a server that does not want to leave', () => {
  over('T15, T16', STDIO_ONLY);

  test('is gone with its child and its orphan when close() returns, within 5 s, and nothing keeps the program', async () => {
    const { host, pids, leaders } = await hostOfStubborn('close');
    host.process.kill('SIGUSR2');
    const { tookMs } = await host.line();
    const closedAt = performance.now();
    expect([living(pids), livingInGroups(leaders)]).toEqual([[], []]);
    expect(tookMs).toBeLessThanOrEqual(5_000);
    expect(await host.over).toBe(0);
    console.log(
      `T15  close() took ${tookMs} ms, the end of the program another ${Math.round(performance.now() - closedAt)} ms`,
    );
  });

  test('is gone within 2 s of a SIGKILL of its host', async () => {
    const { host, pids, leaders } = await hostOfStubborn('sit');
    host.process.kill('SIGKILL');
    await host.over;
    const killedAt = performance.now();
    await until(() => living(pids).length === 0 && livingInGroups(leaders).length === 0);
    const tookMs = Math.round(performance.now() - killedAt);
    console.log(`T16  all gone ${tookMs} ms after the host was killed`);
    expect(tookMs).toBeLessThan(3_500);
  });
});

describe('T18: a server that reads no more, and dies', () => {
  describe.each(over('T18', STDIO_ONLY))('over $name', (fixture) => {
    test('500 calls settle: what had not left goes to the next process, the others ran once at most', async () => {
      const processWarnings: Error[] = [];
      const onWarning = (warning: Error): void => void processWarnings.push(warning);
      process.on('warning', onWarning);
      const { toolkit, call, world, expectFine } = await drive(fixture, {}, { maxConcurrency: 500 });
      await call('deaf');
      const pid = toolkit.status().s?.pid as number;
      const calls = Array.from({ length: 500 }, (_, i) =>
        toolkit.callTool('s.count', { key: `k${i}`, ballast: 'x'.repeat(8_192) }).then(
          () => 'done',
          ({ code, executed }) => `${code}, ${executed}`,
        ),
      );
      await until(() => toolkit.calls().filter(({ state }) => state === 'handed_over').length === 500);
      const diedAt = performance.now();
      process.kill(pid, 'SIGKILL');
      const outcomes = await Promise.all(calls);
      const tookMs = performance.now() - diedAt;
      console.log(
        `T18  ${fixture.name}: settled ${Math.round(tookMs)} ms after the death: ${JSON.stringify(tally(outcomes))}`,
      );
      expect(tookMs).toBeLessThan(3_000);
      expect(Object.keys(tally(outcomes)).sort()).toEqual(['done', 'outcome_unknown, unknown']);
      await expectFine();
      const effects = world.effects();
      expect(new Set(effects).size).toBe(effects.length);
      outcomes.forEach((outcome, i) => {
        if (outcome === 'done') expect(effects).toContain(`k${i}`);
      });
      process.off('warning', onWarning);
      expect(processWarnings).toEqual([]);
    });
  });
});

const tally = (values: string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

describe('T19: a server that floods its stderr', () => {
  describe.each(over('T19', STDIO_ONLY))('over $name', (fixture) => {
    test('with 256 MiB is answered in time, and no more than 64 KiB of it are kept', async () => {
      const { call, failure, world, expectFine } = await drive(fixture);
      const slowest = async (goesOn: (calls: number) => boolean): Promise<{ p99: number; calls: number }> => {
        const times: number[] = [];
        while (goesOn(times.length)) {
          const startedAt = performance.now();
          await call('echo', { value: times.length });
          times.push(performance.now() - startedAt);
        }
        times.sort((a, b) => a - b);
        return { p99: times[Math.floor(times.length * 0.99)] ?? 0, calls: times.length };
      };
      const calm = await slowest((calls) => calls < 500);
      await call('chatty', { mib: 256 });
      const over = join(world.folder, 'chattered');
      const noisy = await slowest(() => !existsSync(over));
      console.log(
        `T19  ${fixture.name}: p99 ${calm.p99.toFixed(1)} ms, ${noisy.p99.toFixed(1)} ms for ${noisy.calls} calls in the flood`,
      );
      expect(noisy.calls).toBeGreaterThan(10);
      // Twice the usual, or what two cores that do other things as well may need.
      expect(noisy.p99).toBeLessThan(Math.max(2 * calm.p99, 250));
      await expectFine();
      const error = await failure('cut', { where: 'before' });
      expect(error.stderr?.length).toBeGreaterThan(32 * 1024);
      expect(error.stderr?.length).toBeLessThanOrEqual(64 * 1024);
    });
  });
});
