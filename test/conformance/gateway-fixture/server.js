/**
 * A server with everything that the conformance suite's scenarios call by name, written with the official SDK, over
 * stdio. It stands behind the gateway, which the suite sees in its place.
 */
import { ProtocolError, Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { askingPrompt, askingTools } from './asking-tools.js';
import { image, PNG, resource, said, text } from './content.js';
import { plainTools, tool } from './tools.js';

const INVALID_PARAMS = -32602;

/** @type {Record<string, import('./tools.js').FixtureTool>} */
const tools = { ...plainTools, ...askingTools };

/** @param {unknown} content */
const message = (content) => ({ role: /** @type {const} */ ('user'), content });

/** @type {Record<string, { definition: { description: string }, get: (args: Record<string, string>, context: any) => unknown }>} */
const prompts = {
  test_simple_prompt: {
    definition: { description: 'A simple prompt' },
    get: () => ({ messages: [message(text('This is a simple prompt for testing.'))] }),
  },
  test_prompt_with_arguments: {
    definition: {
      description: 'A prompt with two arguments',
      arguments: [
        { name: 'arg1', description: 'The first one', required: true },
        { name: 'arg2', description: 'The second one', required: true },
      ],
    },
    get: ({ arg1, arg2 }) => ({
      messages: [message(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))],
    }),
  },
  test_prompt_with_embedded_resource: {
    definition: {
      description: 'A prompt with a resource in it',
      arguments: [{ name: 'resourceUri', description: 'Of the resource', required: true }],
    },
    get: ({ resourceUri = '' }) => ({
      messages: [
        message(resource(resourceUri, 'Embedded resource content for testing.')),
        message(text('Please process the embedded resource above.')),
      ],
    }),
  },
  test_prompt_with_image: {
    definition: { description: 'A prompt with an image in it' },
    get: () => ({ messages: [message(image), message(text('Please analyze the image above.'))] }),
  },
  test_input_required_result_prompt: {
    definition: { description: 'A prompt that asks' },
    get: (_args, context) => askingPrompt({}, context),
  },
};

const resources = [
  { uri: 'test://static-text', name: 'static-text', description: 'A text', mimeType: 'text/plain' },
  { uri: 'test://static-binary', name: 'static-binary', description: 'An image', mimeType: 'image/png' },
  { uri: 'test://watched-resource', name: 'watched-resource', description: 'A text', mimeType: 'text/plain' },
];
const TEMPLATE = /^test:\/\/template\/([^/]+)\/data$/;

/** @param {string} uri */
const read = (uri) => {
  const id = TEMPLATE.exec(uri)?.[1];
  if (id !== undefined) {
    const data = { id, templateTest: true, data: `Data for ID: ${id}` };
    return { uri, mimeType: 'application/json', text: JSON.stringify(data) };
  }
  if (uri === 'test://static-binary') return { uri, mimeType: 'image/png', blob: PNG };
  if (!resources.some((each) => each.uri === uri)) {
    throw new ProtocolError(INVALID_PARAMS, 'Resource not found', { uri });
  }
  return { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' };
};

/** What is in the lists now and then. */
const extra = { tool: false, prompt: false };

/** One for each connection; what changes in lists is seen by all. */
const createServer = () => {
  const server = new Server(
    { name: 'conformance-fixture', version: '1.0.0' },
    {
      instructions: 'For the conformance suite.',
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        completions: {},
        logging: {},
      },
    },
  );
  /** @type {Record<string, import('./tools.js').FixtureTool>} */
  const own = {
    ...tools,
    test_trigger_tool_change: tool('Adds a tool to the list, or takes it away', async () => {
      extra.tool = !extra.tool;
      await server.sendToolListChanged();
      return said('changed');
    }),
    test_trigger_prompt_change: tool('Adds a prompt to the list, or takes it away', async () => {
      extra.prompt = !extra.prompt;
      await server.sendPromptListChanged();
      return said('changed');
    }),
  };
  server.setRequestHandler('tools/list', () => {
    const all = extra.tool ? { ...own, test_extra_tool: plainTools.test_simple_text } : own;
    const listed = Object.entries(all).map(([name, each]) => ({ name, ...each?.definition }));
    return { tools: /** @type {any} */ (listed) };
  });
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const called = Object.hasOwn(own, params.name) ? own[params.name] : undefined;
    if (called === undefined) throw new ProtocolError(INVALID_PARAMS, `Unknown tool: ${params.name}`);
    return /** @type {any} */ (await called.run(params.arguments ?? {}, context));
  });
  server.setRequestHandler('prompts/list', () => {
    const all = extra.prompt ? { ...prompts, test_extra_prompt: prompts.test_simple_prompt } : prompts;
    return { prompts: Object.entries(all).map(([name, each]) => ({ name, ...each?.definition })) };
  });
  server.setRequestHandler('prompts/get', async ({ params }, context) => {
    const prompt = Object.hasOwn(prompts, params.name) ? prompts[params.name] : undefined;
    if (prompt === undefined) throw new ProtocolError(INVALID_PARAMS, `Unknown prompt: ${params.name}`);
    return /** @type {any} */ (await prompt.get(params.arguments ?? {}, context));
  });
  server.setRequestHandler('resources/list', () => ({ resources }));
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: [
      { uriTemplate: 'test://template/{id}/data', name: 'template', description: 'Data', mimeType: 'application/json' },
    ],
  }));
  server.setRequestHandler('resources/read', ({ params: { uri } }) => ({ contents: [read(uri)] }));
  server.setRequestHandler('completion/complete', ({ params: { argument } }) => ({
    completion: { values: ['test', 'testing', 'paris'].filter((value) => value.startsWith(argument.value)) },
  }));
  return server;
};

serveStdio(createServer, { legacy: 'serve' });
