/** Tools for LangChain (`@langchain/core`). https://docs.langchain.com/oss/javascript/langchain/tools */
// biome-ignore lint/suspicious/noTsIgnore: where the optional peer is installed there is nothing to expect
/** @ts-ignore: an optional peer */
import type { DynamicStructuredTool } from '@langchain/core/tools';
import type { Toolkit } from '../../api.ts';
import type { Progress } from '../../protocol/types.ts';
import { dataUrlOf } from '../data-url.ts';
import type { MediaPart, TextPart } from '../message.ts';
import { USUAL_MEDIA } from '../results/media.ts';
import { missingFramework, toldFailure } from './frameworks.ts';
import { offer } from './offered.ts';
import type { NativeOptions } from './options.ts';
import { isImage, mediaIn, textOf } from './wire-parts.ts';

/** What LangChain tells a tool beside its input. */
interface Config {
  signal?: AbortSignal;
  toolCall?: { id?: string };
}
interface Run {
  handleToolEvent?(event: unknown): unknown;
}

const emit = async (run: Run | undefined, event: unknown): Promise<void> => {
  await run?.handleToolEvent?.(event);
};

const load = async () => {
  try {
    // @ts-expect-error: an optional peer
    const tools = await import('@langchain/core/tools');
    // @ts-expect-error: an optional peer
    const messages = await import('@langchain/core/messages');
    return { DynamicStructuredTool: tools.DynamicStructuredTool, ToolMessage: messages.ToolMessage };
  } catch (cause) {
    throw missingFramework('@langchain/core', cause);
  }
};

/**
 * The tools of all servers as `bindTools`, `ToolNode` and agents of LangChain take them. The artifact of an answer is the
 * tool's whole result; an error is a message with `status: 'error'`. Calls end with the signal of the run, and progress
 * is an event of the tool. Rejects with `unsupported` where `@langchain/core` is not installed.
 */
export const langchainTools = async (
  toolkit: Toolkit,
  options: NativeOptions = {},
): Promise<DynamicStructuredTool[]> => {
  const [{ DynamicStructuredTool, ToolMessage }, offered] = await Promise.all([
    load(),
    offer(toolkit, options, { profile: 'common', media: USUAL_MEDIA }),
  ]);
  return offered.tools.map(({ name, description = '', inputSchema }) => {
    const func = async (input: unknown, run?: Run, config: Config = {}): Promise<unknown> => {
      const { signal, toolCall } = config;
      const onProgress = (progress: Progress): void => {
        options.callOptions?.onProgress?.(progress);
        // What listens to a run is not the call's: where that fails, the call goes on.
        emit(run, { progress }).catch(() => {});
      };
      const { parts, isError, error, result } = await offered.call(name, input, { signal, onProgress });
      // Outside of a conversation there is no message that could say that it is an error.
      if (error !== undefined && (signal?.aborted || toolCall?.id === undefined)) throw toldFailure(error, parts);
      const content = contentOf(parts);
      if (!isError || toolCall?.id === undefined) return [content, result];
      const message = { content, name, tool_call_id: toolCall.id, status: 'error' as const, artifact: result ?? error };
      return [new ToolMessage(message), message.artifact];
    };
    return new DynamicStructuredTool({
      name,
      description,
      schema: inputSchema,
      responseFormat: 'content_and_artifact',
      verboseParsingErrors: true,
      func,
    });
  });
};

/** Images in the form that the adapters of all providers read; other media as LangChain's own blocks. */
const contentOf = (parts: readonly (TextPart | MediaPart)[]): unknown => {
  if (mediaIn(parts).length === 0) return textOf(parts);
  return parts.map((part) => {
    if (part.type === 'text') return { type: 'text', text: part.text };
    if (isImage(part)) return { type: 'image_url', image_url: { url: dataUrlOf(part) } };
    const { mediaType, data, name } = part;
    return {
      type: mediaType.startsWith('audio/') ? 'audio' : 'file',
      mimeType: mediaType,
      data,
      ...(name !== undefined && { metadata: { filename: name } }),
    };
  });
};
