/** Answers what servers ask of our model, by a model of the program. */
import { systemClock } from '../../clock.ts';
import { ToolwayError } from '../../errors.ts';
import type { HandlerContext, Handlers } from '../../handlers.ts';
import type { SampleRequest } from '../../protocol/types.ts';
import type { ChatModel } from '../model.ts';
import { ask } from './ask.ts';
import { type Conversation, createConversation, historyOf } from './conversation.ts';
import { priceOf } from './cost.ts';
import { answerOf, createWritten, messagesOfRequest } from './sampling-messages.ts';
import { broughtTools } from './sampling-tools.ts';

/** Which model answers the servers, who agrees to it, and how far it may go. */
export interface SamplingOptions {
  model: ChatModel;
  /** Decides on each request. Without it, all are refused. */
  approve?(request: SampleRequest, context: HandlerContext): boolean | Promise<boolean>;
  /** On whose account it goes, so that it counts for `maxTokens` and `maxCostUsd` of its runs. Nothing of it enters its history. */
  conversation?: Conversation;
  /** Longest answer, in tokens, whatever the server asks for. Default 4 096. */
  maxOutputTokens?: number;
  /** Requests that are answered in all, each round of a server's own tool calls among them. Default 25; further ones are refused. */
  maxRequests?: number;
}

type OnSample = NonNullable<Handlers['onSample']>;

/**
 * An `onSample` for a toolkit or for `handlers`: a server's request is answered in a conversation of its own, once
 * somebody has agreed. The model is given the tools that the server brings, and no others; what it calls goes back to the
 * server, which runs it. Rejects with `denied` for a request that is refused, with `unsupported` for a tool that the
 * model's provider cannot be given, and with `protocol_error` for calls that cannot be read. Throws `invalid_arguments`
 * for limits that are none.
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
  const written = createWritten();
  return async (request, context) => {
    const { systemPrompt, maxTokens, temperature, stopSequences } = request;
    if (requests >= maxRequests) throw denied(`no more than ${maxRequests} requests are answered`, maxRequests);
    requests += 1;
    if ((await approve?.(request, context)) !== true) throw denied('nobody agreed to the request');
    const brought = await broughtTools(request, model);
    const { tools, toolChoice } = brought;
    const done = await ask({
      model,
      request: {
        system: typeof systemPrompt === 'string' ? [{ text: systemPrompt }] : [],
        messages: await messagesOfRequest(request, context, { brought, written }),
        tools,
        ...(tools.length > 0 && { toolChoice }),
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
    const { result, calling } = answerOf(done, request, brought);
    if (calling !== undefined) written.put(context, calling.blocks, calling.message);
    return { ...result, model: model.id };
  };
};

const denied = (reason: string, limit?: number): ToolwayError =>
  new ToolwayError('denied', reason, { executed: 'no', ...(limit !== undefined && { limit }) });
