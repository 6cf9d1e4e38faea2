import { describe, expect, test } from 'vitest';
import { gated, type PlugServer, plugServer, said } from '../../test/fixtures/calls.ts';
import { text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, failure } from '../../test/fixtures/toolkits.ts';
import type { ToolkitOptions } from '../options.ts';

/** After a first call, which has loaded what calls need: the disk knows nothing of a clock that stands still. */
const warm = async (server: PlugServer, options?: ToolkitOptions) => {
  const made = await clockedToolkitOf({ s: server }, options);
  await made.toolkit.tryCall('s.ready');
  server.forget();
  return { ...made, server };
};
const world = (options?: ToolkitOptions) =>
  warm(
    plugServer({
      ready: () => text('ready'),
      echo: ({ say }) => text(String(say)),
      broken: () => ({ error: { code: -1, message: 'no' } }),
    }),
    options,
  );

describe('a queued call', () => {
  test('waits until the window of the first one is over, and is then sent with all the others', async () => {
    const { toolkit, clock, server } = await world();
    const first = toolkit.queue('s.echo', { say: 1 });
    await clock.advance(60);
    const second = toolkit.queue('echo', { say: 2 });
    await clock.advance(39);
    expect(server.had()).toEqual([]);
    expect(toolkit.calls()).toMatchObject([
      { server: 's', tool: 'echo', state: 'queued' },
      { tool: 'echo', state: 'queued' },
    ]);
    await clock.advance(1);
    expect(server.had()).toEqual([{ say: 1 }, { say: 2 }]);
    expect([said(await first), said(await second)]).toEqual(['1', '2']);
    const later = toolkit.queue('s.echo', { say: 3 });
    await clock.advance(99);
    expect(server.had()).toHaveLength(2);
    await clock.advance(1);
    expect(said(await later)).toBe('3');
  });

  test('is collected for as long as the options say', async () => {
    const { toolkit, clock } = await world({ batchWindowMs: 5 });
    const call = toolkit.queue('s.echo', { say: 1 });
    await clock.advance(5);
    expect(said(await call)).toBe('1');
  });

  test('fails by itself, as callTool would', async () => {
    const { toolkit, clock } = await world();
    const calls = [
      failure(toolkit.queue('s.broken')),
      toolkit.queue('s.echo', { say: 'ok' }),
      failure(toolkit.queue('s.none')),
      failure(toolkit.queue('s.echo', 'text' as never)),
      failure(toolkit.queue(5 as never)),
    ];
    await clock.advance(100);
    expect(await Promise.all(calls)).toMatchObject([
      { code: 'server_error' },
      text('ok'),
      { code: 'unknown_tool' },
      { code: 'invalid_arguments', executed: 'no' },
      { code: 'unknown_tool', executed: 'no' },
    ]);
  });

  test('that is cancelled while it waits is never sent, whether by its signal or by its id', async () => {
    const { toolkit, clock, server } = await world();
    const controller = new AbortController();
    const one = failure(toolkit.queue('s.echo', { say: 1 }, { signal: controller.signal }));
    const two = failure(toolkit.queue('s.echo', { say: 2 }));
    const three = toolkit.queue('s.echo', { say: 3 });
    await clock.settle();
    controller.abort('enough');
    toolkit.cancel(toolkit.calls()[1]?.id ?? '');
    expect(await one).toMatchObject({ code: 'cancelled', executed: 'no', cause: 'enough', server: 's', tool: 'echo' });
    expect(await two).toMatchObject({ code: 'cancelled', executed: 'no' });
    await clock.advance(100);
    expect(said(await three)).toBe('3');
    expect(server.had()).toEqual([{ say: 3 }]);
  });

  test('when all that waited have left, no timer is left, and the next one has a window of its own', async () => {
    const { toolkit, clock, server } = await world({ batchWindowMs: 60_000 });
    const controller = new AbortController();
    await clock.settle();
    const before = clock.pendingTimers;
    const gone = failure(toolkit.queue('s.echo', { say: 1 }, { signal: controller.signal, timeoutMs: 300_000 }));
    await clock.settle();
    expect(clock.pendingTimers).toBeGreaterThan(before);
    await clock.advance(50_000);
    controller.abort();
    await gone;
    const next = toolkit.queue('s.echo', { say: 2 }, { timeoutMs: 300_000 });
    await clock.advance(59_999);
    expect(server.had()).toEqual([]);
    await clock.advance(1);
    expect(said(await next)).toBe('2');
  });

  test('has its limits from the moment it was queued: one that ends while it waits is never sent', async () => {
    const { toolkit, clock, server } = await world();
    const short = failure(toolkit.queue('s.echo', { say: 1 }, { timeoutMs: 40 }));
    const exact = failure(toolkit.queue('s.echo', { say: 2 }, { totalTimeoutMs: 100 }));
    await clock.advance(40);
    expect(await short).toMatchObject({ code: 'timeout', executed: 'no', limit: 40 });
    await clock.advance(60);
    expect(await exact).toMatchObject({ code: 'timeout', executed: 'no', limit: 100 });
    expect(server.had()).toEqual([]);
  });

  test('has only what the window left of its time once it is sent', async () => {
    const { server, open } = gated();
    const { toolkit, clock } = await warm(server);
    const call = failure(toolkit.queue('s.wait', {}, { timeoutMs: 150 }));
    await clock.advance(149);
    expect([open.length, toolkit.calls().length]).toEqual([1, 1]);
    await clock.advance(1);
    expect(await call).toMatchObject({ code: 'timeout', executed: 'unknown', limit: 150 });
  });

  test('waits for its turn where many are sent, under its own limits there too', async () => {
    const { server, open } = gated();
    const { toolkit, clock } = await warm(server);
    const calls = Array.from({ length: 18 }, (_, index) =>
      toolkit.queue('s.wait', {}, { timeoutMs: index === 16 ? 120 : 1_000 }).catch((error: unknown) => error),
    );
    await clock.advance(100);
    expect(open).toHaveLength(16);
    await clock.advance(20);
    expect(await calls[16]).toMatchObject({ code: 'timeout', executed: 'no' });
    open[0]?.();
    await clock.settle();
    expect(open).toHaveLength(17);
    for (const answer of open) answer();
    expect((await Promise.all(calls)).filter((result) => result instanceof Error)).toHaveLength(1);
  });

  test('is still sent while the toolkit drains, and told that it was closed when there is no time for it', async () => {
    const { toolkit, clock, server } = await world();
    const call = toolkit.queue('s.echo', { say: 'in time' });
    await clock.settle();
    const closed = toolkit.close({ drainMs: 500 });
    await clock.advance(200);
    expect(said(await call)).toBe('in time');
    await closed;
    const other = await world();
    const late = failure(other.toolkit.queue('s.echo'));
    await other.clock.settle();
    await other.toolkit.close({ drainMs: 0 });
    expect(await late).toMatchObject({ code: 'closed', executed: 'no' });
    expect(await failure(other.toolkit.queue('s.echo'))).toMatchObject({ code: 'closed', executed: 'no' });
    expect([server.had().length, other.server.had().length]).toEqual([1, 0]);
  });
});
