import { describe, expect, test } from 'vitest';
import { callFor } from '../../test/fixtures/scripted-peer.ts';
import { failure } from '../../test/fixtures/toolkits.ts';
import type { Call } from '../call.ts';
import { type ErrorCode, ToolwayError } from '../errors.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { pause } from '../waits.ts';
import { runLegacyTask } from './tasks.ts';
import type { JsonObject } from './types.ts';

const lost = (code: ErrorCode, executed: 'no' | 'unknown' = 'unknown') => new ToolwayError(code, 'why', { executed });

/** A task of which `tasks/get` fails as often as there are errors, and is done then. */
const world = (errors: ToolwayError[], pollInterval = 1_000) => {
  const clock = createFakeClock();
  const sent: string[] = [];
  const send = async (_call: unknown, method: string): Promise<JsonObject> => {
    sent.push(method);
    if (method === 'tools/call') return { task: { taskId: 't', status: 'working', pollInterval } };
    if (method === 'tasks/result') return { content: [] };
    const error = errors.shift();
    if (error !== undefined) throw error;
    return { taskId: 't', status: 'completed' };
  };
  const bounded = <T>(own: Call, run: (own: Call) => Promise<T>): Promise<T> => run(own);
  const options = { clock, send, pause, newCall: (method: string) => callFor(method), bounded, onTask: () => {} };
  const call = callFor('tools/call', { name: 'slow' }, { startedAt: 0 });
  return { clock, sent, run: () => runLegacyTask(options, call, {}) };
};

describe('a question for the state of a task that gets lost', () => {
  test.each(['outcome_unknown', 'connect_failed', 'rate_limited'] as const)(
    'with %s is asked again, and the task is not made again',
    async (code) => {
      const { clock, sent, run } = world([lost(code), lost(code)]);
      const result = run();
      await clock.advance(3_000);
      expect(await result).toEqual({ content: [] });
      expect(sent).toEqual(['tools/call', 'tasks/get', 'tasks/get', 'tasks/get', 'tasks/result']);
    },
  );

  test('is not asked before the server wants it', async () => {
    const { clock, sent, run } = world([lost('rate_limited').with({ retryAfterMs: 9_000 })]);
    void run();
    await clock.advance(9_999);
    expect(sent).toHaveLength(2);
    await clock.advance(1);
    expect(sent).toHaveLength(4);
  });

  test('three times in a row ends the call, of which nobody knows more than that it is a task', async () => {
    const { clock, run } = world(Array.from({ length: 3 }, () => lost('connect_failed', 'no')));
    const outcome = failure(run());
    await clock.advance(10_000);
    expect(await outcome).toMatchObject({ code: 'connect_failed', executed: 'unknown', taskId: 't' });
  });

  test('with an answer of the server is not asked again', async () => {
    const { clock, sent, run } = world([new ToolwayError('server_error', 'no such task', { executed: 'unknown' })]);
    const outcome = failure(run());
    await clock.advance(10_000);
    expect(await outcome).toMatchObject({ code: 'server_error', taskId: 't' });
    expect(sent).toHaveLength(2);
  });
});

test.each([
  ['30 s at most', 1e308, 30_000],
  ['50 ms at least', 0, 50],
])('A task is asked for its state after what its server wants, %s', async (_bound, wanted, waitsMs) => {
  const { clock, sent, run } = world([], wanted);
  void run();
  await clock.advance(waitsMs - 1);
  expect(sent).toEqual(['tools/call']);
  await clock.advance(1);
  expect(sent).toContain('tasks/get');
});
