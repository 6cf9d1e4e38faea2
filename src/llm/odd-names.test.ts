import { expect, test } from 'vitest';
import { createConversation } from './loop/conversation.ts';
import { runToolLoop } from './loop/loop.ts';
import { aiSdkModel } from './models/ai-sdk.ts';
import { anthropicModel } from './models/anthropic.ts';
import { openaiModel } from './models/openai.ts';
import { geminiTools } from './native/gemini.ts';
import { openaiTools } from './native/openai.ts';

const never = (): Promise<never> => Promise.reject(new Error('nobody asked'));
const thrown = (make: () => unknown): unknown => {
  try {
    return make();
  } catch (error) {
    return error;
  }
};

test('an address that is mistyped is not passed over: the key would go elsewhere', () => {
  const options = { model: 'qwen3:8b', baseUrl: 'http://localhost:11434/v1' };
  expect(thrown(() => openaiModel(options))).toMatchObject({
    code: 'invalid_arguments',
    message: 'baseUrl is no option; did you mean baseURL?',
    problems: [{ path: '/baseUrl' }],
  });
});

test('nor has a language model of the AI SDK any', () => {
  const model = { specificationVersion: 'v3', provider: 'x', modelId: 'y', doGenerate: never, doStream: never };
  expect(thrown(() => aiSdkModel(model, { profil: 'gemini' } as never))).toMatchObject({
    code: 'invalid_arguments',
    message: 'profil is no option; did you mean profile?',
  });
});

test.each([
  ['anthropicModel', () => anthropicModel('claude-opus-5-5' as never)],
  ['openaiModel', () => openaiModel(undefined as never)],
  ['openaiModel', () => openaiModel({ model: '' })],
])('a model without a name says how %s is given one', (maker, make) => {
  const message = `model must be the name of a model: ${maker}({ model: '…' })`;
  expect(thrown(make)).toMatchObject({ code: 'invalid_arguments', message });
});

test.each([
  ['maxStep', 'maxSteps'],
  ['maxCost', 'maxCostUsd'],
  ['timeout', 'timeoutMs'],
  ['message', 'messages'],
])('a limit that is mistyped as %s is not lost', async (name, meant) => {
  const toolkit = { callTool: async () => ({ content: [] }) };
  const conversation = createConversation();
  const options = { toolkit, model: openaiModel({ model: 'm' }), conversation, messages: 'Hi', [name]: 1 };
  await expect(runToolLoop(options as never)).rejects.toMatchObject({
    code: 'invalid_arguments',
    message: `${name} is no option; did you mean ${meant}?`,
  });
});

test('native tools have no mistyped options either', async () => {
  const toolkit = { listTools: async () => [] } as never;
  const wrong = { strict: false, maxResultToken: 5 };
  await expect(openaiTools(toolkit, wrong)).rejects.toMatchObject({
    code: 'invalid_arguments',
    message: 'maxResultToken is no option; did you mean maxResultTokens?',
  });
  await expect(geminiTools(toolkit, { mediaBesides: true } as never)).rejects.toMatchObject({
    message: 'mediaBesides is no option; did you mean mediaBeside?',
  });
  await expect(geminiTools(toolkit, { mediaBeside: true })).resolves.toMatchObject({ tools: [] });
  await expect(openaiTools(toolkit, { servers: ['files'] })).resolves.toMatchObject({ tools: [] });
});

test('what is no option at all is left to the program that gives it', () => {
  expect(openaiModel({ model: 'm', note: 'mine' } as never).id).toBe('m');
});
