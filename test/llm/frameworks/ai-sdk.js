// The AI SDK with its own mock model: `node ai-sdk.js ai` or `node ai-sdk.js ai-7`. Prints what it saw as JSON.
import { aiSdkTools } from 'toolway/llm';
import { named, openWorld, short } from './world.js';

const version = process.argv[2];
const { generateText, stepCountIs, isStepCount = stepCountIs, streamText } = await import(version);
const { MockLanguageModelV3, convertArrayToReadableStream } = await import(`${version}/test`);

const world = await openWorld();
const tools = await aiSdkTools(world.toolkit);
const names = Object.keys(tools);
const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};
const call = (tool, input) => ({
  type: 'tool-call',
  toolCallId: `call_${tool}`,
  toolName: named(names, tool) ?? tool,
  input: JSON.stringify(input),
});
const answer = (content) => ({
  content,
  finishReason: { unified: content[0].type === 'text' ? 'stop' : 'tool-calls', raw: undefined },
  usage,
  warnings: [],
});
const done = answer([{ type: 'text', text: 'done' }]);

/** What the model was told of each call, by name, in a run of several steps. */
const model = new MockLanguageModelV3({
  doGenerate: [
    answer([call('echo', { message: 'hi' }), call('get_tiny_image', {})]),
    answer([call('get_structured_content', { location: 'Chicago' }), call('read_text_file', { path: world.missing })]),
    answer([call('read_text_file', { path: world.note })]),
    answer([call('echo', { message: 7 })]),
    done,
  ],
});
const generated = await generateText({ model, tools, prompt: 'go', stopWhen: isStepCount(6) });
const told = (model.doGenerateCalls.at(-1)?.prompt ?? [])
  .filter(({ role }) => role === 'tool')
  .flatMap(({ content }) => content.map(({ output }) => output));

/** Streamed, with progress on the way. */
const streaming = new MockLanguageModelV3({
  doStream: [
    [call('trigger_long_running_operation', { duration: 0.2, steps: 2 })],
    [
      { type: 'text-start', id: '1' },
      { type: 'text-delta', id: '1', delta: 'done' },
      { type: 'text-end', id: '1' },
    ],
  ].map((parts, step) => ({
    stream: convertArrayToReadableStream([
      { type: 'stream-start', warnings: [] },
      ...parts,
      { type: 'finish', usage, finishReason: { unified: step === 0 ? 'tool-calls' : 'stop', raw: undefined } },
    ]),
  })),
});
const streamed = [];
for await (const part of streamText({ model: streaming, tools, prompt: 'go', stopWhen: isStepCount(3) }).fullStream) {
  if (part.type === 'tool-result') streamed.push({ preliminary: part.preliminary === true, output: part.output });
}

/** Aborted while a tool runs. */
const leaving = new AbortController();
const slow = new MockLanguageModelV3({
  doGenerate: [answer([call('trigger_long_running_operation', { duration: 60, steps: 600 })]), done],
});
const started = performance.now();
const aborting = generateText({
  model: slow,
  tools,
  prompt: 'go',
  stopWhen: isStepCount(3),
  abortSignal: leaving.signal,
});
while (world.toolkit.calls().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
leaving.abort();
const aborted = await aborting.then(
  ({ steps }) => steps[0].content.at(-1).error?.code,
  ({ name }) => name,
);
const left = world.toolkit.calls().length;

const seen = {
  names,
  tool: model.doGenerateCalls[0].tools.find(({ name }) => name === named(names, 'echo')),
  text: generated.text,
  steps: generated.steps.length,
  told: short(told),
  streamed: short(streamed),
  aborted,
  left,
  quick: performance.now() - started < 30_000,
};
await world.close();
console.log(JSON.stringify(seen));
