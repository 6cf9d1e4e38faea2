import { expect, test } from 'vitest';
import type { HandlerContext, RequestHandlers } from '../../../handlers.ts';
import type { ElicitRequest, JsonObject } from '../../../protocol/types.ts';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import { type Run, startRun } from './run.ts';

const form: ElicitRequest = { message: 'who?', requestedSchema: { type: 'object', properties: {} } };
const contextOf = (inputKey: string, signal = new AbortController().signal): HandlerContext => ({
  server: 's',
  scope: '',
  signal,
  inputKey,
});
const runOf = (start: (handlers: RequestHandlers) => Promise<unknown>) => {
  const clock = createFakeClock();
  const options = { clock, askable: { elicitation: {} } };
  const run = startRun({ ...options, start: async ({ handlers }) => ({ done: await start(handlers) }) as JsonObject });
  /** Lets a round be complete, and answers all of it; gives the keys. */
  const round = async (): Promise<string[]> => {
    await clock.advance(0);
    const keys = [...run.open.keys()];
    run.answer(new Map(keys.map((key) => [key, { action: 'decline' }])));
    await clock.settle();
    return keys;
  };
  return { run, round };
};
const end = async (run: Run) => {
  const step = await run.next();
  return 'outcome' in step ? step.outcome : 'not over';
};

test('a key is used once in a request, whatever its server chooses', async () => {
  const { run, round } = runOf(async ({ onElicit }) => {
    for (const key of ['k', 'k_3', 'k', '__proto__']) await onElicit?.(form, contextOf(key));
  });
  expect([await round(), await round(), await round(), await round()]).toEqual([
    ['k'],
    ['k_3'],
    ['k_4'],
    ['__proto__'],
  ]);
  expect(await end(run)).toEqual({ result: {} });
});

test('a question that its server takes back is asked no more, and the request goes on', async () => {
  const taken = new AbortController();
  const { run, round } = runOf(async ({ onElicit }) => {
    void onElicit?.(form, contextOf('a', taken.signal));
    await onElicit?.(form, contextOf('b'));
    return 'gone on';
  });
  taken.abort();
  expect(await round()).toEqual(['b']);
  expect(await end(run)).toEqual({ result: { done: 'gone on' } });
});

test('an answer to a question that is not open changes nothing', async () => {
  const { run, round } = runOf(async ({ onElicit }) => onElicit?.(form, contextOf('a')));
  run.answer(new Map([['b', { action: 'accept' }]]));
  expect(run.open.size).toBe(1);
  await round();
  expect(await end(run)).toEqual({ result: { done: { action: 'decline' } } });
});
