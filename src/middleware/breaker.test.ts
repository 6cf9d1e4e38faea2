import { expect, test } from 'vitest';
import { callFor } from '../../test/fixtures/scripted-peer.ts';
import { failure } from '../../test/fixtures/toolkits.ts';
import { ToolwayError } from '../errors.ts';
import { breaker } from './breaker.ts';

const world = (outcome: object, refusal?: ToolwayError) => {
  const told: unknown[] = [];
  const fuse = {
    refusal: () => refusal,
    answered: <T>(answer: T): T => {
      told.push('answered');
      return answer;
    },
    failed: (...facts: unknown[]) => void told.push(facts),
  };
  let sent = 0;
  const run = breaker(() => fuse)(async () => {
    sent += 1;
    if (outcome instanceof Error) throw outcome;
    return outcome as Record<string, unknown>;
  });
  return { told, run, sent: () => sent, call: callFor('tools/call') };
};

test('the step sends nothing while calls are refused', async () => {
  const refusal = new ToolwayError('breaker_open', 'why', { executed: 'no' });
  const { run, call, sent, told } = world({}, refusal);
  expect(await failure(run(call))).toBe(refusal);
  expect([sent(), told]).toEqual([0, []]);
});

test('it tells of an answer, also one in which a tool says that it failed', async () => {
  const { run, call, told } = world({ isError: true });
  expect(await run(call)).toEqual({ isError: true });
  expect(told).toEqual(['answered']);
});

test('it tells of a failure and the call that failed, and leaves it as it is', async () => {
  const lost = new Error('a step of the user');
  const { run, call, told } = world(lost);
  expect(await failure(run(call))).toBe(lost);
  expect(told).toEqual([[call, lost]]);
});
