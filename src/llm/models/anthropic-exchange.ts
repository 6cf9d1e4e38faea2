/** One request to Anthropic and its answer. */
import type { ModelEvent, ModelRequest } from '../model.ts';
import { readAnthropic } from './anthropic-answer.ts';
import { type AnthropicSettings, anthropicBody } from './anthropic-request.ts';
import { ask } from './asking.ts';
import { type Method, through, urlAt } from './http.ts';
import type { Waits } from './watch.ts';

/** What is used of a client of `@anthropic-ai/sdk`. */
export interface AnthropicClient {
  readonly baseURL?: string;
  readonly messages: Method;
}

export async function* askAnthropic(
  request: ModelRequest,
  client: AnthropicClient,
  settings: AnthropicSettings & Waits,
): AsyncGenerator<ModelEvent> {
  const { model } = settings;
  // The API refuses it since its version of 2026-10-21.
  if (request.temperature !== undefined) yield { type: 'warning', message: `${model} takes no temperature` };
  const open = through(client.messages, anthropicBody(request, settings), settings);
  const asked = { model, ...urlAt(client, '/v1/messages'), baseEnds: 'it ends before /v1' };
  yield* ask(request, { open, answer: readAnthropic(model), asked });
}
