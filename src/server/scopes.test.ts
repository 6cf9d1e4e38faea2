import { expect, test } from 'vitest';
import { type ScriptedServer, scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, failure } from '../../test/fixtures/toolkits.ts';
import { ToolwayError } from '../errors.ts';
import type { Limits, ServerConfig } from '../options.ts';
import type { Transport } from '../transport/transport.ts';

const MINUTE_MS = 60_000;

/** A server whose links are counted, each with the one to whom it was closed. */
const world = async (limits: Limits = {}, config: Partial<ServerConfig> = {}) => {
  const server = scriptedServer({ echo: () => text('hi'), slow: () => undefined }, { era: 'legacy', ...config });
  const { toolkit, clock } = await clockedToolkitOf({ s: server }, { limits });
  const told: string[] = [];
  toolkit.on('connected', ({ scope }) => void told.push(`connected ${scope}`));
  toolkit.on('disconnected', ({ scope }) => void told.push(`disconnected ${scope}`));
  const call = (scope: string) => toolkit.callTool('s.echo', {}, { scope });
  return { server, toolkit, clock, told, call };
};

test('a scope has a connection of its own, which is let go of after five minutes without a call', async () => {
  const { server, toolkit, clock, told, call } = await world();
  await Promise.all([call('a'), call('a'), call('')]);
  expect([server.peers.length, told]).toEqual([2, ['connected a']]);
  for (let round = 0; round < 3; round += 1) {
    await clock.advance(4.5 * MINUTE_MS);
    await call('a');
  }
  await clock.advance(5 * MINUTE_MS);
  expect(told).toEqual(['connected a']);
  await clock.advance(2.5 * MINUTE_MS);
  expect(told).toEqual(['connected a', 'disconnected a']);
  expect(toolkit.status().s?.connected).toBe(true);
  expect(await call('a')).toEqual(text('hi'));
  expect(server.peers).toHaveLength(3);
});

test('a call in flight keeps its connection, however long it takes', async () => {
  const { server, toolkit, clock, told, call } = await world();
  await call('a');
  const slow = toolkit.callTool('s.slow', {}, { scope: 'a', timeoutMs: 1e9, totalTimeoutMs: 1e9 });
  await clock.advance(60 * MINUTE_MS);
  const peer = server.latest();
  peer.answer(peer.requests('tools/call').at(-1), text('at last'));
  expect(await slow).toEqual(text('at last'));
  expect(told).toEqual(['connected a']);
  await clock.advance(5 * MINUTE_MS);
  expect(told).toEqual(['connected a']);
  await clock.advance(2.5 * MINUTE_MS);
  expect(told).toEqual(['connected a', 'disconnected a']);
});

test('a scope that is held keeps its connection while nobody calls, and loses it with the last who holds it', async () => {
  const { server, toolkit, clock, told, call } = await world();
  const [first, second] = [await toolkit.holdScope('a'), await toolkit.holdScope('a')];
  expect(server.peers).toHaveLength(1);
  await call('a');
  await call('b');
  await clock.advance(60 * MINUTE_MS);
  expect(told).toEqual(['connected a', 'connected b', 'disconnected b']);
  await first();
  await first();
  expect(told).toHaveLength(3);
  await second();
  expect(told.slice(3)).toEqual(['disconnected a']);
  expect(await call('a')).toEqual(text('hi'));
});

test('a scope of which nobody wanted the end is left to itself with the last who holds it', async () => {
  const { toolkit, clock, told, call } = await world();
  const [first, second] = [
    await toolkit.holdScope('a', { close: false }),
    await toolkit.holdScope('a', { close: false }),
  ];
  await call('a');
  await first();
  await clock.advance(60 * MINUTE_MS);
  await second();
  expect(told).toEqual(['connected a']);
  await clock.advance(8 * MINUTE_MS);
  expect(told).toEqual(['connected a', 'disconnected a']);
  await call('a');
  const [closing, staying] = [await toolkit.holdScope('a'), await toolkit.holdScope('a', { close: false })];
  await closing();
  expect(told).toHaveLength(3);
  await staying();
  expect(told.slice(2)).toEqual(['connected a', 'disconnected a']);
});

test('there are at most so many scopes: the one that was not used longest makes room, and one that is in use does not', async () => {
  const { server, toolkit, clock, told, call } = await world({ maxScopes: 2 });
  await call('a');
  await clock.advance(10);
  await call('b');
  await clock.advance(10);
  await call('a');
  expect(await call('c')).toEqual(text('hi'));
  expect(told).toEqual(['connected a', 'connected b', 'disconnected b', 'connected c']);
  const slow = ['a', 'c'].map((scope) => toolkit.callTool('s.slow', {}, { scope }));
  await clock.settle();
  expect(await failure(call('d'))).toMatchObject({ code: 'backpressure', executed: 'no', limit: 2, server: 's' });
  expect(await call('')).toEqual(text('hi'));
  for (const peer of server.peers) peer.answer(peer.requests('tools/call').at(-1), text('at last'));
  await Promise.all(slow);
  expect(await call('d')).toEqual(text('hi'));
});

/** Keeps the latest connection from being gone until the function that it gives is called. */
const holdClose = (server: ScriptedServer): (() => void) => {
  let gone = (): void => {};
  const { transport } = server.latest();
  const { close } = transport;
  transport.close = () =>
    new Promise<void>((resolve) => {
      gone = resolve;
    }).then(() => close.call(transport));
  return () => gone();
};

test('one that makes room is gone before the next one begins', async () => {
  const { server, clock, call } = await world({ maxScopes: 1 });
  await call('a');
  const gone = holdClose(server);
  const next = call('b');
  await clock.settle();
  expect(server.peers).toHaveLength(2);
  gone();
  expect(await next).toEqual(text('hi'));
});

test('a scope that is used again while its old connection is being closed waits until that is gone', async () => {
  const { server, clock, told, call } = await world({ scopeIdleMs: 1_000 });
  await call('a');
  const gone = holdClose(server);
  await clock.advance(1_500);
  const again = call('a');
  await clock.settle();
  expect(server.peers).toHaveLength(2);
  gone();
  expect(await again).toEqual(text('hi'));
  expect(told.filter((event) => event === 'connected a')).toHaveLength(2);
});

test('a scope whose connection was given up begins afresh when somebody reconnects', async () => {
  const { server, toolkit, call } = await world();
  const make = server.config.transport as () => Transport;
  let refuses = false;
  const { toolkit: own } = await clockedToolkitOf(
    {},
    {
      mcpServers: {
        s: {
          era: 'legacy',
          transport: () => {
            if (refuses) throw new ToolwayError('spawn_failed', 'gone');
            return make();
          },
        },
      },
    },
  );
  refuses = true;
  const inScope = () => own.callTool('s.echo', {}, { scope: 'a' });
  expect(await failure(inScope())).toMatchObject({ code: 'spawn_failed' });
  refuses = false;
  expect(await failure(inScope())).toMatchObject({ code: 'spawn_failed' });
  await own.reconnect('s');
  expect(await inScope()).toEqual(text('hi'));
  expect([await call('a'), toolkit.status().s?.connected]).toEqual([text('hi'), true]);
});

test('closing takes the connections of all scopes along, and their timer', async () => {
  const { toolkit, clock, told, call } = await world();
  for (const scope of ['a', 'b', 'c']) await call(scope);
  await toolkit.close();
  const ends = ['', 'a', 'b', 'c'].map((scope) => `disconnected ${scope}`);
  expect(told.slice(-4).sort()).toEqual(ends);
  expect(clock.pendingTimers).toBe(0);
});
