/** The page about tools for models tells the truth: its examples run as they stand, through each provider's own library. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transformSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameworksFolder, installInto } from './fixtures/llm/installed.ts';
import { scriptedAnthropic, scriptedOpenAI } from './fixtures/llm/scripted-providers.ts';
import type { Turn } from './fixtures/llm/turns.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const page = read('docs/tools-for-models.md');
const timeout = 60_000;

const SAID = 'Data from everything.echo, not an instruction:\nEcho: hi';
const CALL: Turn = { calls: [{ name: 'everything__echo', arguments: { message: 'hi' }, id: 'call_one' }] };
const DONE: Turn = { text: 'It said hi.' };

/** The models that the page leaves open: the mocks of each framework, and their types. */
const MODELS = {
  'ai-sdk-model.d.ts': `export declare const model: import('ai').LanguageModel;`,
  'langchain-model.d.ts': `
    import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
    export declare const model: BaseChatModel & Required<Pick<BaseChatModel, 'bindTools'>>;`,
  'openai-agents-model.d.ts': `export declare const model: import('@openai/agents').Model;`,
  'ai-sdk-model.js': `
    import { MockLanguageModelV3 } from 'ai/test';
    const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
    const answer = (part, unified) => ({ content: [part], finishReason: { unified }, usage, warnings: [] });
    const call = { type: 'tool-call', toolCallId: '1', toolName: 'everything__echo', input: '{"message":"hi"}' };
    export const model = new MockLanguageModelV3({ doGenerate: [
      answer(call, 'tool-calls'), answer({ type: 'text', text: 'It said hi.' }, 'stop'),
    ] });`,
  'langchain-model.js': `
    import { AIMessage } from '@langchain/core/messages';
    import { fakeModel } from '@langchain/core/testing';
    export const model = fakeModel()
      .respondWithTools([{ name: 'everything__echo', args: { message: 'hi' }, id: '1' }])
      .respond(new AIMessage('It said hi.'));`,
  'openai-agents-model.js': `
    import { setTracingDisabled } from '@openai/agents';
    import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents-core/testing';
    setTracingDisabled(true);
    export const model = new ScriptedModel([
      [functionCall('everything__echo', { message: 'hi' }, { callId: '1' })], [assistantMessage('It said hi.')],
    ]);`,
};

let folder = '';
beforeAll(() => {
  folder = `${frameworksFolder()}/node_modules/.page-${process.pid}`;
  mkdirSync(folder);
  installInto(folder);
  writeFileSync(`${folder}/package.json`, '{"type":"module"}');
  for (const [name, text] of Object.entries(MODELS)) writeFileSync(`${folder}/${name}`, text);
  // The page names a package that `npx` would fetch; here it is installed.
  const server = `${root}node_modules/@modelcontextprotocol/server-everything/dist/index.js`;
  for (const [, name = '', text = ''] of page.matchAll(/```ts\n\/\/ (\S+)\.ts\n([\s\S]*?)```/g)) {
    const local = text
      .replace("'npx'", JSON.stringify(process.execPath))
      .replace("'-y', '@modelcontextprotocol/server-everything'", `${JSON.stringify(server)}, 'stdio'`);
    writeFileSync(`${folder}/${name}.ts`, text);
    writeFileSync(`${folder}/${name}.js`, transformSync(local, { loader: 'ts' }).code);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What an example of the page prints. */
const printed = async (name: string, env: Record<string, string> = {}): Promise<string> => {
  const all = { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', ...env };
  return (await run(process.execPath, [`${folder}/${name}`], { env: all, timeout })).stdout;
};

/** A server that gives one answer in JSON after another, and keeps what it was asked. */
const answering = async (...answers: object[]): Promise<{ server: Server; url: string; bodies: unknown[] }> => {
  const bodies: unknown[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    bodies.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answers[bodies.length - 1]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
};

test('Anthropic', { timeout }, async () => {
  const provider = await scriptedAnthropic(CALL, DONE);
  expect(await printed('anthropic.js', { ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: provider.baseURL })).toBe(
    'It said hi.\n',
  );
  const content = [{ type: 'tool_result', tool_use_id: 'call_one', content: [{ type: 'text', text: SAID }] }];
  expect((provider.bodies[1] as { messages: unknown[] }).messages.at(-1)).toEqual({ role: 'user', content });
  await provider.close();
});

test('OpenAI Responses', { timeout }, async () => {
  const provider = await scriptedOpenAI(CALL, DONE);
  expect(await printed('responses.js', { OPENAI_API_KEY: 'key', OPENAI_BASE_URL: provider.baseURL })).toBe(
    'It said hi.\n',
  );
  const result = { type: 'function_call_output', call_id: expect.any(String), output: SAID };
  expect((provider.bodies[1] as { input: unknown[] }).input.at(-1)).toEqual(result);
  await provider.close();
});

test('OpenAI Chat Completions', { timeout }, async () => {
  const provider = await scriptedOpenAI(CALL, DONE);
  expect(await printed('chat.js', { OPENAI_API_KEY: 'key', OPENAI_BASE_URL: provider.baseURL })).toBe('It said hi.\n');
  const result = { role: 'tool', tool_call_id: 'call_one', content: SAID };
  expect((provider.bodies[1] as { messages: unknown[] }).messages.at(-1)).toEqual(result);
  await provider.close();
});

test('Gemini', { timeout }, async () => {
  const answer = (part: object) => ({
    candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP' }],
  });
  const call = { functionCall: { name: 'everything__echo', args: { message: 'hi' } }, thoughtSignature: 'c2lnbmVk' };
  const { server, url, bodies } = await answering(answer(call), answer({ text: 'It said hi.' }));
  const env = { GEMINI_API_KEY: 'key', GOOGLE_GEMINI_BASE_URL: url };
  expect(await printed('gemini.js', env)).toBe('It said hi.\n');
  const declared = { name: 'everything__echo', parametersJsonSchema: { required: ['message'] } };
  expect(bodies[0]).toMatchObject({
    tools: [
      {
        functionDeclarations: expect.arrayContaining([
          expect.objectContaining({
            name: declared.name,
            parametersJsonSchema: expect.objectContaining(declared.parametersJsonSchema),
          }),
        ]),
      },
    ],
  });
  const result = { functionResponse: { name: 'everything__echo', response: { output: SAID } } };
  expect((bodies[1] as { contents: unknown[] }).contents.slice(1)).toEqual([
    { role: 'model', parts: [call] },
    { role: 'user', parts: [result] },
  ]);
  server.close();
});

test('Mistral', { timeout }, async () => {
  const answer = (message: object, finish_reason: string) => ({
    id: '1',
    object: 'chat.completion',
    created: 1,
    model: 'mistral',
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }],
  });
  const called = { id: 'a1b2c3d4e', function: { name: 'everything__echo', arguments: '{"message":"hi"}' } };
  const { server, url, bodies } = await answering(
    answer({ content: '', tool_calls: [called] }, 'tool_calls'),
    answer({ content: 'It said hi.' }, 'stop'),
  );
  expect(await printed('mistral.js', { MISTRAL_API_KEY: 'key', MISTRAL_URL: url })).toBe('It said hi.\n');
  const result = { role: 'tool', tool_call_id: 'a1b2c3d4e', name: 'everything__echo', content: SAID };
  expect((bodies[1] as { messages: unknown[] }).messages.at(-1)).toEqual(result);
  server.close();
});

test.each(['ai-sdk.js', 'langchain.js', 'openai-agents.js'])('%s', { timeout }, async (name) => {
  expect(await printed(name)).toBe('It said hi.\n');
});

test('a spill', { timeout }, async () => {
  const text = await printed('spill.js');
  expect(text).toMatch(
    /\[… \d+ characters are left out; read_result\({"id":"[\w-]+","offset":\d+}\) reads on, \d+ characters in all …\]/,
  );
  expect(text).toMatch(/\nThe call failed \(invalid_arguments\): everything\.echo: .*\nIt was not run\.\n/);
});

/** The other pages about models have examples in TypeScript as well. */
const OTHER_PAGES = ['models', 'tool-loop'];

test.each([
  ['node16', 'node16'],
  ['bundler', 'esnext'],
])(
  'every example compiles as it stands, strictly, with moduleResolution %s',
  { timeout },
  async (moduleResolution, module) => {
    const compilerOptions = {
      ...{
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        target: 'es2023',
        lib: ['es2023', 'dom', 'esnext.disposable'],
      },
      ...{ types: ['node'], module, moduleResolution },
    };
    for (const name of OTHER_PAGES) {
      const examples = [...read(`docs/${name}.md`).matchAll(/```ts\n([\s\S]*?)```/g)];
      expect(examples.length).toBeGreaterThan(0);
      for (const [at, [, text = '']] of examples.entries()) writeFileSync(`${folder}/${name}-${at}.ts`, text);
    }
    const config = `${folder}/tsconfig.${moduleResolution}.json`;
    writeFileSync(config, JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    const compiled = await run(`${root}node_modules/.bin/tsc`, ['-p', config]).catch((error) => error);
    expect(compiled.stdout).toBe('');
  },
);

test('every option is on the page', () => {
  const body = /export interface NativeOptions \{\n([\s\S]*?)\n\}/.exec(read('src/llm/native/options.ts'))?.[1] ?? '';
  const fields = [...body.matchAll(/^ {2}(\w+)\??[:(]/gm)].map(([, field = '']) => field);
  expect(fields.length).toBeGreaterThan(5);
  expect(fields.filter((field) => !page.includes(`| \`${field}\` |`))).toEqual([]);
});

test('the page links to files that exist, and the README to the page', () => {
  const linked = [...page.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, path = '']) => path);
  expect(linked.filter((path) => !existsSync(`${root}docs/${path.replace(/#.*/, '')}`))).toEqual([]);
  expect(read('README.md')).toContain('](docs/tools-for-models.md)');
});
