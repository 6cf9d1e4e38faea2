import type { Profile } from './profile.ts';

/** Chat Completions of OpenAI, where schemas are not enforced. */
export const profile: Profile = {
  id: 'openai-chat',
  verified: '2026-11-22',
  sources: [
    {
      url: 'https://www.npmjs.com/package/openai',
      kind: 'type',
      quote: 'a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum length of 64',
    },
    {
      url: 'https://github.com/nspady/google-calendar-mcp/issues/39',
      kind: 'error',
      quote: "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level",
    },
    {
      url: 'https://github.com/run-llama/llama_index/issues/18784',
      kind: 'report',
      quote: 'descriptions of 36 000 characters are taken',
    },
  ],
  name: { pattern: '[a-zA-Z0-9_-]+', max: 64 },
  tools: 128,
  schema: {
    keywords: 'all',
    rootForbids: ['oneOf', 'anyOf', 'allOf', 'enum', 'not', 'const'],
    typeLists: 'any',
    enumOf: 'any',
    refs: 'keep',
    oneOf: 'keep',
    allOf: 'keep',
    itemsNeeded: true,
  },
  rejections: [
    {
      error:
        "Invalid schema for function 'update-event': schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.",
      source: 'https://github.com/nspady/google-calendar-mcp/issues/39',
      tool: {
        inputSchema: {
          type: 'object',
          properties: { scope: { type: 'string' }, at: { type: 'string' } },
          allOf: [{ if: { properties: { scope: { const: 'one' } } }, else: { required: ['at'] } }],
        },
      },
      finds: { code: 'root_keyword', path: '/allOf' },
    },
    {
      error:
        "Invalid schema for function 'spacelift_local_preview': In context=('properties', 'targets'), array schema missing items.",
      source: 'https://github.com/spacelift-io/spacectl/issues/402',
      tool: { inputSchema: { type: 'object', properties: { targets: { type: 'array' } } } },
      finds: { code: 'items_missing', path: '/properties/targets' },
    },
    {
      error: "Invalid schema for function 'get_supported_networks': In context=(), object schema missing properties.",
      source: 'https://github.com/bnb-chain/bnbchain-mcp/issues/68',
      tool: { inputSchema: { type: 'object' } },
      finds: { code: 'root_properties', path: '' },
    },
    {
      error: "schema must be a JSON Schema of 'type: \"object\"', got 'type: null'.",
      source: 'https://github.com/chatanywhere/GPT_API_free/issues/403',
      tool: { inputSchema: { properties: { query: { type: 'string' } } } },
      finds: { code: 'root_type', path: '' },
    },
    {
      error: "'object' is not of type 'object', 'boolean'",
      source: 'https://github.com/smallmain/vscode-unify-chat-provider/issues/162',
      tool: { inputSchema: { type: 'object', properties: { type: 'object', properties: {} } } },
      finds: { code: 'malformed', path: '/properties/type' },
    },
  ],
};
