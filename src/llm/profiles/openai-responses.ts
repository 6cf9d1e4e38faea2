import { profile as chat } from './openai-chat.ts';
import type { Profile } from './profile.ts';

/** The Responses API of OpenAI, with `strict: false`. Its checks are those of Chat Completions. */
export const profile: Profile = {
  ...chat,
  id: 'openai-responses',
  sources: [
    ...chat.sources,
    {
      url: 'https://www.npmjs.com/package/openai',
      kind: 'type',
      quote:
        'If omitted, Responses attempts to use strict validation when the schema is compatible, and falls back to non-strict',
    },
    {
      url: 'https://github.com/posit-dev/chatlas/issues/255',
      kind: 'error',
      quote: 'a schema without strict is held to the strict rules',
    },
  ],
};
