import { expect, test, vi } from 'vitest';
import type { Message, Part } from '../../src/llm/message.ts';
import { anthropicModel } from '../../src/llm/models/anthropic.ts';
import { anthropicApi as api, failure, modelAt, told } from '../fixtures/llm/models.ts';

const user = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] });
const tool = (name: string) => ({ name, description: `Does ${name}`, inputSchema: { type: 'object' } });

test('It is asked as its version of the API wants it', async (context) => {
  const { server, model } = await modelAt(api, context, { text: 'Yes' });
  await told(model, { stopSequences: ['END'], tools: [{ ...tool('a'), strict: true }], toolChoice: 'required' });
  expect(server.requests[0]?.headers).toMatchObject({ authorization: 'Bearer key', 'anthropic-version': '2026-10-21' });
  expect(server.bodies[0]).toEqual({
    model: 'claude-opus-5-5',
    max_tokens: 16_000,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello', cache_control: { type: 'ephemeral' } }] }],
    tools: [
      {
        name: 'a',
        description: 'Does a',
        input_schema: { type: 'object' },
        strict: true,
        cache_control: { type: 'ephemeral' },
      },
    ],
    tool_choice: { type: 'any' },
    stop_sequences: ['END'],
    stream: true,
  });
});

test('A temperature, which the API refuses, is left out with a warning', async (context) => {
  const { server, model } = await modelAt(api, context, { text: 'Yes' });
  const { events } = await told(model, { temperature: 0.5 });
  expect(events[0]).toEqual({ type: 'warning', message: 'claude-opus-5-5 takes no temperature' });
  expect(server.bodies[0]).not.toHaveProperty('temperature');
});

test('What was thought goes back as it came to the same model, and not to another', async (context) => {
  const turn = { reasoning: 'Hm.', text: 'I look.', calls: [{ name: 'a', id: 'toolu_1', arguments: { x: 1 } }] };
  const { server, model } = await modelAt(api, context, [turn, { text: 'Done' }, { text: 'Done' }]);
  const { done } = await told(model);
  const [call] = done.message.content.filter((part) => part.type === 'call');
  const result: Part = { type: 'result', id: call?.id ?? '', name: 'a', content: [{ type: 'text', text: '2' }] };
  const messages: Message[] = [user('Go'), done.message, { role: 'tool', content: [result] }];
  await told(model, { messages });
  await told(anthropicModel({ model: 'claude-haiku-4-5', apiKey: 'key', baseURL: server.baseURL }), { messages });
  const rest = [
    { type: 'text', text: 'I look.' },
    { type: 'tool_use', id: 'toolu_1', name: 'a', input: { x: 1 }, caller: { type: 'direct' } },
  ];
  const thought = { type: 'thinking', thinking: 'Hm.', signature: 'EoSigned' };
  expect(server.bodies[1]?.messages).toMatchObject([{}, { role: 'assistant', content: [thought, ...rest] }, {}]);
  expect(server.bodies[2]?.messages).toMatchObject([{}, { role: 'assistant', content: rest }, {}]);
  expect(server.bodies[1]?.messages).toMatchObject([
    {},
    {},
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: '2' }] }],
    },
  ]);
});

test('Thoughts that it hides go back as they came; one that was not signed, or that nothing follows, does not', async (context) => {
  const hidden = { type: 'redacted_thinking', data: 'EmHidden' };
  const events = [
    { type: 'message_start', message: { usage: {} } },
    { type: 'content_block_start', index: 0, content_block: hidden },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Yes' } },
    { type: 'content_block_stop', index: 1 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: {} },
    { type: 'message_stop' },
  ];
  const { server, model } = await modelAt(api, context, [{ events }, { text: 'Done' }]);
  const { done } = await told(model);
  const [thought] = done.message.content;
  const unsigned: Part = { type: 'reasoning', text: 'Hm' };
  const messages: Message[] = [
    user('One'),
    { role: 'assistant', content: [...done.message.content, unsigned, ...(thought === undefined ? [] : [thought])] },
    user('Two'),
  ];
  await told(model, { messages });
  expect(server.bodies[1]?.messages).toMatchObject([{}, { content: [hidden, { type: 'text', text: 'Yes' }] }, {}]);
});

test('Results come in one message, first of all that the user says, with what they show', async (context) => {
  const { server, model } = await modelAt(api, context, { text: 'Done' });
  const call = (id: string): Part => ({ type: 'call', id, name: 'a', arguments: {} });
  const result = (id: string, ...content: Extract<Part, { type: 'result' }>['content']): Part => ({
    type: 'result',
    id,
    name: 'a',
    content,
  });
  const media = (mediaType: string, name?: string) => ({ type: 'media' as const, mediaType, data: 'AAAA', name });
  const messages: Message[] = [
    user('Go'),
    { role: 'assistant', content: [call('one'), call('two'), { type: 'call', id: 'three', name: 'a', text: '{"x' }] },
    {
      role: 'tool',
      content: [
        result('one', { type: 'text', text: 'See' }, media('image/png'), media('application/pdf', 'paper')),
        result('two', media('audio/wav', 'song')),
        { ...result('three'), isError: true } as Part,
      ],
    },
    user('And?'),
  ];
  await told(model, { messages, system: [{ text: ' ' }] });
  const source = { type: 'base64', media_type: 'image/png', data: 'AAAA' };
  const calls = ['one', 'two', 'three'].map((id) => ({ type: 'tool_use', id, name: 'a', input: {} }));
  expect(server.bodies[0]).not.toHaveProperty('system');
  expect(server.bodies[0]?.messages).toEqual([
    { role: 'user', content: [{ type: 'text', text: 'Go' }] },
    { role: 'assistant', content: calls },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'one',
          content: [
            { type: 'text', text: 'See' },
            { type: 'image', source },
            { type: 'document', source: { ...source, media_type: 'application/pdf' }, title: 'paper' },
          ],
        },
        {
          type: 'tool_result',
          tool_use_id: 'two',
          content: [{ type: 'text', text: '[song: audio/wav, 3 bytes, which this model cannot be shown]' }],
        },
        { type: 'tool_result', tool_use_id: 'three', is_error: true },
        { type: 'text', text: 'And?', cache_control: { type: 'ephemeral' } },
      ],
    },
  ]);
});

test('A failure that shows something is told by its text: with is_error the API refuses all but text', async (context) => {
  const { server, model } = await modelAt(api, context, { text: 'Done' });
  const failed = (id: string, ...texts: string[]): Part => ({
    type: 'result',
    id,
    name: 'a',
    isError: true,
    content: [
      ...texts.map((text) => ({ type: 'text' as const, text })),
      { type: 'media', mediaType: 'image/png', data: 'AAAA' },
    ],
  });
  const messages: Message[] = [
    user('Go'),
    { role: 'assistant', content: ['one', 'two'].map((id) => ({ type: 'call', id, name: 'a', arguments: {} })) },
    { role: 'tool', content: [failed('one', 'Error from web.shot:'), failed('two', 'No such page')] },
  ];
  await told(model, { messages });
  type Sent = { content: { content: { text?: string; type: string }[] }[] };
  const sent = server.bodies[0]?.messages as Sent[];
  const results = sent[2]?.content;
  expect(results?.map((result) => 'is_error' in result)).toEqual([false, false]);
  expect(results?.map(({ content }) => content.map(({ text, type }) => text ?? type))).toEqual([
    ['Error from web.shot:', 'image'],
    ['Error:', 'No such page', 'image'],
  ]);
});

test('Ids that came twice from the provider are told apart when they go back', async (context) => {
  const turn = { calls: [{ name: 'a', id: 'toolu_1' }] };
  const { server, model } = await modelAt(api, context, [turn, turn, { text: 'Done' }]);
  const messages: Message[] = [user('Go')];
  for (let step = 0; step < 2; step += 1) {
    const { message } = (await told(model, { messages })).done;
    const results = message.content.map(
      (part): Part => ({ type: 'result', id: part.type === 'call' ? part.id : '', name: 'a', content: [] }),
    );
    messages.push(message, { role: 'tool', content: results });
  }
  await told(model, { messages });
  const sent = server.bodies[2]?.messages as { content: { id?: string; tool_use_id?: string }[] }[];
  const [, first, firstResult, second, secondResult] = sent.map(
    ({ content }) => content[0]?.id ?? content[0]?.tool_use_id,
  );
  expect(first).toBe('toolu_1');
  expect(second).toMatch(/^call_/);
  expect([firstResult, secondResult]).toEqual([first, second]);
});

const marksOf = (body: Record<string, unknown> | undefined) => {
  const {
    tools = [],
    system = [],
    messages,
  } = body as { tools?: object[]; system?: object[]; messages: { content: object[] }[] };
  const at = (blocks: object[]): number[] =>
    blocks.flatMap((block, index) => ('cache_control' in block ? [index] : []));
  return { tools: at(tools), system: at(system), messages: at(messages.flatMap(({ content }) => content)) };
};

test('What stays the same is marked to be kept: the head once, and the tail every fifteen blocks', async (context) => {
  const { server, model } = await modelAt(api, context, [{ text: '1' }, { text: '2' }, { text: '3' }]);
  const tools = [tool('a'), tool('b'), { ...tool('c'), deferred: true }];
  const system = [{ text: 'Always so.', cache: true }, { text: 'Today so.' }];
  const messages = Array.from({ length: 60 }, (_, index) => user(String(index)));
  await told(model, { tools, system, messages });
  expect(marksOf(server.bodies[0])).toEqual({ tools: [], system: [0], messages: [29, 44, 59] });
  await told(model, { tools, messages: messages.slice(0, 3) });
  expect(marksOf(server.bodies[1])).toEqual({ tools: [2], system: [], messages: [2] });
  expect(server.bodies[1]?.tools).toMatchObject([
    { type: 'tool_search_tool_bm25_20251119' },
    {},
    {},
    { defer_loading: true },
  ]);
  const without = anthropicModel({ model: 'one', apiKey: 'key', baseURL: server.baseURL, cache: false });
  await told(without, { tools, system });
  expect(marksOf(server.bodies[2])).toEqual({ tools: [], system: [], messages: [] });
});

test('An hour is asked for where it is said', async (context) => {
  const { server } = await modelAt(api, context, { text: '1' });
  await told(
    anthropicModel({
      model: 'one',
      apiKey: 'key',
      baseURL: server.baseURL,
      cache: '1h',
      extra: { thinking: { type: 'adaptive' } },
    }),
  );
  expect(server.bodies[0]).toMatchObject({
    thinking: { type: 'adaptive' },
    messages: [{ content: [{ cache_control: { type: 'ephemeral', ttl: '1h' } }] }],
  });
});

test('A pause, and a context that is full, are told as such', async (context) => {
  const { model } = await modelAt(api, context, [
    { text: '1', stop: 'pause' },
    { text: '2', stop: 'context' },
  ]);
  expect((await told(model)).done.stop).toBe('pause');
  expect((await told(model)).done.stop).toBe('context');
});

test('A client of the program is taken as it is, and asked once all the same', async (context) => {
  const { Anthropic } = await import('@anthropic-ai/sdk');
  const { server } = await modelAt(api, context, [{ fault: { status: 500 } }, { text: 'Yes' }]);
  const client = new Anthropic({ apiKey: 'own', baseURL: server.baseURL, maxRetries: 5 });
  const model = anthropicModel({ model: 'claude-opus-5-5', client });
  await expect(told(model)).rejects.toMatchObject({ failure: 'server' });
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]?.headers.authorization).toBe('Bearer own');
  expect(model.traits).toMatchObject({ deferral: false, price: { input: 4, output: 20 } });
  expect(anthropicModel({ model: 'of tomorrow' }).traits).toEqual({
    profile: 'anthropic',
    cacheMarks: true,
    deferral: true,
  });
});

test('Without a key nothing is sent, and nothing is tried again', async (context) => {
  for (const name of ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_PROFILE']) vi.stubEnv(name, undefined);
  vi.stubEnv('ANTHROPIC_CONFIG_DIR', '/not/there');
  context.onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const { server } = await modelAt(api, context, { text: 'Yes' });
  const keyless = anthropicModel({ model: 'claude-opus-5-5', baseURL: server.baseURL });
  expect(await failure(keyless)).toMatchObject({ failure: 'auth', retryable: false, started: false });
  expect(server.requests).toHaveLength(0);
});
