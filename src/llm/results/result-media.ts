/**
 * Which media a model is shown in the results of its tools, as its provider and the adapter to it take them; all others
 * are kept aside. Anthropic: https://platform.claude.com/docs/en/api/messages (`tool_result`). OpenAI: `function_call_output`
 * of https://platform.openai.com/docs/api-reference/responses/create, and for Chat Completions, where results are text,
 * the images that stand behind them. Gemini: https://ai.google.dev/gemini-api/docs/function-calling. Mistral: the package
 * `@mistralai/mistralai`, `ToolMessage`.
 */
import { IMAGES, PDF } from './media.ts';

const BY_PROFILE = new Map<string, readonly string[]>([
  ['anthropic', [...IMAGES, PDF]],
  ['openai-responses', [...IMAGES, PDF]],
  ['openai-agents', [...IMAGES, PDF]],
  ['openai-chat', IMAGES],
  ['openai-compatible', IMAGES],
  ['gemini', ['image/png', 'image/jpeg', 'image/webp', PDF, 'audio/*']],
  ['mistral', IMAGES],
]);

/** By the id of a profile; undefined where nothing is known of the provider. */
export const resultMediaOf = (profile: string): readonly string[] | undefined =>
  BY_PROFILE.get(profile.replace(/-strict$/, ''));
