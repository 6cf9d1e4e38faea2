import { expect, test } from 'vitest';
import { type ScriptedPeer, scriptedPeer } from '../../test/fixtures/scripted-peer.ts';
import { text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, failure } from '../../test/fixtures/toolkits.ts';
import type { ToolkitEvents } from '../events.ts';
import type { JsonObject } from '../protocol/types.ts';

const complete = (result: JsonObject): JsonObject => ({ resultType: 'complete', ...result });

/** A modern server that tells of changes, and answers calls when the test says so; `order` is what it saw, and its end. */
const world = async () => {
  const order: string[] = [];
  const peer: ScriptedPeer = scriptedPeer('memory', {
    close: async () => {
      order.push('close');
      peer.hangUp();
    },
  });
  peer.on('server/discover', () =>
    complete({
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: { listChanged: true } },
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 's', version: '1' } },
    }),
  );
  peer.on('tools/list', () => complete({ tools: [{ name: 'wait', inputSchema: { type: 'object' } }] }));
  const { send } = peer.transport;
  peer.transport.send = (message) => {
    const { method = '', params } = message as { method?: string; params?: JsonObject };
    const cancelled = peer.requests().find((request) => request.id === params?.requestId)?.method;
    order.push(cancelled === undefined ? method : `cancel ${cancelled}`);
    return send(message);
  };
  const { toolkit, clock } = await clockedToolkitOf(
    {},
    { mcpServers: { s: { transport: () => peer.transport, era: 'modern' } } },
  );
  await clock.settle();
  return { toolkit, clock, peer, order };
};

test('a toolkit that is closed takes no new call, lets the others finish, then cancels, ends its streams and its links', async () => {
  const { toolkit, clock, peer, order } = await world();
  const [quick, slow] = [toolkit.callTool('s.wait'), failure(toolkit.callTool('s.wait'))];
  await clock.settle();
  expect(order.filter((method) => method === 'subscriptions/listen')).toHaveLength(1);
  order.length = 0;

  let closed = false;
  const closing = toolkit.close({ drainMs: 5_000 }).then(() => {
    closed = true;
  });
  expect(await failure(toolkit.callTool('s.wait'))).toMatchObject({ code: 'closed', executed: 'no' });
  await clock.advance(4_000);
  expect([closed, order]).toEqual([false, []]);
  peer.answer(peer.requests('tools/call')[0], complete(text('in time')));
  expect((await quick).content).toEqual(text('in time').content);
  await clock.advance(1_100);
  await closing;
  expect(await slow).toMatchObject({ code: 'outcome_unknown', executed: 'unknown', cause: { code: 'closed' } });
  expect(order).toEqual(['cancel tools/call', 'cancel subscriptions/listen', 'close']);
  expect(clock.pendingTimers).toBe(0);
});

test('closing waits no longer than its calls take', async () => {
  const { toolkit, clock, peer } = await world();
  const call = toolkit.callTool('s.wait');
  await clock.settle();
  const closing = toolkit.close({ drainMs: 60_000 });
  peer.answer(peer.requests('tools/call')[0], complete(text('done')));
  await call;
  await clock.advance(20);
  await closing;
  expect(clock.now()).toBeLessThan(1_000);
});

test('the events of a connection are those of its life, in their order', async () => {
  const peers: ScriptedPeer[] = [];
  let refused = 1;
  const make = () => {
    if (refused > 0) {
      refused -= 1;
      throw new Error('not yet');
    }
    const peer = scriptedPeer();
    peer.on('initialize', () => ({
      protocolVersion: '2025-11-25',
      capabilities: {},
      serverInfo: { name: 's', version: '1' },
    }));
    peers.push(peer);
    return peer.transport;
  };
  const { toolkit, clock } = await clockedToolkitOf(
    {},
    { connect: 'lazy', mcpServers: { s: { transport: make, era: 'legacy', maxRetries: 1 } } },
  );
  const told: string[] = [];
  const hear = <E extends keyof ToolkitEvents>(name: E, facts: (event: ToolkitEvents[E]) => unknown) =>
    toolkit.on(name, (event) => void told.push(`${name} ${facts(event)}`.trim()));
  hear('connecting', ({ attempt }) => attempt);
  hear('connected', ({ era }) => era);
  hear('disconnected', ({ error }) => error?.code ?? '');
  hear('reconnecting', ({ attempt }) => attempt);
  hear('failed', ({ error }) => error.code);
  const states: string[] = [];
  const look = () => states.push(toolkit.status().s?.state ?? '');

  look();
  const first = toolkit.waitForConnection('s');
  look();
  await clock.settle();
  look();
  await clock.advance(1_200);
  await first;
  look();
  refused = 9;
  peers[0]?.hangUp();
  look();
  await clock.advance(10_000);
  look();
  refused = 0;
  await toolkit.reconnect('s');
  look();
  await toolkit.close();
  look();
  expect(states).toEqual([
    'disconnected',
    'connecting',
    'failed',
    'connected',
    'reconnecting',
    'failed',
    'connected',
    'closed',
  ]);
  expect(told).toEqual([
    'connecting 1',
    'failed connect_failed',
    'connecting 2',
    'connected legacy',
    'disconnected closed',
    'reconnecting 1',
    'connecting 1',
    'reconnecting 2',
    'connecting 2',
    'failed connect_failed',
    'connecting 1',
    'connected legacy',
    'disconnected',
  ]);
});
