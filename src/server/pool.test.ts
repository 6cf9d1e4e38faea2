import { expect, test } from 'vitest';
import { type ScriptedServer, scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, failure } from '../../test/fixtures/toolkits.ts';
import { type ErrorCode, ToolwayError } from '../errors.ts';
import type { Handlers } from '../handlers.ts';
import type { PoolOption, ServerConfig } from '../options.ts';
import type { Transport } from '../transport/transport.ts';

/** A server that answers with the number of the link that was asked, the first one being 0. */
const world = async (
  pool: PoolOption,
  config: Partial<ServerConfig> = {},
  handlers: Handlers = {},
  refused?: ErrorCode,
) => {
  const server: ScriptedServer = scriptedServer(
    { who: () => undefined, slow: () => undefined },
    { era: 'legacy', isolation: 'perSession', healthCheckIntervalMs: 0, pool, ...config },
  );
  const make = server.config.transport as () => Transport;
  const starts = { refused, delayMs: 0, times: [] as number[] };
  const living = new Set<number>();
  server.config.transport = async () => {
    starts.times.push(clock.now());
    if (starts.delayMs > 0) await new Promise<void>((resolve) => clock.after(starts.delayMs, resolve));
    if (starts.refused !== undefined) throw new ToolwayError(starts.refused, 'no more of them');
    const transport = make();
    const index = server.peers.length - 1;
    living.add(index);
    const { close } = transport;
    transport.close = async () => {
      living.delete(index);
      await close();
    };
    server
      .latest()
      .on('tools/call', ({ params }) =>
        (params as { name: string }).name === 'who' ? text(String(index)) : undefined,
      );
    return transport;
  };
  const { toolkit, clock } = await clockedToolkitOf({}, { connect: 'lazy', ...handlers });
  const warnings: string[] = [];
  toolkit.on('warning', ({ message }) => void warnings.push(message));
  await toolkit.addServer('s', server.config).catch(() => {});
  await clock.settle();
  const who = async (scope: string): Promise<number> => {
    const { content } = await toolkit.callTool('s.who', {}, { scope });
    return Number((content[0] as { text: string }).text);
  };
  const states = (): string[] => (toolkit.status().s?.children ?? []).map(({ state }) => state);
  return { server, toolkit, clock, warnings, starts, who, states, living };
};

test('children are there before anybody wants them; each goes to one scope, and another one is started in its place', async () => {
  const { server, clock, who, states } = await world({ warm: 2 });
  expect([server.peers.length, states()]).toEqual([3, ['in_use', 'warm', 'warm']]);
  expect(await who('a')).toBe(1);
  await clock.settle();
  expect([server.peers.length, states()]).toEqual([4, ['in_use', 'in_use', 'warm', 'warm']]);
  expect([await who('b'), await who('a'), await who('')]).toEqual([2, 1, 0]);
  await clock.settle();
  expect([await who('c'), await who('d')]).toEqual([3, 4]);
  for (const peer of server.peers) expect(peer.requests('initialize')).toHaveLength(1);
});

test('a call that comes while one is being started ahead waits for that one, and another one for its own', async () => {
  const { server, clock, starts, who } = await world({ warm: 1 });
  starts.delayMs = 5_000;
  expect(await who('a')).toBe(1);
  await clock.settle();
  const next = [who('b'), who('c')];
  await clock.advance(4_000);
  expect([starts.times.length, server.peers.length]).toEqual([4, 2]);
  await clock.advance(1_000);
  expect(await Promise.all(next)).toEqual([2, 3]);
});

test('without a scope to be expected none is started ahead, and from the first scope on there are', async () => {
  const { server, clock, who } = await world({ warm: 1 }, { isolation: undefined });
  expect([await who(''), server.peers.length]).toEqual([0, 1]);
  expect(await who('a')).toBe(1);
  await clock.settle();
  expect([server.peers.length, await who('b')]).toEqual([3, 2]);
});

test.each([
  ['is shared', { isolation: 'shared' }],
  ['refers to its principal', { env: { TOKEN: '${principal:TOKEN}' } }],
] satisfies [string, Partial<ServerConfig>][])('a server that %s has none', async (_, config) => {
  const { server, clock, who } = await world({ warm: 2 }, config);
  await who('a');
  await clock.advance(60_000);
  expect(server.peers).toHaveLength(2);
});

test('starts that fail are tried again one at a time, more slowly each time, and told', async () => {
  const { server, clock, starts, warnings, toolkit } = await world({ warm: 3 });
  starts.refused = 'connect_failed';
  server.peers[1]?.hangUp(new ToolwayError('server_exited', 'exited with code 1'));
  const since = starts.times.length;
  await clock.advance(20_000);
  const [first = 0, second = 0, third = 0, fourth = 0] = starts.times.slice(since);
  expect(third - second).toBeGreaterThan((second - first) * 1.05);
  expect(fourth - third).toBeGreaterThan((third - second) * 1.05);
  expect(starts.times.length - since).toBeLessThan(8);
  expect(warnings.at(-1)).toContain('no process could be started ahead');
  expect(toolkit.status().s?.state).toBe('connected');
  for (const peer of server.peers.slice(2)) peer.hangUp(new ToolwayError('server_exited', 'exited with code 1'));
  expect(toolkit.status().s).toMatchObject({
    state: 'failed',
    connected: false,
    lastError: { code: 'server_exited' },
  });
  starts.refused = undefined;
  await clock.advance(60_000);
  expect(toolkit.status().s).toMatchObject({ state: 'connected', connected: true });
  expect(toolkit.status().s?.children).toHaveLength(4);
});

test('one that dies unused again and again is not started without end', async () => {
  const { server, clock, starts } = await world({ warm: 1 });
  for (let round = 0; round < 60; round += 1) {
    for (const peer of server.peers.slice(1)) peer.hangUp(new ToolwayError('server_exited', 'exited with code 1'));
    await clock.advance(1_000);
  }
  expect(starts.times.length).toBeLessThan(14);
});

test('a program that cannot be started is not tried again until one was started', async () => {
  const { server, clock, starts, who } = await world({ warm: 1 });
  starts.refused = 'spawn_failed';
  server.peers[1]?.hangUp(new ToolwayError('server_exited', 'exited with code 1'));
  await clock.advance(600_000);
  expect(starts.times).toHaveLength(3);
  starts.refused = undefined;
  expect(await who('a')).toBe(2);
  await clock.settle();
  expect(await who('b')).toBe(3);
});

test('most children of scopes are counted with those that wait; the one that was not used longest makes room', async () => {
  const { clock, who, states, living } = await world({ warm: 2, max: 3 });
  expect(await who('a')).toBe(1);
  await clock.advance(10);
  await who('b');
  await clock.advance(10);
  await who('c');
  await clock.advance(10);
  expect([states(), living.size]).toEqual([['in_use', 'in_use', 'in_use', 'in_use'], 4]);
  await who('a');
  await clock.advance(10);
  const before = [...living];
  await who('d');
  expect([await who('a'), before.filter((index) => !living.has(index))]).toEqual([1, [2]]);
  expect(living.size).toBe(4);
});

test('where all are in use one more is refused at once, and nothing of it was sent', async () => {
  const { toolkit, clock, who } = await world({ max: 2 });
  const calls = ['a', 'b'].map((scope) => toolkit.callTool('s.slow', {}, { scope }).catch(() => {}));
  await clock.settle();
  expect(await failure(who('c'))).toMatchObject({ code: 'backpressure', executed: 'no', limit: 2, server: 's' });
  expect(await who('')).toBe(0);
  await toolkit.close();
  await Promise.all(calls);
});

test('one that somebody holds makes room only after it was idle for as long as others are kept', async () => {
  const { toolkit, clock, who } = await world({ max: 1, idleMs: 60_000 });
  await toolkit.holdScope('a');
  await who('a');
  await clock.advance(50_000);
  expect(await failure(who('b'))).toMatchObject({ code: 'backpressure' });
  await clock.advance(10_000);
  expect(await who('b')).toBe(2);
});

test('a child that nobody uses ends after the idle time of its own server', async () => {
  const { clock, who, states } = await world({ idleMs: 10_000 });
  await who('a');
  expect(states()).toHaveLength(2);
  await clock.advance(16_000);
  expect(states()).toHaveLength(1);
});

test('one that is too old is replaced while its call goes on, and ends with it', async () => {
  const { server, toolkit, clock, who, states, living } = await world({ maxLifetimeMs: 60_000 });
  const told: string[] = [];
  toolkit.on('disconnected', ({ scope }) => void told.push(scope));
  expect(await who('a')).toBe(1);
  const slow = toolkit.callTool('s.slow', {}, { scope: 'a', timeoutMs: 200_000 });
  await clock.advance(58_000);
  expect(await who('a')).toBe(1);
  await clock.advance(6_000);
  expect(states().sort()).toEqual(['ending', 'in_use', 'in_use']);
  const now = await who('a');
  expect(now).toBeGreaterThan(1);
  await clock.advance(30_000);
  expect(living.has(1)).toBe(true);
  const [asked] = server.peers[1]?.requests('tools/call').filter(({ params }) => params?.name === 'slow') ?? [];
  server.peers[1]?.answer(asked, text('at last'));
  expect(await slow).toEqual(text('at last'));
  await clock.advance(1_000);
  expect([living.has(1), states().sort()]).toEqual([false, ['in_use', 'in_use']]);
  expect([await who('a'), told]).toEqual([now, []]);
});

test('the one of all callers is replaced too; an idle one of a scope just ends', async () => {
  const { clock, who, states, living } = await world({ maxLifetimeMs: 60_000 });
  expect([await who(''), await who('a')]).toEqual([0, 1]);
  await clock.advance(70_000);
  expect([living.has(0), living.has(1), states()]).toEqual([false, false, ['in_use']]);
  expect(await who('')).toBe(2);
});

test('a replaced child is not waited for longer than a call may take', async () => {
  const { toolkit, clock, living } = await world({ maxLifetimeMs: 60_000 }, { totalTimeoutMs: 30_000 });
  const slow = failure(toolkit.callTool('s.slow', {}, { scope: 'a', timeoutMs: 1e6, totalTimeoutMs: 1e6 }));
  await clock.advance(100_000);
  expect(await slow).toMatchObject({
    code: 'outcome_unknown',
    message: expect.stringContaining('older than its maxLifetimeMs of 60000'),
  });
  expect(living.has(1)).toBe(false);
});

test('one that cannot be replaced stays, and the next attempt comes later', async () => {
  const { toolkit, clock, who, starts, warnings } = await world({ maxLifetimeMs: 60_000 });
  const slow = toolkit.callTool('s.slow', {}, { timeoutMs: 1e6, totalTimeoutMs: 1e6 }).catch(() => {});
  starts.refused = 'connect_failed';
  await clock.advance(120_000);
  expect(await who('')).toBe(0);
  expect(warnings.at(-1)).toContain('stays, since no other can be started');
  expect(starts.times.length).toBeLessThan(12);
  starts.refused = undefined;
  await clock.advance(31_000);
  expect(await who('')).toBeGreaterThan(0);
  await toolkit.close();
  await slow;
});

test('one that waits too long is replaced before it is given away', async () => {
  const { clock, who, states, living } = await world({ warm: 1, maxLifetimeMs: 60_000 });
  await clock.advance(70_000);
  expect([states().sort(), living.has(1)]).toEqual([['in_use', 'warm'], false]);
  expect(await who('a')).toBeGreaterThan(1);
});

test("a scope is told to ask for the roots again, since what it was told before was nobody's", async () => {
  const scopes: string[] = [];
  const roots: Handlers['roots'] = (_, { scope }) => {
    scopes.push(scope);
    return [];
  };
  const { server, clock, who } = await world({ warm: 1 }, {}, { roots });
  server.peers[1]?.say({ jsonrpc: '2.0', id: 1, method: 'roots/list' });
  await clock.settle();
  expect(await who('a')).toBe(1);
  const sent = server.peers[1]?.sent.map((message) => ('method' in message ? message.method : ''));
  expect(sent).toContain('notifications/roots/list_changed');
  server.peers[1]?.say({ jsonrpc: '2.0', id: 2, method: 'roots/list' });
  await clock.settle();
  expect(scopes).toEqual(['(warm)', 'a']);
});

test('a server of which no scope can be started has failed, however well the one of all callers is', async () => {
  const { toolkit, clock, who, starts } = await world({});
  starts.refused = 'connect_failed';
  const refused = failure(toolkit.callTool('s.who', {}, { scope: 'a', timeoutMs: 10_000 }));
  await clock.advance(11_000);
  expect((await refused).code).toBe('connect_timeout');
  expect(toolkit.status().s).toMatchObject({ state: 'failed', lastError: { code: 'connect_failed' } });
  starts.refused = undefined;
  await clock.advance(30_000);
  expect([(await who('a')) > 0, toolkit.status().s?.state]).toEqual([true, 'connected']);
});

test('closing ends all of them, whatever they are doing, and leaves no timer', async () => {
  const { toolkit, clock, who, starts, states, living } = await world({
    warm: 2,
    maxLifetimeMs: 60_000,
    maxMemoryMb: 100,
  });
  await who('a');
  const slow = toolkit.callTool('s.slow', {}, { scope: 'a', timeoutMs: 1e6 }).catch(() => {});
  await clock.advance(65_000);
  starts.delayMs = 50_000;
  await who('b');
  expect(states().sort()).toEqual(['ending', 'in_use', 'in_use', 'in_use', 'warm']);
  await toolkit.close();
  await slow;
  expect([living.size, clock.pendingTimers]).toEqual([0, 1]);
  await clock.advance(50_000);
  expect([living.size, clock.pendingTimers]).toEqual([0, 0]);
});

test('those of principals who give credentials of their own are bounded, replaced and told of likewise', async () => {
  const { toolkit, clock, states, starts } = await world(
    { max: 2, warm: 2, maxLifetimeMs: 60_000 },
    { isolation: 'perPrincipal', env: { TOKEN: '${principal:TOKEN}' } },
    {},
    'auth_required',
  );
  starts.refused = undefined;
  toolkit.provideCredentials(async () => ({ TOKEN: 'of somebody' }));
  const who = async (principal: string): Promise<unknown> =>
    (await toolkit.callTool('s.who', {}, { principal, scope: principal })).content[0];
  const [ann] = [await who('ann'), await clock.advance(10)];
  await who('bob');
  expect([states(), starts.times.length]).toEqual([['in_use', 'in_use'], 3]);
  await clock.advance(10);
  expect([await who('ann'), states()]).toEqual([ann, ['in_use', 'in_use']]);
  await clock.advance(10);
  await who('eve');
  await clock.settle();
  expect([await who('ann'), states(), starts.times.length]).toEqual([ann, ['in_use', 'in_use'], 4]);
  await clock.advance(70_000);
  expect(await who('ann')).not.toEqual(ann);
});
