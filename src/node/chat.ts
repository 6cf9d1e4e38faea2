/** A model for the gateway: the loop over the tools that each caller sees. */

import { ToolwayError } from '../errors.ts';
import type { Chat, ChatEvent, ChatRequest } from '../gateway/chat/port.ts';
import { createConversation, type StoredConversation } from '../llm/loop/conversation.ts';
import type { LoopEvent } from '../llm/loop/events.ts';
import { streamToolLoop } from '../llm/loop/loop.ts';
import type { LoopOptions, LoopResult } from '../llm/loop/options.ts';
import type { ChatModel } from '../llm/model.ts';
import { ModelError } from '../llm/model-error.ts';

/** Which model answers, and how far one answer may go. Callers may ask for less, never for more. */
export interface GatewayChatOptions
  extends Pick<LoopOptions, 'maxTokens' | 'maxCostUsd' | 'maxOutputTokens' | 'timeoutMs'> {
  /** One for all callers, or one for each, made with the tools that the caller sees. */
  model: ChatModel | ((toolkit: LoopOptions['toolkit']) => ChatModel);
  /** Stands before what callers give as `system`. */
  system?: string;
  /** Default 25. */
  maxSteps?: number;
  /** Default 50. */
  maxToolCalls?: number;
}

/** Makes what `createGateway` takes as `chat`. */
export const createGatewayChat = (options: GatewayChatOptions): Chat => {
  const { model, system, maxSteps = 25, maxToolCalls = 50, maxOutputTokens, ...limits } = options;
  const least = (...given: (number | undefined)[]): number =>
    Math.min(...given.map((each) => each ?? Number.POSITIVE_INFINITY));

  const optionsFor = (request: ChatRequest): Partial<LoopOptions> => {
    const output = least(maxOutputTokens, request.maxOutputTokens);
    const instructions = [system, request.system].filter((text) => text !== undefined).join('\n\n');
    return {
      ...limits,
      maxSteps: least(maxSteps, request.maxSteps),
      maxToolCalls: least(maxToolCalls, request.maxToolCalls),
      ...(Number.isFinite(output) && { maxOutputTokens: output }),
      ...(instructions !== '' && { system: instructions }),
      ...(request.servers !== undefined && { tools: { servers: request.servers } }),
    };
  };
  return {
    async *run(request, { toolkit, principal, signal }): AsyncGenerator<ChatEvent> {
      const events = streamToolLoop({
        ...optionsFor(request),
        toolkit,
        model: typeof model === 'function' ? model(toolkit) : model,
        messages: request.messages,
        conversation: createConversation(request.conversation as StoredConversation | undefined),
        principal,
        signal,
      });
      try {
        for (;;) {
          const { value, done } = await events.next();
          if (done === true) return void (yield doneOf(value));
          yield eventOf(value);
        }
      } catch (thrown) {
        throw told(thrown);
      } finally {
        await events.return?.(undefined as never).catch(() => {});
      }
    },
  };
};

const eventOf = (event: LoopEvent): ChatEvent => {
  if (event.type !== 'retry') return { ...event };
  return { type: 'retry', attempt: event.attempt, waitMs: event.waitMs };
};

const doneOf = ({ text, stop, steps, toolCalls, usage, costUsd, conversation }: LoopResult): ChatEvent => ({
  type: 'done',
  text,
  stop,
  steps,
  toolCalls,
  usage,
  ...(costUsd !== undefined && { costUsd }),
  conversation: conversation.toJSON(),
});

/** What the operator has to mend, and which address or key that one has, is not for callers. */
const told = (thrown: unknown): unknown => {
  if (thrown instanceof ToolwayError && thrown.code === 'invalid_config')
    return new ToolwayError('server_error', 'the model of the gateway is not set up', { cause: thrown });
  if (!(thrown instanceof ModelError) || thrown.failure === 'aborted') return thrown;
  if (['auth', 'quota', 'invalid'].includes(thrown.failure))
    return new ToolwayError('server_error', 'the provider of the model refused the request of the gateway', {
      cause: thrown,
    });
  const { code, retryAfterMs, limit } = thrown;
  const facts = {
    cause: thrown,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(limit !== undefined && { limit }),
  };
  return new ToolwayError(code, `the model gave no answer (${thrown.failure})`, facts);
};
