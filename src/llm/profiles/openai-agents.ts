import { profile as responses } from './openai-responses.ts';
import type { Profile } from './profile.ts';

/** The agents library of OpenAI: as its Responses API, but its `tool()` writes `_` for every other sign in a name. */
export const profile: Profile = {
  ...responses,
  id: 'openai-agents',
  sources: [
    ...responses.sources,
    { url: 'https://www.npmjs.com/package/@openai/agents-core', kind: 'type', quote: 'toFunctionToolName' },
  ],
  name: { pattern: '[a-zA-Z0-9_]+', max: 64 },
};
