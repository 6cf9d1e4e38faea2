// LangChain with its own fake model: `node langchain.js`. Prints what it saw as JSON.
import { AIMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { fakeModel } from '@langchain/core/testing';
import { langchainTools } from 'toolway/llm';
import { named, openWorld, short } from './world.js';

const world = await openWorld();
const tools = await langchainTools(world.toolkit);
const byName = new Map(tools.map((tool) => [tool.name, tool]));
const names = [...byName.keys()];
const call = (tool, args) => ({ name: named(names, tool), args, id: `call_${tool}` });

/** As LangChain's own loops run tools. */
const model = fakeModel()
  .respondWithTools([call('echo', { message: 'hi' }), call('get_tiny_image', {})])
  .respondWithTools([call('read_text_file', { path: world.missing }), call('echo', { message: 'x' })])
  .respond(new AIMessage('done'));
const bound = model.bindTools(tools);
const messages = [new HumanMessage('go')];
for (;;) {
  const answer = await bound.invoke(messages);
  messages.push(answer);
  if (!answer.tool_calls?.length) break;
  for (const called of answer.tool_calls) {
    messages.push(await byName.get(called.name).invoke({ ...called, type: 'tool_call' }));
  }
}
const told = messages
  .filter((message) => ToolMessage.isInstance(message))
  .map(({ content, status, tool_call_id, name, artifact }) => ({ content, status, tool_call_id, name, artifact }));

const slow = byName.get(named(names, 'trigger_long_running_operation'));
const events = [];
await slow.invoke({ duration: 0.2, steps: 2 }, { callbacks: [{ handleToolEvent: (event) => events.push(event) }] });

const leaving = new AbortController();
const aborting = slow.invoke({ duration: 60, steps: 600 }, { signal: leaving.signal });
while (world.toolkit.calls().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
leaving.abort();
const aborted = await aborting.catch(({ code }) => code);

const seen = {
  names,
  described: byName.get(named(names, 'echo')).description,
  text: messages.at(-1).text,
  told: short(told),
  events,
  plain: await byName.get(named(names, 'echo')).invoke({ message: 'plain' }),
  refused: await byName
    .get(named(names, 'echo'))
    .invoke({ message: 7 })
    .catch(({ message }) => message),
  aborted,
  left: world.toolkit.calls().length,
};
await world.close();
console.log(JSON.stringify(seen));
