/** What Anthropic is sent: POST /v1/messages, of the version 2026-10-21. https://platform.claude.com/docs/en/api/messages */
import type { JsonObject } from '../../protocol/types.ts';
import type { CallPart, MediaPart, Message, ReasoningPart, ResultPart, TextPart } from '../message.ts';
import type { ModelRequest } from '../model.ts';
import { plainIdOf, providerIdOf, wireIdsOf } from './call-ids.ts';
import { isImage, isPdf, standInFor } from './media.ts';
import { objectOf, textOf } from './reading.ts';

export const ANTHROPIC = 'anthropic';

/** Marks of what is to be cached, of all a request may have. */
const MAX_MARKS = 4;
/** A mark finds what is cached up to 20 blocks before it; with this many between two marks nothing is missed. */
const BLOCKS_BETWEEN_MARKS = 15;

export interface AnthropicSettings {
  model: string;
  maxOutputTokens: number;
  cache: boolean | '5m' | '1h';
  stream: boolean;
  extra?: JsonObject;
}

type Block = JsonObject & { type: string };
interface WireMessage {
  role: 'user' | 'assistant';
  content: Block[];
}

export const anthropicBody = (request: ModelRequest, settings: AnthropicSettings): JsonObject => {
  const { model, maxOutputTokens, cache, stream, extra } = settings;
  const messages = messagesOf(request.messages, model);
  const system: Block[] = request.system
    .filter(({ text }) => text.trim() !== '')
    .map(({ text }) => ({ type: 'text', text }));
  const tools = toolsOf(request);
  if (cache !== false) {
    const mark = { type: 'ephemeral', ...(cache === true ? {} : { ttl: cache }) };
    const marked = request.system
      .filter(({ text }) => text.trim() !== '')
      .findLastIndex((block) => block.cache === true);
    const head = system[marked] ?? tools.findLast((tool) => tool.defer_loading !== true);
    if (head !== undefined) head.cache_control = mark;
    markTail(messages, mark, MAX_MARKS - (head === undefined ? 0 : 1));
  }
  return {
    model,
    max_tokens: request.maxOutputTokens ?? maxOutputTokens,
    ...(system.length === 0 ? {} : { system }),
    messages,
    ...(tools.length === 0 ? {} : { tools, ...choiceOf(request) }),
    ...(request.stopSequences === undefined ? {} : { stop_sequences: [...request.stopSequences] }),
    stream,
    ...extra,
  };
};

const toolsOf = ({ tools }: ModelRequest): JsonObject[] => {
  const own: JsonObject[] = tools.map(({ name, description, inputSchema, strict, deferred }) => ({
    name,
    ...(description === undefined ? {} : { description }),
    input_schema: inputSchema,
    ...(strict === true ? { strict } : {}),
    ...(deferred === true ? { defer_loading: true } : {}),
  }));
  if (!tools.some(({ deferred }) => deferred === true)) return own;
  return [{ type: 'tool_search_tool_bm25_20251119', name: 'tool_search_tool_bm25' }, ...own];
};

const choiceOf = ({ toolChoice = 'auto' }: ModelRequest): JsonObject =>
  toolChoice === 'auto' ? {} : { tool_choice: { type: toolChoice === 'required' ? 'any' : 'none' } };

const messagesOf = (messages: readonly Message[], model: string): WireMessage[] => {
  const idOf = wireIdsOf(messages, (call) => providerIdOf(call, ANTHROPIC), plainIdOf);
  const all: WireMessage[] = [];
  for (const { role, content } of messages) {
    const blocks =
      role === 'assistant' ? assistantBlocks(content, model, idOf) : content.flatMap((part) => userBlocks(part, idOf));
    if (blocks.length === 0) continue;
    const wire = role === 'assistant' ? 'assistant' : 'user';
    const last = all.at(-1);
    // Results stand in one message, before anything else that the user says; the API joins such messages all the same.
    if (last?.role === wire) last.content.push(...blocks);
    else all.push({ role: wire, content: blocks });
  }
  for (const message of all) if (message.role === 'user') message.content.sort(byResultsFirst);
  return all;
};

const byResultsFirst = (one: Block, other: Block): number =>
  Number(other.type === 'tool_result') - Number(one.type === 'tool_result');

const assistantBlocks = (content: Message['content'], model: string, idOf: (id: string) => string): Block[] => {
  const blocks = content.flatMap((part): Block[] => {
    if (part.type === 'text') return textBlocks(part);
    if (part.type === 'reasoning') return thinkingBlocks(part, model);
    if (part.type === 'call') return [callBlock(part, idOf)];
    if (part.type === 'opaque' && part.raw.api === ANTHROPIC) return [objectOf(part.raw.value) as Block];
    return [];
  });
  // A message may not end with what was thought: nothing came after it.
  while (/^(redacted_)?thinking$/.test(blocks.at(-1)?.type ?? '')) blocks.pop();
  return blocks;
};

const textBlocks = ({ text }: TextPart): Block[] => (text.trim() === '' ? [] : [{ type: 'text', text }]);

const thinkingBlocks = ({ raw }: ReasoningPart, model: string): Block[] =>
  raw?.api === ANTHROPIC && raw.model === model ? [objectOf(raw.value) as Block] : [];

const callBlock = (call: CallPart, idOf: (id: string) => string): Block => {
  const { caller } = call.raw?.api === ANTHROPIC ? objectOf(call.raw.value) : {};
  return {
    type: 'tool_use',
    id: idOf(call.id),
    name: call.name || 'unnamed_tool',
    input: call.arguments ?? {},
    ...(caller === undefined ? {} : { caller }),
  };
};

const userBlocks = (part: Message['content'][number], idOf: (id: string) => string): Block[] => {
  if (part.type === 'text') return textBlocks(part);
  if (part.type === 'media') return [mediaBlock(part)];
  return part.type === 'result' ? [resultBlock(part, idOf)] : [];
};

/** With `is_error` the API takes text alone: a failure that shows something is told by its text instead. */
const resultBlock = (part: ResultPart, idOf: (id: string) => string): Block => {
  const content = part.content.flatMap((each) => (each.type === 'text' ? textBlocks(each) : [mediaBlock(each)]));
  const isText = content.every(({ type }) => type === 'text');
  if (part.isError === true && !isText && !saysError(content[0])) content.unshift({ type: 'text', text: 'Error:' });
  return {
    type: 'tool_result',
    tool_use_id: idOf(part.id),
    ...(content.length === 0 ? {} : { content }),
    ...(part.isError === true && isText ? { is_error: true } : {}),
  };
};

const saysError = (first: Block | undefined): boolean => /^\s*error/i.test(textOf(first?.text));

const mediaBlock = (part: MediaPart): Block => {
  const source = {
    type: 'base64',
    media_type: part.mediaType.toLowerCase().replace('image/jpg', 'image/jpeg'),
    data: part.data,
  };
  if (isImage(part)) return { type: 'image', source };
  if (isPdf(part)) return { type: 'document', source, ...(part.name === undefined ? {} : { title: part.name }) };
  return { type: 'text', text: standInFor(part) };
};

/** Marks the last block, and blocks before it as far as there are marks: each finds what an earlier request left there. */
const markTail = (messages: readonly WireMessage[], mark: JsonObject, marks: number): void => {
  const blocks = messages.flatMap(({ content }) => content);
  let next = blocks.length - 1;
  for (let left = marks; left > 0 && next >= 0; left -= 1) {
    while (next >= 0 && /thinking$/.test(blocks[next]?.type ?? '')) next -= 1;
    const block = blocks[next];
    if (block === undefined) return;
    // Blocks kept as they came are shared with the conversation: they are not written on.
    const { content } = messages.find((message) => message.content.includes(block)) ?? { content: blocks };
    content[content.indexOf(block)] = { ...block, cache_control: mark };
    next -= BLOCKS_BETWEEN_MARKS;
  }
};
