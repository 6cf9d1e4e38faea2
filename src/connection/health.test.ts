import { afterEach, describe, expect, test, vi } from 'vitest';
import { callFor } from '../../test/fixtures/scripted-peer.ts';
import type { Call } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import type { Transport } from '../transport/transport.ts';
import { type HealthCheck, watchHealth } from './health.ts';

afterEach(() => void vi.restoreAllMocks());

/** A server that answers pings, or not, as the test says; `pings` are the times at which it was asked. */
const world = ({
  intervalMs = 30_000,
  transport = {},
}: {
  intervalMs?: number;
  transport?: Partial<Transport>;
} = {}) => {
  const clock = createFakeClock();
  let wall = 0;
  let slept = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => clock.now() + wall);
  const state = {
    answers: true as boolean | ToolwayError,
    pings: [] as number[],
    checks: [] as HealthCheck[],
    heard: 0,
    lost: undefined as ToolwayError | undefined,
    busySince: Number.POSITIVE_INFINITY,
    arrivals: 0,
  };
  const session = {
    get arrivals() {
      return state.arrivals;
    },
    isBusySince: (at: number) => state.busySince < at,
    transport: transport as Transport,
    ping: (call: Call) =>
      new Promise<void>((resolve, reject) => {
        state.pings.push(clock.now());
        call.hold(reject);
        if (state.answers instanceof ToolwayError) reject(state.answers);
        else if (state.answers) {
          state.arrivals += 1;
          resolve();
        }
      }),
  };
  const stop = watchHealth({
    session,
    clock: { now: () => clock.now() + slept, after: clock.after },
    intervalMs,
    newCall: () => callFor('ping'),
    onCheck: (check) => state.checks.push(check),
    onHeard: () => {
      state.heard += 1;
    },
    lost: (cause) => {
      state.lost = cause;
      stop();
    },
  });
  /** Time in which no timer runs: on the wall, and on the machine's own clock where that `goesOn`. */
  const sleep = (ms: number, goesOn: boolean): void => {
    wall += ms;
    if (goesOn) slept += ms;
  };
  return { clock, state, stop, sleep };
};

describe('a server that says nothing', () => {
  test('is asked every thirty seconds', async () => {
    const { clock, state, stop } = world();
    await clock.advance(29_999);
    expect(state.pings).toEqual([]);
    await clock.advance(60_001);
    expect(state.pings).toEqual([30_000, 60_000, 90_000]);
    expect(state.checks).toEqual(Array(3).fill({ ok: true, durationMs: 0 }));
    stop();
    await clock.advance(100_000);
    expect([state.pings.length, clock.pendingTimers]).toEqual([3, 0]);
  });

  test('and does not answer twice in a row is given up', async () => {
    const { clock, state } = world();
    state.answers = false;
    await clock.advance(79_999);
    expect(state.lost).toBeUndefined();
    await clock.advance(1);
    expect(state.pings).toEqual([30_000, 70_000]);
    expect(state.checks).toMatchObject(Array(2).fill({ ok: false, durationMs: 10_000, error: { code: 'timeout' } }));
    expect(state.lost).toMatchObject({ code: 'not_connected', cause: { code: 'timeout' } });
    expect(clock.pendingTimers).toBe(0);
  });

  test('but answers every other time is kept', async () => {
    const { clock, state, stop } = world();
    for (let round = 0; round < 10; round += 1) {
      state.answers = round % 2 === 0;
      await clock.advance(40_000);
    }
    expect(state.lost).toBeUndefined();
    stop();
  });

  test.each([
    ['that it does not know a ping', new ToolwayError('server_error', 'no such method', { rpcCode: -32_601 })],
    ['that it has too much to do', new ToolwayError('rate_limited', 'later')],
  ])('but tells %s lives', async (_, answer) => {
    const { clock, state, stop } = world();
    state.answers = answer;
    await clock.advance(300_000);
    expect([state.lost, state.checks.every(({ ok }) => ok)]).toEqual([undefined, true]);
    stop();
  });

  test('for it works on a call from before is left to that call; on one from after it is not', async () => {
    const { clock, state } = world();
    state.answers = false;
    state.busySince = 10_000;
    await clock.advance(500_000);
    expect(state.lost).toBeUndefined();
    expect(state.checks.length).toBeGreaterThan(5);
    state.busySince = clock.now();
    await clock.advance(60_000);
    expect(state.lost).toMatchObject({ code: 'not_connected' });
  });

  test('is asked by the link itself where that can', async () => {
    let asked = 0;
    const { clock, state, stop } = world({
      transport: {
        ping: async () => {
          asked += 1;
        },
      },
    });
    await clock.advance(60_000);
    expect([asked, state.pings, state.checks.length]).toEqual([2, [], 2]);
    stop();
  });
});

describe('a server that is heard', () => {
  test('of its own accord is not asked', async () => {
    const { clock, state, stop } = world();
    for (let round = 0; round < 10; round += 1) {
      state.arrivals += 1;
      await clock.advance(30_000);
    }
    expect([state.pings, state.heard, state.checks]).toEqual([[], 10, []]);
    stop();
  });

  test('with something else while it is asked lives', async () => {
    const { clock, state, stop } = world();
    state.answers = false;
    for (let round = 0; round < 5; round += 1) {
      await clock.advance(39_000);
      state.arrivals += 1;
      await clock.advance(1_000);
    }
    expect([state.lost, state.checks.every(({ ok }) => ok)]).toEqual([undefined, true]);
    stop();
  });
});

test('an interval of the user holds for the check and for the wait for its answer', async () => {
  const { clock, state } = world({ intervalMs: 2_000 });
  state.answers = false;
  await clock.advance(8_000);
  expect(state.pings).toEqual([2_000, 6_000]);
  expect(state.lost).toMatchObject({ cause: { limit: 2_000 } });
});

describe('T29: after the machine has slept for ten minutes', () => {
  test.each([
    ['and its clock went on', true, 500],
    ['and its clock stood still', false, 500],
    ['just before it was to be asked', false, 29_500],
    ['just after it was', false, 30_500],
  ])(
    '%s, the server is asked within a second, and again at once, whatever was heard before',
    async (_, goesOn, fellAsleepAt) => {
      const { clock, state, sleep } = world();
      await clock.advance(fellAsleepAt);
      state.pings = [];
      state.arrivals += 1;
      state.answers = false;
      sleep(600_000, goesOn);
      const awakeAt = clock.now();
      await clock.advance(30_000);
      expect(state.pings.map((at) => at - awakeAt)).toEqual([500, 10_500]);
      expect(state.lost).toMatchObject({ code: 'not_connected' });
    },
  );

  test('a clock on the wall that is set back, or forward a little, changes nothing', async () => {
    const { clock, state, sleep, stop } = world();
    for (const ms of [-3_600_000, 50_000]) {
      state.arrivals += 1;
      sleep(ms, false);
      await clock.advance(30_000);
    }
    expect(state.pings).toEqual([]);
    stop();
  });
});
