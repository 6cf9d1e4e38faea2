/** Tools for OpenAI's Responses API (`openai`). https://platform.openai.com/docs/api-reference/responses */
import type { Toolkit } from '../../api.ts';
import type { CallOptions } from '../../options.ts';
import type { JsonObject } from '../../protocol/types.ts';
import { dataUrlOf } from '../data-url.ts';
import type { MediaPart, TextPart } from '../message.ts';
import { offer } from './offered.ts';
import type { NativeOptions, NativeTools } from './options.ts';
import { fileName, IMAGES, isImage, mediaIn, PDF, textOf } from './wire-parts.ts';

/** `OpenAI.Responses.FunctionTool`. */
export interface OpenAITool {
  type: 'function';
  name: string;
  description?: string;
  parameters: JsonObject;
  strict: boolean;
}
/** `OpenAI.Responses.ResponseFunctionToolCall`; other items of a response are passed over by `callAll`. */
export type OpenAICall = { type: string; call_id?: string | null; name?: string; arguments?: unknown };
/** `OpenAI.Responses.ResponseInputItem.FunctionCallOutput`. */
export interface OpenAIResult {
  type: 'function_call_output';
  call_id: string;
  output:
    | string
    | (
        | { type: 'input_text'; text: string }
        | { type: 'input_image'; image_url: string; detail: 'auto' }
        | { type: 'input_file'; filename: string; file_data: string }
      )[];
}

/** The tools of all servers as the Responses API takes them. `callAll` is given the `output` of the response. */
export const openaiTools = async (
  toolkit: Toolkit,
  options: NativeOptions = {},
): Promise<NativeTools<OpenAITool, OpenAICall, OpenAIResult, OpenAIResult[]>> => {
  const offered = await offer(toolkit, options, { profile: 'openai-responses', media: [...IMAGES, PDF] });
  const call = async ({ call_id, name = '', arguments: input }: OpenAICall, more?: CallOptions) => {
    const { parts } = await offered.call(name, input, more);
    return { type: 'function_call_output' as const, call_id: call_id ?? '', output: outputOf(parts) };
  };
  return {
    tools: offered.tools.map(({ name, description, inputSchema, strict = false }) => ({
      type: 'function',
      name,
      ...(description !== undefined && { description }),
      parameters: inputSchema,
      // Where it is left out the API tries to be strict.
      strict,
    })),
    call,
    callAll: (items, more) =>
      Promise.all(items.filter(({ type }) => type === 'function_call').map((item) => call(item, more))),
    report: offered.report,
  };
};

const outputOf = (parts: readonly (TextPart | MediaPart)[]): OpenAIResult['output'] => {
  if (mediaIn(parts).length === 0) return textOf(parts);
  return parts.map((part) => {
    if (part.type === 'text') return { type: 'input_text', text: part.text };
    if (isImage(part)) return { type: 'input_image', image_url: dataUrlOf(part), detail: 'auto' };
    return { type: 'input_file', filename: fileName(part), file_data: dataUrlOf(part) };
  });
};
