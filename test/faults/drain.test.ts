import { afterAll, describe, expect, test } from 'vitest';
import { until } from '../fixtures/faults/drive.ts';
import { living, livingInGroups } from '../fixtures/faults/processes.ts';
import { type Host, runHost } from '../fixtures/faults/run-host.ts';
import { FIXTURES, over, type World } from '../fixtures/faults/worlds.ts';

const hosts: Host[] = [];
afterAll(async () => {
  for (const { process: host, over: gone } of hosts.splice(0)) {
    host.kill('SIGKILL');
    await gone;
  }
});

const tally = (values: unknown): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const value of values as string[]) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

describe('T17: SIGTERM to a program with 20 calls in flight', () => {
  describe.each(over('T17', { memory: 'a server in the program itself ends with it' }))('over $name', (fixture) => {
    test('every call has its outcome, a new one is refused, and the program ends with 0', async () => {
      const world = await fixture.start();
      const host = runHost(world.config, 'drain', { quick: 15, quickMs: 400, endless: 5, drainMs: 1_500 });
      hosts.push(host);
      expect(await host.line()).toEqual({ inFlight: 20 });
      const toldAt = performance.now();
      host.process.kill('SIGTERM');
      expect(await host.line()).toEqual({ late: 'closed, no' });
      const { outcomes } = await host.line();
      expect(tally(outcomes)).toEqual({ done: 15, 'outcome_unknown, unknown': 5 });
      expect(await host.over).toBe(0);
      const tookMs = Math.round(performance.now() - toldAt);
      console.log(`T17  ${fixture.name}: over ${tookMs} ms after the signal`);
      expect(tookMs).toBeGreaterThanOrEqual(1_500);
      expect(tookMs).toBeLessThan(15_000);
      expect([world.effects().length, livingInGroups(world.starts())]).toEqual([15, []]);
      await world.close();
    });
  });
});

test('T17: a second signal waits for nothing: the servers, however stubborn, are gone with the program', async () => {
  const world = (await FIXTURES[0]?.start({ stubborn: true })) as World;
  const host = runHost(world.config, 'drain', { endless: 3, drainMs: 10_000 });
  hosts.push(host);
  await host.line();
  await until(() => world.pids().length === 3);
  host.process.kill('SIGTERM');
  expect(await host.line()).toEqual({ late: 'closed, no' });
  const toldAt = performance.now();
  host.process.kill('SIGINT');
  expect(await host.over).toBe(130);
  const tookMs = Math.round(performance.now() - toldAt);
  await until(() => living(world.pids()).length === 0 && livingInGroups(world.starts()).length === 0, 500);
  console.log(`T17  over ${tookMs} ms after the second signal`);
  expect(tookMs).toBeLessThan(1_000);
});
