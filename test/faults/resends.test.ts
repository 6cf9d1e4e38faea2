import { afterAll, describe, expect, test } from 'vitest';
import type { Toolkit } from '../../src/api.ts';
import { createToolkit } from '../../src/node/index.ts';
import { chooseSeed, createRandom } from '../../src/testing/random.ts';
import { drive, until } from '../fixtures/faults/drive.ts';
import { startFront } from '../fixtures/faults/front.ts';
import { historiesOf, LONGEST_DELAY_MS } from '../fixtures/faults/histories.ts';
import { counted, kindOf, type Outcome, play, wrongs } from '../fixtures/faults/judging.ts';
import { type Sending, sendingOf } from '../fixtures/faults/planned.ts';
import { FIXTURES, type Fixture, over, type World } from '../fixtures/faults/worlds.ts';
import { LONG, times } from '../fixtures/long.ts';

const RUNS = Math.ceil(times(10_000, 330) / FIXTURES.length);
/** Servers at a time, and the runs that one of them serves; a new one has its whole budget for second sendings. */
const LANES = 5;
const RUNS_OF_A_SERVER = 15;
/** A child that crashes more often than that in a short time is given up. */
const MOST_CRASHES = 3;

const seed = chooseSeed();
afterAll(() => console.log(`T3  TOOLWAY_SEED=${seed}`));

interface Lane {
  world: World;
  toolkit: Toolkit;
  outcomes: Outcome[];
  /** Since the last connection that was asked for. */
  losses: number;
}

const openLane = async (fixture: Fixture): Promise<Lane> => {
  const world = await fixture.start();
  const s = { ...world.config, retrySafe: ['planned_safe'], retryDelayMs: 20, breaker: false as const };
  const toolkit = await createToolkit({ connect: 'wait', mcpServers: { s } });
  const lane: Lane = { world, toolkit, outcomes: [], losses: 0 };
  toolkit.on('reconnecting', () => {
    lane.losses += 1;
    // A remote server is left alone for up to a second; a child is started anew at once.
    if (fixture.column !== 'stdio') setImmediate(() => void toolkit.reconnect('s').catch(() => {}));
  });
  return lane;
};

/** Lets everything happen that is still to come, then judges all runs of this server. */
const closeLane = async ({ world, toolkit, outcomes }: Lane): Promise<{ outcomes: Outcome[]; effects: Sending[] }> => {
  expect(toolkit.calls()).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, LONGEST_DELAY_MS + 50));
  await toolkit.close({ drainMs: 0 });
  const effects = world.effects().map(sendingOf);
  await world.close();
  const bad = outcomes.flatMap((outcome) => {
    const own = effects.filter(({ key }) => key === outcome.history.key);
    const found = wrongs(outcome, own);
    return found.length === 0 ? [] : [{ found, ...outcome, own }];
  });
  expect(bad).toEqual([]);
  return { outcomes, effects };
};

describe('T3: answers that are lost, doubled, late, swapped or cut off', () => {
  describe.each(over('T3').map((fixture, cell) => ({ ...fixture, cell })))('over $name', (fixture) => {
    test(
      `in ${RUNS} histories no tool runs twice unless it may, and each call gets its own answer`,
      async () => {
        const outcomes: Outcome[] = [];
        let second = 0;
        let next = 0;
        const work = async (): Promise<void> => {
          while (next < RUNS) {
            const lane = await openLane(fixture);
            for (let served = 0; served < RUNS_OF_A_SERVER && next < RUNS; served += 1) {
              const run = next;
              next += 1;
              const random = createRandom(seed + fixture.cell * 1_000_003 + run);
              const histories = historiesOf(random, fixture.column, `run ${run}`.replace(' ', ''));
              lane.outcomes.push(...(await Promise.all(histories.map((history) => play(lane.toolkit, 's', history)))));
              const { state } = lane.toolkit.status().s ?? {};
              if (state !== 'failed' && lane.losses < MOST_CRASHES) continue;
              await lane.toolkit.reconnect('s');
              lane.losses = 0;
            }
            const judged = await closeLane(lane);
            outcomes.push(...judged.outcomes);
            second += judged.effects.filter(({ attempt }) => attempt > 1).length;
          }
        };
        await Promise.all(Array.from({ length: LANES }, work));
        const codes = counted(outcomes.map(kindOf));
        console.log(
          `T3  ${fixture.name}: ${RUNS} runs, ${outcomes.length} calls; ${codes}; ${second} effects of a later sending`,
        );
        expect(second).toBeGreaterThan(0);
      },
      LONG ? 900_000 : 60_000,
    );

    test('a link that is reset behind the request leaves its outcome unknown, and it is not sent again', async () => {
      const world = await fixture.start();
      const front = fixture.column === 'memory' ? undefined : await startFront(world.config);
      const config = { ...(front ?? world).config, retryDelayMs: 20 };
      const { toolkit, failure, expectFine } = await drive({ ...fixture, start: async () => ({ ...world, config }) });
      await expectFine();
      const rounds = times(50, 3);
      for (let round = 0; round < rounds; round += 1) {
        const steps = [front === undefined ? { do: 'cut', where: 'before', runs: true } : { do: 'drop', runs: true }];
        const lost = failure('planned', { key: `k${round}`, steps });
        await until(() => world.effects().length > round);
        front?.cut();
        expect(await lost).toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
        // What else went over the old link may still have to find out that it is gone.
        await toolkit.reconnect('s');
        await expectFine();
      }
      expect(world.effects().map((effect) => sendingOf(effect).key)).toEqual(
        Array.from({ length: rounds }, (_, round) => `k${round}`),
      );
      await front?.close();
    });
  });
});
