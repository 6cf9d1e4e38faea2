/** The routes that are there whatever servers there are. */
import type { JsonObject } from '../../../protocol/types.ts';
import { any, listOf, number, ref, shape, text } from './shared.ts';

interface Described {
  id: string;
  summary: string;
  query?: JsonObject;
  body?: JsonObject;
  /** Of the answer 200; without it the answer is 204. */
  gives?: JsonObject;
  /** 201 in the place of 200. */
  creates?: true;
}

const parametersOf = (path: string, query: JsonObject = {}): JsonObject[] => [
  ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: text })),
  ...Object.entries(query).map(([name, schema]) => ({
    name,
    in: 'query',
    ...(name === 'uri' || name === 'q' ? { required: true } : {}),
    schema,
  })),
];

const operation = (path: string, { id, summary, query, body, gives, creates }: Described): JsonObject => {
  const parameters = parametersOf(path, query);
  return {
    operationId: id,
    tags: ['gateway'],
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...(gives === undefined
        ? { 204: { description: 'Done.' } }
        : { [creates ? 201 : 200]: { description: 'Done.', content: { 'application/json': { schema: gives } } } }),
      default: { $ref: '#/components/responses/Problem' },
    },
  };
};

const server = { server: text };
const limit = { type: 'integer', minimum: 1 };
const all = <K extends string>(key: K, name: string) => shape({ [key]: listOf(ref(name)) }, [key]);
const time = { type: ['string', 'integer'], description: 'ISO 8601, or milliseconds since 1970.' };

const credential = shape(
  {
    server: text,
    state: { enum: ['given', 'missing', 'elsewhere', 'sealed', 'unused'] },
    names: listOf(text),
    target: shape({ kind: { enum: ['url', 'command'] }, shown: text }, ['kind', 'shown']),
    givenFor: text,
    givenAt: { ...text, format: 'date-time' },
  },
  ['server', 'state', 'names'],
);

const ROUTES: Record<string, Partial<Record<'get' | 'post' | 'put' | 'delete', Described>>> = {
  '/api/servers': {
    get: { id: 'listServers', summary: 'All servers, and where each stands', gives: all('servers', 'Server') },
  },
  '/api/servers/{server}': { get: { id: 'getServer', summary: 'One server', gives: ref('Server') } },
  '/api/servers/{server}/reconnect': {
    post: { id: 'reconnectServer', summary: 'Drops the link and connects anew', gives: ref('Server') },
  },
  '/api/servers/{server}/disable': {
    post: { id: 'disableServer', summary: 'Takes a server out of use', gives: ref('Server') },
  },
  '/api/servers/{server}/enable': {
    post: { id: 'enableServer', summary: 'Takes a server into use again', gives: ref('Server') },
  },
  '/api/servers/{server}/openapi.json': {
    get: { id: 'getServerOpenApi', summary: 'The tools of one server as OpenAPI', gives: shape({}) },
  },
  '/api/tools': { get: { id: 'listTools', summary: 'All tools', query: server, gives: all('tools', 'Tool') } },
  '/api/tools/search': {
    get: {
      id: 'searchTools',
      summary: 'The tools that fit a few words, best first',
      query: { q: text, ...server, limit: { ...limit, maximum: 100, default: 10 } },
      gives: all('tools', 'Tool'),
    },
  },
  '/api/resources': {
    get: {
      id: 'listResources',
      summary: 'All resources and templates of resources',
      query: server,
      gives: shape({ resources: listOf(ref('Resource')), resourceTemplates: listOf(ref('ResourceTemplate')) }, [
        'resources',
        'resourceTemplates',
      ]),
    },
  },
  '/api/resources/read': {
    get: {
      id: 'readResource',
      summary: 'Reads a resource; as bytes where Accept asks for its type',
      query: { uri: text, ...server },
      gives: shape({ contents: listOf(ref('ResourceContents')) }, ['contents']),
    },
  },
  '/api/prompts': {
    get: { id: 'listPrompts', summary: 'All prompts', query: server, gives: all('prompts', 'Prompt') },
  },
  '/api/prompts/{server}/{prompt}': {
    post: {
      id: 'getPrompt',
      summary: 'Fills in a prompt',
      body: { type: 'object', additionalProperties: text },
      gives: shape({ description: text, messages: listOf(ref('PromptMessage')) }, ['messages']),
    },
  },
  '/api/batch': {
    post: {
      id: 'callBatch',
      summary: 'Many calls, a few at a time; their outcomes in order',
      body: shape({ calls: listOf(ref('BatchCall')), concurrency: { ...limit, maximum: 64, default: 16 } }, ['calls']),
      gives: all('outcomes', 'BatchOutcome'),
    },
  },
  '/api/chat': {
    post: {
      id: 'chat',
      summary: 'A model answers with the tools that the caller sees; as events where Accept asks for text/event-stream',
      body: shape(
        {
          messages: {
            anyOf: [text, listOf(shape({ role: { enum: ['user', 'assistant'] }, content: text }, ['role', 'content']))],
          },
          conversation: { ...shape({}), description: 'What an earlier answer gave: it goes on.' },
          system: text,
          servers: listOf(text),
          maxSteps: limit,
          maxToolCalls: limit,
          maxOutputTokens: limit,
        },
        ['messages'],
      ),
      gives: shape(
        {
          text,
          stop: { ...text, description: 'Why it ended: end, or the limit that was reached.' },
          steps: number,
          toolCalls: number,
          usage: shape({}),
          costUsd: number,
          conversation: shape({}),
        },
        ['text', 'stop', 'conversation'],
      ),
    },
  },
  '/api/jobs/{id}': {
    get: { id: 'getJob', summary: 'A call that is not waited for', gives: ref('Job') },
    delete: { id: 'deleteJob', summary: 'Cancels a job that runs, forgets one that has ended' },
  },
  '/api/calls': {
    get: {
      id: 'listCalls',
      summary: 'Calls in flight, and calls that have ended, the newest first',
      query: {
        ...server,
        tool: text,
        outcome: text,
        principal: text,
        since: time,
        before: time,
        limit: { ...limit, maximum: 1_000, default: 100 },
      },
      gives: shape({ inFlight: listOf(ref('CallInFlight')), calls: listOf(ref('CallRecord')) }, ['inFlight', 'calls']),
    },
  },
  '/api/calls/{id}': { delete: { id: 'cancelCall', summary: 'Cancels a call in flight' } },
  '/api/approvals': {
    get: {
      id: 'listApprovals',
      summary: 'Calls that wait for somebody to approve them, or those of another state',
      query: { state: { enum: ['pending', 'approved', 'denied', 'expired', 'all'], default: 'pending' } },
      gives: all('approvals', 'Approval'),
    },
  },
  '/api/approvals/{id}': {
    get: { id: 'getApproval', summary: 'One approval', gives: ref('Approval') },
    post: {
      id: 'decideApproval',
      summary: 'Decides it; 409 where that was done before. Answered once it is written, before the call goes on',
      body: shape(
        {
          decision: { enum: ['once', 'always', 'deny'] },
          scope: { enum: ['arguments', 'tool'], default: 'arguments' },
          reason: text,
        },
        ['decision'],
      ),
      gives: ref('Approval'),
    },
  },
  '/api/grants': {
    get: { id: 'listGrants', summary: 'What was decided for later calls', gives: all('grants', 'ApprovalGrant') },
  },
  '/api/grants/{id}': { delete: { id: 'revokeGrant', summary: 'Takes back what was decided for later calls' } },
  '/api/keys': {
    get: { id: 'listKeys', summary: 'The keys that open the gateway', gives: all('keys', 'ApiKey') },
    post: {
      id: 'createKey',
      summary: 'Makes a key, and shows it once',
      body: ref('NewApiKey'),
      gives: ref('MadeApiKey'),
      creates: true,
    },
  },
  '/api/keys/{id}': { delete: { id: 'deleteKey', summary: 'Takes back a key that was made' } },
  '/api/keys/{id}/rotate': {
    post: {
      id: 'rotateKey',
      summary: 'Makes another key in the place of one that was made; the old one is good for graceMs more',
      body: shape({ graceMs: { type: 'integer', minimum: 0, maximum: 2_592_000_000, default: 0 } }),
      gives: ref('MadeApiKey'),
    },
  },
  '/api/credentials': {
    get: {
      id: 'listCredentials',
      summary: 'What the caller has given for servers that want credentials of each caller, without the values',
      gives: shape({ credentials: listOf(credential) }, ['credentials']),
    },
  },
  '/api/credentials/{server}': {
    get: { id: 'getCredential', summary: 'The same for one server', gives: credential },
    put: {
      id: 'giveCredential',
      summary: 'Gives all that a server wants, in the place of what was given',
      body: shape(
        {
          values: { type: 'object', additionalProperties: { ...text, minLength: 6, maxLength: 8_192 } },
          target: { ...text, description: 'Where they are meant to go, as it was shown; 409 where that has changed.' },
        },
        ['values'],
      ),
      gives: credential,
    },
    delete: { id: 'revokeCredential', summary: 'Takes back what was given' },
  },
  '/api/metrics': { get: { id: 'getMetrics', summary: 'Calls so far, and how long they took', gives: shape({}) } },
  '/tools': { get: { id: 'listToolsPlain', summary: 'All tools', gives: all('tools', 'Tool') } },
  '/tools/call': {
    post: {
      id: 'callTool',
      summary: 'Calls a tool by its name',
      body: shape({ tool_name: text, name: text, arguments: { type: 'object', additionalProperties: any } }),
      gives: shape({ result: ref('CallToolResult'), server: text, duration_ms: number }, [
        'result',
        'server',
        'duration_ms',
      ]),
    },
  },
};

/** As the document has them. */
export const FIXED_PATHS: JsonObject = Object.fromEntries(
  Object.entries(ROUTES).map(([path, methods]) => [
    path,
    Object.fromEntries(Object.entries(methods).map(([method, described]) => [method, operation(path, described)])),
  ]),
);
