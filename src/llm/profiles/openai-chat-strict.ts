import { profile as fallback } from './openai-chat.ts';
import type { Profile } from './profile.ts';
import { strictOf } from './strict-openai.ts';

export const profile: Profile = strictOf(fallback);
