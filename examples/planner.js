/** Requests in words become calls of tools, without a key: `node examples/planner.js`. */
import { createConversation, createPlanner, runToolLoop, searchTools } from 'toolway/llm';
import { createToolkit } from 'toolway/node';
import { createTestServer } from 'toolway/testing';

const string = { type: 'string' };
/** @param {Record<string, unknown>} properties */
const needs = (properties) => ({ type: 'object', properties, required: Object.keys(properties) });
/** @type {Map<unknown, unknown>} */
const kept = new Map([['/notes/a.md', 'Buy milk']]);
const files = createTestServer({
  tools: {
    read_file: {
      description: 'Reads a file',
      inputSchema: needs({ path: string }),
      run: ({ path }) => String(kept.get(path)),
    },
    write_file: {
      description: 'Writes a file',
      inputSchema: needs({ path: string, content: string }),
      run: ({ path, content }) => {
        kept.set(path, content);
        return `Wrote ${path}`;
      },
    },
  },
});

const toolkit = await createToolkit({
  connect: 'wait',
  mcpServers: { files: files.config },
  // Calls that a model chose are asked for, those of the planner too.
  onApprove: ({ tool, arguments: args }) => {
    console.log(`  asked for ${tool} ${JSON.stringify(args)}`);
    return true;
  },
});

const model = createPlanner({ toolkit });
const conversation = createConversation();
/** @param {string} messages */
const say = async (messages) => {
  const { text } = await runToolLoop({ toolkit, model, conversation, messages });
  console.log(`> ${messages}\n${text}\n`);
};
await say('read the file /notes/a.md');
await say('read /notes/a.md and then write it to /notes/b.md');
await say('write the file /notes/c.md');
await say('Call Ann');
await say('bake a cake');

// The tools that a model gets in place of all, where there are too many.
const [search] = searchTools(toolkit);
console.log(search?.description);

await toolkit.close();
