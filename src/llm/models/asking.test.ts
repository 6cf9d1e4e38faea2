import { afterEach, expect, test, vi } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { ModelEvent, ModelRequest } from '../model.ts';
import { ModelError } from '../model-error.ts';
import { type AnthropicModelOptions, anthropicModel } from './anthropic.ts';
import { readAnthropic } from './anthropic-answer.ts';
import { ask } from './asking.ts';
import { readChat } from './chat-answer.ts';
import { createEventLines } from './event-stream.ts';
import { failureOf, failureOfThrown } from './failures.ts';
import { through } from './http.ts';
import { openaiModel } from './openai.ts';
import { priceOf } from './prices.ts';
import { LONGEST_ANSWER_BYTES } from './response.ts';

afterEach(() => {
  vi.doUnmock('openai');
  vi.doUnmock('@anthropic-ai/sdk');
  vi.resetModules();
});

const request = (signal = new AbortController().signal): ModelRequest => ({
  system: [],
  messages: [],
  tools: [],
  signal,
});

const all = async (events: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> => {
  const told: ModelEvent[] = [];
  for await (const event of events) told.push(event);
  return told;
};

/** A client whose every answer is this. */
const answering = (answer: () => Promise<Response>): AnthropicModelOptions['client'] => ({
  messages: { create: () => ({ asResponse: answer }) },
});
const modelOf = (answer: () => Promise<Response>) => anthropicModel({ model: 'one', client: answering(answer) });

const streamOf = (next: () => Uint8Array | undefined): Response => {
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = next();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
};

test('An answer without end is given up at its limit', async () => {
  const piece = new Uint8Array(1024 * 1024).fill(32);
  let pieces = 0;
  const model = modelOf(async () =>
    streamOf(() => {
      pieces += 1;
      return piece;
    }),
  );
  const expected = { failure: 'server', code: 'server_error', limit: LONGEST_ANSWER_BYTES, retryable: false };
  await expect(all(model.stream(request()))).rejects.toMatchObject(expected);
  expect(LONGEST_ANSWER_BYTES).toBe(64 * 1024 * 1024);
  expect(pieces).toBeLessThan(70);
});

test('An abort is heeded also where the client heeds none', async () => {
  const controller = new AbortController();
  const never = all(modelOf(() => new Promise(() => {})).stream(request(controller.signal)));
  controller.abort(new Error('enough'));
  await expect(never).rejects.toMatchObject({ failure: 'aborted', cause: { message: 'enough' } });
});

test('What is no JSON, and what is no event of the API, breaks no more than its answer', async () => {
  const text = (data: string) =>
    modelOf(async () => new Response(data, { headers: { 'content-type': 'text/event-stream' } }));
  await expect(all(text('data: {"type": oops\n\n').stream(request()))).rejects.toMatchObject({ failure: 'truncated' });
  const odd = [
    'null',
    '[]',
    '1',
    '{"type":7}',
    '{"type":"content_block_delta"}',
    '{"type":"content_block_start","index":"x"}',
  ];
  const stream = odd.map((data) => `data: ${data}\n\n`).join('');
  await expect(all(text(stream).stream(request()))).rejects.toMatchObject({ failure: 'truncated' });
});

test('A package that is missing is named, with how to install it', async () => {
  vi.doMock('openai', () => {
    throw new Error('Cannot find package');
  });
  vi.doMock('@anthropic-ai/sdk', () => {
    throw new Error('Cannot find package');
  });
  const missing = (name: string) => ({
    code: 'unsupported',
    message: `this model needs the package ${name}: npm install ${name}, with --global where Toolway was installed so`,
  });
  await expect(all(openaiModel({ model: 'one' }).stream(request()))).rejects.toMatchObject(missing('openai'));
  const anthropic = anthropicModel({ model: 'one' });
  await expect(all(anthropic.stream(request()))).rejects.toMatchObject(missing('@anthropic-ai/sdk'));
});

test('Prices are those of known models, with or without a date behind them', () => {
  expect(priceOf('claude-opus-4-5-20251101')).toEqual({ input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 });
  expect(priceOf('gpt-6-sol-2026-09-01')).toEqual(priceOf('gpt-6-sol'));
  expect(priceOf('claude-sonnet-5-5')).toEqual({ input: 2, output: 10, cacheRead: 0.1 });
  expect(priceOf('gemini-2.5-pro')).toEqual({
    ...{ input: 1.25, output: 10, cacheRead: 0.125 },
    long: { above: 200_000, input: 2.5, output: 15, cacheRead: 0.25 },
  });
  expect(priceOf('gpt-6.1-terra')?.long).toEqual({
    ...{ above: 272_000, input: 2, output: 7.5, cacheRead: 0.1, cacheWrite: 2.5 },
  });
  expect(['claude-opus', 'gpt-6-sol-mini', 'constructor', ''].map(priceOf)).toEqual(Array(4).fill(undefined));
});

test('A time to wait may be a date, and may have passed', () => {
  const told = (after: string) =>
    failureOf({ status: 429, headers: new Headers({ 'retry-after': after }) }).retryAfterMs;
  expect(told(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(58_000);
  expect(told(new Date(Date.now() - 60_000).toUTCString())).toBeUndefined();
  expect(told('soon')).toBeUndefined();
  expect(failureOf({ status: 418 })).toBeInstanceOf(ModelError);
});

test('A fetch that waits no longer by itself ran out of time', () => {
  const cause = Object.assign(new Error('Headers Timeout Error'), { code: 'UND_ERR_HEADERS_TIMEOUT' });
  const thrown = new Error('Connection error.', { cause: new TypeError('fetch failed', { cause }) });
  expect(failureOfThrown(thrown)).toMatchObject({ failure: 'timeout', retryable: true, cause: thrown });
});

test('Events are read whatever their lines end with, and whatever else stands between them', () => {
  const lines = createEventLines();
  const push = (text: string) => lines.push(new TextEncoder().encode(text));
  expect(push(': alive\r\nevent: a\r\ndata: {"x":1}\r\n\r\ndata:one\ndata: two\n\nid: 3\n\nda')).toEqual([
    '{"x":1}',
    'one\ntwo',
  ]);
  expect(push('ta: three')).toEqual([]);
  expect(lines.end()).toEqual(['three']);
  expect(lines.end()).toEqual([]);
});

test.each([
  [
    'application/json',
    20,
    'the answer was not whole after 1000 ms (http://x/v1): ask again, or allow it more time',
    1_000,
  ],
  ['text/event-stream', 10_000, 'nothing came for 300 ms (http://x/v1): ask again, or allow it more time', 300],
])(
  'of %s that trickles, %s pieces are too much: the time is for all of one in a piece, else from one to the next',
  async (type, pieces, reason, limit) => {
    const clock = createFakeClock();
    let left = pieces;
    let wake = (): void => {};
    // A piece every 100 ms, then silence.
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (left === 0) return new Promise(() => {});
        left -= 1;
        await new Promise<void>((resolve) => {
          wake = resolve;
          clock.after(100, resolve);
        });
        controller.enqueue(new Uint8Array([10]));
        if (type !== 'application/json' && pieces - left === 15) left = 0;
        return undefined;
      },
    });
    const method = {
      create: () => ({ asResponse: async () => new Response(body, { headers: { 'content-type': type } }) }),
    };
    const open = through(method, {}, { answerTimeoutMs: 1_000, idleTimeoutMs: 300 });
    const asked = { model: 'one', url: 'http://user:word@x/v1?key=secret' };
    const failed = all(ask(request(), { open, answer: readAnthropic('one'), asked, clock })).catch(
      (error: unknown) => error,
    );
    for (let step = 0; step < 40; step += 1) {
      await clock.settle();
      await clock.advance(50);
    }
    wake();
    expect(await failed).toMatchObject({ failure: 'timeout', reason, limit });
  },
);

test('What may follow a whole message is waited for two seconds, whatever signs of life come', async () => {
  const clock = createFakeClock();
  const encoder = new TextEncoder();
  let pings = 0;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const whole = { choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }] };
      controller.enqueue(encoder.encode(`data: ${JSON.stringify(whole)}\n\n`));
    },
    async pull(controller) {
      // Where nobody stops reading, it has an end all the same.
      if (pings === 20) return new Promise(() => {});
      pings += 1;
      await new Promise<void>((resolve) => clock.after(500, resolve));
      controller.enqueue(encoder.encode(': ping\n\n'));
      return undefined;
    },
  });
  const method = {
    create: () => ({
      asResponse: async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    }),
  };
  const open = through(method, {}, { answerTimeoutMs: 60_000, idleTimeoutMs: 60_000 });
  const told = all(ask(request(), { open, answer: readChat('one'), asked: { model: 'one' }, clock }));
  let isOver = false;
  told.finally(() => (isOver = true)).catch(() => {});
  for (let step = 0; step < 10 && !isOver; step += 1) {
    await clock.settle();
    await clock.advance(250);
  }
  expect(isOver).toBe(true);
  expect((await told).at(-1)).toMatchObject({ type: 'done', stop: 'end' });
});

test('Calls are found at once, however many there are', () => {
  // Looking for each among all of them takes longer than a test may.
  const answer = readChat('one');
  const CALLS = 30_000;
  const fragments = (from: number, written: string) =>
    Array.from({ length: CALLS }, (_, at) => ({
      index: from + at,
      id: `c${at}`,
      function: { name: 'a', arguments: written },
    }));
  const chunk = (tool_calls: object[]) => ({ choices: [{ index: 0, delta: { tool_calls } }] });
  answer.take(chunk(fragments(0, '{')));
  // To the first ones, which stand furthest from the last.
  for (let round = 0; round < 3; round += 1) answer.take(chunk(fragments(0, ' ')));
  answer.take(chunk(fragments(0, '}')));
  // All with one number, told apart by their ids.
  answer.take(chunk(fragments(0, '').map((fragment) => ({ ...fragment, index: CALLS, id: `d${fragment.id}` }))));
  answer.take(chunk(fragments(0, '').map((fragment) => ({ ...fragment, index: CALLS, id: `d${fragment.id}` }))));
  expect(answer.partial().message.content).toHaveLength(2 * CALLS);
});
