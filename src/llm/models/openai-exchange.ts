/** One request to OpenAI, or to a server that speaks like it, and its answer. */
import type { JsonObject } from '../../protocol/types.ts';
import type { ModelDone, ModelEvent, ModelRequest } from '../model.ts';
import { ask } from './asking.ts';
import { callInText, readChat } from './chat-answer.ts';
import { chatBody, type OpenAISettings } from './chat-request.ts';
import { type Method, through, urlAt } from './http.ts';
import { thinks } from './openai-family.ts';
import { readResponses } from './responses-answer.ts';
import { responsesBody } from './responses-request.ts';
import type { Waits } from './watch.ts';

/** What is used of a client of `openai`. */
export interface OpenAIClient {
  readonly baseURL?: string;
  readonly responses: Method;
  readonly chat: { completions: Method };
}

export interface OpenAIExchange extends OpenAISettings, Waits {
  api: 'responses' | 'chat';
  /** What was warned of already. */
  warned: Set<string>;
}

export async function* askOpenAI(
  request: ModelRequest,
  client: OpenAIClient,
  settings: OpenAIExchange,
): AsyncGenerator<ModelEvent> {
  const { api, model, firstParty } = settings;
  for (const message of refusedOf(request, settings)) yield { type: 'warning', message };
  const body = api === 'chat' ? chatBody(request, settings) : responsesBody(request, settings);
  const open = through(api === 'chat' ? client.chat.completions : client.responses, body, settings);
  const answer = api === 'chat' ? readChat(model) : readResponses(model);
  const url = urlAt(client, api === 'chat' ? '/chat/completions' : '/responses');
  const asked = { model, ...url, ...(firstParty ? {} : { baseEnds: 'it mostly ends in /v1' }) };
  const events = ask(request, { open, answer, asked });
  for await (const event of events) {
    if (event.type === 'done' && !firstParty) yield* warningsOf(event, body, settings);
    yield event;
  }
}

const refusedOf = (
  { temperature, stopSequences }: ModelRequest,
  { api, model, firstParty }: OpenAIExchange,
): string[] => [
  ...(temperature !== undefined && thinks(model) && (api === 'responses' || firstParty)
    ? [`${model} takes no temperature`]
    : []),
  ...(stopSequences !== undefined && api === 'responses' ? ['the Responses API takes no stop sequences'] : []),
];

function* warningsOf(done: ModelDone, body: JsonObject, { warned }: OpenAIExchange): Generator<ModelEvent> {
  const cut = cutBefore(done, body);
  for (const message of [callInText(done), cut]) {
    if (message === undefined || warned.has(message)) continue;
    warned.add(message);
    yield { type: 'warning', message };
  }
}

/** No tokenizer makes tokens of so many characters each. */
const MOST_CHARACTERS_PER_TOKEN = 8;
/** What every server takes whole. */
const SHORT_PROMPT = 20_000;

/** A warning of a server that read only the end of what it was sent: Ollama takes 4 096 tokens where it is told nothing else. */
const cutBefore = ({ usage }: ModelDone, body: JsonObject): string | undefined => {
  if (usage.input === undefined) return undefined;
  const read = usage.input + (usage.cacheRead ?? 0) + (usage.cacheWrite ?? 0);
  const sent = JSON.stringify(body, (_, value) =>
    typeof value === 'string' && value.startsWith('data:') ? '' : value,
  );
  if (sent.length <= SHORT_PROMPT || read * MOST_CHARACTERS_PER_TOKEN >= sent.length) return undefined;
  return 'the server read only a part of what it was sent: its context is too short (Ollama: OLLAMA_CONTEXT_LENGTH, or PARAMETER num_ctx in the Modelfile)';
};
