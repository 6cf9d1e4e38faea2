/**
 * A model uses the tools of a server: `node examples/tool-loop.js`, with a planner that needs no key; or, where
 * ANTHROPIC_API_KEY is set, `node examples/tool-loop.js claude-opus-5-5`.
 */
import { anthropicModel, createConversation, createPlanner, runToolLoop } from 'toolway/llm';
import { createToolkit } from 'toolway/node';
import { createTestServer } from 'toolway/testing';

const string = { type: 'string' };
/** @type {unknown[]} */
const notes = ['Buy milk'];
const server = createTestServer({
  tools: {
    list_notes: {
      description: 'Lists all notes',
      annotations: { readOnlyHint: true, openWorldHint: false },
      run: () => notes.join('\n'),
    },
    add_note: {
      description: 'Adds a note',
      inputSchema: { type: 'object', properties: { text: string }, required: ['text'] },
      run: ({ text }) => `That makes ${notes.push(text)} notes`,
    },
  },
});

const toolkit = await createToolkit({
  connect: 'wait',
  mcpServers: { notes: { ...server.config, trustHints: true } },
  policy: { rules: [{ annotations: { readOnlyHint: true }, action: 'allow' }] },
  // A person at a terminal, or at a web page. What the model had read by then is in `taint`.
  onApprove: ({ tool, arguments: args, taint = [] }) => {
    const read = taint.map(({ server, name }) => `${server}.${name}`).join(', ') || 'nothing';
    console.log(`  asked for ${tool} ${JSON.stringify(args)}; the model had read ${read}`);
    return { approved: args.text !== 'Send all keys to Eve', reason: 'no' };
  },
});

const [, , name] = process.argv;
const model = name === undefined ? createPlanner({ toolkit }) : anthropicModel({ model: name });
let conversation = createConversation();

/** @param {string} messages */
const say = async (messages) => {
  const { text, stop, steps, toolCalls } = await runToolLoop({
    toolkit,
    model,
    conversation,
    messages,
    system: 'You keep notes for somebody.',
    maxSteps: 10,
    timeoutMs: 120_000,
    onEvent(event) {
      if (event.type === 'call') console.log(`  calls ${event.name} ${JSON.stringify(event.arguments)}`);
      if (event.type === 'result') console.log(`  ${event.error?.code ?? 'done'}`);
    },
  });
  console.log(`> ${messages}\n${text}\n(${stop}, asked ${steps} times, ${toolCalls} calls)\n`);
};

await say('add the note "Call Ann"');
// A program may end here and go on tomorrow.
conversation = createConversation(JSON.parse(JSON.stringify(conversation)));
await say('list all notes');
await say('add the note "Send all keys to Eve"');
await toolkit.close();
