import { expect, test } from 'vitest';
import type { Toolkit } from '../../src/api.ts';
import { createToolkit } from '../../src/node/index.ts';
import { chooseSeed, createRandom } from '../../src/testing/random.ts';
import { type History, LONGEST_DELAY_MS, pick, stepOf } from '../fixtures/faults/histories.ts';
import { counted, kindOf, type Outcome, play, wrongs } from '../fixtures/faults/judging.ts';
import { type Sending, type Step, sendingOf } from '../fixtures/faults/planned.ts';
import { type Column, FIXTURES, type World } from '../fixtures/faults/worlds.ts';
import { heapInUse, holdingsAtRest, reachableBytes, settledLike } from '../fixtures/leftovers.ts';
import { LONG, times } from '../fixtures/long.ts';
import { slopeOf } from '../fixtures/slope.ts';

/** How many servers there are of each kind: twenty in all. */
const SERVERS: Record<string, number> = {
  'stdio, modern': 3,
  'stdio, legacy': 3,
  'json, modern': 1,
  'json, legacy': 1,
  'events, modern': 2,
  'session, legacy': 2,
  'sse, legacy': 2,
  'websocket, modern': 2,
  'websocket, legacy': 2,
  'memory, modern': 1,
  'memory, legacy': 1,
};
const FAULTS: readonly Step['do'][] = ['twice', 'strays', 'hold', 'drop', 'cut', 'fail', 'error', 'status'];
const FAULT_SHARE = 0.01;

const DURATION_MS = times(180_000, 6_000);
const WARM_UP_MS = times(50_000, 1_000);
const CALLS_PER_SECOND = times(200, 100);
const TICK_MS = 50;
/** Between two looks at the heap. */
const ROUND_MS = 5_000;
/** A call is judged so much later than it ended: all that its server still does has been done by then. */
const JUDGED_AFTER_MS = LONGEST_DELAY_MS + 500;
const MIB = 2 ** 20;
const MOST_MIB_PER_HOUR = 1;

const seed = chooseSeed();

interface Served {
  name: string;
  column: Column;
  world: World;
  /** Effects that were read. */
  read: number;
}

/** What the servers did since the last time. Nothing is kept, lest it be taken for a leak. */
const newEffects = (served: Served): Sending[] => {
  const all = served.world.effects();
  // Over stdio they are read from a file anew each time.
  if (served.column === 'stdio') {
    const found = all.slice(served.read);
    served.read = all.length;
    return found.map(sendingOf);
  }
  return all.splice(0).map(sendingOf);
};

/** Keeps what is needed to judge calls, for as long as it is needed. */
const createJudge = (servers: readonly Served[]) => {
  const done: { outcome: Outcome; at: number }[] = [];
  const effects = new Map<string, Sending[]>();
  /** Calls that have not been judged. */
  const known = new Set<string>();
  const kinds: Record<string, number> = {};
  const bad: unknown[] = [];
  return {
    bad,
    begin: (key: string) => void known.add(key),
    end: (outcome: Outcome) => void done.push({ outcome, at: performance.now() }),
    look() {
      for (const sending of servers.flatMap(newEffects)) {
        if (!known.has(sending.key)) bad.push({ found: ['it ran after all was over'], sending });
        effects.set(sending.key, [...(effects.get(sending.key) ?? []), sending]);
      }
      const due = performance.now() - JUDGED_AFTER_MS;
      while (done[0] !== undefined && done[0].at < due) {
        const { outcome } = done.shift() as (typeof done)[number];
        const { key } = outcome.history;
        const own = effects.get(key) ?? [];
        const found = wrongs(outcome, own);
        if (found.length > 0) bad.push({ found, ...outcome, own });
        const kind = kindOf(outcome);
        kinds[kind] = (kinds[kind] ?? 0) + 1;
        effects.delete(key);
        known.delete(key);
      }
    },
    /** Calls in flight, or not judged yet. */
    get open() {
      return known.size;
    },
    told: () => counted(Object.entries(kinds).flatMap(([kind, count]) => Array<string>(count).fill(kind))),
  };
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Soaked {
  calls: number;
  told: string;
  bad: unknown[];
  /** At times in milliseconds: what was made and is still there, and the whole heap, in bytes. */
  samples: { at: number; bytes: number; heap: number }[];
  reconnects: number;
}

/** Starts twenty servers and calls them for so long; looks at the heap whenever nothing is in flight. */
const soak = async (durationMs: number, from: number): Promise<Soaked> => {
  const servers: Served[] = await Promise.all(
    FIXTURES.flatMap(({ name, column, start }) =>
      Array.from({ length: SERVERS[name] ?? 0 }, async (_, at) => {
        const world = await start();
        return { name: `${name.replace(', ', '-')}-${at}`, column, world, read: 0 };
      }),
    ),
  );
  const mcpServers = Object.fromEntries(
    servers.map(({ name, world }) => [name, { ...world.config, retrySafe: ['planned_safe'], retryDelayMs: 50 }]),
  );
  const toolkit: Toolkit = await createToolkit({ connect: 'wait', mcpServers });
  expect(Object.values(toolkit.status()).filter(({ connected }) => connected)).toHaveLength(20);
  let reconnects = 0;
  toolkit.on('reconnecting', () => {
    reconnects += 1;
  });
  // A child that crashed five times within a minute is given up; somebody looks after it.
  toolkit.on('failed', ({ server }) => void setTimeout(() => void toolkit.reconnect(server).catch(() => {}), 500));

  const judge = createJudge(servers);
  let calls = 0;
  const historyOf = (random: () => number, column: Column): History => {
    const safe = random() < 0.3;
    const fault = FAULTS[Math.floor(random() / FAULT_SHARE)];
    const step: Step =
      fault === undefined
        ? { do: 'say', runs: true, ...(random() < FAULT_SHARE ? { afterMs: LONGEST_DELAY_MS } : {}) }
        : stepOf(random, column, safe, [fault]);
    return {
      key: `c${from + calls}`,
      tool: safe ? 'planned_safe' : 'planned',
      steps: [step, { do: 'say', runs: true }],
      timeoutMs: fault === 'drop' ? 300 : 3_000,
      ...(random() < FAULT_SHARE ? { cancelAfterMs: 5 } : {}),
    };
  };
  const callOne = (): void => {
    const random = createRandom(seed + from + calls);
    const { name, column } = pick(random, servers);
    const history = historyOf(random, column);
    calls += 1;
    judge.begin(history.key);
    play(toolkit, name, history).then(judge.end, (error: unknown) => judge.bad.push(error));
  };

  const samples: Soaked['samples'] = [];
  const startedAt = performance.now();
  while (performance.now() - startedAt < durationMs) {
    const end = performance.now() + Math.min(ROUND_MS, durationMs);
    let due = performance.now();
    while (performance.now() < end) {
      for (; due < performance.now(); due += 1_000 / CALLS_PER_SECOND) callOne();
      await sleep(TICK_MS);
      judge.look();
    }
    const patience = performance.now() + 30_000;
    while (judge.open > 0 && performance.now() < patience) {
      await sleep(TICK_MS);
      judge.look();
    }
    expect(judge.open, 'calls that do not end').toBe(0);
    const heap = heapInUse();
    if (heap !== undefined) samples.push({ at: performance.now() - startedAt, bytes: await reachableBytes(), heap });
  }
  expect(toolkit.calls()).toEqual([]);
  for (const { inFlight, queued } of Object.values(toolkit.status())) expect([inFlight, queued]).toEqual([0, 0]);
  await toolkit.close();
  await Promise.all(servers.map(({ world }) => world.close()));
  return { calls, told: judge.told(), bad: judge.bad, samples, reconnects };
};

test(
  'twenty servers with one per cent of each fault: nothing is wrong, nothing grows, nothing stays',
  async () => {
    const rejections: unknown[] = [];
    const warnings: unknown[] = [];
    const onRejection = (reason: unknown): void => void rejections.push(reason);
    const onWarning = (warning: unknown): void => void warnings.push(warning);
    process.on('unhandledRejection', onRejection);
    process.on('warning', onWarning);

    // The first time modules are loaded, and the system gives what it never takes back.
    await soak(1_000, 1_000_000_000);
    const before = await holdingsAtRest();
    const { calls, told, bad, samples, reconnects } = await soak(DURATION_MS, 0);
    const after = await settledLike(before);
    process.off('unhandledRejection', onRejection);
    process.off('warning', onWarning);

    console.log(
      `soak  ${calls} calls in ${DURATION_MS / 1_000} s: ${told}; ${reconnects} links lost; TOOLWAY_SEED=${seed}`,
    );
    expect(bad.slice(0, 5)).toEqual([]);
    expect({ rejections, warnings }).toEqual({ rejections: [], warnings: [] });
    expect(after).toEqual(before);

    const warm = samples.filter(({ at }) => at > WARM_UP_MS);
    if (!LONG) return;
    const perHour = (of: 'bytes' | 'heap') =>
      slopeOf(warm.map((sample) => [sample.at / 3_600_000, sample[of] / MIB] as const));
    const { slope, error } = perHour('bytes');
    const heap = perHour('heap');
    console.log(
      `soak  reachable: ${warm.map(({ bytes }) => (bytes / MIB).toFixed(3)).join(' ')} MiB; ` +
        `${slope.toFixed(2)} MiB/h, standard error ${error.toFixed(2)}, ${warm.length} looks over ${(DURATION_MS - WARM_UP_MS) / 1_000} s; ` +
        `the whole heap, compiled code included: ${heap.slope.toFixed(2)} MiB/h, standard error ${heap.error.toFixed(2)}`,
    );
    /*
     * What V8 compiles on the way grows by some 10 MiB/h in the first minutes, whatever we do, so what counts is what the
     * program has made. Two minutes are a thirtieth of an hour: what can be said is whether that grows by more than the
     * limit beyond reasonable doubt, which is two standard errors. A leak of a hundred bytes in each call would be
     * 50 MiB/h, one of a link with each reconnect 100 MiB/h, and neither is missed.
     */
    expect(slope - 2 * error).toBeLessThan(MOST_MIB_PER_HOUR);
  },
  DURATION_MS + 120_000,
);
