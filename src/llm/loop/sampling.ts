/** Answers what servers ask of our model, by a model of the program. */
import { systemClock } from '../../clock.ts';
import { ToolwayError } from '../../errors.ts';
import type { HandlerContext, Handlers } from '../../handlers.ts';
import type { ContentBlock, SampleRequest } from '../../protocol/types.ts';
import type { Message } from '../message.ts';
import type { ChatModel, ModelStop } from '../model.ts';
import { toParts } from '../results/parts.ts';
import { ask } from './ask.ts';
import { type Conversation, createConversation, historyOf } from './conversation.ts';
import { priceOf } from './cost.ts';
import { textOf } from './messages.ts';

/** Which model answers the servers, who agrees to it, and how far it may go. */
export interface SamplingOptions {
  model: ChatModel;
  /** Decides on each request. Without it, all are refused. */
  approve?(request: SampleRequest, context: HandlerContext): boolean | Promise<boolean>;
  /** On whose account it goes, so that it counts for `maxTokens` and `maxCostUsd` of its runs. Nothing of it enters its history. */
  conversation?: Conversation;
  /** Longest answer, in tokens, whatever the server asks for. Default 4 096. */
  maxOutputTokens?: number;
  /** Requests that are answered in all. Default 25; further ones are refused. */
  maxRequests?: number;
}

type OnSample = NonNullable<Handlers['onSample']>;

/**
 * An `onSample` for a toolkit or for `handlers`: a server's request is answered in a conversation of its own, without
 * tools, once somebody has agreed. A request that is refused is `denied`; one with tools is `unsupported`. Throws
 * `invalid_arguments` for limits that are none.
 */
export const samplingHandler = ({
  model,
  approve,
  conversation = createConversation(),
  maxOutputTokens = 4_096,
  maxRequests = 25,
}: SamplingOptions): OnSample => {
  for (const [name, value] of Object.entries({ maxOutputTokens, maxRequests })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    const message = 'must be a whole number from 1';
    const problems = [{ path: `/${name}`, message }];
    throw new ToolwayError('invalid_arguments', `${name} ${message}`, { executed: 'no', problems });
  }
  const history = historyOf(conversation);
  const price = priceOf(model);
  let requests = 0;
  return async (request, context) => {
    const { messages, systemPrompt, maxTokens, tools, temperature, stopSequences } = request;
    if (tools !== undefined)
      throw new ToolwayError('unsupported', 'requests with tools are not answered', { executed: 'no' });
    if (requests >= maxRequests) throw denied(`no more than ${maxRequests} requests are answered`, maxRequests);
    requests += 1;
    if ((await approve?.(request, context)) !== true) throw denied('nobody agreed to the request');
    const done = await ask({
      model,
      request: {
        system: typeof systemPrompt === 'string' ? [{ text: systemPrompt }] : [],
        messages: await Promise.all(messages.map((message) => messageOf(message, context.server))),
        tools: [],
        maxOutputTokens: Math.min(maxTokens, maxOutputTokens),
        ...(typeof temperature === 'number' && { temperature }),
        ...(Array.isArray(stopSequences) && {
          stopSequences: stopSequences.filter((each) => typeof each === 'string'),
        }),
        signal: context.signal,
      },
      clock: systemClock,
      random: Math.random,
      endsAt: Number.POSITIVE_INFINITY,
      tell() {},
      onFailure({ usage }) {
        if (usage !== undefined) history.spend(usage, price);
      },
    });
    history.spend(done.usage, price);
    const text = textOf(done.message.content);
    return {
      role: 'assistant',
      model: model.id,
      content: { type: 'text', text },
      stopReason: STOP_REASONS[done.stop] ?? done.stop,
    };
  };
};

const denied = (reason: string, limit?: number): ToolwayError =>
  new ToolwayError('denied', reason, { executed: 'no', ...(limit !== undefined && { limit }) });

/** As the specification names them (2025-11-25 `CreateMessageResult`). */
const STOP_REASONS: Partial<Record<ModelStop, string>> = { end: 'endTurn', length: 'maxTokens', context: 'maxTokens' };

const messageOf = async ({ role, content }: SampleRequest['messages'][number], server: string): Promise<Message> => {
  const blocks = (Array.isArray(content) ? content : [content]) as ContentBlock[];
  const parts = await Promise.all(
    blocks.map(async (block) =>
      block?.type === 'text' && typeof block.text === 'string'
        ? [{ type: 'text' as const, text: block.text }]
        : toParts({ content: [block] }, { server, tool: 'sampling' }),
    ),
  );
  return { role, content: parts.flat() };
};
