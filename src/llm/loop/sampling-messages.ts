/** What a server puts before the model, as messages, and what the model wrote, as the server reads it. */
import { canonicalJson } from '../../canonical.ts';
import { ToolwayError } from '../../errors.ts';
import type { HandlerContext } from '../../handlers.ts';
import type { CallToolResult, ContentBlock, JsonObject, SampleRequest, SampleResult } from '../../protocol/types.ts';
import type { CallPart, MediaPart, Message, ResultPart, TextPart } from '../message.ts';
import type { ModelDone, ModelStop } from '../model.ts';
import { toParts } from '../results/parts.ts';
import { createIds } from './ids.ts';
import { isCut, textOf } from './messages.ts';
import { repaired } from './repair.ts';
import { type BroughtTools, blocksOf } from './sampling-tools.ts';

type Asker = Pick<HandlerContext, 'server' | 'scope'>;

/**
 * Messages with calls as the model wrote them: what belongs to a call and is not told to servers (thoughts, signatures)
 * has to go back to some providers with it.
 */
export interface Written {
  take(asker: Asker, blocks: readonly JsonObject[]): Message | undefined;
  put(asker: Asker, blocks: readonly JsonObject[], message: Message): void;
}

const MOST_WRITTEN = 100;

/** Keeps the last hundred. */
export const createWritten = (): Written => {
  const kept = new Map<string, Message>();
  return {
    take(asker, blocks) {
      const key = keyOf(asker, blocks);
      return key === undefined ? undefined : kept.get(key);
    },
    put(asker, blocks, message) {
      const key = keyOf(asker, blocks);
      if (key !== undefined) kept.set(key, message);
      const [oldest] = kept.keys();
      if (kept.size > MOST_WRITTEN && oldest !== undefined) kept.delete(oldest);
    },
  };
};

/** Only who was given a message, and gives it back as it was, has it. What cannot be compared is nobody's. */
const keyOf = ({ server, scope }: Asker, blocks: readonly JsonObject[]): string | undefined => {
  const own = blocks.map(({ type, text, id, name, input }) => ({ type, text, id, name, input }));
  try {
    return canonicalJson([server, scope, own]);
  } catch {
    return undefined;
  }
};

/** The request's messages. Results stand in the order of their calls, and ids that came twice are told apart. */
export const messagesOfRequest = async (
  { messages }: SampleRequest,
  asker: Asker,
  { brought, written }: { brought: BroughtTools; written: Written },
): Promise<Message[]> => {
  const names = new Map<unknown, unknown>();
  const read = async ({ role, content }: SampleRequest['messages'][number]): Promise<Message> => {
    const blocks = blocksOf(content);
    for (const { type, id, name } of blocks) if (type === 'tool_use') names.set(id, name);
    if (blocks.some(({ type }) => type === 'tool_result')) {
      const results = blocks.map((block) => resultOf(block, String(names.get(block.toolUseId)), brought));
      return { role: 'tool', content: await Promise.all(results) };
    }
    const isCalling = blocks.some(({ type }) => type === 'tool_use');
    const known = isCalling ? written.take(asker, blocks) : undefined;
    if (known !== undefined) return known;
    const parts = await Promise.all(blocks.map((block) => partsOf(block, asker.server, brought)));
    return { role, content: parts.flat() };
  };
  return repaired(await Promise.all(messages.map(read)));
};

const partsOf = async (
  block: JsonObject,
  server: string,
  { nameOf }: BroughtTools,
): Promise<(TextPart | MediaPart | CallPart)[]> => {
  const { type, text, id, name, input } = block;
  if (type === 'text' && typeof text === 'string') return [{ type: 'text', text }];
  if (type === 'tool_use')
    return [{ type: 'call', id: String(id), name: nameOf(String(name)), arguments: input as JsonObject }];
  return toParts({ content: [block as ContentBlock] }, { server, tool: 'sampling' });
};

/** Whole, as all else that the server says here: it decides itself what it puts before the model. */
const resultOf = async (block: JsonObject, own: string, { nameOf, media }: BroughtTools): Promise<ResultPart> => {
  const isError = block.isError === true;
  const content = await toParts(block as unknown as CallToolResult, { tool: own }, { maxTokens: Infinity, media });
  return { type: 'result', id: String(block.toolUseId), name: nameOf(own), content, ...(isError && { isError }) };
};

/** As the specification names them (2025-11-25 `CreateMessageResult`). */
const STOP_REASONS: Partial<Record<ModelStop, string>> = {
  end: 'endTurn',
  calls: 'endTurn',
  length: 'maxTokens',
  context: 'maxTokens',
};

export interface Answer {
  /** What the server gets. */
  result: Pick<SampleResult, 'role' | 'content' | 'stopReason'>;
  /** The same with the calls as they were given, where there are any. */
  calling?: { blocks: JsonObject[]; message: Message };
}

/**
 * The model's message. Calls go back to the server, unless it wanted none, or the message broke off. Throws
 * `protocol_error` where a call has no arguments that can be read: the server could run it with nothing else.
 */
export const answerOf = (
  { message, stop }: ModelDone,
  { messages }: SampleRequest,
  { toolChoice, callOf }: BroughtTools,
): Answer => {
  const ids = createIds();
  for (const { content } of messages) for (const { id } of blocksOf(content)) if (typeof id === 'string') ids.take(id);
  const mayCall = !isCut(stop) && toolChoice !== 'none';
  const parts = message.content
    .filter((part) => part.type !== 'call' || mayCall)
    .map((part) => (part.type === 'call' ? { ...part, id: ids.take(part.id) } : part));
  const text = textOf(parts);
  const calls = parts.filter((part) => part.type === 'call');
  if (calls.length === 0) {
    const stopReason = STOP_REASONS[stop] ?? stop;
    return { result: { role: 'assistant', content: { type: 'text', text }, stopReason } };
  }
  const blocks: JsonObject[] = text === '' ? [] : [{ type: 'text', text }];
  for (const { id, name, arguments: args } of calls) {
    if (args === undefined)
      throw new ToolwayError('protocol_error', `the model wrote no readable arguments for ${JSON.stringify(name)}`);
    blocks.push({ type: 'tool_use', id, ...callOf(name, args) });
  }
  return {
    result: { role: 'assistant', content: blocks, stopReason: 'toolUse' },
    calling: { blocks, message: { role: 'assistant', content: parts } },
  };
};
