/** What all operations of the document refer to. */
import type { JsonObject } from '../../../protocol/types.ts';
import { SERVER_STATES } from '../../server-states.ts';

const text = { type: 'string' };
const flag = { type: 'boolean' };
const number = { type: 'number' };
const count = { type: 'integer', minimum: 0 };
const time = { type: 'string', format: 'date-time' };
const object: JsonObject = { type: 'object', additionalProperties: true };
const any: JsonObject = {};

export const ref = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });
export const listOf = (items: JsonObject): JsonObject => ({ type: 'array', items });
/** An object with these properties, those named `required` always there, and with whatever else servers add. */
export const shape = (properties: JsonObject, required: readonly string[] = []): JsonObject => ({
  type: 'object',
  ...(Object.keys(properties).length === 0 ? { additionalProperties: true } : { properties }),
  ...(required.length > 0 && { required }),
});
export { any, number, text };

const block = (type: string, properties: JsonObject, required: readonly string[]): JsonObject =>
  shape({ type: { const: type }, ...properties, annotations: shape({}), _meta: shape({}) }, ['type', ...required]);

const listed = { server: text, qualifiedName: text, fetchedAt: number, stale: flag };
const named = { name: text, title: text, description: text };

const filter = {
  anyOf: [listOf(text), shape({ allow: listOf(text), deny: listOf(text) })],
  description: 'Patterns: "server" or "server.name", with *. A list is what is allowed.',
};
const KEY_FACTS = {
  name: text,
  scopes: listOf({ enum: ['read', 'call', 'approve', 'admin'] }),
  tools: filter,
  resources: filter,
  prompts: filter,
  rateLimit: shape({ perSecond: number, perMinute: number, burst: count }),
  quota: shape({ perDay: count }, ['perDay']),
  expires: time,
};

export const SCHEMAS: JsonObject = {
  Problem: {
    description: 'A failure (RFC 9457).',
    ...shape(
      {
        type: text,
        title: text,
        status: { type: 'integer' },
        code: { ...text, description: 'What went wrong; programs decide by it.' },
        detail: { ...text, description: 'What happened, for people.' },
        server: text,
        tool: text,
        executed: { enum: ['no', 'yes', 'unknown'], description: 'Did the call take effect?' },
        retryAfterMs: { ...number, description: 'How long to wait before another attempt.' },
        problems: listOf(shape({ path: { ...text, description: 'JSON Pointer' }, message: text }, ['path', 'message'])),
        matches: listOf(text),
        credentialsUrl: { ...text, description: 'Where the caller gives the credentials that the server wants of it.' },
        content: listOf(ref('ContentBlock')),
        structuredContent: any,
      },
      ['type', 'title', 'status', 'code', 'detail'],
    ),
  },
  TextContent: block('text', { text }, ['text']),
  ImageContent: block('image', { data: { ...text, contentEncoding: 'base64' }, mimeType: text }, ['data', 'mimeType']),
  AudioContent: block('audio', { data: { ...text, contentEncoding: 'base64' }, mimeType: text }, ['data', 'mimeType']),
  ResourceLink: block('resource_link', { uri: text, ...named, mimeType: text }, ['uri', 'name']),
  ResourceContents: shape({ uri: text, mimeType: text, text, blob: { ...text, contentEncoding: 'base64' } }, ['uri']),
  EmbeddedResource: block('resource', { resource: ref('ResourceContents') }, ['resource']),
  ContentBlock: {
    anyOf: ['TextContent', 'ImageContent', 'AudioContent', 'ResourceLink', 'EmbeddedResource'].map(ref),
  },
  ToolContent: {
    description: 'What a tool without an output schema gave; its structured content in place of it where it gave some.',
    ...shape({ content: listOf(ref('ContentBlock')) }),
  },
  CallToolResult: shape(
    { content: listOf(ref('ContentBlock')), structuredContent: any, isError: flag, _meta: shape({}) },
    ['content'],
  ),
  Tool: shape({ ...named, ...listed, inputSchema: shape({}), outputSchema: shape({}), annotations: shape({}) }, [
    'name',
    'server',
    'qualifiedName',
    'inputSchema',
  ]),
  Resource: shape({ ...named, ...listed, uri: text, mimeType: text, size: number }, ['name', 'server', 'uri']),
  ResourceTemplate: shape({ ...named, ...listed, uriTemplate: text, mimeType: text }, [
    'name',
    'server',
    'uriTemplate',
  ]),
  Prompt: shape({ ...named, ...listed, arguments: listOf(shape({ ...named, required: flag }, ['name'])) }, [
    'name',
    'server',
    'qualifiedName',
  ]),
  PromptMessage: shape({ role: { enum: ['user', 'assistant'] }, content: ref('ContentBlock') }, ['role', 'content']),
  Server: shape(
    {
      name: text,
      configured: flag,
      connected: flag,
      state: { enum: SERVER_STATES },
      era: { enum: ['legacy', 'modern'] },
      protocolVersion: text,
      transport: { enum: ['stdio', 'http', 'sse', 'websocket', 'memory'] },
      serverInfo: shape({ name: text, version: text }),
      instructions: text,
      toolsCount: count,
      resourcesCount: count,
      promptsCount: count,
      lastHealthCheck: number,
      lastUpdated: number,
      lastError: shape({ code: text, message: text }, ['code', 'message']),
      breaker: { enum: ['closed', 'open', 'half_open', 'isolated'] },
      inFlight: count,
      queued: count,
      pid: count,
      children: listOf(
        shape({ state: { enum: ['warm', 'in_use', 'ending'] }, pid: count, ageMs: count, memoryBytes: count }, [
          'state',
          'ageMs',
        ]),
      ),
      connectMs: number,
    },
    ['name', 'configured', 'connected', 'state', 'breaker', 'inFlight', 'queued'],
  ),
  Approval: {
    description:
      'A call that waits, or waited, for somebody to approve it. What servers and callers said is in it as data.',
    ...shape(
      {
        id: text,
        state: { enum: ['pending', 'approved', 'denied', 'expired'] },
        orphaned: { ...flag, description: 'Its call is gone; what is decided holds for the next equal call.' },
        repeatable: { ...flag, description: 'Whether `always` can be decided.' },
        call: { ...text, description: 'The id of the call while it is in flight.' },
        principal: text,
        server: text,
        tool: text,
        title: text,
        definition: { ...text, description: 'SHA-256 of the definition of the tool.' },
        annotations: object,
        arguments: { ...object, description: 'What will be sent.' },
        cut: { ...flag, description: 'Long texts among the arguments were cut to be shown.' },
        reason: { ...text, description: 'Why it is asked.' },
        warnings: listOf(text),
        diff: listOf(object),
        taint: { ...listOf(object), description: 'What the model that chose the call had read.' },
        createdAt: time,
        expiresAt: time,
        decision: { enum: ['once', 'always', 'deny'] },
        scope: { enum: ['arguments', 'tool'] },
        comment: text,
        decidedBy: text,
        decidedAt: time,
        via: { enum: ['rest', 'elicitation', 'grant'] },
      },
      [
        'id',
        'state',
        'repeatable',
        'call',
        'principal',
        'server',
        'tool',
        'arguments',
        'reason',
        'createdAt',
        'expiresAt',
      ],
    ),
  },
  ApprovalGrant: {
    description: 'What was decided for later calls.',
    ...shape(
      {
        id: text,
        scope: { enum: ['once', 'arguments', 'tool'] },
        principal: text,
        server: text,
        tool: text,
        definition: { ...text, description: 'SHA-256 of the definition that it holds for.' },
        arguments: object,
        uses: count,
        decidedBy: text,
        createdAt: time,
        expiresAt: time,
      },
      ['id', 'scope', 'principal', 'server', 'tool', 'definition', 'decidedBy', 'createdAt'],
    ),
  },
  ApiKey: {
    description: 'What is known of a key, which is nowhere in it.',
    ...shape(
      {
        id: text,
        source: { enum: ['configuration', 'store'] },
        active: flag,
        ...KEY_FACTS,
        createdAt: time,
        createdBy: text,
        lastUsedAt: { ...time, description: 'To ten minutes.' },
        previousExpires: { ...time, description: 'Until when the key before the last rotation is good.' },
      },
      ['id', 'name', 'source', 'active', 'scopes'],
    ),
  },
  NewApiKey: {
    description: 'A key to be made, which can do no more than its maker.',
    ...shape(KEY_FACTS, ['name']),
  },
  MadeApiKey: {
    allOf: [ref('ApiKey'), shape({ key: { ...text, description: 'Shown once.' } }, ['key'])],
  },
  CallRecord: {
    description: 'A call that has ended.',
    ...shape(
      {
        id: text,
        call: { ...text, description: 'The id that it had while it was in flight.' },
        at: { ...number, description: 'Milliseconds since 1970.' },
        principal: text,
        server: text,
        tool: text,
        outcome: { ...text, description: '`ok`, `tool_error`, or the code of the error.' },
        durationMs: number,
        attempts: count,
        cached: flag,
        executed: { enum: ['no', 'yes', 'unknown'] },
        message: text,
      },
      ['id', 'at', 'server', 'tool', 'outcome', 'durationMs', 'attempts', 'cached'],
    ),
  },
  CallInFlight: shape(
    {
      id: text,
      server: text,
      method: text,
      tool: text,
      principal: text,
      state: { enum: ['queued', 'handed_over', 'answering', 'settled'] },
      attempt: count,
      elapsedMs: number,
    },
    ['id', 'server', 'method', 'state', 'attempt', 'elapsedMs'],
  ),
  Job: {
    description: 'A call that is not waited for.',
    ...shape(
      {
        id: text,
        status: { enum: ['running', 'succeeded', 'failed', 'cancelled', 'outcome_unknown'] },
        server: text,
        tool: text,
        createdAt: time,
        endedAt: time,
        progress: shape({ progress: number, total: number, message: text }, ['progress']),
        result: { description: 'As the route without a job would have answered.' },
        problem: ref('Problem'),
      },
      ['id', 'status', 'server', 'tool', 'createdAt'],
    ),
  },
  BatchCall: shape({ server: text, tool: text, name: text, arguments: shape({}) }),
  BatchOutcome: shape(
    {
      success: flag,
      server: text,
      tool: text,
      durationMs: number,
      result: ref('CallToolResult'),
      problem: ref('Problem'),
    },
    ['success', 'durationMs'],
  ),
};

export const PARAMETERS: JsonObject = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'Calls with the same key, tool and arguments share one outcome for 24 hours.',
    schema: { type: 'string', maxLength: 255 },
  },
};

export const RESPONSES: JsonObject = {
  Problem: {
    description: 'What went wrong.',
    content: { 'application/problem+json': { schema: ref('Problem') } },
  },
};
