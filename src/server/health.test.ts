import { expect, test } from 'vitest';
import { scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, failure } from '../../test/fixtures/toolkits.ts';
import type { ToolkitEvents } from '../events.ts';
import type { Session } from '../protocol/session.ts';
import { healthIntervalMs } from './settings.ts';

test.each([
  ['stdio', 'legacy', 30_000],
  ['stdio', 'modern', 0],
  ['sse', 'legacy', 30_000],
  ['websocket', 'legacy', 30_000],
  ['websocket', 'modern', 30_000],
  ['http', 'legacy', 0],
  ['http', 'modern', 0],
  ['memory', 'legacy', 0],
] as const)('over %s in the %s era a server is asked every %i ms, unless the user says otherwise', (kind, era, ms) => {
  const session = { era, transport: { kind } } as unknown as Session;
  expect(healthIntervalMs({}, session)).toBe(ms);
  expect(healthIntervalMs({ healthCheckIntervalMs: 5_000 }, session)).toBe(5_000);
  expect(healthIntervalMs({ healthCheckIntervalMs: 0 }, session)).toBe(0);
});

const world = async (healthCheckIntervalMs: number) => {
  const server = scriptedServer(
    { echo: () => text('hi'), silent: () => undefined },
    { era: 'legacy', healthCheckIntervalMs },
  );
  const { toolkit, clock } = await clockedToolkitOf({ s: server });
  const told: ToolkitEvents['health'][] = [];
  toolkit.on('health', (event) => void told.push(event));
  return { server, toolkit, clock, told, goSilent: () => server.latest().on('ping', () => undefined) };
};

test('a check is told, and is in the status', async () => {
  const { server, toolkit, clock, told } = await world(10_000);
  expect(toolkit.status().s?.lastHealthCheck).toBeUndefined();
  const before = Date.now();
  await clock.advance(10_000);
  expect(server.latest().requests('ping')).toHaveLength(1);
  expect(told).toEqual([{ server: 's', scope: '', ok: true, durationMs: 0 }]);
  expect(toolkit.status().s?.lastHealthCheck).toBeGreaterThanOrEqual(before);
});

test('calls that are answered take the place of checks', async () => {
  const { server, toolkit, clock, told } = await world(10_000);
  for (let round = 0; round < 5; round += 1) {
    await toolkit.callTool('s.echo');
    await clock.advance(10_000);
  }
  expect([server.latest().requests('ping'), told]).toEqual([[], []]);
  expect(toolkit.status().s?.lastHealthCheck).toBeDefined();
});

test('a server that is alive no more is connected anew, and calls in flight are told why they ended', async () => {
  const { server, toolkit, clock, told, goSilent } = await world(10_000);
  goSilent();
  await clock.advance(25_000);
  const lost = failure(toolkit.callTool('s.silent'));
  await clock.advance(17_500);
  expect(told.map(({ ok, error }) => [ok, error?.code])).toEqual([
    [false, 'timeout'],
    [false, 'timeout'],
  ]);
  expect(await lost).toMatchObject({
    code: 'outcome_unknown',
    executed: 'unknown',
    message: expect.stringContaining('no sign of life'),
  });
  expect(server.peers).toHaveLength(2);
  expect(await toolkit.callTool('s.echo')).toEqual(text('hi'));
});

test.each(['callTool', 'server().callTool'])('a server at work for %s is left to that call', async (how) => {
  const { server, toolkit, clock, told, goSilent } = await world(10_000);
  goSilent();
  const result = how === 'callTool' ? toolkit.callTool('s.silent') : toolkit.server('s').callTool('silent');
  await clock.advance(50_000);
  expect(told.length).toBeGreaterThanOrEqual(2);
  expect(server.peers).toHaveLength(1);
  server.latest().answer(server.latest().requests('tools/call')[0], text('done'));
  expect(await result).toEqual(text('done'));
});

test('0 turns the checks off, and a closed toolkit leaves no timer of them', async () => {
  const off = await world(0);
  await off.clock.advance(300_000);
  expect(off.server.latest().requests('ping')).toEqual([]);
  const on = await world(1_000);
  await on.clock.advance(2_000);
  await on.toolkit.close();
  expect(on.clock.pendingTimers).toBe(0);
});
