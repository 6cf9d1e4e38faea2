/** A model writes one program in place of forty calls: `node examples/code-mode.js`. */
import { codeTool, runToolLoop } from 'toolway/llm';
import { createCodeSandbox, createToolkit } from 'toolway/node';
import { createTestServer } from 'toolway/testing';

const id = { type: 'object', properties: { id: { type: 'number' } }, required: ['id'] };
const shop = createTestServer({
  tools: {
    list_orders: {
      description: 'Lists the numbers of all orders',
      annotations: { readOnlyHint: true, openWorldHint: false },
      run: () => JSON.stringify(Array.from({ length: 40 }, (_, n) => n + 1)),
    },
    get_order: {
      description: 'Gives one order',
      inputSchema: id,
      annotations: { readOnlyHint: true, openWorldHint: false },
      run: ({ id }) => JSON.stringify({ id, paid: Number(id) % 3 !== 0, total: Number(id) * 10 }),
    },
    send_reminder: { description: 'Reminds of an order', inputSchema: id, run: ({ id }) => `reminded of ${id}` },
  },
});

const toolkit = await createToolkit({
  connect: 'wait',
  mcpServers: { shop: { ...shop.config, trustHints: true } },
  policy: { rules: [{ annotations: { readOnlyHint: true, openWorldHint: false }, action: 'allow' }] },
  // What is no reading is asked for, call by call; this person agrees to one.
  onApprove: ({ tool, arguments: args }) => {
    console.log(`  asked for ${tool} ${JSON.stringify(args)}`);
    return args.id === 39;
  },
});

const program = `
const ids = await tools.shop.list_orders({});
const orders = await Promise.all(ids.map((id) => tools.shop.get_order({ id })));
const open = orders.filter((order) => !order.paid).sort((a, b) => b.total - a.total);
const reminded = [];
for (const { id } of open.slice(0, 2)) {
  try {
    reminded.push(await tools.shop.send_reminder({ id }));
  } catch (error) {
    if (!(error instanceof DeniedError)) throw error;
    console.log('not reminded of', id);
  }
}
return { open: open.length, owed: open.reduce((sum, order) => sum + order.total, 0), reminded };
`;

/** Stands for the model of a provider, such as `anthropicModel({ model: '…' })`. @type {import('toolway/llm').ChatModel} */
const model = {
  id: 'stand-in',
  api: 'stand-in',
  traits: { profile: 'common' },
  async *stream({ messages }) {
    const usage = { input: 0, output: 0 };
    const answer = messages.at(-1)?.content[0];
    if (answer?.type === 'result') {
      for (const part of answer.content) if (part.type === 'text') console.log(part.text);
      yield {
        type: 'done',
        stop: 'end',
        usage,
        message: { role: 'assistant', content: [{ type: 'text', text: 'Done.' }] },
      };
      return;
    }
    const call = { type: /** @type {const} */ ('call'), id: '1', name: 'run_code', arguments: { code: program } };
    yield { type: 'done', stop: 'calls', usage, message: { role: 'assistant', content: [call] } };
  },
};

const runCode = await codeTool(toolkit, { sandbox: createCodeSandbox() });
console.log(runCode.description);
const { text, toolCalls } = await runToolLoop({
  toolkit,
  model,
  messages: 'Who owes us most? Remind the first two.',
  localTools: [runCode],
  // Each call of a program counts as one.
  maxToolCalls: 200,
});
console.log(`${text} (${toolCalls} calls)`);
await toolkit.close();
