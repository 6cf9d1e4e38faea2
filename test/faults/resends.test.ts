import { afterAll, describe, expect, test } from 'vitest';
import type { Toolkit } from '../../src/api.ts';
import { ToolwayError } from '../../src/errors.ts';
import { createToolkit } from '../../src/node/index.ts';
import { chooseSeed, createRandom } from '../../src/testing/random.ts';
import { drive, until } from '../fixtures/faults/drive.ts';
import { startFront } from '../fixtures/faults/front.ts';
import { type History, historiesOf, LONGEST_DELAY_MS } from '../fixtures/faults/histories.ts';
import { type Sending, sendingOf } from '../fixtures/faults/planned.ts';
import { FIXTURES, type Fixture, over, type World } from '../fixtures/faults/worlds.ts';
import { LONG, times } from '../fixtures/long.ts';

const RUNS = Math.ceil(times(10_000, 330) / FIXTURES.length);
/** Servers at a time, and the runs that one of them serves; a new one has its whole budget for second sendings. */
const LANES = 5;
const RUNS_OF_A_SERVER = 15;
/** A call that takes longer hangs: its own limits end it long before. */
const HANGING_MS = 20_000;
/** A child that crashes more often than that in a short time is given up. */
const MOST_CRASHES = 3;

const seed = chooseSeed();
afterAll(() => console.log(`T3  TOOLWAY_SEED=${seed}`));

interface Outcome {
  history: History;
  value?: unknown;
  error?: ToolwayError;
}

const hanging = (history: History): Promise<never> =>
  new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`it hangs: ${JSON.stringify(history)}`)), HANGING_MS).unref();
  });

const play = async (toolkit: Toolkit, history: History): Promise<Outcome> => {
  const { key, tool, steps, timeoutMs, cancelAfterMs } = history;
  const caller = new AbortController();
  const timer = cancelAfterMs === undefined ? undefined : setTimeout(() => caller.abort(), cancelAfterMs);
  const options = { signal: caller.signal, timeoutMs, totalTimeoutMs: 4_000 };
  try {
    const result = await Promise.race([toolkit.callTool(`s.${tool}`, { key, steps }, options), hanging(history)]);
    return { history, value: (result.structuredContent as { value: unknown }).value };
  } catch (error) {
    if (!(error instanceof ToolwayError)) throw error;
    return { history, error };
  } finally {
    clearTimeout(timer);
  }
};

/** What is wrong with an outcome, in the light of what the server did. */
const wrongs = ({ history, value, error }: Outcome, effects: Sending[]): string[] => {
  const own = effects.filter(({ key }) => key === history.key);
  const found: string[] = [];
  if (history.tool === 'planned' && own.length > 1) found.push('it ran twice');
  if (error === undefined) {
    if (value !== history.key) found.push(`it got the answer ${value}`);
    if (own.length === 0) found.push('it has a result and did not run');
    return found;
  }
  const { code, executed, data, rpcCode } = error;
  if (code === 'internal') found.push(`internal: ${error.message}`);
  const belongs = (data as { value?: unknown } | undefined)?.value === history.key;
  if (rpcCode !== undefined && !belongs) found.push(`it got the error of ${JSON.stringify(data)}`);
  if (executed === undefined) found.push('nobody says whether it ran');
  if (executed === 'no' && own.length > 0) found.push('it is said not to have run, and did');
  if (executed === 'yes' && own.length === 0) found.push('it is said to have run, and did not');
  return found;
};

interface Lane {
  world: World;
  toolkit: Toolkit;
  outcomes: Outcome[];
  /** Since the last connection that was asked for. */
  losses: number;
}

const openLane = async (fixture: Fixture): Promise<Lane> => {
  const world = await fixture.start();
  const breaker = { failures: 1_000_000 };
  const s = { ...world.config, retrySafe: ['planned_safe'], retryDelayMs: 20, breaker };
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
    const found = wrongs(outcome, effects);
    return found.length === 0
      ? []
      : [{ found, ...outcome, effects: effects.filter(({ key }) => key === outcome.history.key) }];
  });
  expect(bad).toEqual([]);
  return { outcomes, effects };
};

const counted = (names: string[]): string => {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
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
              lane.outcomes.push(...(await Promise.all(histories.map((history) => play(lane.toolkit, history)))));
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
        const codes = counted(
          outcomes.map(({ error }) => (error === undefined ? 'answered' : `${error.code}/${error.executed}`)),
        );
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
