import { getEventListeners } from 'node:events';
import { afterAll, describe, expect, test } from 'vitest';
import type { Call } from '../../src/call.ts';
import { ToolwayError } from '../../src/errors.ts';
import { chooseSeed, createRandom } from '../../src/testing/random.ts';
import { type Driven, drive, until } from '../fixtures/faults/drive.ts';
import { startFront } from '../fixtures/faults/front.ts';
import { pick, type Random } from '../fixtures/faults/histories.ts';
import { FIXTURES, over } from '../fixtures/faults/worlds.ts';
import { LONG, times } from '../fixtures/long.ts';

const CALLS = Math.ceil(times(5_000, 440) / FIXTURES.length);
/** Calls that are made at once, and how many of them may be in flight: the others wait in the queue. */
const TOGETHER = 8;
const IN_FLIGHT = 4;
/** An answer comes that much later, or never. */
const ANSWERS_MS = [0, 2, 10, 25, undefined];
/** The one on which the server speaks unasked stays when those that are idle are closed. */
const STANDING_CONNECTIONS = 1;

const seed = chooseSeed();
afterAll(() => console.log(`T21  TOOLWAY_SEED=${seed}`));

const turns = async (count: number, turn: () => Promise<unknown>): Promise<void> => {
  for (let i = 0; i < count; i += 1) await turn();
};
const microtask = (): Promise<void> => Promise.resolve();
const immediate = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));
const soon = (ms: number): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, ms));

/** When a caller loses patience: within the same turn, a few turns later, or after milliseconds, also when all is over. */
const waitOf = (random: Random): (() => Promise<unknown>) => {
  const count = Math.floor(random() * 12);
  return pick(random, [
    () => turns(count, microtask),
    () => turns(count, immediate),
    () => soon(count),
    () => soon(count * 3 + 3),
  ]);
};

interface Cancelled {
  key: string;
  /** How far it was at that moment. */
  state: Call['state'];
  requestId: number | undefined;
  isAnswered: boolean;
}

/** One call, cancelled at a moment that comes from `random`. */
const cancelOne = async (
  { toolkit, call }: Driven,
  calls: Map<unknown, Call>,
  random: Random,
  key: string,
): Promise<Cancelled> => {
  const caller = new AbortController();
  const ms = pick(random, ANSWERS_MS);
  const args = { key, ms, begin: random() < 0.7 };
  const wait = waitOf(random);
  const bySignal = random() < 0.5;
  const outcome = call('pending', args, { signal: caller.signal }).catch((error: unknown) => error);
  await wait();
  const made = calls.get(key) as Call;
  const { state, requestId } = made;
  if (bySignal) caller.abort();
  else expect(toolkit.cancel(made.id)).toBe(state !== 'settled');
  const said = await outcome;
  expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
  if (state === 'settled') expect(said).toBe(key);
  else {
    expect(said).toBeInstanceOf(ToolwayError);
    expect(said).toMatchObject({ code: 'cancelled', executed: state === 'queued' ? 'no' : 'unknown', tool: 'pending' });
  }
  return { key, state, requestId, isAnswered: ms !== undefined };
};

const sorted = (ids: Iterable<unknown>): string[] => [...ids].map(String).sort();

describe('T21: calls that are cancelled', () => {
  describe.each(over('T21').map((fixture, cell) => ({ ...fixture, cell })))('over $name', (fixture) => {
    const isHttp = ['json', 'events', 'session'].includes(fixture.column);
    const byStream = isHttp && fixture.era === 'modern';

    test(
      `at any moment are told to the server once, ${CALLS} times, and leave nothing behind`,
      async () => {
        const world = await fixture.start();
        const front = isHttp ? await startFront(world.config) : undefined;
        const config = { ...(front ?? world).config, maxConcurrency: IN_FLIGHT };
        const driven = await drive({ ...fixture, start: async () => ({ ...world, config }) });
        const { toolkit, warnings, expectFine } = driven;
        const calls = new Map<unknown, Call>();
        toolkit.use((next) => (call) => {
          calls.set((call.params.arguments as { key?: unknown }).key, call);
          return next(call);
        });
        await expectFine();

        const all: Cancelled[] = [];
        for (let run = 0; run < CALLS; run += TOGETHER) {
          const batch = Array.from({ length: Math.min(TOGETHER, CALLS - run) }, (_, at) => {
            const random = createRandom(seed + fixture.cell * 1_000_003 + run + at);
            return cancelOne(driven, calls, random, `k${run + at}`);
          });
          all.push(...(await Promise.all(batch)));
          calls.clear();
          expect(toolkit.calls()).toEqual([]);
          expect(toolkit.status().s).toMatchObject({ inFlight: 0, queued: 0, state: 'connected' });
        }
        // The last late answers come now, and belong to nobody.
        await soon(50);
        await expectFine();

        const under = all.filter(({ state }) => state === 'handed_over' || state === 'answering');
        const expected = byStream ? [] : sorted(under.map(({ requestId }) => requestId));
        await until(() => world.cancelled().length >= expected.length);
        expect(sorted(world.cancelled())).toEqual(expected);
        const heard = new Set(world.effects());
        expect(all.filter(({ key, state }) => state === 'queued' && heard.has(key))).toEqual([]);
        if (byStream) {
          const left = under.filter(({ key, isAnswered }) => !isAnswered && heard.has(key));
          const missing = () => left.filter(({ requestId }) => !world.abandoned.includes(String(requestId)));
          await until(() => missing().length === 0);
          expect(new Set(world.abandoned).size).toBe(world.abandoned.length);
        } else if (front !== undefined) await until(() => front.open() <= STANDING_CONNECTIONS);
        expect(warnings).toEqual([]);

        const states = ['queued', 'handed_over', 'answering', 'settled'];
        const counts = states.map((state) => `${state} ${all.filter((each) => each.state === state).length}`);
        console.log(`T21  ${fixture.name}: ${all.length} calls cancelled: ${counts.join(', ')}`);
        // Chance may leave one out where there are few.
        const wanted = states.filter((state) => LONG && (isHttp || state !== 'answering'));
        expect(wanted.filter((state) => !all.some((each) => each.state === state))).toEqual([]);
        await toolkit.close({ drainMs: 0 });
        await front?.close();
      },
      LONG ? 300_000 : 60_000,
    );
  });
});
