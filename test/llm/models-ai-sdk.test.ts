import { describe, expect, test } from 'vitest';
import type { Message } from '../../src/llm/message.ts';
import { type AiSdkModelOptions, aiSdkModel } from '../../src/llm/models/ai-sdk.ts';
import { failure, told } from '../fixtures/llm/models.ts';

type Version = 'v2' | 'v3' | 'v4';
type Part = Record<string, unknown>;

const versions: Version[] = ['v2', 'v3', 'v4'];

/** A language model that says this, and what it was asked. */
const saying = (version: Version, parts: Part[], options?: AiSdkModelOptions, provider = 'scripted') => {
  const asked: Part[] = [];
  const model = aiSdkModel(
    {
      specificationVersion: version,
      provider,
      modelId: 'one',
      doGenerate: async (given: never) => {
        asked.push(given);
        const { finishReason, usage } = parts.at(-1) as Part;
        return { content: wholeOf(parts), finishReason, usage, warnings: [] };
      },
      doStream: async (given: never) => {
        asked.push(given);
        return { stream: streamOf(parts) };
      },
    },
    options,
  );
  return { model, asked };
};

const streamOf = (parts: Part[]): ReadableStream<unknown> =>
  new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });

/** The content of an answer in one piece, of the parts of a stream. */
const wholeOf = (parts: Part[]): Part[] =>
  parts.flatMap((part) => {
    if (['tool-call', 'tool-result', 'source'].includes(`${part.type}`)) return [part];
    if (part.type === 'text-delta') return [{ type: 'text', text: part.delta }];
    return part.type === 'reasoning-delta'
      ? [{ type: 'reasoning', text: part.delta, providerMetadata: part.providerMetadata }]
      : [];
  });

const finish = (version: Version, reason: string): Part => ({
  type: 'finish',
  finishReason: version === 'v2' ? reason : { unified: reason, raw: reason },
  usage:
    version === 'v2'
      ? { inputTokens: 15, cachedInputTokens: 5, outputTokens: 7, reasoningTokens: 2, totalTokens: 22 }
      : {
          inputTokens: { total: 15, noCache: 10, cacheRead: 5, cacheWrite: 0 },
          outputTokens: { total: 7, text: 5, reasoning: 2 },
        },
});

const signed = { scripted: { signature: 'signed' } };
const spoken = (version: Version): Part[] => [
  { type: 'stream-start', warnings: [] },
  { type: 'reasoning-start', id: '0' },
  { type: 'reasoning-delta', id: '0', delta: 'I must look.', providerMetadata: signed },
  { type: 'reasoning-end', id: '0' },
  { type: 'text-start', id: '1' },
  { type: 'text-delta', id: '1', delta: 'I look.' },
  { type: 'text-end', id: '1' },
  { type: 'tool-input-start', id: 'tool_1', toolName: 'a__b' },
  { type: 'tool-input-delta', id: 'tool_1', delta: '{"x":1}' },
  { type: 'tool-input-end', id: 'tool_1' },
  { type: 'tool-call', toolCallId: 'tool_1', toolName: 'a__b', input: '{"x":1}' },
  { type: 'tool-call', toolCallId: 'tool_2', toolName: 'c', input: '' },
  { type: 'tool-call', toolCallId: 'tool_3', toolName: 'search', input: '{}', providerExecuted: true },
  finish(version, 'tool-calls'),
];

describe.each(versions)('A language model of the AI SDK, %s', (version) => {
  test.each([true, false])('thinks, speaks and calls (streamed: %s)', async (stream) => {
    const { model } = saying(version, spoken(version), { stream });
    const { done, deltas } = await told(model);
    const input = version === 'v2' ? { input: 10, cacheRead: 5 } : { input: 10, cacheRead: 5, cacheWrite: 0 };
    expect(done).toMatchObject({ stop: 'calls', usage: { ...input, output: 7, reasoning: 2 } });
    expect(done.message.content).toMatchObject([
      { type: 'reasoning', text: 'I must look.' },
      { type: 'text', text: 'I look.' },
      { type: 'call', name: 'a__b', arguments: { x: 1 }, id: expect.stringMatching(/^call_/) },
      { type: 'call', name: 'c', arguments: {} },
    ]);
    expect(deltas).toBe(stream ? 'I look.' : '');
  });

  test.each([true, false])('tells what its provider looked up by itself (streamed: %s)', async (stream) => {
    const found = [
      { type: 'tool-result', toolCallId: '1', toolName: 'web_fetch', result: {}, providerExecuted: true },
      { type: 'source', sourceType: 'url', id: '2', url: 'https://example.org' },
      { type: 'source', sourceType: 'url', id: '3', url: 'https://example.com' },
    ];
    const { model, asked } = saying(version, [...found, finish(version, 'stop')], { stream });
    const { done } = await told(model);
    expect(done.message.content).toMatchObject([
      { type: 'opaque', raw: { value: { type: 'web_fetch_tool_result' } } },
      { type: 'opaque', raw: { value: { type: 'web_search_tool_result' } } },
    ]);
    // It was told for the loop, and nobody can be sent it.
    await told(model, { messages: [done.message] });
    expect(asked[1]?.prompt).toEqual([]);
  });

  test('is sent back what it said, and what came of it', async () => {
    const { model, asked } = saying(version, spoken(version), {}, 'anthropic.messages');
    const { done } = await told(model);
    const ids = done.message.content.flatMap((part) => (part.type === 'call' ? [part.id] : []));
    const image = { type: 'media' as const, mediaType: 'image/png', data: 'AAAA' };
    const results: Message = {
      role: 'tool',
      content: [
        { type: 'result', id: ids[0] ?? '', name: 'a__b', content: [{ type: 'text', text: 'one' }, image] },
        { type: 'result', id: ids[1] ?? '', name: 'c', content: [{ type: 'text', text: 'no' }], isError: true },
      ],
    };
    const user: Message = { role: 'user', content: [{ type: 'text', text: 'Look' }, image] };
    const tools = [{ name: 'a__b', inputSchema: { type: 'object' } }];
    await told(model, {
      system: [{ text: 'Be brief.' }],
      messages: [user, done.message, results],
      tools,
      temperature: 0,
    });
    const shown = { v2: { type: 'media' }, v3: { type: 'image-data' }, v4: { type: 'file' } }[version];
    const data = version === 'v4' ? { type: 'data', data: 'AAAA' } : 'AAAA';
    expect(asked[1]).toMatchObject({
      temperature: 0,
      toolChoice: { type: 'auto' },
      tools: [{ type: 'function', name: 'a__b' }],
    });
    expect(asked[1]?.prompt).toEqual([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look' },
          { type: 'file', mediaType: 'image/png', data },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'I must look.', providerOptions: signed },
          { type: 'text', text: 'I look.' },
          { type: 'tool-call', toolCallId: 'tool_1', toolName: 'a__b', input: { x: 1 } },
          { type: 'tool-call', toolCallId: 'tool_2', toolName: 'c', input: {} },
        ],
      },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'tool_1',
            toolName: 'a__b',
            output: {
              type: 'content',
              value: [
                { type: 'text', text: 'one' },
                { ...shown, mediaType: 'image/png', data },
              ],
            },
          },
          { type: 'tool-result', toolCallId: 'tool_2', toolName: 'c', output: { type: 'error-text', value: 'no' } },
        ],
      },
    ]);
  });

  test('is shown images of results behind them, where its provider would read them to it', async () => {
    const { model, asked } = saying(version, [finish(version, 'stop')]);
    const content = [{ type: 'media' as const, mediaType: 'image/png', data: 'AAAA' }];
    const result = { type: 'result' as const, id: 'one', name: 'a', content };
    await told(model, { messages: [{ role: 'tool', content: [result] }] });
    const data = version === 'v4' ? { type: 'data', data: 'AAAA' } : 'AAAA';
    expect(asked[0]?.prompt).toMatchObject([
      { role: 'tool', content: [{ output: { type: 'text', value: '[image/png: shown behind the results]' } }] },
      { role: 'user', content: [{ text: 'From the result of a: image/png' }, { type: 'file', data }] },
    ]);
  });

  test.each(['unknown', 'other'])('whose stream ends for no reason (%s) broke off', async (unified) => {
    const finishReason = version === 'v2' ? 'unknown' : { unified, raw: undefined };
    const { model } = saying(version, [...spoken(version).slice(0, 7), { type: 'finish', finishReason, usage: {} }]);
    const partial = { content: [{ type: 'reasoning' }, { type: 'text', text: 'I look.' }] };
    expect(await failure(model)).toMatchObject({ failure: 'truncated', started: true, partial });
  });
});

test('An error in the stream ends the answer', async () => {
  const error = { type: 'overloaded_error', message: 'Overloaded' };
  const { model } = saying('v3', [
    { type: 'text-delta', id: '1', delta: 'He' },
    { type: 'error', error },
  ]);
  expect(await failure(model)).toMatchObject({
    failure: 'overloaded',
    retryable: true,
    started: true,
    reason: 'Overloaded: it has too much to do, ask again later',
  });
});

const named = (name: string, facts: object): Error => Object.assign(new Error('It failed'), { name, ...facts });
const rate = {
  statusCode: 429,
  responseHeaders: { 'retry-after': '2' },
  responseBody: '{"error":{"message":"Slower"}}',
};

test.each([
  [
    named('AI_APICallError', rate),
    { failure: 'rate', status: 429, retryAfterMs: 2000, reason: expect.stringMatching(/^Slower /) },
  ],
  [named('AI_LoadAPIKeyError', {}), { failure: 'auth', retryable: false }],
  [named('AI_TypeValidationError', {}), { failure: 'truncated', retryable: true }],
  [named('TypeError', {}), { failure: 'network', retryable: true }],
])('What it throws is told in Toolway’s words: %s', async (thrown, expected) => {
  const model = aiSdkModel({
    specificationVersion: 'v3',
    provider: 'scripted',
    modelId: 'one',
    doGenerate: () => Promise.reject(thrown),
    doStream: () => Promise.reject(thrown),
  });
  expect(await failure(model)).toMatchObject({ ...expected, started: false });
});

test('An abort ends a stream that does not heed it, and one that is silent is given up', async () => {
  const silent = {
    specificationVersion: 'v3',
    provider: 'scripted',
    modelId: 'one',
    doGenerate: async () => ({}),
    doStream: async () => ({ stream: new ReadableStream() }),
  };
  const controller = new AbortController();
  const aborted = failure(aiSdkModel(silent), { signal: controller.signal });
  controller.abort();
  expect(await aborted).toMatchObject({ failure: 'aborted', started: false });
  expect(await failure(aiSdkModel(silent, { answerTimeoutMs: 30 }))).toMatchObject({ failure: 'timeout', limit: 30 });
});

test('The profile of tools is that of its provider', () => {
  const profileOf = (provider: string) => saying('v3', [], undefined, provider).model.traits.profile;
  const providers = [
    'anthropic.messages',
    'openai.chat',
    'openai.responses',
    'google.generative-ai',
    'mistral.chat',
    'cohere.chat',
  ];
  expect(providers.map(profileOf)).toEqual([
    'anthropic',
    'openai-chat',
    'openai-responses',
    'gemini',
    'mistral',
    'common',
  ]);
  expect(saying('v3', [], { profile: 'gemini' }).model.traits.profile).toBe('gemini');
});

test('A version that is not known is refused at once', () => {
  expect(() => saying('v9' as Version, [])).toThrow(expect.objectContaining({ code: 'unsupported' }));
});
