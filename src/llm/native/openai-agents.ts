/** Tools for the Agents SDK of OpenAI (`@openai/agents`). https://openai.github.io/openai-agents-js/guides/tools */
// biome-ignore lint/suspicious/noTsIgnore: where the optional peer is installed there is nothing to expect
/** @ts-ignore: an optional peer */
import type { FunctionTool } from '@openai/agents';
import type { Toolkit } from '../../api.ts';
import type { MediaPart, TextPart } from '../message.ts';
import { missingFramework, toldFailure } from './frameworks.ts';
import { offer } from './offered.ts';
import type { NativeOptions } from './options.ts';
import { fileName, IMAGES, isImage, mediaIn, PDF, textOf } from './wire-parts.ts';

const load = async () => {
  try {
    // @ts-expect-error: an optional peer
    return await import('@openai/agents');
  } catch (cause) {
    throw missingFramework('@openai/agents', cause);
  }
};

/**
 * The tools of all servers as an `Agent` takes them. Their names are of letters, digits and `_`, as the library makes
 * all others so. Calls end with the run; a call that failed is told to the model. Rejects with `unsupported` where
 * `@openai/agents` is not installed.
 */
export const openaiAgentsTools = async (toolkit: Toolkit, options: NativeOptions = {}): Promise<FunctionTool[]> => {
  const [{ tool }, offered] = await Promise.all([
    load(),
    offer(toolkit, options, { profile: 'openai-agents', media: [...IMAGES, PDF] }),
  ]);
  return offered.tools.map(({ name, description = '', inputSchema, strict = false }) =>
    tool({
      name,
      description,
      parameters: inputSchema,
      strict,
      async execute(input: unknown, _context: unknown, details?: { signal?: AbortSignal }): Promise<unknown> {
        const { parts, error } = await offered.call(name, input, { signal: details?.signal });
        if (error !== undefined && details?.signal?.aborted) throw toldFailure(error, parts);
        return outputOf(parts);
      },
    }),
  );
};

const outputOf = (parts: readonly (TextPart | MediaPart)[]): unknown => {
  if (mediaIn(parts).length === 0) return textOf(parts);
  return parts.map((part) => {
    if (part.type === 'text') return { type: 'text', text: part.text };
    const { data, mediaType } = part;
    if (isImage(part)) return { type: 'image', image: { data, mediaType } };
    return { type: 'file', file: { data, mediaType, filename: fileName(part) } };
  });
};
