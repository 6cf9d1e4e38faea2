import type { Profile } from './profile.ts';

/** The Messages API of Anthropic, where schemas are shown to the model and not enforced. */
export const profile: Profile = {
  id: 'anthropic',
  verified: '2026-11-22',
  sources: [
    {
      url: 'https://www.npmjs.com/package/@anthropic-ai/sdk',
      kind: 'type',
      quote: 'Tool.InputSchema { type: "object" }',
    },
    { url: 'https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview', kind: 'page' },
    {
      url: 'https://github.com/home-assistant/core/issues/147760',
      kind: 'error',
      quote: "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    },
    {
      url: 'https://github.com/anthropics/claude-code/issues/21492',
      kind: 'error',
      quote: 'tool_reference.tool_name: String should have at most 64 characters',
    },
  ],
  // 128 in a list of tools, but 64 where the provider's own search names one.
  name: {
    pattern: '[a-zA-Z0-9_-]+',
    max: 64,
    reserved: [
      'bash',
      'code_execution',
      'computer',
      'memory',
      'str_replace_based_edit_tool',
      'tool_search_tool_bm25',
      'tool_search_tool_regex',
      'web_fetch',
      'web_search',
    ],
  },
  propertyKey: '[a-zA-Z0-9_.-]{1,64}',
  schema: {
    keywords: 'all',
    rootForbids: ['oneOf', 'anyOf', 'allOf'],
    propertiesNeeded: false,
    typeLists: 'any',
    enumOf: 'any',
    refs: 'keep',
    oneOf: 'keep',
    allOf: 'keep',
  },
  rejections: [
    {
      error: 'tools.61.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level',
      source: 'https://github.com/anthropics/claude-code/issues/5878',
      tool: {
        inputSchema: {
          type: 'object',
          anyOf: [
            { properties: { id: { type: 'string' } }, required: ['id'] },
            { properties: { name: { type: 'string' } }, required: ['name'] },
          ],
        },
      },
      finds: { code: 'root_keyword', path: '/anyOf' },
    },
    {
      error: "tools.14.custom.input_schema.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'",
      source: 'https://github.com/beautyfree/appstore-connect-mcp/issues/2',
      tool: { inputSchema: { type: 'object', properties: { 'filter[id]': { type: 'string' } } } },
      finds: { code: 'property_key', path: '/properties/filter[id]' },
    },
    {
      error: "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
      source: 'https://github.com/home-assistant/core/issues/147760',
      tool: { name: 'caldav-mcp.create-event', inputSchema: { type: 'object', properties: {} } },
      finds: { code: 'name', path: 'name' },
    },
    {
      error:
        'tools.19.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12).',
      source: 'https://github.com/anomalyco/opencode/issues/2082',
      tool: {
        inputSchema: {
          type: 'object',
          properties: { count: { type: 'number', minimum: 0, exclusiveMinimum: true } },
        },
      },
      finds: { code: 'malformed', path: '/properties/count/exclusiveMinimum' },
    },
    {
      error:
        'tools.19.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12).',
      source: 'https://github.com/anomalyco/opencode/issues/2082',
      tool: { inputSchema: { type: 'string' } },
      finds: { code: 'root_type', path: '' },
      becomes: 'quarantined',
    },
  ],
};
