import { describe, expect, test, vi } from 'vitest';
import { type ScriptedServer, scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, failure } from '../../test/fixtures/toolkits.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig, ToolkitOptions } from '../options.ts';
import type { Transport } from '../transport/transport.ts';

const SECOND = 1_000;

/** A server whose tools crash, fail, are silent or fine, and which may be down. */
const world = async (config: Partial<ServerConfig> = {}, options: ToolkitOptions = {}, down = false) => {
  const state = { down };
  const server: ScriptedServer = scriptedServer(
    {
      crash: () => void queueMicrotask(() => server.latest().hangUp(new ToolwayError('not_connected', 'gone'))),
      silent: () => undefined,
      wrong: () => ({ error: { code: -32_602, message: 'wrong' } }),
      internal: () => ({ error: { code: -32_603, message: 'a defect' } }),
      failed: () => ({ ...text('no'), isError: true }),
      echo: () => text('hi'),
      busy(_, { id }) {
        queueMicrotask(() =>
          server.latest().say({
            jsonrpc: '2.0',
            method: 'notifications/progress',
            params: { progressToken: id, progress: 1 },
          }),
        );
        return undefined;
      },
    },
    { era: 'legacy', healthCheckIntervalMs: 0, ...config },
  );
  const make = server.config.transport as () => Transport;
  server.config.transport = () => {
    if (state.down) throw new ToolwayError('connect_failed', 'refused', { executed: 'no' });
    return make();
  };
  const { toolkit, clock } = await clockedToolkitOf({ s: server }, options);
  const told: string[] = [];
  for (const name of ['breaker_open', 'breaker_half_open', 'breaker_closed'] as const)
    toolkit.on(name, () => told.push(name));
  // What is loaded with the first call takes real time.
  if (!down) await toolkit.callTool('s.echo');
  const breakerOf = () => toolkit.status().s?.breaker;
  /** Calls a tool so often, one after the other, and lets each fail. */
  const fail = async (tool: string, times: number, timeoutMs = 500): Promise<void> => {
    for (let i = 0; i < times; i += 1) {
      const outcome = failure(toolkit.callTool(`s.${tool}`, {}, { timeoutMs, retry: false }));
      await clock.advance(timeoutMs);
      await outcome;
      await clock.advance(SECOND);
    }
  };
  const requests = (method: string): number =>
    server.peers.reduce((sum, peer) => sum + peer.requests(method).length, 0);
  /** Lets time pass until the breaker is there; what takes real time meanwhile is given it. */
  const passUntil = (breaker: string): Promise<void> =>
    vi.waitFor(
      async () => {
        await clock.advance(SECOND);
        expect(breakerOf()).toBe(breaker);
      },
      { timeout: 10_000, interval: 1 },
    );
  return { toolkit, clock, server, state, told, breakerOf, fail, requests, passUntil };
};

describe('a server that fails', () => {
  test('is never left alone where its breaker is turned off', async () => {
    const { toolkit, told, breakerOf, fail } = await world({ breaker: false });
    await fail('silent', 12);
    await toolkit.callTool('s.echo');
    expect([breakerOf(), told]).toEqual(['closed', []]);
  });

  test('is not called any more, asked with a ping after a while, and called again', async () => {
    const { toolkit, clock, told, breakerOf, fail, requests } = await world();
    await fail('silent', 5, 100);
    expect(breakerOf()).toBe('open');
    const before = [requests('tools/call'), requests('ping')] as const;
    const refused = await failure(toolkit.callTool('s.echo'));
    expect(refused).toMatchObject({ code: 'breaker_open', executed: 'no', server: 's', tool: 'echo' });
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    await clock.advance(6 * SECOND);
    expect([requests('tools/call'), requests('ping')]).toEqual([before[0], before[1] + 2]);
    expect(await toolkit.callTool('s.echo')).toEqual(text('hi'));
    expect(told).toEqual(['breaker_open', 'breaker_half_open', 'breaker_closed']);
  });

  test('lets go of the calls that wait for their turn, which are not sent', async () => {
    const { toolkit, clock, requests, breakerOf } = await world({ maxConcurrency: 5 });
    const before = requests('tools/call');
    const call = (timeoutMs: number) => failure(toolkit.callTool('s.silent', {}, { timeoutMs, retry: false }));
    const late = Array.from({ length: 5 }, () => call(100));
    await vi.waitFor(() => expect(requests('tools/call')).toBe(before + 5));
    const refused: ToolwayError[] = [];
    for (let i = 0; i < 20; i += 1) void call(60_000).then((error) => refused.push(error));
    await vi.waitFor(() => expect(toolkit.status().s?.queued).toBe(20));
    await clock.advance(100);
    for (const error of await Promise.all(late)) expect(error).toMatchObject({ code: 'timeout' });
    expect(breakerOf()).toBe('open');
    // Each of those that failed had let one in before the last of them did.
    expect(refused).toHaveLength(15);
    for (const error of refused) expect(error).toMatchObject({ code: 'breaker_open', executed: 'no' });
    expect(toolkit.status().s?.queued).toBe(0);
    expect(requests('tools/call')).toBe(before + 10);
  });

  test('at its link is counted once for each, however many calls were lost with it', async () => {
    const { toolkit, clock, requests, breakerOf } = await world();
    for (let i = 1; i <= 5; i += 1) {
      expect(breakerOf()).toBe('closed');
      const lost = Array.from({ length: 10 }, () => failure(toolkit.callTool('s.silent')));
      await vi.waitFor(() => expect(requests('tools/call')).toBe(i * 11));
      lost.push(failure(toolkit.callTool('s.crash')));
      await Promise.all(lost);
      await clock.advance(SECOND);
    }
    expect(breakerOf()).toBe('open');
  });

  test('while nobody calls it is not counted', async () => {
    const { clock, server, breakerOf } = await world();
    for (let i = 0; i < 20; i += 1) {
      server.latest().hangUp(new ToolwayError('not_connected', 'gone'));
      await clock.advance(SECOND);
    }
    expect(breakerOf()).toBe('closed');
  });

  test('with internal errors is given ten of them', async () => {
    const { fail, breakerOf } = await world();
    await fail('internal', 9, 1);
    expect(breakerOf()).toBe('closed');
    await fail('internal', 1, 1);
    expect(breakerOf()).toBe('open');
  });

  test('opens it when its configuration says so', async () => {
    const { clock, fail, breakerOf } = await world({ breaker: { failures: 2, openMs: 50_000 } });
    await fail('silent', 2);
    expect(breakerOf()).toBe('open');
    await clock.advance(38 * SECOND);
    expect(breakerOf()).toBe('open');
  });

  test('is called again after a reconnect by hand', async () => {
    const { toolkit, fail, breakerOf } = await world();
    await fail('silent', 5);
    await toolkit.reconnect('s');
    expect(breakerOf()).toBe('closed');
    expect(await toolkit.callTool('s.echo')).toEqual(text('hi'));
  });

  test('its circuit outlives its connections', async () => {
    const { clock, server, fail, breakerOf } = await world({ breaker: { failures: 5, openMs: 60_000 } });
    await fail('silent', 5);
    server.latest().hangUp(new ToolwayError('not_connected', 'gone'));
    await clock.advance(2 * SECOND);
    await vi.waitFor(() => expect(server.peers).toHaveLength(2));
    expect(breakerOf()).toBe('open');
  });
});

test.each([
  ['failed', 'a tool that says that it failed'],
  ['wrong', 'an error in an answer'],
  ['busy', 'a call that ran out of time while the server was at work'],
])('%s: %s never opens the circuit', async (tool) => {
  const { toolkit, clock, breakerOf } = await world();
  for (let i = 0; i < 30; i += 1) {
    const outcome = toolkit.callTool(`s.${tool}`, {}, { timeoutMs: 50, totalTimeoutMs: 50 }).catch(() => {});
    await clock.advance(60);
    await outcome;
  }
  expect(breakerOf()).toBe('closed');
});

describe('a server that cannot be reached', () => {
  test('lets new calls fail at once; those that wait go on waiting, and it is connected all the same', async () => {
    const { toolkit, state, server, passUntil } = await world({}, { connect: 'lazy' }, true);
    const patient = toolkit.callTool('s.echo');
    await passUntil('open');
    expect(await failure(toolkit.callTool('s.echo'))).toMatchObject({ code: 'breaker_open', executed: 'no' });
    state.down = false;
    await passUntil('closed');
    expect(await patient).toEqual(text('hi'));
    expect(server.peers).toHaveLength(1);
  });

  test('and was given up says why, and not that it is open', async () => {
    const { toolkit, passUntil } = await world({ maxRetries: 6 }, { connect: 'lazy' }, true);
    const first = failure(toolkit.callTool('s.echo'));
    await passUntil('open');
    await passUntil('closed');
    expect(await first).toMatchObject({ code: 'connect_failed' });
    expect(toolkit.status().s).toMatchObject({ state: 'failed', breaker: 'closed' });
    expect(await failure(toolkit.callTool('s.echo'))).toMatchObject({ code: 'connect_failed' });
  });
});

describe('a server that is isolated by hand', () => {
  test('is not called until it is released', async () => {
    const { toolkit, breakerOf, clock, requests } = await world();
    const before = requests('tools/call');
    const release = toolkit.isolate('s');
    expect(breakerOf()).toBe('isolated');
    await clock.advance(600 * SECOND);
    expect(await failure(toolkit.callTool('s.echo'))).toMatchObject({ code: 'breaker_open', executed: 'no' });
    await toolkit.reconnect('s');
    expect(breakerOf()).toBe('isolated');
    expect(requests('tools/call')).toBe(before);
    release();
    expect(breakerOf()).toBe('closed');
    expect(await toolkit.callTool('s.echo')).toEqual(text('hi'));
  });
  test('must be there', async () => {
    const { toolkit } = await world();
    expect(() => toolkit.isolate('t')).toThrow(expect.objectContaining({ code: 'unknown_server' }));
  });
});
