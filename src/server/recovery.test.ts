import { afterEach, describe, expect, test, vi } from 'vitest';
import { scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, failure } from '../../test/fixtures/toolkits.ts';
import { ToolwayError } from '../errors.ts';
import type { JsonRpcMessage } from '../protocol/wire.ts';
import type { Transport } from '../transport/transport.ts';

afterEach(() => void vi.restoreAllMocks());

const refused = () => new ToolwayError('connect_failed', 'refused');
const methodsOf = (sent: readonly JsonRpcMessage[]): string[] =>
  sent.flatMap((message) => ('method' in message ? [message.method] : []));

/** A server that can be down, and whose tool list can be held back. */
const world = () => {
  const server = scriptedServer({ echo: () => text('hi') }, { era: 'legacy' });
  server.capabilities = { tools: {}, resources: { subscribe: true } };
  const make = server.config.transport as () => Transport;
  const state = { up: true, holdsLists: false, server };
  server.config.transport = () => {
    if (!state.up) throw refused();
    const transport = make();
    if (state.holdsLists) server.latest().on('tools/list', () => undefined);
    return transport;
  };
  return state;
};

describe('a new session', () => {
  test('is shaken hands with, has its tools read and its subscriptions made, before the calls that waited are sent', async () => {
    const state = world();
    const { server } = state;
    const { toolkit, clock } = await clockedToolkitOf({ s: server });
    await toolkit.subscribeResource('file:///a', () => {}, { server: 's' });
    server.latest().hangUp(refused());
    const call = toolkit.callTool('s.echo');
    await clock.advance(1_000);
    expect(await call).toEqual(text('hi'));
    const order = methodsOf(server.latest().sent);
    const steps = ['initialize', 'notifications/initialized', 'tools/list', 'resources/subscribe', 'tools/call'];
    expect(order.filter((method) => steps.includes(method))).toEqual(steps);
  });

  test('is given to nobody before its tools were read: a call that ends meanwhile is never sent', async () => {
    const state = world();
    const { server } = state;
    const { toolkit, clock } = await clockedToolkitOf({ s: server });
    state.holdsLists = true;
    server.latest().hangUp(refused());
    const hasty = failure(toolkit.callTool('s.echo', {}, { timeoutMs: 2_000 }));
    const patient = toolkit.callTool('s.echo', {}, { timeoutMs: 10_000 });
    await clock.advance(3_000);
    expect(await hasty).toMatchObject({ code: 'connect_timeout', executed: 'no' });
    expect(toolkit.status().s).toMatchObject({ connected: false, state: 'reconnecting' });
    const [asked] = server.latest().requests('tools/list');
    server.latest().answer(asked, { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] });
    expect(await patient).toEqual(text('hi'));
    expect(server.latest().requests('tools/call')).toHaveLength(1);
  });
});

describe('a call to a server that is down', () => {
  test('waits through the attempts that fail until its own limit, and is told why the last one failed', async () => {
    const state = world();
    state.up = false;
    const { toolkit, clock } = await clockedToolkitOf({ s: state.server }, { connect: 'lazy' });
    const attempts: number[] = [];
    toolkit.on('connecting', ({ attempt }) => void attempts.push(attempt));
    const outcome = failure(toolkit.callTool('s.echo', {}, { timeoutMs: 20_000 }));
    let settled = false;
    void outcome.then(() => {
      settled = true;
    });
    await clock.advance(19_990);
    expect(settled).toBe(false);
    expect(attempts.length).toBeGreaterThanOrEqual(5);
    await clock.advance(20);
    expect(await outcome).toMatchObject({
      code: 'connect_timeout',
      executed: 'no',
      limit: 20_000,
      message: expect.stringContaining('refused'),
      cause: { code: 'connect_failed' },
    });
  });

  test('is made as soon as the server is back', async () => {
    const state = world();
    state.up = false;
    const { toolkit, clock } = await clockedToolkitOf({ s: state.server }, { connect: 'lazy' });
    const call = toolkit.callTool('s.echo');
    await clock.advance(5_000);
    state.up = true;
    await clock.advance(10_000);
    expect(await call).toEqual(text('hi'));
  });
});

test('whoever waits for a connection in vain is told why there is none', async () => {
  const state = world();
  state.up = false;
  const { toolkit, clock } = await clockedToolkitOf({ s: state.server }, { connect: 'lazy' });
  const outcome = failure(toolkit.waitForConnection('s', { timeoutMs: 3_000 }));
  await clock.advance(3_010);
  expect(await outcome).toMatchObject({
    code: 'connect_timeout',
    server: 's',
    limit: 3_000,
    cause: { code: 'connect_failed' },
  });
});

test('the clock on the wall may jump by an hour either way: no call ends early', async () => {
  const state = world();
  state.server.tools.slow = () => undefined;
  const { toolkit, clock } = await clockedToolkitOf({ s: state.server });
  const outcome = failure(toolkit.callTool('s.slow', {}, { timeoutMs: 10_000 }));
  let ended = false;
  void outcome.then(() => {
    ended = true;
  });
  const wall = vi.spyOn(Date, 'now');
  wall.mockImplementation(() => performance.timeOrigin + performance.now() + 3_600_000);
  await clock.advance(5_000);
  wall.mockImplementation(() => performance.timeOrigin + performance.now() - 3_600_000);
  await clock.advance(4_990);
  expect(ended).toBe(false);
  await clock.advance(20);
  expect(await outcome).toMatchObject({ code: 'timeout', limit: 10_000 });
});
