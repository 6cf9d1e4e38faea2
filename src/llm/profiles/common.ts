import { profile as anthropic } from './anthropic.ts';
import { profile as gemini } from './gemini.ts';
import { profile as chat } from './openai-chat.ts';
import type { Profile } from './profile.ts';

/** What every provider takes: for a model of which nothing is known. */
export const profile: Profile = {
  id: 'common',
  verified: '2026-11-22',
  sources: [...anthropic.sources, ...chat.sources, ...gemini.sources],
  name: { pattern: '[a-zA-Z_][a-zA-Z0-9_-]*', max: 64, reserved: anthropic.name.reserved },
  propertyKey: '[a-zA-Z_][a-zA-Z0-9_]{0,63}',
  descriptionChars: 1024,
  tools: 128,
  schema: {
    ...gemini.schema,
    rootForbids: ['oneOf', 'anyOf', 'allOf', 'enum', 'not', 'const'],
    richPatterns: false,
  },
  rejections: [...anthropic.rejections, ...chat.rejections, ...gemini.rejections],
};
