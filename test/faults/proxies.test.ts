import { afterAll, describe, expect, test } from 'vitest';
import type { ToolwayError } from '../../src/errors.ts';
import type { ServerConfig } from '../../src/options.ts';
import { createFakeClock, type FakeClock } from '../../src/testing/index.ts';
import { drive, until } from '../fixtures/faults/drive.ts';
import { startFront } from '../fixtures/faults/front.ts';
import { type Oddity, startOddProxy } from '../fixtures/faults/odd-proxy.ts';
import { closedAfterwards, type Timed, timed } from '../fixtures/faults/timed.ts';
import { type Column, type Fixture, over } from '../fixtures/faults/worlds.ts';

const NO_HTTP = { stdio: 'no HTTP', websocket: 'no HTTP', memory: 'no HTTP' };

/** What is not understood, and by whom: of everything else nothing is noticed. */
const TOO_ODD: Partial<Record<Oddity, readonly Column[]>> = {
  // The parser of undici takes it for an answer to a question that was not asked.
  '100 first': ['json', 'events', 'session', 'sse'],
  'no content type': ['events', 'session'],
};
const ODDITIES: readonly Oddity[] = [
  'waits for the end',
  'gzip',
  'chunk extensions and trailers',
  '102 and 103 first',
  '100 first',
  'HTTP/1.0',
  'no content type',
];

/** A toolkit on a server behind such a proxy, which is odd from the moment the test says so. */
const behind = async (fixture: Fixture, oddity: Oddity, isOdd: () => boolean) => {
  const proxied: Fixture = {
    ...fixture,
    async start(mode) {
      const world = await fixture.start(mode);
      const proxy = await startOddProxy(world.config.url as string, () => (isOdd() ? oddity : undefined));
      const { url } = closedAfterwards(proxy);
      return { ...world, config: { ...world.config, url } };
    },
  };
  return drive(proxied, {}, { connectTimeoutMs: 2_000, maxRetries: 0 });
};

describe('T30: a proxy that passes answers on in its own way', () => {
  describe.each(over('T30', NO_HTTP))('over $name', (fixture) => {
    const understands = (oddity: Oddity): boolean => TOO_ODD[oddity]?.includes(fixture.column) !== true;

    test.each(ODDITIES)('from the first on (%s): the server is reached, or the reason told at once', async (oddity) => {
      const { call, failure, world } = await behind(fixture, oddity, () => true);
      const startedAt = performance.now();
      // A stream that never ends never comes through.
      if (oddity === 'waits for the end' && fixture.column === 'sse') {
        expect(await failure('count', { key: 'k' })).toMatchObject({ code: 'connect_timeout', executed: 'no' });
        return;
      }
      if (understands(oddity)) expect(await call('count', { key: 'k' })).toBe('k');
      else {
        expect(await failure('count', { key: 'k' })).toMatchObject({
          code: 'connect_failed',
          executed: 'no',
          message: expect.stringMatching(/bad response|no content type/),
        });
        expect(performance.now() - startedAt).toBeLessThan(2_000);
      }
      expect(world.effects()).toEqual(understands(oddity) ? ['k'] : []);
    });

    test.each(ODDITIES)('under a call (%s): it is answered, or said to be in doubt, and ran once', async (oddity) => {
      let isOdd = false;
      const { call, world } = await behind(fixture, oddity, () => isOdd);
      await call('echo', { value: 1 });
      isOdd = true;
      const outcome = await call('count', { key: 'k' }).catch((error: unknown) => error);
      // Over HTTP+SSE the answer may be there before the word that its question was accepted.
      if (understands(oddity) || (fixture.column === 'sse' && outcome === 'k')) expect(outcome).toBe('k');
      else
        expect(outcome).toMatchObject({
          code: expect.stringMatching(/^(outcome_unknown|protocol_error)$/),
          executed: 'unknown',
        });
      isOdd = false;
      expect(await call('echo', { value: 2 })).toBe(2);
      expect(world.effects()).toEqual(['k']);
    });
  });
});

const LIMIT_MS = 10_000;
const TOLERANCE_MS = 50;
const SLOW_CALLS = 10;
const told: string[] = [];
afterAll(() => console.log(told.join('\n')));

/** How long so many calls took, one after the other. */
const latencies = async (call: () => Promise<unknown>): Promise<{ p50: number; p99: number }> => {
  const times: number[] = [];
  for (let i = 0; i < 200; i += 1) {
    const startedAt = performance.now();
    await call();
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  return { p50: times[99] ?? 0, p99: times[197] ?? 0 };
};

describe('T25: a server whose answers come a byte at a time', () => {
  describe.each(over('T25', NO_HTTP))('over $name', (fixture) => {
    /** A second server in the same toolkit, which is well. */
    const world = async (config: ServerConfig, clock: FakeClock) => {
      const well = closedAfterwards(await fixture.start());
      const driven = await timed({ s: config, well: well.config }, { clock });
      await driven.call('well.echo', { value: 1 });
      return driven;
    };
    const expectTimeouts = async ({ clock }: Timed, calls: readonly Promise<ToolwayError>[]): Promise<void> => {
      const early: unknown[] = [];
      for (const call of calls) void call.then((error) => early.push(error));
      await clock.advance(LIMIT_MS - TOLERANCE_MS);
      expect(early).toEqual([]);
      await clock.advance(2 * TOLERANCE_MS);
      for (const error of await Promise.all(calls))
        expect(error).toMatchObject({ code: 'timeout', executed: 'unknown', limit: LIMIT_MS });
    };

    test.each(['headers', 'body'])(
      '(%s): its calls end at their deadlines, and calls beside them go on',
      async (what) => {
        const own = closedAfterwards(await fixture.start());
        const clock = createFakeClock();
        const front = closedAfterwards(await startFront(own.config, { clock }));
        const driven = await world(front.config, clock);
        const { call, failure } = driven;
        await call('s.echo', { value: 1 });
        const beside = (): Promise<unknown> => call('well.echo', { value: 2 });
        const before = await latencies(beside);

        if (what === 'headers') await front.add({ type: 'bandwidth', bytesPerSecond: 1 });
        const tool = what === 'headers' ? 's.echo' : 's.dribble';
        const slow = Array.from({ length: SLOW_CALLS }, () => failure(tool, {}, { timeoutMs: LIMIT_MS }));
        let during = await latencies(beside);
        // A machine that has much else to do gets a second chance.
        if (during.p99 > 2 * before.p99) during = await latencies(beside);
        told.push(
          `T25  ${fixture.name}, ${what}: p99 beside it ${during.p99.toFixed(2)} ms, without it ${before.p99.toFixed(2)} ms`,
        );
        expect(during.p50).toBeLessThan(Math.max(2 * before.p50, 25));
        await expectTimeouts(driven, slow);
        // What is on its way to those who left has to come through before the proxy sees that they did.
        await front.clear();
        // In the legacy era the server is told that the calls are over, on connections that are kept a while: see T6.
        if (fixture.era === 'modern') await until(() => front.open() === 0);
      },
    );

    test('from its first word on: the attempt to connect ends at its limit', async () => {
      const own = closedAfterwards(await fixture.start());
      const clock = createFakeClock();
      const front = closedAfterwards(await startFront(own.config, { clock }));
      await front.add({ type: 'bandwidth', bytesPerSecond: 1 });
      const { failure } = await world({ ...front.config, connectTimeoutMs: LIMIT_MS, maxRetries: 0 }, clock);
      const failing = failure('s.echo');
      await until(() => front.accepted() > 0);
      for (let ms = 0; ms < LIMIT_MS; ms += 1_000) await clock.advance(1_000);
      expect(await failing).toMatchObject({ code: 'connect_timeout', executed: 'no', limit: LIMIT_MS });
      await front.clear();
      await until(() => front.open() === 0);
    });
  });
});
