import { afterEach, expect, test, vi } from 'vitest';
import type { Message, Part } from '../../src/llm/message.ts';
import { openaiModel } from '../../src/llm/models/openai.ts';
import { chatApi, failure, modelAt, responsesApi, told } from '../fixtures/llm/models.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const tools = [{ name: 'a', description: 'Does a', inputSchema: { type: 'object' } }];
const user = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] });
const png = { type: 'media' as const, mediaType: 'image/png', data: 'AAAA' };
const url = 'data:image/png;base64,AAAA';

/** What a model said, and what came of its calls: an image, and a failure. */
const after = (message: Message): Message[] => {
  const ids = message.content.flatMap((part) => (part.type === 'call' ? [part.id] : []));
  const results: Part[] = [
    { type: 'result', id: ids[0] ?? '', name: 'a', content: [{ type: 'text', text: 'See' }, png] },
    { type: 'result', id: ids[1] ?? '', name: 'a', content: [{ type: 'text', text: 'no such file' }], isError: true },
  ];
  return [{ role: 'user', content: [{ type: 'text', text: 'Go' }, png] }, message, { role: 'tool', content: results }];
};

const turn = {
  reasoning: 'Hm.',
  text: 'I look.',
  calls: [
    { name: 'a', id: 'call_1', arguments: { x: 1 } },
    { name: 'a', id: 'call_2' },
  ],
};

test('Responses are sent all that was said, and nothing is kept there', async (context) => {
  const { server, model } = await modelAt(responsesApi, context, [turn, { text: 'Done' }, { text: 'Done' }]);
  const { done } = await told(model);
  const messages = after(done.message);
  const system = [{ text: 'Be brief.' }, { text: 'Be kind.' }];
  const { events } = await told(model, {
    messages,
    tools,
    system,
    toolChoice: 'required',
    maxOutputTokens: 9,
    temperature: 0,
    stopSequences: ['END'],
  });
  const said = [
    { type: 'message', role: 'assistant', content: 'I look.', phase: 'commentary' },
    { type: 'function_call', call_id: 'call_1_0', name: 'a', arguments: '{"x":1}' },
    { type: 'function_call', call_id: 'call_2_1', name: 'a', arguments: '{}' },
    {
      type: 'function_call_output',
      call_id: 'call_1_0',
      output: [
        { type: 'input_text', text: 'See' },
        { type: 'input_image', image_url: url, detail: 'auto' },
      ],
    },
    { type: 'function_call_output', call_id: 'call_2_1', output: 'Error: no such file' },
  ];
  const asked = {
    type: 'message',
    role: 'user',
    content: [
      { type: 'input_text', text: 'Go' },
      { type: 'input_image', image_url: url, detail: 'auto' },
    ],
  };
  const thought = {
    type: 'reasoning',
    id: 'rs_1',
    encrypted_content: 'gAAAFULL',
    summary: [{ type: 'summary_text', text: 'Hm.' }],
  };
  expect(server.bodies[1]).toEqual({
    model: 'gpt-6-sol',
    instructions: 'Be brief.\n\nBe kind.',
    input: [asked, thought, ...said],
    tools: [{ type: 'function', name: 'a', description: 'Does a', parameters: { type: 'object' }, strict: false }],
    tool_choice: 'required',
    max_output_tokens: 9,
    store: false,
    include: ['reasoning.encrypted_content'],
    stream: true,
  });
  expect(events.filter(({ type }) => type === 'warning')).toHaveLength(2);
  const other = openaiModel({ model: 'gpt-4o', api: 'responses', baseURL: server.baseURL });
  await told(other, { messages: [...messages, done.message], temperature: 0 });
  expect(server.bodies[2]?.input).toEqual([
    asked,
    ...said,
    ...said.slice(0, 3).map((item) => expect.objectContaining({ type: item.type })),
  ]);
  expect(server.bodies[2]).toMatchObject({ temperature: 0 });
  expect(server.bodies[2]).not.toHaveProperty('include');
});

test('A thought is sent once, and only where something came of it', async (context) => {
  const { server, model } = await modelAt(responsesApi, context, [turn, { text: 'Done' }, { text: 'Done' }]);
  const { content } = (await told(model)).done.message;
  const messages: Message[] = [
    { role: 'assistant', content },
    { role: 'assistant', content: [...content, ...content.slice(0, 1)] },
  ];
  await told(model, { messages });
  const typesOf = (body: Record<string, unknown> | undefined) =>
    ((body?.input ?? []) as { type: string }[]).map(({ type }) => type);
  const types = typesOf(server.bodies[1]);
  expect(types).toEqual([
    'reasoning',
    'message',
    'function_call',
    'function_call',
    'message',
    'function_call',
    'function_call',
  ]);
  const alone: Message = { role: 'assistant', content: content.slice(0, 1) };
  await told(model, { messages: [alone, { role: 'assistant', content }] });
  expect(typesOf(server.bodies[2])).toEqual(['reasoning', 'message', 'function_call', 'function_call']);
});

test('Chat is sent results as text, and their images behind all of them', async (context) => {
  const { server, model } = await modelAt(chatApi, context, [turn, { text: 'Done' }]);
  const { done } = await told(model);
  await told(model, {
    messages: after(done.message),
    tools,
    system: [{ text: 'Be brief.' }],
    maxOutputTokens: 9,
    temperature: 0,
    stopSequences: ['END'],
  });
  const call = (id: string, args: string) => ({ id, type: 'function', function: { name: 'a', arguments: args } });
  expect(server.bodies[1]).toEqual({
    model: 'qwen3:8b',
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Go' },
          { type: 'image_url', image_url: { url } },
        ],
      },
      {
        role: 'assistant',
        content: 'I look.',
        reasoning_content: 'Hm.',
        tool_calls: [call('call_1_0', '{"x":1}'), call('call_2_1', '{}')],
      },
      { role: 'tool', tool_call_id: 'call_1_0', content: 'See\n[image/png: shown behind the results]' },
      { role: 'tool', tool_call_id: 'call_2_1', content: 'Error: no such file' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'From the result of a: image/png' },
          { type: 'image_url', image_url: { url } },
        ],
      },
    ],
    tools: [{ type: 'function', function: { name: 'a', description: 'Does a', parameters: { type: 'object' } } }],
    max_tokens: 9,
    temperature: 0,
    stop: ['END'],
    stream: true,
    stream_options: { include_usage: true },
  });
});

test('Chat at OpenAI itself asks as the models there want it', async (context) => {
  const { OpenAI } = await import('openai');
  const { server } = await modelAt(chatApi, context, { text: 'Done' });
  const fetched = (url: string | URL | Request, init?: RequestInit) =>
    fetch(String(url).replace('https://api.openai.com/v1', server.baseURL), init);
  const client = new OpenAI({ apiKey: 'key', baseURL: 'https://api.openai.com/v1', fetch: fetched });
  const model = openaiModel({ model: 'gpt-6-sol', api: 'chat', client });
  const { events } = await told(model, { tools, maxOutputTokens: 9, temperature: 0, cacheKey: 'one' });
  expect(server.bodies[0]).toMatchObject({
    reasoning_effort: 'none',
    max_completion_tokens: 9,
    prompt_cache_key: 'one',
  });
  expect(server.bodies[0]).not.toHaveProperty('temperature');
  expect(events).toContainEqual({ type: 'warning', message: 'gpt-6-sol takes no temperature' });
  expect(model.traits).toEqual({
    profile: 'openai-chat',
    price: expect.objectContaining({ input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 }),
  });
});

test('Responses are the way to OpenAI, Chat that to all others', () => {
  expect(openaiModel({ model: 'gpt-6-sol' })).toMatchObject({
    api: 'openai-responses',
    traits: { profile: 'openai-responses' },
  });
  const local = openaiModel({ model: 'gpt-6-sol', baseURL: 'http://localhost:11434/v1' });
  expect(local).toMatchObject({ id: 'gpt-6-sol', api: 'openai-chat', traits: { profile: 'openai-compatible' } });
  expect(local.traits).not.toHaveProperty('price');
  const azure = openaiModel({ model: 'gpt-6-sol', baseURL: 'https://us.openai.azure.com/openai/v1' });
  expect(azure.api).toBe('openai-responses');
  const pretender = openaiModel({ model: 'gpt-6-sol', baseURL: 'https://evil.example/api.openai.com/v1' });
  expect(pretender.api).toBe('openai-chat');
});

test('The key of OpenAI goes to no other server', async (context) => {
  vi.stubEnv('OPENAI_API_KEY', 'secret');
  const { server, model } = await modelAt(chatApi, context, { text: 'Done' });
  await told(model);
  expect(server.requests[0]?.headers.authorization).toBe('Bearer none');
});

test('A base URL of the environment must be said, and a key must be there', async () => {
  vi.stubEnv('OPENAI_API_KEY', 'key');
  vi.stubEnv('OPENAI_BASE_URL', 'http://localhost:1/v1');
  await expect(failure(openaiModel({ model: 'gpt-6-sol' }))).rejects.toMatchObject({ code: 'invalid_config' });
  vi.unstubAllEnvs();
  vi.stubEnv('OPENAI_API_KEY', '');
  await expect(failure(openaiModel({ model: 'gpt-6-sol' }))).rejects.toMatchObject({ code: 'invalid_config' });
});

test('A response that failed, and one that was filtered, are told as such', async (context) => {
  const failed = {
    type: 'response.failed',
    response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'Slower' } },
  };
  const nested = { type: 'error', error: { type: 'server_error', message: 'It broke' } };
  const { model } = await modelAt(responsesApi, context, [
    { events: [failed] },
    { events: [nested] },
    { text: 'I', stop: 'filter' },
  ]);
  expect(await failure(model)).toMatchObject({
    failure: 'rate',
    reason: expect.stringMatching(/^Slower /),
    providerCode: 'rate_limit_exceeded',
  });
  expect(await failure(model)).toMatchObject({ failure: 'server', reason: expect.stringMatching(/^It broke /) });
  expect((await told(model)).done).toMatchObject({ stop: 'filter', message: { content: [{ text: 'I' }] } });
});

test('A response that ends without its items has those that came before', async (context) => {
  const item = { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'a', arguments: '{"x":1}' };
  const events = [
    { type: 'response.output_item.added', output_index: 0, item: { ...item, arguments: '' } },
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: { status: 'completed', output: [] } },
  ];
  const { model } = await modelAt(responsesApi, context, { events });
  expect((await told(model)).done).toMatchObject({
    stop: 'calls',
    usage: {},
    message: { content: [{ name: 'a', arguments: { x: 1 } }] },
  });
});

test('Names that belong to every object are no reasons to stop', async (context) => {
  const chunk = { choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'constructor' }] };
  const { model } = await modelAt(chatApi, context, { events: [chunk] });
  expect((await told(model, { messages: [user('Hi')] })).done.stop).toBe('end');
});
