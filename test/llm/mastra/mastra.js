// An agent of Mastra with a mock model: `node mastra.js SERVER`, the path of server-everything. Prints what it saw as JSON.
import { Agent } from '@mastra/core/agent';
import { mastraTools } from 'toolway/llm';
import { createToolkit } from 'toolway/node';

const toolkit = await createToolkit({
  connect: 'wait',
  mcpServers: { everything: { command: process.execPath, args: [process.argv[2], 'stdio'] } },
});
const tools = await mastraTools(toolkit);
const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 };
const call = (tool, input) => ({
  type: 'tool-call',
  toolCallId: `call_${tool}`,
  toolName: `everything__${tool}`,
  input: JSON.stringify(input),
});
const DONE = [
  { type: 'text-start', id: '1' },
  { type: 'text-delta', id: '1', delta: 'done' },
  { type: 'text-end', id: '1' },
];

/**
 * A model of the AI SDK, of the name, by which Mastra rewrites schemas; it answers with one list of parts after another.
 * `asked` keeps the requests.
 */
const modelOf = (modelId, ...turns) => {
  const asked = [];
  return {
    specificationVersion: 'v2',
    provider: 'mock',
    modelId,
    supportedUrls: {},
    asked,
    async doStream(request) {
      const parts = turns[asked.length];
      asked.push(request);
      const finishReason = parts === DONE ? 'stop' : 'tool-calls';
      const all = [{ type: 'stream-start', warnings: [] }, ...parts, { type: 'finish', usage, finishReason }];
      return { stream: ReadableStream.from(all) };
    },
  };
};
const agentOf = (model) => new Agent({ id: 'tester', name: 'tester', instructions: 'test', model, tools });

/** What a model of the name was offered, and told of its calls. */
const run = async (modelId) => {
  const model = modelOf(
    modelId,
    [call('echo', { message: 'hi' }), call('get-tiny-image', {})],
    [call('get-sum', { a: 'x' }), call('get-resource-reference', { resourceType: 'Text', resourceId: -1 })],
    DONE,
  );
  const stream = await agentOf(model).stream('go', { maxSteps: 5 });
  const text = await stream.text;
  const told = model.asked
    .at(-1)
    .prompt.filter(({ role }) => role === 'tool')
    .flatMap(({ content }) => content.map(({ output }) => output));
  return { modelId, text, told, offered: model.asked[0].tools.find(({ name }) => name === 'everything__get-sum') };
};
const runs = [await run('some-model'), await run('claude-opus-4'), await run('gpt-5')];

const leaving = new AbortController();
const slow = modelOf('some-model', [call('trigger-long-running-operation', { duration: 60, steps: 600 })], DONE);
const started = performance.now();
const aborting = agentOf(slow)
  .stream('go', { maxSteps: 3, abortSignal: leaving.signal })
  .then((stream) => stream.consumeStream())
  .catch(() => {});
while (toolkit.calls().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
leaving.abort();
while (toolkit.calls().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
const seconds = (performance.now() - started) / 1000;
await aborting;
await toolkit.close();

const seen = { runs, asked: slow.asked.length, quick: seconds < 30 };
process.stdout.write(JSON.stringify(seen).replace(/[A-Za-z0-9+/=]{200,}/g, (data) => `<${data.slice(0, 5)}>`));
