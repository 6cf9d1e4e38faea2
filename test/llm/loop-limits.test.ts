/** Every limit of a run has a number and a stop of its own, and leaves a conversation that can go on. */
import { describe, expect, test } from 'vitest';
import { createConversation } from '../../src/llm/loop/conversation.ts';
import { createLoops, runToolLoop } from '../../src/llm/loop/loop.ts';
import { ModelError } from '../../src/llm/model-error.ts';
import { createHandClock } from '../fixtures/hand-clock.ts';
import { isWhole, loopWorld } from '../fixtures/llm/loop-world.ts';
import { type ScriptedTurn, scriptedModel } from '../fixtures/llm/scripted-chat-model.ts';

const add = (a: number, b = 1) => ({ name: 'math__add', arguments: { a, b } });
/** A model that never has enough. */
const forEver = (count = 60): ScriptedTurn[] => Array.from({ length: count }, (_, at) => ({ calls: [add(at)] }));
const priced = { price: { input: 1_000, output: 1_000 } };

test('the model is asked 25 times unless it is said otherwise', async () => {
  const { run } = await loopWorld();
  const { stop, steps, toolCalls, messages } = await run(forEver());
  expect({ stop, steps, toolCalls }).toEqual({ stop: 'max_steps', steps: 25, toolCalls: 25 });
  expect(isWhole(messages)).toBe(true);
  expect(await run(forEver(), { maxSteps: 2 })).toMatchObject({ stop: 'max_steps', steps: 2 });
});

test('50 calls are made unless it is said otherwise; one more is answered and not run', async () => {
  const { run, server } = await loopWorld();
  const { stop, toolCalls, messages } = await run([{ calls: Array.from({ length: 51 }, (_, at) => add(at)) }]);
  expect({ stop, toolCalls }).toEqual({ stop: 'max_tool_calls', toolCalls: 50 });
  expect(server.calls).toHaveLength(50);
  expect(isWhole(messages)).toBe(true);
  expect(messages[2]?.content[50]).toMatchObject({ isError: true, executed: 'no' });
  const { run: again, server: other } = await loopWorld();
  expect(await again([{ calls: [add(1), add(2)] }, 'Done.'], { maxToolCalls: 2 })).toMatchObject({ stop: 'end' });
  expect(other.calls).toHaveLength(2);
});

test('tokens are looked at before each request', async () => {
  const { run } = await loopWorld();
  const { stop, steps, usage } = await run(forEver(), { maxTokens: 30 });
  expect({ stop, steps, usage }).toEqual({ stop: 'max_tokens', steps: 2, usage: { input: 20, output: 10 } });
});

test('of a model that does not say what it read, tokens are estimated where there is a limit', async () => {
  const { run } = await loopWorld();
  const silent = { calls: [add(1)], usage: {} };
  const { stop, usage } = await run([silent, silent, silent, 'Done.'], { maxTokens: 40 });
  expect(stop).toBe('max_tokens');
  expect(usage.input).toBeGreaterThan(5);
  expect((await run([silent, { text: 'Done.', usage: {} }])).usage).toEqual({});
});

test('cost is looked at before each request, in dollars', async () => {
  const { run } = await loopWorld();
  const model = scriptedModel(forEver(), priced);
  const { stop, steps, costUsd } = await run([], { model, maxCostUsd: 0.03 });
  expect({ stop, steps }).toEqual({ stop: 'max_cost', steps: 2 });
  expect(costUsd).toBeCloseTo(0.03);
});

test('a limit of cost needs a price', async () => {
  const { run } = await loopWorld();
  await expect(run(['Hi'], { maxCostUsd: 1 })).rejects.toMatchObject({
    code: 'invalid_arguments',
    problems: [{ path: '/maxCostUsd' }],
  });
});

test('what a run may cost has nothing to do with what the conversation cost before', async () => {
  const { run } = await loopWorld();
  const conversation = createConversation();
  const one = await run([], { model: scriptedModel(['One.'], priced), conversation, maxCostUsd: 0.01 });
  const other = await run([], { model: scriptedModel(['Two.'], priced), conversation, maxCostUsd: 0.01 });
  expect([one.stop, other.stop]).toEqual(['end', 'end']);
  expect(other.costUsd).toBeCloseTo(0.015);
  expect(conversation.costUsd).toBeCloseTo(0.03);
});

test('time is up: the call under way is answered as one that may have run', async () => {
  const { toolkit } = await loopWorld();
  const clock = createHandClock();
  const { run } = createLoops({ clock, random: () => 0.5 });
  const conversation = createConversation();
  const never = {
    name: 'never',
    description: 'Never ends',
    inputSchema: { type: 'object' },
    run: () => new Promise<never>(() => {}),
  };
  const model = scriptedModel([{ text: 'I wait.', calls: [{ name: 'never' }] }]);
  const running = run({ toolkit, model, conversation, messages: 'Hello', localTools: [never], timeoutMs: 5_000 });
  while (conversation.messages.length < 3) await clock.settle();
  await clock.advance(5_000);
  expect(await running).toMatchObject({ stop: 'timeout', text: 'I wait.' });
  expect(conversation.messages.at(-1)?.content).toMatchObject([{ type: 'result', isError: true, executed: 'unknown' }]);
  expect(clock.pendingTimers).toBe(0);
});

test('time is up while the model is silent: what it had written stays', async () => {
  const { toolkit } = await loopWorld();
  const clock = createHandClock();
  const { run } = createLoops({ clock, random: () => 0.5 });
  const conversation = createConversation();
  const heard: string[] = [];
  const model = {
    ...scriptedModel([]),
    async *stream() {
      yield { type: 'text' as const, delta: 'I thi' };
      await new Promise(() => {});
    },
  };
  const onEvent = ({ type }: { type: string }) => void heard.push(type);
  const running = run({ toolkit, model, conversation, messages: 'Hello', onEvent, timeoutMs: 5_000 });
  while (!heard.includes('text')) await clock.settle();
  await clock.advance(6_000);
  expect(await running).toMatchObject({ stop: 'timeout', text: 'I thi' });
  expect(conversation.messages.at(-1)).toEqual({ role: 'assistant', content: [{ type: 'text', text: 'I thi' }] });
});

test('three refusals end the run, and no more is asked for', async () => {
  const asked: string[] = [];
  const { run, server } = await loopWorld({
    onApprove({ tool }) {
      asked.push(tool);
      return false;
    },
    policy: { default: 'ask' },
  });
  const { stop, messages } = await run([{ calls: [1, 2, 3, 4, 5].map((each) => add(each)) }, 'Done.'], {
    parallelCalls: 1,
  });
  expect(stop).toBe('denied');
  expect(asked).toHaveLength(3);
  expect(server.calls).toHaveLength(0);
  expect(isWhole(messages)).toBe(true);
  expect(await run([{ calls: [add(1)] }, { calls: [add(2)] }, 'Well then.'])).toMatchObject({ stop: 'end' });
});

test('the same call that fails in the same way three times in a row ends the run', async () => {
  const { run } = await loopWorld();
  const fail = { calls: [{ name: 'math__fail', arguments: { why: 1 } }] };
  expect(await run([fail, fail, fail, 'Never.'])).toMatchObject({ stop: 'stuck', steps: 3 });
  const other = { calls: [{ name: 'math__fail', arguments: { why: 2 } }] };
  expect(await run([fail, fail, other, fail, fail, 'Enough.'])).toMatchObject({ stop: 'end', steps: 6 });
});

test('calls of one message count once: the model has not read of the failure yet', async () => {
  const { run } = await loopWorld();
  const fail = { name: 'math__fail' };
  expect(await run([{ calls: [fail, fail, fail] }, 'I see.'])).toMatchObject({ stop: 'end' });
});

describe('the model stops', () => {
  test.each(['length', 'context', 'refusal', 'filter'] as const)('by %s: its calls are not run', async (stop) => {
    const { run, server } = await loopWorld();
    const result = await run([{ text: 'I was', calls: [add(1)], stop }]);
    expect(result).toMatchObject({ stop, text: 'I was' });
    expect(server.calls).toHaveLength(0);
    expect(result.messages.at(-1)?.content).toMatchObject([{ isError: true, executed: 'no' }]);
    expect(await run([{ text: 'I was', stop }])).toMatchObject({ stop, text: 'I was' });
  });

  test('by pause: it goes on with what it had written', async () => {
    const { run } = await loopWorld();
    const model = scriptedModel([{ text: 'Wait.', stop: 'pause' }, 'Now.']);
    expect(await run([], { model })).toMatchObject({ stop: 'end', text: 'Now.', steps: 2 });
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({ role: 'assistant', content: [{ text: 'Wait.' }] });
  });

  test('by a reason that is not known, with calls: they are run', async () => {
    const { run, server } = await loopWorld();
    expect(
      await run([
        { calls: [add(1)], stop: 'other' },
        { text: 'Hm', stop: 'other' },
      ]),
    ).toMatchObject({ stop: 'other' });
    expect(server.calls).toHaveLength(1);
  });

  test('with nothing: that is no success', async () => {
    const { run } = await loopWorld();
    const { stop, messages } = await run([{ calls: [add(1)] }, {}]);
    expect(stop).toBe('other');
    expect(messages.at(-1)?.role).toBe('tool');
  });

  test('because the conversation is too long for it', async () => {
    const { run } = await loopWorld();
    expect(await run([new ModelError('context', 'prompt is too long')])).toMatchObject({ stop: 'context', text: '' });
  });
});

test('options that are wrong are named, all of them, before anything is done', async () => {
  const { run } = await loopWorld();
  const conversation = createConversation();
  const wrong = {
    ...{ maxSteps: 0, maxToolCalls: 1.5, maxTokens: -1, maxCostUsd: 0, timeoutMs: Number.NaN, parallelCalls: 0 },
    ...{
      maxResultTokens: 0,
      maxLargeResultTokens: 0,
      maxTurnResultTokens: 0,
      maxOutputTokens: 0,
      temperature: -1,
      search: 'x' as never,
      toolBudgetTokens: -1,
      tools: { servers: ['nowhere'] },
      instructions: ['nobody'],
    },
  };
  const error = await run(['Hi'], { ...wrong, conversation }).catch((thrown) => thrown);
  expect(error.code).toBe('invalid_arguments');
  const paths = error.problems.map(({ path }: { path: string }) => path);
  const isOf = (name: string) => paths.some((path: string) => path.startsWith(`/${name}`));
  expect(Object.keys(wrong).filter((name) => !isOf(name))).toEqual([]);
  expect(conversation.messages).toEqual([]);
  const tool = { name: 'a b', description: '', inputSchema: {}, run: () => ({ content: [] }) };
  for (const bad of [
    { messages: '' },
    { messages: [] },
    { localTools: [tool] },
    { messages: [{ role: 'system', content: 'x' } as never] },
    // What is not the list that was meant would be none at all, or fail far from here.
    { instructions: 'math' as never },
    { tools: { servers: 'math' as never } },
    { tools: ['math'] as never },
    { localTools: [{ ...tool, name: 'ab', run: undefined as never }] },
    { localTools: { tool } as never },
    { system: ['Be brief.'] as never },
    { spill: {} as never },
  ]) {
    await expect(run(['Hi'], bad)).rejects.toMatchObject({ code: 'invalid_arguments' });
  }
  await expect(runToolLoop(undefined as never)).rejects.toMatchObject({ code: 'invalid_arguments' });
});
