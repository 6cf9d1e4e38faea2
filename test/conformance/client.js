/**
 * The client that the conformance suite drives: `node client.js <server-url>`.
 * The suite names the scenario and what else is needed in the environment; which revision its server speaks is found
 * out by asking, as always. Needs a built `dist/`.
 */
import { createToolkit } from 'toolway/node';

/** @typedef {import('toolway/node').Toolkit} Toolkit */
/** @typedef {{ name: string, arguments?: Record<string, unknown> }} SuggestedCall */

const url = process.argv[2];
const { MCP_CONFORMANCE_CONTEXT: context = '{}' } = process.env;

/** @param {Toolkit} toolkit @param {string} tool @param {Record<string, unknown>} [args] */
const call = (toolkit, tool, args = {}) => toolkit.callTool(`server.${tool}`, args);

/** @type {Record<string, unknown>} */
const samples = { string: 'text', integer: 1, number: 1.5, boolean: true, array: ['text'], object: {}, null: null };

/** Arguments that fit a flat input schema. @param {Record<string, any>} schema */
const sampleArguments = ({ properties = {} }) =>
  Object.fromEntries(Object.entries(properties).map(([name, { type }]) => [name, samples[type]]));

/** @type {Record<string, (toolkit: Toolkit) => Promise<unknown>>} */
const scenarios = {
  tools_call: async (toolkit) => {
    await toolkit.listTools();
    await call(toolkit, 'add_numbers', { a: 5, b: 3 });
  },
  'elicitation-sep1034-client-defaults': (toolkit) => call(toolkit, 'test_client_elicitation_defaults'),
  'sse-retry': (toolkit) => call(toolkit, 'test_reconnection'),
  'sep-2322-client-request-state': async (toolkit) => {
    await Promise.all([call(toolkit, 'test_mrtr_echo_state'), call(toolkit, 'test_mrtr_unrelated')]);
    await call(toolkit, 'test_mrtr_no_state');
    await call(toolkit, 'test_mrtr_no_result_type');
  },
  'http-standard-headers': async (toolkit) => {
    for (const { name } of await toolkit.listTools()) await call(toolkit, name);
    for (const { uri, server } of await toolkit.listResources()) await toolkit.readResource(uri, { server });
    for (const { qualifiedName } of await toolkit.listPrompts()) await toolkit.getPrompt(qualifiedName);
  },
  'http-custom-headers': async (toolkit) => {
    /** @type {{ toolCalls?: SuggestedCall[] }} */
    const { toolCalls = [] } = JSON.parse(context);
    for (const { name, arguments: args } of toolCalls) {
      // One of them breaks its tool's own schema, which the toolkit refuses to send; the bare client does as it is told.
      await call(toolkit, name, args).catch((error) => {
        if (error.code !== 'invalid_arguments') throw error;
        return toolkit.server('server').callTool(name, args);
      });
    }
  },
  'http-invalid-tool-headers': async (toolkit) => {
    for (const { name, inputSchema } of await toolkit.listTools()) {
      await call(toolkit, name, sampleArguments(inputSchema));
    }
  },
  'json-schema-2020-12-preservation': async (toolkit) => {
    const { definition } = await toolkit.tool('server.json_schema_2020_12_tool');
    await call(toolkit, 'json_schema_echo', { schema: definition.inputSchema });
  },
};

const toolkit = await createToolkit({
  mcpServers: { server: { url } },
  clientInfo: { name: 'toolway-conformance', version: '1.0.0' },
  connect: 'wait',
  roots: [{ uri: 'file:///workspace', name: 'workspace' }],
  onElicit: () => ({ action: 'accept', content: {} }),
  onSample: () => ({ role: 'assistant', model: 'none', content: { type: 'text', text: 'sampled' } }),
});
try {
  await toolkit.waitForConnection('server');
  const scenario = scenarios[process.env.MCP_CONFORMANCE_SCENARIO ?? ''];
  await (scenario === undefined ? toolkit.listTools() : scenario(toolkit));
} finally {
  await toolkit.close();
}
