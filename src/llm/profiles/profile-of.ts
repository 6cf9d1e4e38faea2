import { ToolwayError } from '../../errors.ts';
import type { Profile } from './profile.ts';

const LOADERS = new Map<string, () => Promise<{ profile: Profile }>>([
  ['anthropic', () => import('./anthropic.ts')],
  ['anthropic-strict', () => import('./anthropic-strict.ts')],
  ['openai-chat', () => import('./openai-chat.ts')],
  ['openai-chat-strict', () => import('./openai-chat-strict.ts')],
  ['openai-responses', () => import('./openai-responses.ts')],
  ['openai-responses-strict', () => import('./openai-responses-strict.ts')],
  ['openai-compatible', () => import('./openai-compatible.ts')],
  ['openai-agents', () => import('./openai-agents.ts')],
  ['gemini', () => import('./gemini.ts')],
  ['mistral', () => import('./mistral.ts')],
  ['common', () => import('./common.ts')],
]);

/** The ids of all profiles. */
export const toolProfiles: readonly string[] = [...LOADERS.keys()];

/** Loads a profile by its id: one of `toolProfiles`. Rejects with `invalid_arguments` for any other. */
export const profileOf = async (id: string): Promise<Profile> => {
  const load = LOADERS.get(id);
  if (load === undefined) {
    throw new ToolwayError(
      'invalid_arguments',
      `there is no profile ${JSON.stringify(id)}: ${toolProfiles.join(', ')}`,
    );
  }
  return (await load()).profile;
};
