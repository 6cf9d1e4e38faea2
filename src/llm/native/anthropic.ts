/** Tools for Anthropic's Messages API (`@anthropic-ai/sdk`). https://platform.claude.com/docs/en/api/messages */
import type { Toolkit } from '../../api.ts';
import type { MediaPart, TextPart } from '../message.ts';
import { type Offered, type Outcome, offer } from './offered.ts';
import type { NativeOptions, NativeTools } from './options.ts';
import { IMAGES, isImage, mediaIn, PDF, textOf } from './wire-parts.ts';

/** `Anthropic.Tool`. */
export interface AnthropicTool {
  name: string;
  description?: string;
  input_schema: { type: 'object'; [key: string]: unknown };
  strict?: boolean;
}
/** `Anthropic.ToolUseBlock`; other blocks of a message are passed over by `callAll`. */
export type AnthropicCall = { type: string; id?: string; name?: string; input?: unknown };
/** `Anthropic.ToolResultBlockParam`. */
export interface AnthropicResult {
  type: 'tool_result';
  tool_use_id: string;
  content: (
    | { type: 'text'; text: string }
    | { type: 'image'; source: { type: 'base64'; media_type: AnthropicImageType; data: string } }
    | { type: 'document'; source: { type: 'base64'; media_type: 'application/pdf'; data: string }; title?: string }
  )[];
  is_error?: boolean;
}
type AnthropicImageType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp';
/** `Anthropic.MessageParam`: the results of a turn, in one message. */
export interface AnthropicTurn {
  role: 'user';
  content: AnthropicResult[];
}

/** The tools of all servers as Anthropic's API takes them. `callAll` is given the `content` of the model's message. */
export const anthropicTools = async (
  toolkit: Toolkit,
  options: NativeOptions = {},
): Promise<NativeTools<AnthropicTool, AnthropicCall, AnthropicResult, AnthropicTurn>> => {
  const offered = await offer(toolkit, options, { profile: 'anthropic', media: [...IMAGES, PDF] });
  const call: Called = async ({ id = '', name = '', input }, more) =>
    resultOf(id, await offered.call(name, input, more));
  return {
    tools: offered.tools.map(({ name, description, inputSchema, strict }) => ({
      name,
      ...(description !== undefined && { description }),
      input_schema: inputSchema as AnthropicTool['input_schema'],
      ...(strict === true && { strict }),
    })),
    call,
    callAll: async (blocks, more) => ({
      role: 'user',
      content: await Promise.all(blocks.filter(({ type }) => type === 'tool_use').map((block) => call(block, more))),
    }),
    report: offered.report,
  };
};
type Called = (call: AnthropicCall, options?: Parameters<Offered['call']>[2]) => Promise<AnthropicResult>;

/** With `is_error` the API takes text alone. An error that shows something is told by its first line, so that nothing is lost. */
const resultOf = (id: string, { parts, isError }: Outcome): AnthropicResult => ({
  type: 'tool_result',
  tool_use_id: id,
  content: mediaIn(parts).length === 0 ? [{ type: 'text', text: textOf(parts) }] : parts.map(blockOf),
  ...(isError && mediaIn(parts).length === 0 && { is_error: true }),
});

const blockOf = (part: TextPart | MediaPart): AnthropicResult['content'][number] => {
  if (part.type === 'text') return { type: 'text', text: part.text };
  const { data, name, mediaType } = part;
  if (isImage(part)) {
    return { type: 'image', source: { type: 'base64', media_type: mediaType as AnthropicImageType, data } };
  }
  const source = { type: 'base64' as const, media_type: 'application/pdf' as const, data };
  return { type: 'document', source, ...(name !== undefined && { title: name }) };
};
