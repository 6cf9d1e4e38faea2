import type { Profile, Rejection, SchemaLimits, SchemaRules, Source } from './profile.ts';

/** What OpenAI takes with `strict: true`, over both of its APIs. */
const SCHEMA: SchemaRules = {
  keywords: [
    ...['type', 'title', 'description', 'enum', 'const', 'anyOf', '$ref', '$defs', 'format', 'pattern'],
    ...['properties', 'required', 'additionalProperties', 'items', 'minItems', 'maxItems'],
    ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ],
  rootForbids: ['oneOf', 'anyOf', 'allOf', 'enum', 'not', 'const'],
  formats: ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid'],
  richPatterns: false,
  typeLists: 'null',
  enumOf: 'any',
  refs: 'alone',
  oneOf: 'anyOf',
  allOf: 'merge',
  itemsNeeded: true,
  unionSiblings: false,
  closed: true,
  allRequired: true,
  free: 'json-text',
};

const LIMITS: SchemaLimits = { properties: 5_000, depth: 10, enumValues: 1_000, chars: 120_000 };

const SOURCES: readonly Source[] = [
  {
    url: 'https://platform.openai.com/docs/guides/structured-outputs#supported-schemas',
    kind: 'page',
    quote: '5 000 properties, 10 levels, 120 000 characters of names and values, 1 000 values of enums',
  },
  { url: 'https://www.npmjs.com/package/openai', kind: 'type', quote: 'lib/transform' },
];

const REJECTIONS: readonly Rejection[] = [
  {
    error:
      "In context=(), 'required' is required to be supplied and to be an array including every key in properties. Missing 'params'.",
    source: 'https://github.com/kevinwatt/mysql-mcp/issues/5',
    tool: {
      inputSchema: {
        type: 'object',
        properties: { sql: { type: 'string' }, params: { type: 'array', items: { type: 'string' } } },
        required: ['sql'],
        additionalProperties: false,
      },
    },
    finds: { code: 'not_required', path: '/properties/params' },
  },
  {
    error: "In context=('properties', 'data'), 'allOf' is not permitted.",
    source: 'https://github.com/makenotion/notion-mcp-server/issues/102',
    tool: {
      inputSchema: {
        type: 'object',
        properties: { data: { allOf: [{ type: 'string' }, { minLength: 1 }] } },
        required: ['data'],
        additionalProperties: false,
      },
    },
    finds: { code: 'keyword', path: '/properties/data/allOf' },
  },
  {
    error: "In context=('properties', 'url'), 'uri' is not a valid format.",
    source: 'https://github.com/posit-dev/chatlas/issues/255',
    tool: {
      inputSchema: {
        type: 'object',
        properties: { url: { type: 'string', format: 'uri' } },
        required: ['url'],
        additionalProperties: false,
      },
    },
    finds: { code: 'format', path: '/properties/url/format' },
  },
  {
    error: "In context=(), 'required' is required to be supplied. Extra required key 'function_arguments' supplied.",
    source: 'https://github.com/camel-ai/camel/issues/2629',
    tool: {
      inputSchema: {
        type: 'object',
        properties: { function_name: { type: 'string' }, function_arguments: { type: 'object' } },
        required: ['function_name', 'function_arguments'],
        additionalProperties: false,
      },
    },
    finds: { code: 'open_object', path: '/properties/function_arguments' },
    becomes: 'not-strict',
  },
];

/** The strict profile of one of its APIs. */
export const strictOf = (fallback: Profile): Profile => ({
  ...fallback,
  id: `${fallback.id}-strict`,
  sources: [...fallback.sources, ...SOURCES],
  schema: SCHEMA,
  limits: LIMITS,
  strict: { fallback },
  rejections: REJECTIONS,
});
