import { MODERN } from './keywords.ts';
import { profile as chat } from './openai-chat.ts';
import type { Profile } from './profile.ts';

/** Hosts that speak as Chat Completions does: gateways, Azure, and servers of open models. Each has limits of its own; these are below all that are known. */
export const profile: Profile = {
  ...chat,
  id: 'openai-compatible',
  sources: [
    ...chat.sources,
    {
      url: 'https://github.com/getsentry/sentry-mcp/issues/106',
      kind: 'error',
      quote: 'string with maximum length 1024',
    },
    { url: 'https://github.com/open-webui/computer/issues/87', kind: 'error', quote: 'Error resolving ref' },
  ],
  descriptionChars: 1024,
  schema: { ...chat.schema, keywords: MODERN, refs: 'inline', allOf: 'merge', richPatterns: false },
  rejections: [
    {
      error: "Error resolving ref #/$defs/FilterType: $defs not in {'type': 'object', 'properties': {…}}",
      source: 'https://github.com/open-webui/computer/issues/87',
      tool: {
        inputSchema: {
          type: 'object',
          properties: { filter: { $ref: '#/$defs/FilterType' } },
          $defs: { FilterType: { type: 'string', enum: ['all', 'none'] } },
        },
      },
      finds: { code: 'reference', path: '/properties/filter/$ref' },
    },
    {
      error:
        "Invalid 'tools[13].function.description': string too long. Expected a string with maximum length 1024, but got a string with length 1103 instead.",
      source: 'https://github.com/getsentry/sentry-mcp/issues/106',
      tool: { description: 'x'.repeat(1103), inputSchema: { type: 'object', properties: {} } },
      finds: { code: 'description_length', path: 'description' },
    },
    {
      error:
        'Invalid JSON payload received. Unknown name "$schema" at \'tools[0].function_declarations[0].parameters\': Cannot find field.',
      source: 'https://github.com/mastra-ai/mastra/issues/5228',
      tool: {
        inputSchema: { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', properties: {} },
      },
      finds: { code: 'keyword', path: '/$schema' },
    },
  ],
};
