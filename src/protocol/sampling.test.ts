import { describe, expect, test } from 'vitest';
import { MAX_MESSAGES, MAX_TOOLS, readSample, sampleResultProblem } from './sampling.ts';
import type { JsonObject } from './types.ts';

const text = { type: 'text', text: 'x' };
const use = (id: string) => ({ type: 'tool_use', id, name: 't', input: {} });
const result = (toolUseId: string, more: JsonObject = {}) => ({
  type: 'tool_result',
  toolUseId,
  content: [text],
  ...more,
});
const user = (content: unknown) => ({ role: 'user', content });
const assistant = (content: unknown) => ({ role: 'assistant', content });
const read = (messages: unknown, more: JsonObject = {}) =>
  readSample({ messages, maxTokens: 10, ...more } as JsonObject);
const invalid = (message: string): unknown =>
  expect.objectContaining({ code: -32602, message: expect.stringContaining(message) });

describe('a request for sampling', () => {
  test('is handed on as the server wrote it', () => {
    const params = {
      messages: [
        user(text),
        assistant([text, { type: 'image', data: 'AA==', mimeType: 'image/png' }]),
        user({ type: 'audio', data: '', mimeType: 'x' }),
      ],
      maxTokens: 1,
      systemPrompt: 'x',
      temperature: 0,
      stopSequences: ['x'],
      modelPreferences: { hints: [] },
      metadata: {},
      toolChoice: {},
      includeContext: null,
      unknown: 1,
    };
    expect(readSample(params)).toBe(params);
  });

  test.each<[string, unknown, JsonObject?]>([
    ['messages is not a list', undefined],
    ['messages is not a list', []],
    ['messages[0] is not an object', ['x']],
    ['messages[0].role is neither', [{ role: 'system', content: text }]],
    ['messages[0].content is not an object', [user('hi')]],
    ['messages[0].content[1].text is not a string', [user([text, { type: 'text' }])]],
    ['messages[0].content.type has no place', [user({ type: 'resource_link', uri: 'a:b', name: 'x' })]],
    ['messages[0].content.type has no place', [user({ type: 'thinking' })]],
    ['maxTokens is not a number', [user(text)], { maxTokens: '5' }],
    ['maxTokens is less than 1', [user(text)], { maxTokens: 0 }],
    ['systemPrompt is not a string', [user(text)], { systemPrompt: [] }],
    ['stopSequences has an entry', [user(text)], { stopSequences: [1] }],
    ['tools[0].inputSchema is not an object', [user(text)], { tools: [{ name: 'x' }] }],
    ['toolChoice.mode is none of', [user(text)], { toolChoice: { mode: 'must' } }],
  ])('is refused: %s', (reason, messages, more = {}) => {
    expect(() => read(messages, more)).toThrow(invalid(reason));
  });

  test('is held to its limits: messages, blocks and tools', () => {
    const many = (count: number, one: unknown): unknown[] => Array.from({ length: count }, () => one);
    const tool = { name: 'x', inputSchema: {} };
    read(many(MAX_MESSAGES, user(many(2, text))), { tools: many(MAX_TOOLS, tool) });
    read([user(many(MAX_MESSAGES, text))]);
    expect(() => read(many(MAX_MESSAGES + 1, user(text)))).toThrow(invalid('more than 1000 messages'));
    expect(() => read([user(many(MAX_MESSAGES + 1, text))])).toThrow(invalid('more than 1000 blocks'));
    expect(() => read([assistant(use('1')), user(result('1', { content: many(MAX_MESSAGES + 1, text) }))])).toThrow(
      invalid('more than 1000 blocks'),
    );
    expect(() => read([user(text)], { tools: many(MAX_TOOLS + 1, tool) })).toThrow(invalid('more than 256 tools'));
  });
});

describe('tool results in a request for sampling', () => {
  test('balance the tool uses right before them, in any order', () => {
    read([
      user(text),
      assistant([text, use('1'), use('2')]),
      user([result('2'), result('1', { isError: true })]),
      assistant(text),
    ]);
    read([assistant(use('1')), user(result('1')), assistant(use('1')), user(result('1', { content: undefined }))]);
  });

  test.each<[string, unknown[]]>([
    ['messages[1]: tool results are mixed', [assistant(use('1')), user([text, result('1')])]],
    ['messages[1]: the result of a tool use is missing', [assistant([use('1'), use('2')]), user(result('1'))]],
    ['messages[1]: the result of a tool use is missing', [assistant(use('1')), user(text)]],
    ['messages[1]: the result of a tool use is missing', [assistant(use('1')), assistant(text), user(result('1'))]],
    ['the result of a tool use is missing', [user(text), assistant(use('1'))]],
    ['messages[0]: a tool result belongs to no tool use', [user(result('1'))]],
    ['messages[1]: a tool result belongs to no tool use', [assistant(use('1')), user([result('1'), result('1')])]],
    ['messages[1]: a tool result belongs to no tool use', [assistant(use('1')), user(result('2'))]],
    ['messages[0]: two tool uses have the same id', [assistant([use('1'), use('1')])]],
    ['messages[0].content is a tool_use of the user', [user(use('1'))]],
    ['messages[1].content is a tool_result of the assistant', [assistant(use('1')), assistant(result('1'))]],
    ['messages[0].content.id is not a string', [assistant({ ...use('1'), id: 1 })]],
    ['messages[0].content.input is not an object', [assistant({ ...use('1'), input: '{}' })]],
    [
      'messages[1].content.content[0].type is not a string',
      [assistant(use('1')), user(result('1', { content: [{}] }))],
    ],
    ['messages[1].content.content is not an array', [assistant(use('1')), user(result('1', { content: 'x' }))]],
  ])('are refused: %s', (reason, messages) => {
    expect(() => read(messages)).toThrow(invalid(reason));
  });
});

test('a message of our model is checked before it leaves', () => {
  const message = { role: 'assistant', model: 'm', content: text };
  for (const sound of [message, { ...message, content: [text, use('1')], stopReason: 'toolUse' }]) {
    expect(sampleResultProblem(sound)).toBeUndefined();
  }
  expect(sampleResultProblem('hi')).toBe('it is not an object');
  expect(sampleResultProblem({ ...message, role: 'user' })).toBe('role is not assistant');
  expect(sampleResultProblem({ ...message, model: undefined })).toBe('model is not a string');
  expect(sampleResultProblem({ ...message, stopReason: 1 })).toBe('stopReason is not a string');
  expect(sampleResultProblem({ ...message, content: 'hi' })).toBe('content is not an object');
  expect(sampleResultProblem({ ...message, content: [result('1')] })).toBe(
    'content[0] is a tool_result of the assistant',
  );
});
