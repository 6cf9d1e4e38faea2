import type { JsonObject } from '../../protocol/types.ts';
import type { ChatModel, ModelEvent, ModelRequest, Price } from '../model.ts';
import { checkModelOptions } from '../odd-names.ts';
import type { AnthropicClient } from './anthropic-exchange.ts';
import { made, needed, once } from './packages.ts';
import { priceOf } from './prices.ts';
import { boundedErrors } from './readable-errors.ts';
import type { Waits } from './watch.ts';

/** Which model of Anthropic, how it is reached, and what it is asked with. */
export interface AnthropicModelOptions extends Partial<Waits> {
  /** As Anthropic calls it: `claude-opus-5-5`. */
  model: string;
  /** Default: what the client finds in its environment, `ANTHROPIC_API_KEY` first. */
  apiKey?: string;
  /** Without `/v1`. Default: https://api.anthropic.com, or what the client finds in its environment. */
  baseURL?: string;
  /** One of your own, in place of `apiKey` and `baseURL`. It is asked for one attempt at a time. */
  client?: AnthropicClient;
  /** Longest answer, in tokens, where a request does not say; the API wants a number. Default 16 000. */
  maxOutputTokens?: number;
  /** Marks what the next request will begin with, to be kept for five minutes or an hour. Default true: five minutes. */
  cache?: boolean | '5m' | '1h';
  /** Default true. */
  stream?: boolean;
  /** Default: that of `priceOf`. */
  price?: Price;
  /** Fields of the request beside those that Toolway writes, or in their place: `thinking`, `output_config`. */
  extra?: JsonObject;
}

const OPTIONS: Readonly<Record<keyof AnthropicModelOptions, true>> = {
  ...{ model: true, apiKey: true, baseURL: true, client: true, maxOutputTokens: true, cache: true, stream: true },
  ...{ price: true, extra: true, answerTimeoutMs: true, idleTimeoutMs: true },
};

/**
 * A model of Anthropic, through the package `@anthropic-ai/sdk`, which is loaded at the first request. Throws
 * `invalid_arguments` without the name of a model, and for mistyped options. `stream` throws `unsupported` where the package is missing, `invalid_config` where a client cannot be made, else `ModelError`.
 */
export const anthropicModel = (options: AnthropicModelOptions): ChatModel => {
  checkModelOptions('anthropicModel', options, Object.keys(OPTIONS));
  const { model, maxOutputTokens = 16_000, cache = true, stream = true, extra } = options;
  const { answerTimeoutMs = 600_000, idleTimeoutMs = 120_000 } = options;
  const price = options.price ?? priceOf(model);
  const baseURL = options.baseURL ?? options.client?.baseURL;
  const settings = { model, maxOutputTokens, cache, stream, extra, answerTimeoutMs, idleTimeoutMs };
  const client = once(() => clientOf(options));

  return {
    id: model,
    api: 'anthropic',
    traits: {
      profile: 'anthropic',
      cacheMarks: cache !== false,
      deferral: baseURL === undefined || /^https:\/\/api\.anthropic\.com\b/.test(baseURL),
      ...(price === undefined ? {} : { price }),
    },
    async *stream(request: ModelRequest): AsyncGenerator<ModelEvent> {
      const { askAnthropic } = await import('./anthropic-exchange.ts');
      yield* askAnthropic(request, await client(), settings);
    },
  };
};

const clientOf = async ({ client, apiKey, baseURL }: AnthropicModelOptions): Promise<AnthropicClient> => {
  if (client !== undefined) return client;
  const { Anthropic } = await needed('@anthropic-ai/sdk', () => import('@anthropic-ai/sdk'));
  return made(() => new Anthropic({ apiKey, baseURL, maxRetries: 0, fetch: boundedErrors }));
};
