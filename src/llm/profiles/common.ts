import type { Profile } from './profile.ts';

/** What every provider takes: for a model of which nothing is known. */
export const profile: Profile = {
  id: 'common',
  verified: '2026-11-22',
  sources: [
    { url: 'https://github.com/anthropics/claude-code/issues/5878', kind: 'error', quote: 'no union at the root' },
    {
      url: 'https://github.com/google-gemini/gemini-cli/issues/6704',
      kind: 'error',
      quote: 'Must start with a letter or an underscore',
    },
    { url: 'https://github.com/getsentry/sentry-mcp/issues/106', kind: 'error', quote: 'maximum length 1024' },
  ],
  name: { pattern: '[a-zA-Z_][a-zA-Z0-9_-]*', max: 64 },
  propertyKey: '[a-zA-Z_][a-zA-Z0-9_]{0,63}',
  descriptionChars: 1024,
  tools: 128,
  schema: {
    keywords: [
      'type',
      'title',
      'description',
      'enum',
      'items',
      'minItems',
      'maxItems',
      'minimum',
      'maximum',
      'anyOf',
      'properties',
      'additionalProperties',
      'required',
    ],
    rootForbids: ['anyOf', 'enum'],
    typeLists: 'null',
    enumOf: ['string'],
    refs: 'inline',
    oneOf: 'anyOf',
    allOf: 'merge',
    itemsNeeded: true,
    unionSiblings: false,
  },
  rejections: [],
};
