/** The tools that the suite's scenarios call by name and that ask nothing: their definitions are what the scenarios describe. */
import { MissingRequiredClientCapabilityError } from '@modelcontextprotocol/server';
import { audio, image, resource, said, text, wait } from './content.js';

/** @typedef {import('@modelcontextprotocol/server').ServerContext} ServerContext */
/** @typedef {import('@modelcontextprotocol/server').Tool} Tool */
/**
 * @typedef {object} FixtureTool
 * @property {Partial<Tool>} definition
 * @property {(args: Record<string, any>, context: ServerContext) => unknown} run
 */

const NO_ARGUMENTS = { type: /** @type {const} */ ('object'), properties: {} };

/** @param {string} description @param {FixtureTool['run']} run @param {Partial<Tool>} [definition] @returns {FixtureTool} */
export const tool = (description, run, definition = {}) => ({
  definition: { description, inputSchema: NO_ARGUMENTS, ...definition },
  run,
});
/** @param {Record<string, unknown>} properties @param {string[]} [required] @returns {Partial<Tool>} */
export const takes = (properties, required = Object.keys(properties)) => ({
  inputSchema: /** @type {Tool['inputSchema']} */ ({ type: 'object', properties, required }),
});

const SCHEMA_2020_12 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: /** @type {const} */ ('object'),
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

/** @type {FixtureTool['run']} */
const log = async (_args, { mcpReq }) => {
  await mcpReq.log('info', 'Tool execution started');
  await wait(50);
  await mcpReq.log('info', 'Tool processing data');
  await wait(50);
  await mcpReq.log('info', 'Tool execution completed');
  return said('logged');
};

/** @type {FixtureTool['run']} */
const progress = async (_args, { mcpReq }) => {
  const progressToken = mcpReq._meta?.progressToken;
  for (const progress of [0, 50, 100]) {
    if (progressToken !== undefined) {
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
    }
    await wait(50);
  }
  return said('done');
};

/** @type {FixtureTool['run']} */
const demandSampling = (_args, { mcpReq }) => {
  if (capabilitiesOf(mcpReq).sampling === undefined) {
    throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
  }
  return said('the client can sample');
};

/** What the client says that it can do, for this request alone. @param {ServerContext['mcpReq']} mcpReq @returns {Record<string, unknown>} */
export const capabilitiesOf = ({ envelope }) =>
  /** @type {any} */ (envelope)?.['io.modelcontextprotocol/clientCapabilities'] ?? {};

const TASK = { execution: { taskSupport: /** @type {const} */ ('required') } };

/** @type {FixtureTool['run']} */
const compute = async ({ seconds = 0, label = '' }, { mcpReq }) => {
  const until = Date.now() + seconds * 1_000;
  while (Date.now() < until && !mcpReq.signal.aborted) await wait(20);
  return said(`computed ${label}`);
};

/** @type {Record<string, FixtureTool>} */
export const plainTools = {
  test_simple_text: tool('Gives a text', () => said('This is a simple text response for testing.')),
  test_image_content: tool('Gives an image', () => ({ content: [image] })),
  test_audio_content: tool('Gives a sound', () => ({ content: [audio] })),
  test_embedded_resource: tool('Gives a resource', () => ({
    content: [resource('test://embedded-resource', 'This is an embedded resource content.')],
  })),
  test_multiple_content_types: tool('Gives several kinds of content', () => ({
    content: [
      text('Multiple content types test:'),
      image,
      resource('test://mixed-content-resource', '{"test":"data","value":123}', 'application/json'),
    ],
  })),
  test_tool_with_logging: tool('Logs three messages', log),
  test_logging_tool: tool('Logs three messages', log),
  test_error_handling: tool('Always fails', () => ({
    ...said('This tool intentionally returns an error for testing'),
    isError: true,
  })),
  test_tool_with_progress: tool('Reports progress', progress),
  test_reconnection: tool('Takes half a second', async () => {
    await wait(500);
    return said('still here');
  }),
  json_schema_2020_12_tool: tool('Has a schema of JSON Schema 2020-12', () => said('valid'), {
    inputSchema: /** @type {Tool['inputSchema']} */ (SCHEMA_2020_12),
  }),
  test_missing_capability: tool('Works only for clients that can sample', demandSampling),
  test_x_mcp_header: tool('Repeats an argument in a header', ({ region }) => said(`in ${region}`), {
    ...takes({ region: { type: 'string', 'x-mcp-header': 'Region' } }),
  }),
  greet: tool('Greets at once', ({ name }) => said(`Hello, ${name}!`), takes({ name: { type: 'string' } })),
  slow_compute: tool('Takes its time', compute, {
    ...takes({ seconds: { type: 'number' }, label: { type: 'string' } }, ['seconds']),
    ...TASK,
  }),
  failing_job: tool(
    'Fails after a second',
    async () => {
      await wait(1_000);
      return { ...said('the job failed'), isError: true };
    },
    TASK,
  ),
  protocol_error_job: tool(
    'Ends as an error of the protocol',
    async () => {
      await wait(200);
      throw Object.assign(new Error('the job broke'), { code: -32603 });
    },
    TASK,
  ),
};
