import { afterEach, expect, test } from 'vitest';
import type { ToolwayError } from '../../src/errors.ts';
import type { LoopEvent } from '../../src/llm/loop/events.ts';
import { runToolLoop, streamToolLoop } from '../../src/llm/loop/loop.ts';
import type { LoopOptions } from '../../src/llm/loop/options.ts';
import { createToolkit } from '../../src/node/index.ts';
import type { ToolkitOptions } from '../../src/options.ts';
import { createTestServer, type TestServer } from '../../src/testing/index.ts';
import { type ScriptedTurn, scriptedModel } from '../fixtures/llm/scripted-chat-model.ts';

const two = { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } }, required: ['a', 'b'] };

const mathServer = () =>
  createTestServer({
    tools: {
      add: { description: 'Adds two numbers', inputSchema: two, run: ({ a, b }) => `${Number(a) + Number(b)}` },
      fail: { description: 'Fails', run: () => ({ content: [{ type: 'text', text: 'no paper' }], isError: true }) },
    },
  });

const ended: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(ended.splice(0).map((each) => each.close()));
});

const world = async (server: TestServer = mathServer(), options: ToolkitOptions = {}) => {
  const toolkit = await createToolkit({
    connect: 'wait',
    mcpServers: { math: server.config },
    onApprove: () => true,
    ...options,
  });
  ended.push(toolkit);
  const run = (turns: readonly ScriptedTurn[], more: Partial<LoopOptions> = {}) => {
    const model = scriptedModel(turns);
    const events: LoopEvent[] = [];
    const result = runToolLoop({ toolkit, model, messages: 'Hello', onEvent: (event) => events.push(event), ...more });
    return { model, events, result, toolkit };
  };
  return { run, toolkit, server };
};

const add = (a: number, b: number) => ({ name: 'math__add', arguments: { a, b } });

test('the model calls a tool, reads its result, and answers', async () => {
  const { run } = await world();
  const { model, result } = run([{ text: 'I add.', calls: [add(2, 3)] }, 'It is 5.']);
  const { text, stop, messages, steps, toolCalls, usage } = await result;
  expect({ text, stop, steps, toolCalls, usage }).toEqual({
    text: 'It is 5.',
    stop: 'end',
    steps: 2,
    toolCalls: 1,
    usage: { input: 20, output: 10 },
  });
  expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant']);
  expect(messages[2]?.content).toMatchObject([
    { type: 'result', id: 'call_1', name: 'math__add', content: [{}, { type: 'text', text: '5' }] },
  ]);
  expect(model.requests[1]?.messages).toEqual(messages.slice(0, 3));
  expect(model.requests[0]?.tools.map(({ name }) => name)).toEqual(['math__add', 'math__fail']);
});

test('events come in order', async () => {
  const { run } = await world();
  const { events, result } = run([{ text: 'I add.', calls: [add(2, 3)] }, 'Done.']);
  await result;
  expect(events.map(({ type }) => type)).toEqual([
    'step',
    'text',
    'text',
    'usage',
    'call',
    'result',
    'step',
    'text',
    'usage',
  ]);
  expect(events.find(({ type }) => type === 'call')).toEqual({
    type: 'call',
    id: 'call_1',
    name: 'math.add',
    arguments: { a: 2, b: 3 },
  });
  expect(events.find(({ type }) => type === 'result')).toMatchObject({
    id: 'call_1',
    name: 'math.add',
    result: { content: [{ text: '5' }] },
  });
});

test('the stream gives the same events, and the result', async () => {
  const { toolkit } = await world();
  const stream = streamToolLoop({ toolkit, model: scriptedModel([{ calls: [add(1, 1)] }, 'Two.']), messages: 'Hi' });
  const types: string[] = [];
  let next = await stream.next();
  for (; !next.done; next = await stream.next()) types.push(next.value.type);
  expect(types).toEqual(['step', 'usage', 'call', 'result', 'step', 'text', 'usage']);
  expect(next.value).toMatchObject({ text: 'Two.', stop: 'end' });
});

test('a tool that fails, and a call that is refused, are told to the model', async () => {
  const { run } = await world(mathServer(), {
    policy: { rules: [{ tool: 'add', action: 'deny', reason: 'not today' }] },
  });
  const { result } = run([{ calls: [{ name: 'math__fail' }, add(1, 1)] }, 'Sorry.']);
  const { messages, stop } = await result;
  expect(stop).toBe('end');
  const [failed, denied] = messages[2]?.content ?? [];
  expect(failed).toMatchObject({ isError: true });
  expect(JSON.stringify(failed)).toContain('no paper');
  expect(denied).toMatchObject({ isError: true, executed: 'no' });
  expect(JSON.stringify(denied)).toContain('not today');
});

test('a listener that throws breaks nothing', async () => {
  const { run } = await world();
  const onEvent = () => {
    throw new Error('not me');
  };
  const { result } = run([{ calls: [add(1, 1)] }, 'Two.'], { onEvent });
  expect((await result).text).toBe('Two.');
});

test('an abort rejects, and leaves a conversation that goes on', async () => {
  const { run } = await world();
  const controller = new AbortController();
  const { result } = run(
    [
      () => {
        controller.abort();
        return 'late';
      },
    ],
    { signal: controller.signal },
  );
  await expect(result).rejects.toMatchObject({ code: 'cancelled' } satisfies Partial<ToolwayError>);
});
