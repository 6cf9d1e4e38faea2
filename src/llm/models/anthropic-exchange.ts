/** One request to Anthropic and its answer. */
import type { ModelEvent, ModelRequest } from '../model.ts';
import { readAnthropic } from './anthropic-answer.ts';
import { type AnthropicSettings, anthropicBody } from './anthropic-request.ts';
import { ask, type Waits } from './asking.ts';
import type { Pending } from './packages.ts';

/** What is used of a client of `@anthropic-ai/sdk`. */
export interface AnthropicClient {
  readonly baseURL?: string;
  readonly messages: { create(body: never, options?: never): Pending };
}

export async function* askAnthropic(
  request: ModelRequest,
  { messages }: AnthropicClient,
  settings: AnthropicSettings & Waits,
): AsyncGenerator<ModelEvent> {
  const { model, answerTimeoutMs, idleTimeoutMs } = settings;
  // The API refuses it since its version of 2026-10-21.
  if (request.temperature !== undefined) yield { type: 'warning', message: `${model} takes no temperature` };
  const body = anthropicBody(request, settings);
  yield* ask(request, {
    send: (signal) =>
      messages.create(body as never, { signal, maxRetries: 0, timeout: answerTimeoutMs } as never).asResponse(),
    answer: readAnthropic(model),
    answerTimeoutMs,
    idleTimeoutMs,
  });
}
