/** Servers that speak nearly as OpenAI does, and how each of them does not. */
import { expect, test } from 'vitest';
import type { Message } from '../../src/llm/message.ts';
import { openaiModel } from '../../src/llm/models/openai.ts';
import { chatApi as api, failure, modelAt, told } from '../fixtures/llm/models.ts';

const delta = (fields: object, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: fields, finish_reason }],
});
const calls = (...tool_calls: object[]) => delta({ tool_calls });
const call = (name: string, args: object) => ({ type: 'call', name, arguments: args });
/** By this a loop knows that the model has read pages of others. */
const lookedUp = { type: 'opaque', raw: { value: { type: 'web_search_tool_result' } } };

/** What a server sends, and the message that it means. */
const rows: [what: string, events: unknown[], content: object[]][] = [
  [
    'stops for no call although there is one (Ollama)',
    [calls({ index: 0, id: '1', function: { name: 'a', arguments: '{"x":1}' } }), delta({}, 'stop')],
    [call('a', { x: 1 })],
  ],
  [
    'never says why it stops (vLLM)',
    [calls({ index: 0, id: '1', function: { name: 'a', arguments: '{"x":1}' } }), delta({})],
    [call('a', { x: 1 })],
  ],
  [
    'numbers all calls 0 (Ollama)',
    [
      calls({ index: 0, id: '1', function: { name: 'a', arguments: '{"x":' } }),
      calls({ index: 0, function: { arguments: '1}' } }),
      calls({ index: 0, id: '2', function: { name: 'a', arguments: '{"x":2}' } }),
      delta({}, 'tool_calls'),
    ],
    [call('a', { x: 1 }), call('a', { x: 2 })],
  ],
  [
    'numbers no call',
    [
      calls(
        { id: '1', function: { name: 'a', arguments: '{"x":1}' } },
        { id: '2', function: { name: 'b', arguments: '{' } },
      ),
      calls({ function: { arguments: '}' } }),
      delta({}, 'tool_calls'),
    ],
    [call('a', { x: 1 }), call('b', {})],
  ],
  [
    'writes parallel calls by turns',
    [
      calls({ index: 0, id: '1', function: { name: 'a', arguments: '{"x"' } }),
      calls({ index: 1, id: '2', function: { name: 'b', arguments: '{"y"' } }),
      calls({ index: 0, function: { arguments: ':1}' } }, { index: 1, function: { arguments: ':2}' } }),
      delta({}, 'tool_calls'),
    ],
    [call('a', { x: 1 }), call('b', { y: 2 })],
  ],
  [
    'sends arguments as an object (llama.cpp)',
    [calls({ index: 0, id: '1', function: { name: 'a', arguments: { x: 1 } } }), delta({}, 'tool_calls')],
    [call('a', { x: 1 })],
  ],
  [
    'sends no arguments for a tool without any (vLLM)',
    [calls({ index: 0, id: '1', function: { name: 'a' } }), delta({}, 'tool_calls')],
    [call('a', {})],
  ],
  [
    'repeats the name and the id with each fragment (llama.cpp)',
    [
      calls({ index: 0, id: '1', function: { name: 'add', arguments: '{"x"' } }),
      calls({ index: 0, id: '1', function: { name: 'add', arguments: ':1}' } }),
      delta({}, 'tool_calls'),
    ],
    [call('add', { x: 1 })],
  ],
  [
    'sends empty names and ids behind the first fragment (LM Studio)',
    [
      calls({ index: 0, id: '1', function: { name: 'add', arguments: '' } }),
      calls({ index: 0, id: '', function: { name: '', arguments: '{"x":1}' } }),
      delta({ tool_calls: [] }, 'tool_calls'),
    ],
    [call('add', { x: 1 })],
  ],
  [
    'always sends a list of calls, mostly an empty one (LM Studio)',
    [delta({ content: 'Hi', tool_calls: [] }), delta({ tool_calls: [] }, 'stop')],
    [{ type: 'text', text: 'Hi' }],
  ],
  [
    'says what it thought in `reasoning` (vLLM, Ollama, OpenRouter)',
    [delta({ reasoning: 'Hm' }), delta({ reasoning: '.', content: null }), delta({ content: 'Hi' }, 'stop')],
    [
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'Hi' },
    ],
  ],
  [
    'says what it thought in the text (LM Studio)',
    [delta({ content: '\n<thi' }), delta({ content: 'nk>Hm. </' }), delta({ content: 'think>\n\nHi <think>' }, 'stop')],
    [
      { type: 'reasoning', text: 'Hm. ' },
      { type: 'text', text: 'Hi <think>' },
    ],
  ],
  [
    'looks things up on the web and says where (OpenAI)',
    [delta({ content: 'Hi' }), delta({ annotations: [{ type: 'url_citation' }] }, 'stop')],
    [{ type: 'text', text: 'Hi' }, lookedUp],
  ],
  [
    'says beside the message where it looked things up (Perplexity, xAI)',
    [{ ...delta({ content: 'Hi' }), citations: ['https://example.org'] }, delta({ annotations: [] }, 'stop')],
    [{ type: 'text', text: 'Hi' }, lookedUp],
  ],
  ['begins as if it thought', [delta({ content: '<th' }), delta({}, 'stop')], [{ type: 'text', text: '<th' }]],
  [
    'adds events of its own and no usage',
    [{ object: 'ping' }, { choices: [] }, { choices: null, x: 1 }, delta({ content: 'Hi' }, 'stop')],
    [{ type: 'text', text: 'Hi' }],
  ],
];

test.each(rows)('A server that %s is understood', async (_, events, content) => {
  const server = await api.start({ events });
  const { done } = await told(api.model(server));
  expect(done.message.content).toMatchObject(content);
  expect(done.message.content).toHaveLength(content.length);
  expect(done.stop).toBe(content.some((part) => 'name' in part) ? 'calls' : 'end');
  await server.close();
});

test('A server that answers a stream in one piece, or goes silent behind the end, is understood', async (context) => {
  const events = [delta({ content: 'Hi' }, 'stop')];
  const body = JSON.stringify({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] });
  const whole = { fault: { status: 200, body } };
  const { server, model } = await modelAt(api, context, [whole, { events, fault: { stallAfter: 1 } }]);
  expect((await told(model)).done.message.content).toEqual([{ type: 'text', text: 'Hi' }]);
  // It has said that it is done: nobody waits for the five minutes that it may think in silence.
  const silent = await told(api.model(server));
  expect(silent.done.message.content).toEqual([{ type: 'text', text: 'Hi' }]);
});

test('A server that streams calls wrongly can be asked for one piece', async (context) => {
  const { server, model } = await modelAt(
    api,
    context,
    { calls: [{ name: 'a', arguments: { x: 1 } }] },
    { stream: false },
  );
  expect((await told(model)).done.message.content).toMatchObject([call('a', { x: 1 })]);
  expect(server.bodies[0]).not.toHaveProperty('stream');
  expect(server.bodies[0]).not.toHaveProperty('stream_options');
});

const conversation = (ids: string[], model: string): Message[] => [
  { role: 'user', content: [{ type: 'text', text: 'Go' }] },
  ...ids.flatMap((id, index): Message[] => [
    {
      role: 'assistant',
      content: [
        {
          type: 'call',
          id: `own_${index}`,
          name: 'a',
          arguments: {},
          raw: { api: 'openai-chat', model, value: { id } },
        },
      ],
    },
    { role: 'tool', content: [{ type: 'result', id: `own_${index}`, name: 'a', content: [] }] },
  ]),
];

/** The ids of calls and results that a server is sent. */
const idsSent = (body: Record<string, unknown> | undefined): unknown[] =>
  ((body?.messages ?? []) as { tool_call_id?: string; tool_calls?: { id: string }[] }[]).flatMap(
    (message) => message.tool_call_id ?? message.tool_calls?.[0]?.id ?? [],
  );

test('Ids go back as they came, unless they are empty, came twice, or are refused by the model’s template', async (context) => {
  const { server } = await modelAt(api, context, [{ text: '1' }, { text: '2' }, { text: '3' }]);
  const at = (model: string) => openaiModel({ model, baseURL: server.baseURL });
  const ids = ['functions.a:0', '', 'functions.a:0'];
  await told(at('kimi-k2'), { messages: conversation(ids, 'kimi-k2') });
  const twice = (all: string[]) => all.flatMap((id) => [id, id]);
  expect(idsSent(server.bodies[0])).toEqual(twice(['functions.a:0', 'call00002', 'call00003']));
  await told(at('devstral-2'), { messages: conversation(['a1B2c3D4e', 'functions.a:0'], 'devstral-2') });
  expect(idsSent(server.bodies[1])).toEqual(twice(['a1B2c3D4e', 'call00002']));
  await told(at('qwen3'), { messages: conversation(ids, 'kimi-k2') });
  expect(idsSent(server.bodies[2])).toEqual(twice(['call00001', 'call00002', 'call00003']));
});

test('A call without a name goes back with one, and one with nothing at all is none', async (context) => {
  const events = [
    calls({ index: 0, id: '', function: { name: '', arguments: '{"x":1}' } }, { index: 1, id: '', function: {} }),
    delta({}, 'tool_calls'),
  ];
  const { server, model } = await modelAt(api, context, [{ events }, { text: 'Done' }]);
  const { message } = (await told(model)).done;
  expect(message.content).toMatchObject([call('', { x: 1 })]);
  await told(model, { messages: [message] });
  expect(server.bodies[1]?.messages).toMatchObject([
    { tool_calls: [{ id: 'call00001', function: { name: 'unnamed_tool' } }] },
  ]);
});

test('What a provider hangs on a call goes back with it', async (context) => {
  const extra_content = { google: { thought_signature: 'signed' } };
  const events = [
    calls({ index: 0, id: '1', function: { name: 'a', arguments: '{}' }, extra_content }),
    delta({}, 'tool_calls'),
  ];
  const { server, model } = await modelAt(api, context, [{ events }, { text: 'Done' }]);
  const { message } = (await told(model)).done;
  await told(model, { messages: [message] });
  expect(server.bodies[1]?.messages).toMatchObject([{ tool_calls: [{ id: '1', extra_content }] }]);
});

test('A call that the server left in the text is not run, and warned of once', async (context) => {
  const text = '<tool_call>{"name":"a"}</tool_call>';
  const { model } = await modelAt(api, context, [{ text }, { text }]);
  const first = await told(model);
  expect(first.done).toMatchObject({ stop: 'end', message: { content: [{ type: 'text', text }] } });
  expect(first.events).toContainEqual({ type: 'warning', message: expect.stringContaining('--tool-call-parser') });
  expect((await told(model)).events.map(({ type }) => type)).not.toContain('warning');
});

test('A server that read only the end of what it was sent is warned of', async (context) => {
  const image = { type: 'media' as const, mediaType: 'image/png', data: 'A'.repeat(100_000) };
  const long: Message[] = [{ role: 'user', content: [{ type: 'text', text: 'word '.repeat(10_000) }] }];
  const turns = [
    { text: 'Hi', usage: { input: 4096 } },
    { text: 'Hi', usage: { input: 300 } },
  ];
  const { model } = await modelAt(api, context, turns);
  const { events } = await told(model, { messages: long });
  expect(events).toContainEqual({ type: 'warning', message: expect.stringContaining('OLLAMA_CONTEXT_LENGTH') });
  const shown = await told(model, { messages: [{ role: 'user', content: [image] }] });
  expect(shown.events.map(({ type }) => type)).not.toContain('warning');
});

const bodies: [body: unknown, expected: object][] = [
  [{ error: 'model "x" not found' }, { reason: expect.stringMatching(/^model "x" not found /) }],
  [
    { object: 'error', message: 'This model’s maximum context length is 8192 tokens', code: 400 },
    { failure: 'context' },
  ],
  [{ detail: 'no such route' }, { failure: 'invalid', reason: expect.stringMatching(/^no such route /) }],
  [{ error: { code: 400, message: 'too long', type: 'exceed_context_size_error' } }, { failure: 'context' }],
  ['<html>Bad Request</html>', { failure: 'invalid', reason: expect.stringContaining('Bad Request') }],
  ['', { failure: 'invalid', reason: expect.stringContaining('400') }],
];

test.each(bodies)('A failure in words of its own is told: %j', async (body, expected) => {
  const server = await api.start({ fault: { status: 400, body } });
  expect(await failure(api.model(server))).toMatchObject({ failure: 'invalid', status: 400, ...expected });
  await server.close();
});

test('An address of something else is told as such', async (context) => {
  const page = { fault: { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } } };
  const { model } = await modelAt(api, context, [page, { fault: { status: 200, body: { hello: 1 } } }]);
  expect(await failure(model)).toMatchObject({ failure: 'invalid', reason: expect.stringContaining('base URL') });
  expect(await failure(model)).toMatchObject({ failure: 'invalid', reason: expect.stringContaining('base URL') });
});
