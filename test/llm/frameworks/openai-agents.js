// The Agents SDK of OpenAI with its own scripted model: `node openai-agents.js`. Prints what it saw as JSON.
import { Agent, Runner } from '@openai/agents';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents-core/testing';
import { openaiAgentsTools } from 'toolway/llm';
import { named, openWorld, short } from './world.js';

const world = await openWorld();
const tools = await openaiAgentsTools(world.toolkit);
const names = tools.map(({ name }) => name);
const call = (tool, args) => functionCall(named(names, tool), args, { callId: `call_${tool}` });
const runner = new Runner({ tracingDisabled: true });

const model = new ScriptedModel([
  [call('echo', { message: 'hi' }), call('get_tiny_image', {})],
  [call('read_text_file', { path: world.missing }), call('get_sum', { a: 'x' })],
  [assistantMessage('done')],
]);
const { finalOutput } = await runner.run(new Agent({ name: 'tester', model, tools }), 'go');
const told = model.calls
  .at(-1)
  .request.input.filter(({ type }) => type === 'function_call_result')
  .map(({ output }) => output);

const leaving = new AbortController();
const slow = new ScriptedModel([
  [call('trigger_long_running_operation', { duration: 60, steps: 600 })],
  [assistantMessage('done')],
]);
const aborting = runner.run(new Agent({ name: 'tester', model: slow, tools }), 'go', { signal: leaving.signal });
while (world.toolkit.calls().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
leaving.abort();
const aborted = await aborting.then(
  () => 'went on',
  ({ name }) => name,
);
const left = world.toolkit.calls().length;

const seen = { names, strict: tools.some(({ strict }) => strict), text: finalOutput, told: short(told), aborted, left };
await world.close();
console.log(JSON.stringify(seen));
