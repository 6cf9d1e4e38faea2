/** What Chat Completions are sent. https://platform.openai.com/docs/api-reference/chat/create */
import type { JsonObject } from '../../protocol/types.ts';
import { dataUrlOf } from '../data-url.ts';
import type { CallPart, MediaPart, Message, ResultPart } from '../message.ts';
import type { ModelRequest } from '../model.ts';
import { providerIdOf, wireIdsOf } from './call-ids.ts';
import { captionOf, isImage, pointerTo, standInFor } from './media.ts';
import { isMistral, thinks, wantsNoEffort } from './openai-family.ts';
import { resultText, systemOf } from './openai-text.ts';
import { objectOf } from './reading.ts';

export const CHAT = 'openai-chat';

export interface OpenAISettings {
  model: string;
  stream: boolean;
  /** At OpenAI itself, not at a server that speaks like it. */
  firstParty: boolean;
  extra?: JsonObject;
}

export const chatBody = (request: ModelRequest, { model, stream, firstParty, extra }: OpenAISettings): JsonObject => {
  const { maxOutputTokens, temperature, stopSequences, cacheKey, toolChoice = 'auto' } = request;
  const tools = request.tools.map(({ name, description, inputSchema, strict }) => ({
    type: 'function',
    function: {
      name,
      ...(description === undefined ? {} : { description }),
      parameters: inputSchema,
      ...(strict === true ? { strict } : {}),
    },
  }));
  const limit = firstParty ? 'max_completion_tokens' : 'max_tokens';
  return {
    model,
    messages: messagesOf(request, model),
    ...(tools.length === 0 ? {} : { tools, ...(toolChoice === 'auto' ? {} : { tool_choice: toolChoice }) }),
    ...(firstParty && tools.length > 0 && wantsNoEffort(model) ? { reasoning_effort: 'none' } : {}),
    ...(maxOutputTokens === undefined ? {} : { [limit]: maxOutputTokens }),
    ...(temperature === undefined || (firstParty && thinks(model)) ? {} : { temperature }),
    ...(stopSequences === undefined ? {} : { stop: [...stopSequences] }),
    ...(firstParty && cacheKey !== undefined ? { prompt_cache_key: cacheKey } : {}),
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
    ...extra,
  };
};

const messagesOf = (request: ModelRequest, model: string): JsonObject[] => {
  const system = systemOf(request);
  const idOf = wireIdsOf(
    request.messages,
    (call) => ownIdOf(call, model),
    // Nine letters and digits: what every template takes.
    ({ number }) => `call${number.toString(36).padStart(5, '0')}`,
  );
  const all: JsonObject[] = system === '' ? [] : [{ role: 'system', content: system }];
  for (const { role, content } of request.messages) {
    if (role === 'assistant') all.push(...assistantMessages(content, model, idOf));
    else if (role === 'tool') all.push(...toolMessages(content, idOf));
    else all.push(...userMessages(content));
  }
  return all;
};

const ownIdOf = (call: CallPart, model: string): string | undefined => {
  const id = call.raw?.model === model ? providerIdOf(call, CHAT) : undefined;
  return id === undefined || id.length > 40 || (isMistral(model) && !/^[a-z\d]{9}$/i.test(id)) ? undefined : id;
};

const assistantMessages = (content: Message['content'], model: string, idOf: (id: string) => string): JsonObject[] => {
  const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
  const calls = content.flatMap((part) => (part.type === 'call' ? [callOf(part, idOf)] : []));
  if (text === '' && calls.length === 0) return [];
  if (calls.length === 0) return [{ role: 'assistant', content: text }];
  return [{ role: 'assistant', content: text === '' ? null : text, ...thoughtOf(content, model), tool_calls: calls }];
};

/** Those that say what they thought in a field of their own want it back with the calls that came of it. */
const thoughtOf = (content: Message['content'], model: string): JsonObject => {
  const own = content.filter((part) => part.type === 'reasoning').map(({ raw }) => raw);
  return objectOf(own.find((raw) => raw?.api === CHAT && raw.model === model)?.value);
};

const callOf = (call: CallPart, idOf: (id: string) => string): JsonObject => {
  const { extra_content } = call.raw?.api === CHAT ? objectOf(call.raw.value) : {};
  return {
    id: idOf(call.id),
    type: 'function',
    function: { name: call.name || 'unnamed_tool', arguments: JSON.stringify(call.arguments ?? {}) },
    ...(extra_content === undefined ? {} : { extra_content }),
  };
};

const toolMessages = (content: Message['content'], idOf: (id: string) => string): JsonObject[] => {
  const results = content.filter((part) => part.type === 'result');
  const shown: JsonObject[] = [];
  const messages = results.map((part): JsonObject => {
    const text = [
      resultText(part),
      ...part.content.flatMap((each) => (each.type === 'media' ? [pointerTo(each)] : [])),
    ];
    shown.push(...imagesOf(part));
    return {
      role: 'tool',
      tool_call_id: idOf(part.id),
      content: text.filter((each) => each !== '').join('\n') || 'The tool gave nothing.',
    };
  });
  // A tool's message holds text only, and nothing may stand between the messages of the tools.
  return shown.length === 0 ? messages : [...messages, { role: 'user', content: shown }];
};

const imagesOf = ({ name, content }: ResultPart): JsonObject[] =>
  content.flatMap((part) =>
    part.type === 'media' && isImage(part) ? [{ type: 'text', text: captionOf(part, name) }, imageOf(part)] : [],
  );

const imageOf = (part: MediaPart): JsonObject => ({ type: 'image_url', image_url: { url: dataUrlOf(part) } });

const userMessages = (content: Message['content']): JsonObject[] => {
  const parts = content.flatMap((part): JsonObject[] => {
    if (part.type === 'text') return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    if (part.type !== 'media') return [];
    return [isImage(part) ? imageOf(part) : { type: 'text', text: standInFor(part) }];
  });
  if (parts.length === 0) return [];
  const plain = parts.every(({ type }) => type === 'text');
  return [{ role: 'user', content: plain ? parts.map(({ text }) => text).join('\n') : parts }];
};
