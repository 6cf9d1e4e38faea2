/** A listener that is slower than the run: what waits for it is bounded, and nothing that a tool did is lost. */
import { expect, test } from 'vitest';
import type { LocalTool } from '../../src/llm/local-tool.ts';
import { createEventQueue, type LoopEvent, MOST_WAITING } from '../../src/llm/loop/events.ts';
import { streamToolLoop } from '../../src/llm/loop/loop.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { loopWorld } from '../fixtures/llm/loop-world.ts';
import { scriptedModel } from '../fixtures/llm/scripted-chat-model.ts';

const text = (delta: string): LoopEvent => ({ type: 'text', delta });
const progress = (id: string, at: number): LoopEvent => ({ type: 'progress', id, progress: { progress: at } });
const call = (id: number): LoopEvent => ({ type: 'call', id: `${id}`, name: 'x', arguments: {} });
const never = new AbortController().signal;

const drained = async (queue: ReturnType<typeof createEventQueue>): Promise<LoopEvent[]> => {
  const all: LoopEvent[] = [];
  queue.end();
  for (let event = await queue.next(); event !== undefined; event = await queue.next()) all.push(event);
  return all;
};

test('256 events wait as they are; of more, text goes on in one and progress in its last, and all else stays', async () => {
  expect(MOST_WAITING).toBe(256);
  const queue = createEventQueue();
  for (let n = 0; n < 256; n += 1) queue.tell(text(`${n} `));
  for (let n = 0; n < 1_000; n += 1) {
    queue.tell(progress('a', n));
    queue.tell(progress('b', n));
  }
  queue.tell(call(1));
  queue.tell(text('one '));
  queue.tell(text('two'));
  queue.tell({ type: 'reasoning', delta: 'hm' });
  queue.tell(text('three'));
  const events = await drained(queue);
  expect(events.slice(0, 256)).toEqual(Array.from({ length: 256 }, (_, n) => text(`${n} `)));
  expect(events.slice(256)).toEqual([
    ...[progress('a', 999), progress('b', 999), call(1), text('one two')],
    ...[{ type: 'reasoning', delta: 'hm' }, text('three')],
  ]);
});

test('there is room until 256 wait, again when one is taken, and for who is not to go on', async () => {
  const queue = createEventQueue();
  for (let n = 0; n < 256; n += 1) {
    expect(queue.room(never)).toBeUndefined();
    queue.tell(call(n));
  }
  let entered = 0;
  const waits = [queue.room(never), queue.room(never)].map((each) => each?.then(() => (entered += 1)));
  const controller = new AbortController();
  const left = queue.room(controller.signal);
  controller.abort();
  await left;
  // Nor has one that is asked for only then to wait for anything.
  await queue.room(controller.signal);
  expect(entered).toBe(0);
  await queue.next();
  await Promise.all(waits);
  expect(entered).toBe(2);
});

const closed = { openWorldHint: false };
const many = (count: number): LocalTool => ({
  name: 'many',
  description: 'Calls again and again',
  inputSchema: { type: 'object' },
  annotations: closed,
  async run(_, context) {
    for (let n = 0; n < count; n += 1) await context.call('math.add', { a: n, b: 1 });
    return { content: [{ type: 'text', text: 'done' }] };
  },
});
const settle = async (): Promise<void> => {
  for (let n = 0; n < 50; n += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('calls wait for a slow listener, who hears of each of them', async () => {
  const { toolkit, server } = await loopWorld();
  const model = scriptedModel([{ calls: [{ name: 'many', id: 'm' }] }, 'Done.']);
  const stream = streamToolLoop({
    ...{ toolkit, model, messages: 'Go', localTools: [many(300)], maxToolCalls: 400 },
  });
  await stream.next();
  while (server.calls.length < 120) await settle();
  for (let n = 0; n < 10; n += 1) await settle();
  // Each is told of when it begins and when it ends.
  expect(server.calls.length).toBeLessThanOrEqual(128);
  const events: LoopEvent[] = [];
  for await (const event of stream) events.push(event);
  const told = (type: string) => events.filter((event) => event.type === type && 'parent' in event);
  expect([told('call').length, told('result').length, server.calls.length]).toEqual([300, 300, 300]);
});

test('who leaves, or is aborted, while calls wait ends the run', async () => {
  const { toolkit, server } = await loopWorld();
  const run = (signal?: AbortSignal) =>
    streamToolLoop({
      ...{ toolkit, messages: 'Go', localTools: [many(300)], maxToolCalls: 400 },
      model: scriptedModel([{ calls: [{ name: 'many' }] }, 'Never.']),
      ...(signal && { signal }),
    });
  const left = run();
  await left.next();
  while (server.calls.length < 120) await settle();
  await left.return(undefined as never);
  const made = server.calls.length;
  await settle();
  expect(server.calls).toHaveLength(made);
  const controller = new AbortController();
  const aborted = run(controller.signal);
  await aborted.next();
  while (server.calls.length < made + 120) await settle();
  controller.abort();
  await expect(
    (async () => {
      for await (const _ of aborted);
    })(),
  ).rejects.toMatchObject({ code: 'cancelled' });
  expect(server.calls.length).toBeLessThan(300);
});

test('a tool that reports without end fills nothing', async () => {
  const server = createTestServer({
    tools: {
      chatty(_, { progress }) {
        for (let n = 1; n <= 5_000; n += 1) progress({ progress: n });
        return 'done';
      },
    },
  });
  const { toolkit } = await loopWorld({ server });
  const model = scriptedModel([{ calls: [{ name: 'math__chatty' }] }, 'Done.']);
  const heard: number[] = [];
  const onEvent = (event: LoopEvent) => void (event.type === 'progress' && heard.push(event.progress.progress));
  const stream = streamToolLoop({ toolkit, model, messages: 'Go', onEvent });
  await stream.next();
  while (heard.length < 5_000) await settle();
  const events: LoopEvent[] = [];
  for await (const event of stream) events.push(event);
  const reported = events.flatMap((event) => (event.type === 'progress' ? [event.progress.progress] : []));
  expect(reported.length).toBeLessThanOrEqual(257);
  expect(reported.at(-1)).toBe(5_000);
  expect(events.some((event) => event.type === 'result' && event.result !== undefined)).toBe(true);
});
