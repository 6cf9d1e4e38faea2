/** What OpenAI's Responses are sent. Nothing is kept there: each request holds all. https://platform.openai.com/docs/api-reference/responses */
import type { JsonObject } from '../../protocol/types.ts';
import { dataUrlOf } from '../data-url.ts';
import type { CallPart, MediaPart, Message, ResultPart } from '../message.ts';
import type { ModelRequest } from '../model.ts';
import { plainIdOf, providerIdOf, wireIdsOf } from './call-ids.ts';
import type { OpenAISettings } from './chat-request.ts';
import { isImage, isPdf, standInFor } from './media.ts';
import { thinks } from './openai-family.ts';
import { resultText, systemOf } from './openai-text.ts';
import { objectOf, textOf } from './reading.ts';

export const RESPONSES = 'openai-responses';

export const responsesBody = (request: ModelRequest, settings: OpenAISettings): JsonObject => {
  const { model, stream, firstParty, extra } = settings;
  const { maxOutputTokens, temperature, cacheKey, toolChoice = 'auto' } = request;
  const system = systemOf(request);
  const tools = request.tools.map(({ name, description, inputSchema, strict = false }) => ({
    type: 'function',
    name,
    ...(description === undefined ? {} : { description }),
    parameters: inputSchema,
    strict,
  }));
  return {
    model,
    ...(system === '' ? {} : { instructions: system }),
    input: itemsOf(request.messages, model),
    ...(tools.length === 0 ? {} : { tools, ...(toolChoice === 'auto' ? {} : { tool_choice: toolChoice }) }),
    ...(maxOutputTokens === undefined ? {} : { max_output_tokens: maxOutputTokens }),
    ...(temperature === undefined || thinks(model) ? {} : { temperature }),
    ...(cacheKey === undefined || !firstParty ? {} : { prompt_cache_key: cacheKey }),
    store: false,
    // What was thought comes encrypted, so that it can be sent back; models that do not think refuse the wish.
    ...(thinks(model) ? { include: ['reasoning.encrypted_content'] } : {}),
    ...(stream ? { stream } : {}),
    ...extra,
  };
};

const itemsOf = (messages: readonly Message[], model: string): JsonObject[] => {
  const idOf = wireIdsOf(messages, (call) => providerIdOf(call, RESPONSES, 'call_id'), plainIdOf);
  const seen = new Set<string>();
  return messages.flatMap(({ role, content }): JsonObject[] => {
    if (role === 'assistant') return assistantItems(content, { model, idOf, seen });
    if (role === 'tool') return content.flatMap((part) => (part.type === 'result' ? [outputOf(part, idOf)] : []));
    const parts = content.flatMap((part): JsonObject[] => {
      if (part.type === 'text') return part.text === '' ? [] : [{ type: 'input_text', text: part.text }];
      return part.type === 'media' ? [mediaOf(part)] : [];
    });
    return parts.length === 0 ? [] : [{ type: 'message', role: 'user', content: parts }];
  });
};

interface Means {
  model: string;
  idOf(id: string): string;
  /** Ids of thoughts that stand before: none may come twice. */
  seen: Set<string>;
}

const assistantItems = (content: Message['content'], { model, idOf, seen }: Means): JsonObject[] => {
  const items = content.flatMap((part): JsonObject[] => {
    if (part.type === 'text') return textItems(part.text, part.raw?.api === RESPONSES ? part.raw.value : undefined);
    if (part.type === 'call') return [callOf(part, idOf)];
    if ((part.type !== 'opaque' && part.type !== 'reasoning') || part.raw?.api !== RESPONSES) return [];
    const item = objectOf(part.raw.value);
    if (part.type === 'opaque') return [item];
    if (part.raw.model !== model || seen.has(textOf(item.id))) return [];
    seen.add(textOf(item.id));
    return [item];
  });
  // What was thought is refused without that which came of it.
  while (items.at(-1)?.type === 'reasoning') seen.delete(textOf(items.pop()?.id));
  return items;
};

const textItems = (text: string, raw: unknown): JsonObject[] => {
  const { phase } = objectOf(raw);
  if (text === '') return [];
  return [{ type: 'message', role: 'assistant', content: text, ...(phase === undefined ? {} : { phase }) }];
};

/** Without the id of the item: that one is refused where the thought before it is missing. */
const callOf = (call: CallPart, idOf: (id: string) => string): JsonObject => ({
  type: 'function_call',
  call_id: idOf(call.id),
  name: call.name || 'unnamed_tool',
  arguments: JSON.stringify(call.arguments ?? {}),
});

const outputOf = (part: ResultPart, idOf: (id: string) => string): JsonObject => {
  const text = resultText(part);
  const media = part.content.flatMap((each) => (each.type === 'media' ? [mediaOf(each)] : []));
  const output = media.length === 0 ? text : [...(text === '' ? [] : [{ type: 'input_text', text }]), ...media];
  return { type: 'function_call_output', call_id: idOf(part.id), output };
};

const mediaOf = (part: MediaPart): JsonObject => {
  if (isImage(part)) return { type: 'input_image', image_url: dataUrlOf(part), detail: 'auto' };
  if (isPdf(part)) return { type: 'input_file', filename: part.name ?? 'document.pdf', file_data: dataUrlOf(part) };
  return { type: 'input_text', text: standInFor(part) };
};
