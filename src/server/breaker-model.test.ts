import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Command, reference, type Seen } from '../../test/fixtures/circuit-reference.ts';
import { fuseWorld } from '../../test/fixtures/fuse-world.ts';
import { ToolwayError } from '../errors.ts';

const MINUTE = 60_000;
const SEQUENCES = 10_000;

const world = async (failures?: number) => {
  const it = fuseWorld({ failures });
  it.fails();
  await it.clock.settle();
  it.fuse.reset();
  return it;
};

describe('T26: a circuit opens', () => {
  test('after five failures in a row, and after as many as it is told', async () => {
    for (const [failures, needed] of [
      [undefined, 5],
      [2, 2],
    ] as const) {
      const { fuse, fails } = await world(failures);
      fails(needed - 1);
      expect([fuse.name, fuse.refusal()]).toEqual(['closed', undefined]);
      fails();
      expect(fuse.name).toBe('open');
    }
  });
  test('not while there is an answer in between', async () => {
    const { fuse, fails, answers } = await world();
    answers(100);
    for (let i = 0; i < 50; i += 1) {
      fails(4);
      answers(5);
    }
    expect(fuse.name).toBe('closed');
  });
  test.each([
    ['says that it failed', undefined],
    ['knows no such method', new ToolwayError('server_error', 'why', { rpcCode: -32_601 })],
    ['does not like the arguments', new ToolwayError('server_error', 'why', { rpcCode: -32_602 })],
    ['answers what makes no sense', new ToolwayError('protocol_error', 'why', { executed: 'yes' })],
  ])('never while the server %s: that is an answer', async (_, error) => {
    const { fuse, fails, answers, lose } = await world();
    for (let i = 0; i < 1_000; i += 1) {
      fails(i % 5 === 4 ? 1 : 0);
      if (error === undefined) answers();
      else lose(error);
    }
    expect(fuse.name).toBe('closed');
  });
  test('when half of ten outcomes are failures, and not of nine', async () => {
    const { fuse, fails, answers } = await world();
    for (let i = 0; i < 4; i += 1) {
      fails();
      answers();
    }
    fails();
    expect(fuse.name).toBe('closed');
    answers();
    fails();
    expect(fuse.name).toBe('open');
  });
  test('by outcomes of the last half minute only', async () => {
    const { fuse, fails, answers, clock } = await world();
    fails(4);
    answers();
    await clock.advance(MINUTE / 2);
    fails(4);
    answers();
    fails();
    expect(fuse.name).toBe('closed');
  });
  test.each([0, 1, 3])('not by one failure a minute for ten hours, with %i answers in between', async (between) => {
    const { fuse, fails, answers, clock } = await world();
    for (let minute = 0; minute < 600; minute += 1) {
      fails();
      answers(between);
      await clock.advance(MINUTE);
    }
    expect(fuse.name).toBe('closed');
  });
  test('by a row of failures that took a minute each, one directly after the other', async () => {
    const { fuse, fails, clock } = await world();
    for (let i = 0; i < 5; i += 1) {
      await clock.advance(MINUTE);
      fails(1, MINUTE);
    }
    expect(fuse.name).toBe('open');
  });
  test('after ten internal errors in a row: they are a bucket of their own, and answers for the other one', async () => {
    const { fuse, fails, answers, failsInside } = await world();
    failsInside(9);
    answers();
    fails(4);
    failsInside(9);
    fails(4);
    expect(fuse.name).toBe('closed');
    failsInside();
    expect(fuse.name).toBe('open');
  });
});

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ what: fc.constant('link' as const), tookMs: fc.constantFrom(0, 0, 100, 40_000) }),
  },
  { weight: 6, arbitrary: fc.record({ what: fc.constant('answered' as const) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('internal' as const), tookMs: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('connecting' as const), tookMs: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('connected', 'isolate', 'release', 'reset' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant('wait' as const),
      ms: fc.oneof(fc.integer({ min: 0, max: 6_000 }), fc.constantFrom(100, 29_900, 30_000, 60_000, 300_000)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ what: fc.constantFrom('probe answers', 'probe fails' as const) }) },
);

describe('T26: a circuit after any commands', () => {
  test(`${SEQUENCES} sequences leave it where recounting its whole history does`, async () => {
    const seed = Number(process.env.TOOLWAY_SEED ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`T26  ${SEQUENCES} sequences, TOOLWAY_SEED=${seed}`);
    const reached = new Set<string>();
    const run = async (commands: readonly Command[], failures: number): Promise<Seen[]> => {
      // What failures mean is loaded in the course of it.
      const it = fuseWorld({ failures });
      const { fuse, clock, probes } = it;
      const releases: (() => void)[] = [];
      let asked = 0;
      const obey = async (each: Command): Promise<void> => {
        switch (each.what) {
          case 'wait':
            return clock.advance(each.ms);
          case 'link':
            return it.fails(1, each.tookMs);
          case 'internal':
            return it.failsInside();
          case 'connecting':
            return it.cannotConnect();
          case 'answered':
            return it.answers();
          case 'connected':
            return it.connects();
          case 'reset':
            return fuse.reset();
          case 'isolate':
            return void releases.push(fuse.isolate());
          case 'release':
            return releases.shift()?.();
          case 'probe answers':
          case 'probe fails': {
            // Each is settled once, the oldest first, whether anybody waits for it or not.
            const probe = probes[asked];
            asked += probe === undefined ? 0 : 1;
            return probe?.[each.what === 'probe answers' ? 'answer' : 'fail']();
          }
        }
      };
      const seen: Seen[] = [];
      for (const each of commands) {
        await obey(each);
        await clock.settle();
        const opensIn = it.opensIn();
        reached.add(fuse.name);
        seen.push({
          name: fuse.name,
          probes: probes.length,
          ...(opensIn !== undefined && { until: clock.now() + opensIn }),
        });
      }
      return seen;
    };
    const sequence = fc.array(command, { minLength: 5, maxLength: 60 });
    const property = fc.asyncProperty(sequence, fc.constantFrom(1, 3, 5), async (commands, failures) => {
      expect(await run(commands, failures)).toEqual(reference(commands, failures));
    });
    await fc.assert(property, { seed, numRuns: SEQUENCES });
    expect([...reached].sort()).toEqual(['closed', 'half_open', 'isolated', 'open']);
  });
});
