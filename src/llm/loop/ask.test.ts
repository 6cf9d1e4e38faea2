import { expect, test } from 'vitest';
import { createHandClock } from '../../../test/fixtures/hand-clock.ts';
import { type ScriptedTurn, scriptedModel } from '../../../test/fixtures/llm/scripted-chat-model.ts';
import { ToolwayError } from '../../errors.ts';
import type { ChatModel, ModelRequest } from '../model.ts';
import { ModelError } from '../model-error.ts';
import { ask } from './ask.ts';
import type { LoopEvent } from './events.ts';

const asking = (turns: readonly ScriptedTurn[], endsAt = Number.POSITIVE_INFINITY) => {
  const clock = createHandClock();
  const controller = new AbortController();
  const events: LoopEvent[] = [];
  const failures: ModelError[] = [];
  const model = scriptedModel(turns);
  const request: ModelRequest = { system: [], messages: [], tools: [], signal: controller.signal };
  const done = ask({
    ...{ model, request, clock, endsAt },
    random: () => 1,
    tell: (event) => events.push(event),
    onFailure: (error) => failures.push(error),
  });
  done.catch(() => {});
  const waits = (): number[] => events.flatMap((event) => (event.type === 'retry' ? [event.waitMs] : []));
  return { clock, controller, done, events, failures, model, waits };
};

const busy = (facts = {}) => new ModelError('overloaded', 'busy', { retryable: true, ...facts });

test('a failure that may pass is tried again, after longer and longer waits', async () => {
  const { clock, done, waits, model } = asking([busy(), busy(), busy(), 'Here.']);
  await clock.advance(500 + 1_000 + 2_000);
  expect(await done).toMatchObject({ stop: 'end' });
  expect(waits()).toEqual([500, 1_000, 2_000]);
  expect(model.requests).toHaveLength(4);
});

test('a fourth failure is the last', async () => {
  const { clock, done, model, failures } = asking([busy(), busy(), busy(), busy(), 'Never.']);
  await clock.advance(60_000);
  await expect(done).rejects.toMatchObject({ failure: 'overloaded' });
  expect(model.requests).toHaveLength(4);
  expect(failures).toHaveLength(4);
});

test('a rest that the provider asks for is kept to, up to a minute', async () => {
  const { clock, done, waits } = asking([busy({ retryAfterMs: 60_000 }), 'Here.']);
  await clock.advance(60_000);
  expect(await done).toMatchObject({ stop: 'end' });
  expect(waits()).toEqual([60_000]);
  const long = asking([busy({ retryAfterMs: 60_001 }), 'Never.']);
  await expect(long.done).rejects.toMatchObject({ retryAfterMs: 60_001 });
  expect(long.waits()).toEqual([]);
});

test('a provider that asks for no rest at all is given one all the same', async () => {
  const { clock, done, waits } = asking([busy({ retryAfterMs: 0 }), 'Here.']);
  await clock.advance(500);
  expect(await done).toMatchObject({ stop: 'end' });
  expect(waits()).toEqual([500]);
});

test('nothing is waited for beyond the end of the run', async () => {
  const { done, waits } = asking([busy({ retryAfterMs: 5_000 }), 'Never.'], 5_000);
  await expect(done).rejects.toMatchObject({ failure: 'overloaded' });
  expect(waits()).toEqual([]);
});

test.each([
  ['what will not pass', new ModelError('auth', 'no key')],
  ['what the model says had begun', busy({ started: true })],
  ['what had been streamed', { text: 'I was', error: busy() }],
  ['what is no failure of a model', new TypeError('a defect')],
])('%s is not tried again', async (_, turn) => {
  const { clock, done, model } = asking([turn, 'Never.']);
  await clock.advance(60_000);
  await expect(done).rejects.toBeInstanceOf(ModelError);
  expect(model.requests).toHaveLength(1);
});

test.each(['unsupported', 'invalid_config'] as const)(
  'a model that cannot be asked (%s) says so itself, once',
  async (code) => {
    const missing = new ToolwayError(code, 'something is missing');
    const { done, model } = asking([missing, 'Never.']);
    await expect(done).rejects.toBe(missing);
    expect(model.requests).toHaveLength(1);
  },
);

test('what had been streamed is told with the failure', async () => {
  const { done } = asking([{ text: 'I was', error: busy() }]);
  await expect(done).rejects.toMatchObject({
    started: true,
    partial: { role: 'assistant', content: [{ type: 'text', text: 'I was' }] },
  });
});

test('an answer without an end breaks off', async () => {
  const { model } = asking([]);
  const empty = { ...model, async *stream() {} };
  const { clock } = asking([]);
  const signal = new AbortController().signal;
  const request: ModelRequest = { system: [], messages: [], tools: [], signal };
  const failing = ask({
    ...{ model: empty, request, clock, endsAt: 100 },
    random: () => 1,
    tell() {},
    onFailure() {},
  });
  await expect(failing).rejects.toMatchObject({ failure: 'truncated', retryable: true, started: false });
});

test('an abort ends the wait before another attempt at once', async () => {
  const { clock, controller, done } = asking([busy(), 'Never.']);
  await clock.advance(100);
  controller.abort();
  await expect(done).rejects.toMatchObject({ failure: 'aborted' });
  expect(clock.pendingTimers).toBe(0);
});

test('a model that does not heed an abort is not waited for', async () => {
  const { clock, controller, done } = asking([() => new Promise<never>(() => {})]);
  controller.abort();
  await clock.advance(250);
  await expect(done).rejects.toMatchObject({ failure: 'aborted' });
  expect(clock.pendingTimers).toBe(0);
});

test('a model that does not heed the signal is not read on for ever', async () => {
  const clock = createHandClock();
  const controller = new AbortController();
  let pieces = 0;
  let ended = false;
  const model: ChatModel = {
    ...scriptedModel([]),
    async *stream() {
      try {
        for (;;) {
          pieces += 1;
          await clock.settle();
          yield { type: 'text', delta: '.' };
        }
      } finally {
        ended = true;
      }
    },
  };
  const request: ModelRequest = { system: [], messages: [], tools: [], signal: controller.signal };
  const surroundings = { clock, random: () => 1, endsAt: Number.POSITIVE_INFINITY, tell() {}, onFailure() {} };
  const done = ask({ model, request, ...surroundings });
  done.catch(() => {});
  while (pieces < 3) await clock.settle();
  controller.abort();
  await clock.advance(250);
  await expect(done).rejects.toMatchObject({ failure: 'aborted' });
  for (let turn = 0; turn < 5; turn += 1) await clock.settle();
  expect(ended).toBe(true);
});
