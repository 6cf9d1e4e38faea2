import { ToolwayError } from '../../errors.ts';
import type { JsonObject } from '../../protocol/types.ts';
import type { ChatModel, ModelEvent, ModelRequest, Price } from '../model.ts';
import { checkModelOptions } from '../odd-names.ts';
import type { OpenAIClient } from './openai-exchange.ts';
import { isOpenAI } from './openai-family.ts';
import { made, needed, once } from './packages.ts';
import { priceOf } from './prices.ts';
import { readableErrors } from './readable-errors.ts';
import type { Waits } from './watch.ts';

/** Which model of OpenAI or of a server that speaks like it, how it is reached, and what it is asked with. */
export interface OpenAIModelOptions extends Partial<Waits> {
  /** As the server calls it: `gpt-6-sol`, `qwen3:8b`. */
  model: string;
  /** Default `responses` at OpenAI itself, `chat` at every other base URL: Ollama, llama.cpp, vLLM, LM Studio. */
  api?: 'responses' | 'chat';
  /** Default: `OPENAI_API_KEY`, as the client finds it; with another `baseURL`, a key that says nothing. */
  apiKey?: string;
  /** With `/v1`: `http://localhost:11434/v1`. Default: https://api.openai.com/v1. */
  baseURL?: string;
  /** One of your own, in place of `apiKey` and `baseURL`. It is asked for one attempt at a time. */
  client?: OpenAIClient;
  /** Default true. Some servers stream calls wrongly that they give rightly in one piece. */
  stream?: boolean;
  /** Default: that of `priceOf` for models at OpenAI itself. */
  price?: Price;
  /** Fields of the request beside those that Toolway writes, or in their place: `reasoning`, `service_tier`. */
  extra?: JsonObject;
}

const OPTIONS: Readonly<Record<keyof OpenAIModelOptions, true>> = {
  ...{ model: true, api: true, apiKey: true, baseURL: true, client: true, stream: true, price: true, extra: true },
  ...{ answerTimeoutMs: true, idleTimeoutMs: true },
};

/**
 * A model of OpenAI, or of a server that speaks like it, through the package `openai`, which is loaded at the first
 * request. Throws `invalid_arguments` without the name of a model, and for mistyped options. `stream` throws `unsupported` where the package is missing, `invalid_config` where a client cannot be made,
 * else `ModelError`. Models there think in silence: the default `idleTimeoutMs` is five minutes.
 */
export const openaiModel = (options: OpenAIModelOptions): ChatModel => {
  checkModelOptions('openaiModel', options, Object.keys(OPTIONS));
  const { model, stream = true, extra, answerTimeoutMs = 600_000, idleTimeoutMs = 300_000 } = options;
  const firstParty = isOpenAI(options.baseURL ?? options.client?.baseURL);
  const { api = firstParty ? 'responses' : 'chat' } = options;
  const price = options.price ?? (firstParty ? priceOf(model) : undefined);
  const warned = new Set<string>();
  const settings = { model, api, stream, firstParty, extra, answerTimeoutMs, idleTimeoutMs, warned };
  const client = once(() => clientOf(options, firstParty));

  return {
    id: model,
    api: api === 'chat' ? 'openai-chat' : 'openai-responses',
    traits: {
      profile: api === 'responses' ? 'openai-responses' : firstParty ? 'openai-chat' : 'openai-compatible',
      ...(price === undefined ? {} : { price }),
    },
    async *stream(request: ModelRequest): AsyncGenerator<ModelEvent> {
      const { askOpenAI } = await import('./openai-exchange.ts');
      yield* askOpenAI(request, await client(), settings);
    },
  };
};

const clientOf = async (options: OpenAIModelOptions, firstParty: boolean): Promise<OpenAIClient> => {
  const { client, baseURL, apiKey = firstParty ? undefined : 'none' } = options;
  if (client !== undefined) return client;
  const { OpenAI } = await needed('openai', () => import('openai'));
  const own = made(() => new OpenAI({ apiKey, baseURL, maxRetries: 0, fetch: readableErrors }));
  if (isOpenAI(own.baseURL) === firstParty) return own;
  throw new ToolwayError('invalid_config', `OPENAI_BASE_URL is set to ${own.baseURL}: give it as baseURL`);
};
