import { expect, test } from 'vitest';
import { callFor } from '../../test/fixtures/scripted-peer.ts';
import { ToolwayError } from '../errors.ts';
import type { CallFn, Middleware } from './middleware.ts';
import { onDemand } from './on-demand.ts';

const next: CallFn = async (call) => ({ from: 'next', name: call.params.name });
/** A step that counts its calls, however often the road is laid. */
const counting = () => {
  let calls = 0;
  const step: Middleware = (go) => async (call) => {
    calls += 1;
    const number = calls;
    return { ...(await go(call)), calls: number };
  };
  return step;
};

test('a call that the step is not for goes on at once, and nothing is loaded', async () => {
  const answer = Promise.resolve({});
  const run = onDemand(
    () => false,
    () => expect.unreachable('it was loaded'),
  )(() => answer);
  expect(run(callFor('tools/call'))).toBe(answer);
});

test('the step is loaded once, for the first calls it is for, in their order', async () => {
  let loads = 0;
  const run = onDemand(
    ({ params }) => params.name !== 'other',
    async () => {
      loads += 1;
      return counting();
    },
  )(next);
  const calls = ['a', 'other', 'b', 'c'].map((name) => run(callFor('tools/call', { name })));
  expect(await Promise.all(calls)).toEqual([
    { from: 'next', name: 'a', calls: 1 },
    { from: 'next', name: 'other' },
    { from: 'next', name: 'b', calls: 2 },
    { from: 'next', name: 'c', calls: 3 },
  ]);
  expect(loads).toBe(1);
});

test('what the step remembers is still there where the road is laid anew', async () => {
  const step = onDemand(
    () => true,
    async () => counting(),
  );
  await step(next)(callFor('tools/call'));
  expect(await step(next)(callFor('tools/call'))).toMatchObject({ calls: 2 });
});

test('a step that could not be loaded is loaded again for the next call', async () => {
  let loads = 0;
  const run = onDemand(
    () => true,
    async () => {
      loads += 1;
      if (loads === 1) throw new Error('no network');
      return counting();
    },
  )(next);
  await expect(run(callFor('tools/call'))).rejects.toThrow('no network');
  expect(await run(callFor('tools/call'))).toMatchObject({ calls: 1 });
});

test('a call that is stopped does not wait for the step to be loaded', async () => {
  const run = onDemand(
    () => true,
    () => new Promise(() => {}),
  )(next);
  const call = callFor('tools/call');
  const outcome = run(call);
  const stop = new ToolwayError('timeout', 'enough');
  call.stop(stop);
  await expect(outcome).rejects.toBe(stop);
});
