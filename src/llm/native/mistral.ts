/** Tools for Mistral (`@mistralai/mistralai`). https://docs.mistral.ai/capabilities/function_calling */
import type { Toolkit } from '../../api.ts';
import type { CallOptions } from '../../options.ts';
import type { JsonObject } from '../../protocol/types.ts';
import { dataUrlOf } from '../data-url.ts';
import { type FunctionTool, functionTools } from './function-tools.ts';
import { offer } from './offered.ts';
import type { NativeOptions, NativeTools } from './options.ts';
import { IMAGES, mediaIn, textOf } from './wire-parts.ts';

/** `Tool` of `@mistralai/mistralai/models/components`. */
export type MistralTool = FunctionTool;
/** `ToolCall`: its arguments are an object or a text. */
export type MistralCall = { id?: string; function: { name: string; arguments: JsonObject | string } };
/** `ToolMessage`; images stand in it, as no message of the user may follow. */
export interface MistralResult {
  role: 'tool';
  toolCallId?: string;
  name: string;
  content: string | ({ type: 'text'; text: string } | { type: 'image_url'; imageUrl: string })[];
}

/** The tools of all servers as Mistral takes them. `callAll` is given the `toolCalls` of the model's message. */
export const mistralTools = async (
  toolkit: Toolkit,
  options: NativeOptions = {},
): Promise<NativeTools<MistralTool, MistralCall, MistralResult, MistralResult[]>> => {
  const offered = await offer(toolkit, options, { profile: 'mistral', media: IMAGES });
  const call = async ({ id, function: called }: MistralCall, more?: CallOptions): Promise<MistralResult> => {
    const { parts } = await offered.call(called.name, called.arguments, more);
    const content =
      mediaIn(parts).length === 0
        ? textOf(parts)
        : parts.map((part) =>
            part.type === 'text'
              ? { type: 'text' as const, text: part.text }
              : { type: 'image_url' as const, imageUrl: dataUrlOf(part) },
          );
    return { role: 'tool', ...(id !== undefined && { toolCallId: id }), name: called.name, content };
  };
  return {
    tools: functionTools(offered.tools),
    call,
    callAll: (calls, more) => Promise.all(calls.map((one) => call(one, more))),
    report: offered.report,
  };
};
