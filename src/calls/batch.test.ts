import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { gated, named, plugServer, said } from '../../test/fixtures/calls.ts';
import { settled } from '../../test/fixtures/scripted-peer.ts';
import { text } from '../../test/fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../../test/fixtures/toolkits.ts';
import type { BatchCall, CallOutcome } from '../api.ts';
import { inPool } from './pool.ts';

const echo = () => plugServer({ echo: ({ say }) => text(String(say)), 'dotted.name': () => text('dotted') });

describe('a batch', () => {
  test('answers in order, whatever name its calls go by', async () => {
    const toolkit = await toolkitOf({ s: echo() });
    const outcomes = await toolkit.batch([
      { name: 's.echo', arguments: { say: 1 } },
      { tool: 's__echo', arguments: { say: 2 } },
      { server: 's', tool: 'echo', arguments: { say: 3 } },
      { name: 'echo', arguments: { say: 4 } },
      { server: 's', tool: 'dotted.name' },
    ]);
    expect(outcomes.map(({ result }) => said(result))).toEqual(['1', '2', '3', '4', 'dotted']);
    expect(outcomes.every(({ success, serverUsed }) => success && serverUsed === 's')).toBe(true);
    expect(await toolkit.batch([])).toEqual([]);
  });

  test('what is no call is an outcome like any other and stops nothing', async () => {
    const toolkit = await toolkitOf({ s: echo() });
    const evil = Object.defineProperty({}, 'name', {
      enumerable: true,
      get() {
        throw new Error('trap');
      },
    });
    const items: unknown[] = [
      null,
      'echo',
      {},
      { name: 7 },
      [],
      evil,
      { name: 's.echo', arguments: 'text' },
      { name: 's.echo', arguments: null },
      { name: 's.echo', options: 'fast' },
      { server: 'nobody', tool: 'echo' },
      { name: 's.echo', arguments: { say: 'last' } },
      undefined,
    ];
    const outcomes = await toolkit.batch(items as BatchCall[]);
    expect(outcomes.map(({ error }) => error?.code)).toEqual([
      ...Array(5).fill('invalid_arguments'),
      'internal',
      ...Array(3).fill('invalid_arguments'),
      'unknown_server',
      undefined,
      'invalid_arguments',
    ]);
    expect(outcomes.filter(({ error }) => error !== undefined && error.executed !== 'no')).toEqual([]);
    expect(outcomes[3]?.error?.message).toContain('call 3 of the batch');
  });

  test('each call has its own options', async () => {
    const { server, open } = gated();
    const toolkit = await toolkitOf({ s: server });
    const outcomes = toolkit.batch([{ name: 's.wait', options: { timeoutMs: 200 } }, { name: 's.wait' }]);
    await vi.waitFor(() => expect(open).toHaveLength(2));
    await vi.waitFor(() => expect(toolkit.calls()).toHaveLength(1));
    open[1]?.();
    expect((await outcomes).map(({ error }) => error?.code)).toEqual(['timeout', undefined]);
  });

  test('that is cancelled ends what is under way, and what has not begun never does', async () => {
    const { server, open } = gated();
    const toolkit = await toolkitOf({ s: server });
    const controller = new AbortController();
    const own = new AbortController();
    const calls: BatchCall[] = [
      { name: 's.wait' },
      { name: 's.wait', options: { signal: own.signal } },
      { name: 's.wait' },
      { name: 's.wait' },
    ];
    const outcomes = toolkit.batch(calls, { concurrency: 2, signal: controller.signal });
    await vi.waitFor(() => expect(open).toHaveLength(2));
    own.abort();
    await vi.waitFor(() => expect(open).toHaveLength(3));
    controller.abort('enough');
    expect((await outcomes).map(({ error }) => [error?.code, error?.executed, error?.cause])).toEqual([
      ['cancelled', 'unknown', 'enough'],
      ['cancelled', 'unknown', own.signal.reason],
      ['cancelled', 'unknown', 'enough'],
      ['cancelled', 'no', 'enough'],
    ]);
    expect(server.had()).toHaveLength(3);
    expect(toolkit.calls()).toEqual([]);
  });

  test('that was cancelled before it began sends nothing', async () => {
    const server = echo();
    const toolkit = await toolkitOf({ s: server });
    const calls = [{ name: 's.echo' }, { name: 'echo' }];
    const outcomes = await toolkit.batch(calls, { signal: AbortSignal.abort('before') });
    expect(outcomes.map(({ error }) => [error?.code, error?.executed, error?.cause])).toEqual(
      Array(2).fill(['cancelled', 'no', 'before']),
    );
    expect(server.had()).toEqual([]);
  });

  test('listens to its signal once, however many calls are under way, and not after its end', async () => {
    const { server, open } = gated();
    const toolkit = await toolkitOf({ s: server });
    const { signal } = new AbortController();
    const [adding, removing] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    const outcomes = toolkit.batch(Array(16).fill({ name: 's.wait' }), { signal });
    await vi.waitFor(() => expect(open).toHaveLength(16));
    for (const answer of open) answer();
    await outcomes;
    expect([adding.mock.calls.length, removing.mock.calls.length]).toEqual([1, 1]);
  });

  test('tells of each outcome as it comes, and a listener that throws is reported and changes nothing', async () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const { server, open } = gated();
    const toolkit = await toolkitOf({ s: server }, { logger });
    const heard: [number, boolean][] = [];
    const onItem = ({ success }: CallOutcome, index: number): Promise<void> => {
      heard.push([index, success]);
      if (index === 0) throw new Error('listener');
      return Promise.reject(new Error('listener, later'));
    };
    const outcomes = toolkit.batch([{ name: 's.wait' }, { name: 's.wait' }, null as never], { onItem });
    await vi.waitFor(() => expect(open).toHaveLength(2));
    open[1]?.();
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    open[0]?.();
    expect((await outcomes).map(({ success }) => success)).toEqual([true, true, false]);
    expect(heard).toEqual([
      [2, false],
      [1, true],
      [0, true],
    ]);
    await vi.waitFor(() => expect(logger.error).toHaveBeenCalledTimes(3));
  });

  test('is refused as a whole only where it is no batch', async () => {
    const toolkit = await toolkitOf({ s: echo() });
    for (const given of ['s.echo', null, { name: 's.echo' }]) {
      expect(await failure(toolkit.batch(given as never))).toMatchObject({ code: 'invalid_arguments', executed: 'no' });
    }
    for (const concurrency of [0, -1, Number.NaN, '4' as never]) {
      expect(await failure(toolkit.batch([], { concurrency }))).toMatchObject({ code: 'invalid_arguments' });
    }
  });

  test('that is under way when the toolkit closes has an outcome for every call', async () => {
    const { server, open } = gated();
    const toolkit = await toolkitOf({ s: server });
    const outcomes = toolkit.batch(
      Array.from({ length: 40 }, () => ({ name: 's.wait' })),
      { concurrency: 4 },
    );
    await vi.waitFor(() => expect(open).toHaveLength(4));
    await toolkit.close({ drainMs: 0 });
    const ended = (await outcomes).map(({ error }) => [error?.code, error?.executed]);
    expect(ended.slice(0, 4)).toEqual(Array(4).fill(['outcome_unknown', 'unknown']));
    expect(ended.slice(4)).toEqual(Array(36).fill(['closed', 'no']));
  });

  test('a member of a group stands in for another one here too', async () => {
    const [a, b] = [named('a', { group: 'g' }), named('b', { group: 'g' })];
    const toolkit = await toolkitOf({ a, b });
    a.unplug();
    const [outcome] = await toolkit.batch([{ name: 'a.who' }]);
    expect(outcome).toMatchObject({ success: true, serverUsed: 'b' });
  });

  test('of 100 000 calls begins only so many as may be under way, and holds nothing for those that wait', async () => {
    const toolkit = await toolkitOf({ s: echo() });
    const calls = Array.from({ length: 100_000 }, (_, say) => ({ name: 's.echo', arguments: { say } }));
    const controller = new AbortController();
    let seen = 0;
    let most = 0;
    const onItem = (): void => {
      seen += 1;
      most = Math.max(most, toolkit.calls().length);
      if (seen === 2_000) controller.abort();
    };
    const outcomes = await toolkit.batch(calls, { signal: controller.signal, onItem });
    expect([outcomes.length, seen]).toEqual([100_000, 100_000]);
    expect(most).toBeLessThanOrEqual(16);
    expect(outcomes.filter(({ success }) => success).length).toBeGreaterThanOrEqual(1_980);
    expect(outcomes.at(-1)).toMatchObject({ error: { code: 'cancelled', executed: 'no' }, attempts: 0 });
  });
});

test('any batch has its outcomes in order, exactly one of each call, and never more under way than it may', async () => {
  const { server, open } = gated();
  const toolkit = await toolkitOf({ s: server });
  const item = fc.oneof(
    fc.constant({ name: 's.wait' }),
    fc.constant({ server: 's', tool: 'wait' }),
    fc.constant({ name: 's.none' }),
    fc.constant(null),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(item, { maxLength: 40 }),
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.nat(), { maxLength: 60 }),
      async (items, concurrency, choices) => {
        const heard: number[] = [];
        let [over, most] = [false, 0];
        const outcomes = toolkit
          .batch(items as BatchCall[], { concurrency, onItem: (_outcome, index) => void heard.push(index) })
          .finally(() => {
            over = true;
          });
        for (let step = 0; !over; step += 1) {
          await settled();
          most = Math.max(most, toolkit.calls().length, open.length);
          const [answer] = open.splice((choices[step % (choices.length || 1)] ?? 0) % (open.length || 1), 1);
          answer?.();
        }
        const done = await outcomes;
        const waits = items.map((each) => each !== null && !('name' in each && each.name === 's.none'));
        expect(done.map(({ success }) => success)).toEqual(waits);
        expect(heard.toSorted((a, b) => a - b)).toEqual(items.map((_, index) => index));
        expect(most).toBeLessThanOrEqual(concurrency);
      },
    ),
    { numRuns: 60, seed: 20 },
  );
});

test('a pool without work is done, and one wider than its work begins all of it', async () => {
  await inPool(0, 4, () => expect.unreachable());
  const begun: number[] = [];
  await inPool(3, Number.POSITIVE_INFINITY, (index) => void begun.push(index));
  expect(begun).toEqual([0, 1, 2]);
});
