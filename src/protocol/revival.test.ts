import { expect, test } from 'vitest';
import { Call } from '../call.ts';
import { createDeadlines } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import { bounded } from '../waits.ts';
import type { Engine } from './engine.ts';
import { createRevival } from './revival.ts';
import type { JsonObject } from './types.ts';

const refused = (status: number, retryAfterMs?: number): ToolwayError =>
  new ToolwayError('protocol_error', `HTTP ${status}`, { status, retryAfterMs });
const down = new ToolwayError('connect_failed', 'nobody listens', { executed: 'no' });
const notReopened = (cause: ToolwayError): ToolwayError => new ToolwayError('not_connected', 'lost', { cause });

/** A session whose pings end as `outcomes` say, in turn; afterwards they succeed. */
const setup = (...outcomes: (ToolwayError | 'reopened')[]) => {
  const state = { now: 0, sessions: 1, pings: 0, ended: undefined as ToolwayError | undefined };
  const waits: number[] = [];
  const due: (() => void)[] = [];
  const warnings: unknown[] = [];
  const clock = {
    now: () => state.now,
    after(ms: number, fn: () => void) {
      waits.push(ms);
      due.push(fn);
      return { cancel() {}, keepAlive() {} };
    },
  };
  const engine = {
    get ended() {
      return state.ended;
    },
    transport: { onerror: (error: unknown) => warnings.push(error) },
  } as unknown as Engine;
  const deadlines = createDeadlines({ ...clock, after: () => ({ cancel() {}, keepAlive() {} }) });
  const send = async (): Promise<JsonObject> => {
    state.pings += 1;
    const outcome = outcomes.shift();
    if (outcome instanceof ToolwayError) throw outcome;
    if (outcome === 'reopened') state.sessions += 1;
    return {};
  };
  const newCall = (method: string): Call =>
    new Call({ method, params: {}, server: 's', scope: '', timeoutMs: 1e9, totalTimeoutMs: 1e9, startedAt: 0 });
  const revive = createRevival({
    engine,
    clock,
    newCall,
    bounded: (call, run) => bounded(call, deadlines, run),
    send,
    sessions: () => state.sessions,
  });
  /** Lets the wait that is under way end, and what follows happen. */
  const pass = async (): Promise<void> => {
    const fns = due.splice(0);
    state.now += waits.at(-1) ?? 0;
    for (const fn of fns) fn();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { state, waits, due, warnings, revive, pass };
};

test('waits longer after each failure, up to half a minute, until the server answers', async () => {
  const { state, waits, due, warnings, revive, pass } = setup(...Array.from({ length: 8 }, () => down), 'reopened');
  revive(refused(404));
  for (let attempt = 0; attempt < 9; attempt += 1) await pass();
  const plain = [1, 2, 4, 8, 16, 30, 30, 30, 30].map((seconds) => seconds * 1_000);
  expect(waits).toHaveLength(plain.length);
  waits.forEach((ms, index) => {
    expect(ms / (plain[index] ?? 0)).toBeGreaterThanOrEqual(0.8);
    expect(ms / (plain[index] ?? 0)).toBeLessThanOrEqual(1.2);
  });
  expect(state.pings).toBe(9);
  expect(due).toEqual([]);
  expect(warnings).toEqual([]);
});

test('waits as long as the server asks for', async () => {
  const { waits, revive, pass } = setup(notReopened(refused(503, 45_000)), 'reopened');
  revive(refused(404));
  await pass();
  await pass();
  expect(waits).toHaveLength(2);
  expect(waits[1]).toBe(45_000);
});

test('runs once at a time, and goes on waiting longer for sessions that are lost soon', async () => {
  const { state, waits, due, revive, pass } = setup('reopened', 'reopened', 'reopened');
  revive(refused(404));
  revive(refused(404));
  expect(due).toHaveLength(1);
  await pass();
  expect(state.pings).toBe(1);
  revive(refused(404));
  await pass();
  expect(waits[1]).toBeGreaterThanOrEqual(1_600);
  state.now += 60_000;
  revive(refused(404));
  await pass();
  expect(waits[2]).toBeLessThanOrEqual(1_200);
});

test('asks no more once the link has ended', async () => {
  const { state, due, revive, pass } = setup(down);
  revive(refused(404));
  await pass();
  state.ended = new ToolwayError('closed', 'closed');
  await pass();
  expect(state.pings).toBe(1);
  revive(refused(404));
  expect(due).toEqual([]);
});

test.each([
  ['auth_required', new ToolwayError('auth_required', 'no token', { status: 401 })],
  ['unsupported', notReopened(new ToolwayError('unsupported', 'another revision'))],
  ['connect_failed', notReopened(new ToolwayError('connect_failed', 'not trusted', { permanent: true }))],
])('gives up what another attempt would not change, and says so: %s', async (code, failure) => {
  const { due, warnings, revive, pass } = setup(failure);
  revive(refused(404));
  await pass();
  expect(due).toEqual([]);
  expect(warnings).toMatchObject([{ code }]);
});

test('finds a session alive by any answer, and tells of its stream unless there is none (404)', async () => {
  const methodNotFound = new ToolwayError('server_error', 'no such method', { rpcCode: -32601 });
  for (const [status, told] of [
    [404, 0],
    [400, 1],
  ] as const) {
    const { due, warnings, revive, pass } = setup(methodNotFound);
    revive(refused(status));
    await pass();
    expect(due).toEqual([]);
    expect(warnings).toHaveLength(told);
  }
});
