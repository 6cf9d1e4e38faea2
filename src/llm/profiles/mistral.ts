import { MODERN } from './keywords.ts';
import type { Profile } from './profile.ts';

/** The chat API of Mistral, which checks schemas by the meta-schema and compiles them. */
export const profile: Profile = {
  id: 'mistral',
  verified: '2026-11-22',
  sources: [
    { url: 'https://www.npmjs.com/package/@mistralai/mistralai', kind: 'type', quote: 'FunctionT' },
    { url: 'https://github.com/BerriAI/litellm/issues/13389', kind: 'report', quote: '$id and $schema are refused' },
    {
      url: 'https://github.com/Kochava-Studios/witsy/issues/164',
      kind: 'error',
      quote: 'a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum length of 64',
    },
  ],
  name: { pattern: '[a-zA-Z0-9_-]+', max: 64 },
  schema: {
    keywords: MODERN,
    rootForbids: ['oneOf', 'anyOf', 'allOf', 'enum', 'not', 'const'],
    richPatterns: false,
    propertiesNeeded: false,
    typeLists: 'any',
    enumOf: 'any',
    refs: 'inline',
    oneOf: 'keep',
    allOf: 'merge',
    itemsNeeded: true,
  },
  rejections: [
    {
      error:
        'Function name was add_newam_task_with_due_date___8c498bee-e833-49a9-8a88-0ab59fa26cb8 but must be a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum length of 64.',
      source: 'https://github.com/Kochava-Studios/witsy/issues/164',
      tool: {
        name: 'add_newam_task_with_due_date___8c498bee-e833-49a9-8a88-0ab59fa26cb8',
        inputSchema: { type: 'object', properties: {} },
      },
      finds: { code: 'name', path: 'name' },
    },
    {
      error: "Invalid tool schema: {…'exclusiveMinimum': True…} is not valid under any of the given schemas",
      source: 'https://github.com/SylphxAI/pdf-reader-mcp/issues/63',
      tool: {
        inputSchema: {
          type: 'object',
          properties: { page: { type: 'integer', minimum: 0, exclusiveMinimum: true } },
        },
      },
      finds: { code: 'malformed', path: '/properties/page/exclusiveMinimum' },
    },
    {
      error: 'Grammar error: at 3(11): failed to compile JSON schema',
      source: 'https://github.com/BerriAI/litellm/issues/13389',
      tool: {
        inputSchema: {
          $id: 'https://example.org/tool',
          $schema: 'http://json-schema.org/draft-07/schema#',
          type: 'object',
          properties: {},
        },
      },
      finds: { code: 'keyword', path: '/$id' },
    },
    {
      error: "Invalid tool schema: {'type': 'string', …} is not of type 'string'",
      source: 'https://github.com/UKGovernmentBEIS/inspect_ai/issues/1562',
      tool: { inputSchema: { type: { type: 'string', description: 'What to look for' } } },
      finds: { code: 'malformed', path: '/type' },
    },
  ],
};
