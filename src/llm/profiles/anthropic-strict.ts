import { profile as fallback } from './anthropic.ts';
import type { Profile } from './profile.ts';

/** The Messages API of Anthropic with `strict: true`. What is optional stays optional: unions are what costs most. */
export const profile: Profile = {
  ...fallback,
  id: 'anthropic-strict',
  sources: [
    ...fallback.sources,
    {
      url: 'https://platform.claude.com/docs/en/build-with-claude/structured-outputs',
      kind: 'page',
      quote: 'at most 20 strict tools, 24 optional parameters and 16 parameters with union types in a request',
    },
    { url: 'https://www.npmjs.com/package/@anthropic-ai/sdk', kind: 'type', quote: 'lib/transform-json-schema' },
  ],
  schema: {
    keywords: [
      ...['type', 'title', 'description', 'enum', 'const', 'anyOf', '$ref', '$defs', 'format', 'pattern'],
      ...['properties', 'required', 'additionalProperties', 'items', 'minItems'],
    ],
    rootForbids: ['oneOf', 'anyOf', 'allOf'],
    formats: ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'],
    richPatterns: false,
    typeLists: 'any',
    enumOf: ['string', 'number', 'boolean', 'null'],
    refs: 'alone',
    recursion: false,
    oneOf: 'anyOf',
    allOf: 'merge',
    closed: true,
    free: 'json-text',
    maxMinItems: 1,
  },
  strict: { fallback, budget: { tools: 20, optional: 24, unions: 16 } },
  rejections: [
    {
      error: "tools.1.custom: For 'integer' type, properties maximum, minimum are not supported",
      source: 'https://github.com/CherryHQ/cherry-studio/issues/18037',
      tool: {
        inputSchema: {
          type: 'object',
          properties: { limit: { type: 'integer', minimum: 1, maximum: 100 } },
          additionalProperties: false,
        },
      },
      finds: { code: 'keyword', path: '/properties/limit/maximum' },
    },
    {
      error: "output_config.format.schema: For 'array' type, 'minItems' values other than 0 or 1 are not supported",
      source: 'https://github.com/ghostlobster/memorize-everything/issues/93',
      tool: {
        inputSchema: {
          type: 'object',
          properties: { cards: { type: 'array', items: { type: 'string' }, minItems: 8 } },
          additionalProperties: false,
        },
      },
      finds: { code: 'min_items', path: '/properties/cards/minItems' },
    },
    {
      error: "output_format.schema: For 'array' type, property 'maxItems' is not supported",
      source: 'https://github.com/agentjido/req_llm/pull/707',
      tool: {
        inputSchema: {
          type: 'object',
          properties: { tags: { type: 'array', items: { type: 'string' }, maxItems: 5 } },
          additionalProperties: false,
        },
      },
      finds: { code: 'keyword', path: '/properties/tags/maxItems' },
    },
    {
      error:
        'Schemas contains too many optional parameters (87), which would make grammar compilation inefficient. Reduce the number of optional parameters in your tool schemas (limit: 24).',
      source: 'https://github.com/elie222/inbox-zero/issues/2323',
      tool: {
        inputSchema: {
          type: 'object',
          properties: Object.fromEntries(Array.from({ length: 87 }, (_, at) => [`field${at}`, { type: 'string' }])),
          additionalProperties: false,
        },
      },
      finds: { code: 'too_large', path: '' },
      becomes: 'not-strict',
    },
  ],
};
