import { ToolwayError } from '../../errors.ts';
import type { JsonObject } from '../../protocol/types.ts';
import type { ChatModel, ModelEvent, ModelRequest, Price } from '../model.ts';
import { oddNames, refuse } from '../odd-names.ts';
import type { AiSdkLanguageModel } from './ai-sdk-exchange.ts';
import type { AiSdkVersion } from './ai-sdk-prompt.ts';
import { priceOf } from './prices.ts';
import type { Waits } from './watch.ts';

/** How a language model of the AI SDK is asked. */
export interface AiSdkModelOptions extends Partial<Waits> {
  /** Default true. */
  stream?: boolean;
  /** By which profile tools are rewritten. Default: that of the model's provider, where it is known, else `common`. */
  profile?: string;
  /** Default: that of `priceOf`. */
  price?: Price;
  /** Options of the call beside those that Toolway writes, or in their place: `providerOptions`, `headers`. */
  extra?: JsonObject;
}

const OPTIONS: Readonly<Record<keyof AiSdkModelOptions, true>> = {
  ...{ stream: true, profile: true, price: true, extra: true, answerTimeoutMs: true, idleTimeoutMs: true },
};

/** Profiles by the beginnings of the names that providers of the AI SDK give themselves. */
const PROFILES: readonly [provider: string, profile: string][] = [
  ['anthropic', 'anthropic'],
  ['openai.chat', 'openai-chat'],
  ['azure.chat', 'openai-chat'],
  ['openai', 'openai-responses'],
  ['azure', 'openai-responses'],
  ['google', 'gemini'],
  ['mistral', 'mistral'],
];

const TAKE_MEDIA_IN_RESULTS = new Set(['anthropic', 'openai-responses', 'gemini']);

/**
 * A language model of the AI SDK, as its providers make them: `aiSdkModel(anthropic('claude-opus-5-5'))`. Versions 2, 3
 * and 4 of the specification, of `ai` 5, 6 and 7; the package `ai` itself is not used. Throws `unsupported` for others,
 * and `invalid_arguments` for mistyped options.
 */
export const aiSdkModel = (model: AiSdkLanguageModel, options: AiSdkModelOptions = {}): ChatModel => {
  refuse(oddNames(options, Object.keys(OPTIONS)));
  const { stream = true, extra, answerTimeoutMs = 600_000, idleTimeoutMs = 300_000 } = options;
  const version = versionOf(model.specificationVersion);
  const { profile = profileOf(model.provider), price = priceOf(model.modelId) } = options;
  const mediaInResults = TAKE_MEDIA_IN_RESULTS.has(profileOf(model.provider));
  const settings = { version, mediaInResults, stream, extra, answerTimeoutMs, idleTimeoutMs };

  return {
    id: model.modelId,
    api: 'ai-sdk',
    traits: { profile, ...(price === undefined ? {} : { price }) },
    async *stream(request: ModelRequest): AsyncGenerator<ModelEvent> {
      const { askAiSdk } = await import('./ai-sdk-exchange.ts');
      yield* askAiSdk(request, model, settings);
    },
  };
};

const versionOf = (version: string): AiSdkVersion => {
  if (version === 'v2' || version === 'v3' || version === 'v4') return version;
  throw new ToolwayError(
    'unsupported',
    `a language model of version ${version} of the AI SDK: v2, v3 and v4 are known`,
  );
};

const profileOf = (provider: string): string =>
  PROFILES.find(([name]) => provider === name || provider.startsWith(`${name}.`))?.[1] ?? 'common';
