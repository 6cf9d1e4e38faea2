/** Tools for Gemini (`@google/genai`). https://ai.google.dev/gemini-api/docs/function-calling */
import type { Toolkit } from '../../api.ts';
import type { CallOptions } from '../../options.ts';
import type { JsonObject } from '../../protocol/types.ts';
import { offer } from './offered.ts';
import type { NativeOptions, NativeTools } from './options.ts';
import { mediaIn, PDF, textOf } from './wire-parts.ts';

/** `NativeOptions`, and what only Gemini has. */
export interface GeminiOptions extends NativeOptions {
  /** Images and the like stand beside a response instead of in it: models before Gemini 3 want that. Default false. */
  mediaBeside?: boolean;
}
/** `Tool` of `@google/genai`: one, with all declarations, as several are refused. */
export interface GeminiTool {
  functionDeclarations: { name: string; description?: string; parametersJsonSchema: JsonObject }[];
}
/** `FunctionCall` of `@google/genai`. */
export type GeminiCall = { id?: string; name?: string; args?: JsonObject };
/** `Part` of `@google/genai`: the answer to a call, or what it shows. */
export interface GeminiPart {
  functionResponse?: {
    id?: string;
    name: string;
    response: { output: string } | { error: string };
    parts?: { inlineData: GeminiData }[];
  };
  inlineData?: GeminiData;
}
interface GeminiData {
  mimeType: string;
  data: string;
}
/** `Content` of `@google/genai`: the answers to all calls of a turn. */
export interface GeminiTurn {
  role: 'user';
  parts: GeminiPart[];
}

/** The tools of all servers as Gemini takes them. `callAll` is given the `functionCalls` of the response. */
export const geminiTools = async (
  toolkit: Toolkit,
  options: GeminiOptions = {},
): Promise<NativeTools<GeminiTool, GeminiCall, GeminiPart[], GeminiTurn>> => {
  const media = ['image/png', 'image/jpeg', 'image/webp', PDF, 'audio/*'];
  const offered = await offer(toolkit, options, { profile: 'gemini', media, options: ['mediaBeside'] });
  const call = async ({ id, name = '', args }: GeminiCall, more?: CallOptions): Promise<GeminiPart[]> => {
    const { parts, isError } = await offered.call(name, args, more);
    const text = textOf(parts);
    const data = mediaIn(parts).map(({ mediaType, data }) => ({ inlineData: { mimeType: mediaType, data } }));
    const functionResponse = {
      ...(id !== undefined && { id }),
      name,
      response: isError ? { error: text } : { output: text },
    };
    if (options.mediaBeside === true) return [{ functionResponse }, ...data];
    return [{ functionResponse: { ...functionResponse, ...(data.length > 0 && { parts: data }) } }];
  };
  return {
    tools:
      offered.tools.length === 0
        ? []
        : [
            {
              functionDeclarations: offered.tools.map(({ name, description, inputSchema }) => ({
                name,
                ...(description !== undefined && { description }),
                parametersJsonSchema: inputSchema,
              })),
            },
          ],
    call,
    async callAll(calls, more) {
      const parts = (await Promise.all(calls.map((one) => call(one, more)))).flat();
      // As many responses as there were calls, and nothing between them.
      const [responses, others] = [true, false].map((is) =>
        parts.filter(({ functionResponse }) => (functionResponse !== undefined) === is),
      ) as [GeminiPart[], GeminiPart[]];
      return { role: 'user', parts: [...responses, ...others] };
    },
    report: offered.report,
  };
};
