import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ToolwayError } from '../../src/errors.ts';
import { until } from '../fixtures/faults/drive.ts';
import { startFront } from '../fixtures/faults/front.ts';
import { startKit } from '../fixtures/faults/kit.ts';
import { RESOURCE } from '../fixtures/faults/kit-server.ts';
import { living } from '../fixtures/faults/processes.ts';
import { closedAfterwards, timed } from '../fixtures/faults/timed.ts';
import { over } from '../fixtures/faults/worlds.ts';

const IN_THE_PROGRAM = { memory: 'its server is a part of the program itself' };
const UP_AFTER_MS = 7_000;

describe('T1: a server that is down at first', () => {
  describe.each(over('T1', IN_THE_PROGRAM))('over $name', (fixture) => {
    test('is tried on the schedule, five times in 7 s at most, and the one call that waits is answered', async () => {
      const world = closedAfterwards(await fixture.start());
      const front = closedAfterwards(await startFront(world.config));
      const down = await front.add({ type: 'down' });
      const { toolkit, clock, call } = await timed(front.config);
      const attempts: number[] = [];
      let failures = 0;
      toolkit.on('connecting', () => attempts.push(clock.now()));
      toolkit.on('failed', () => {
        failures += 1;
      });
      const answer = call('echo', { value: 'at last' });
      let isUp = false;
      while (!isUp) {
        await until(() => failures === attempts.length);
        await clock.settle();
        const before = attempts.length;
        // Other timers than that of the next attempt may come first.
        while (attempts.length === before) {
          const nextMs = clock.nextTimerMs ?? 0;
          if (!isUp && clock.now() + nextMs >= UP_AFTER_MS) {
            await front.remove(down);
            isUp = true;
          }
          await clock.advance(nextMs);
        }
      }
      expect(await answer).toBe('at last');
      const waits = attempts.slice(1).map((at, i) => at - (attempts[i] ?? 0));
      waits.forEach((wait, i) => {
        const planned = 1_000 * 1.6 ** i;
        expect(wait).toBeGreaterThanOrEqual(planned * 0.8);
        expect(wait).toBeLessThanOrEqual(planned * 1.2);
      });
      expect(attempts.filter((at) => at < UP_AFTER_MS).length).toBeLessThanOrEqual(5);
      expect(attempts.filter((at) => at >= UP_AFTER_MS)).toHaveLength(1);
    });
  });
});

const NO_SESSION = {
  stdio: 'a link that ends: see T13',
  sse: 'a link that ends: see T13',
  websocket: 'a link that ends: see T13',
  memory: 'a link that ends: see T13',
};

describe('T12: a server that is restarted under its address', () => {
  describe.each(over('T12', NO_SESSION))('over $name', (fixture) => {
    const handshake = fixture.era === 'modern' ? 'server/discover' : 'initialize';

    test('answers fifty calls at once, and shakes hands once where it had a session, else not at all', async () => {
      const kit = closedAfterwards(await startKit(fixture));
      const { toolkit, clock, call } = await timed(kit.config);
      const handshakes = () => call('heard', { method: handshake });
      expect(await handshakes()).toBe(1);
      const lost: unknown[] = [];
      toolkit.on('disconnected', (event) => lost.push(event));
      await kit.restart();
      // The ends of the old connections arrive.
      await new Promise((resolve) => setTimeout(resolve, 20));
      const values = Array.from({ length: 50 }, (_, i) => `value ${i}`);
      expect(await Promise.all(values.map((value) => call('echo', { value })))).toEqual(values);
      const expected = fixture.column === 'session' ? 2 : 1;
      expect(await handshakes()).toBe(expected);
      // What else had noticed the restart has come back by now.
      for (let s = 0; s < 60; s += 1) {
        await clock.advance(1_000);
        await call('echo', { value: s });
      }
      expect(await handshakes()).toBe(expected);
      expect(lost).toEqual([]);
    });
  });
});

const NO_LINK = {
  json: 'there is no link that ends: see T12',
  events: 'there is no link that ends: see T12',
  session: 'there is no link that ends: see T12',
};
/** From the death of a server to the failure of all its calls. */
const MOST_FAILING_MS = 100;

describe('T13: a server that dies under its calls and comes back', () => {
  describe.each(over('T13', NO_LINK))('over $name', (fixture) => {
    test('fails them at once with the reason, is started once, and is subscribed to again', async () => {
      const kit = closedAfterwards(await startKit(fixture));
      const { toolkit, call, failure, passing } = await timed(kit.config);
      let told = 0;
      await toolkit.subscribeResource(RESOURCE, () => {
        told += 1;
      });
      const pids: number[] = [];
      const othersAlive: number[][] = [];
      toolkit.on('connecting', () => othersAlive.push(living(pids)));

      const die = async (): Promise<number> => {
        const calls = Array.from({ length: 20 }, () => failure('wait'));
        await until(() => toolkit.calls().filter(({ state }) => state === 'handed_over').length === 20);
        // Its answer says that those before it were read.
        await call('echo', { value: 1 });
        const { pid } = toolkit.status().s ?? {};
        if (pid !== undefined) pids.push(pid);
        const dyingAt = performance.now();
        await kit.restart(pid);
        for (const error of await Promise.all(calls)) {
          expect(error).toMatchObject({ code: 'outcome_unknown', executed: 'unknown', server: 's', tool: 'wait' });
          expect(error.cause).toBeInstanceOf(ToolwayError);
        }
        return performance.now() - dyingAt;
      };
      const expectBack = async (): Promise<void> => {
        const before = told;
        await passing(call('touch'));
        await until(() => told > before);
      };
      await expectBack();
      let deaths = 1;
      let tookMs = await die();
      await expectBack();
      // A machine that has much else to do gets a second chance.
      if (tookMs >= MOST_FAILING_MS) {
        deaths += 1;
        tookMs = await die();
        await expectBack();
      }
      expect(tookMs).toBeLessThan(MOST_FAILING_MS);
      expect(othersAlive).toEqual(Array.from({ length: deaths }, () => []));
    });
  });
});

const NO_CHILD = 'its server is no child of ours';
const CHILDREN_ONLY = {
  json: NO_CHILD,
  events: NO_CHILD,
  session: NO_CHILD,
  sse: NO_CHILD,
  websocket: NO_CHILD,
  memory: NO_CHILD,
};
/** What this process and the children that it has seen off have cost, in milliseconds. */
const cpuMs = (): number => {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime, stime, cutime and cstime, in hundredths of a second.
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * 10, 0);
};

describe('T14: a server that crashes again and again', () => {
  describe.each(over('T14', CHILDREN_ONLY))('over $name', (fixture) => {
    test('at its start is given up after five times within a minute, which costs next to nothing', async () => {
      const args = ['-e', 'console.error("no such folder"); process.exit(3)'];
      const bareAt = cpuMs();
      for (let start = 0; start < 5; start += 1) spawnSync(process.execPath, args);
      const bare = cpuMs() - bareAt;
      const { toolkit, clock, failure, passing } = await timed({
        command: process.execPath,
        args,
        era: fixture.era,
      });
      const starts: number[] = [];
      toolkit.on('connecting', () => starts.push(clock.now()));
      const before = cpuMs();
      const error = await passing(failure('echo'));
      const passedMs = clock.now() - (starts[0] ?? 0);
      const cost = (cpuMs() - before) / passedMs;
      expect(error).toMatchObject({ executed: 'no', exitCode: 3, message: expect.stringContaining('no such folder') });
      expect(toolkit.status().s).toMatchObject({ state: 'failed', lastError: { exitCode: 3 } });
      expect(starts).toHaveLength(5);
      const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
      console.log(
        `T14  ${fixture.name}: ${percent(cost)} of one CPU, ${percent(bare / passedMs)} for the starts alone`,
      );
      // On a slow machine the starts alone come near five hundredths.
      expect(cost).toBeLessThan(Math.max(0.05, (2 * bare) / passedMs));
      await clock.advance(3_600_000);
      expect(starts).toHaveLength(5);
      await expect(passing(toolkit.reconnect('s'))).rejects.toMatchObject({ exitCode: 3 });
      expect(starts.length).toBeGreaterThan(5);
    });

    test.each([
      ['five times within a minute is given up', 10_000, 'failed'],
      ['less often than that is started each time', 16_000, 'connected'],
    ])('under its calls %s', async (_, everyMs, state) => {
      const world = closedAfterwards(await fixture.start());
      const { toolkit, clock, call, failure, passing } = await timed(world.config);
      for (let crash = 1; crash <= 5; crash += 1) {
        expect(await passing(call('echo', { value: crash }))).toBe(crash);
        expect(await failure('cut', { where: 'before' })).toMatchObject({ code: 'outcome_unknown', exitCode: 1 });
        await clock.advance(everyMs);
      }
      if (state === 'connected') expect(await passing(call('echo', { value: 'on' }))).toBe('on');
      expect(toolkit.status().s?.state).toBe(state);
      if (state === 'failed') expect(await failure('echo')).toMatchObject({ executed: 'no', exitCode: 1 });
      expect(world.starts()).toHaveLength(state === 'failed' ? 5 : 6);
    });
  });
});
