/**
 * What models cost, as their providers and those who watch them say.
 * Anthropic: https://platform.claude.com/docs/en/about-claude/pricing, and for 5.5 https://github.com/TheKrush/PromptFuel
 * (v1.0.23); the same at every length, https://platform.claude.com/docs/en/models/sonnet-4-6/overview, while Sonnet 4.5
 * reads 200 000 tokens at most, https://platform.claude.com/docs/en/models/sonnet-4-5/overview.
 * OpenAI: https://github.com/BerriAI/litellm/discussions/39633, https://github.com/merefield/codexometer (v0.18.4),
 * https://github.com/TheKrush/PromptFuel (v1.0.24); above 272 000 tokens https://docs.litellm.ai/blog/gpt-6-1-terra,
 * https://github.com/BerriAI/litellm/discussions/42523, https://docs.laozhang.ai/en/announcements/gpt-6-1-sol-2026-10.
 * Google: https://ai.google.dev/gemini-api/docs/pricing, as https://github.com/anomalyco/models.dev has it.
 */
import type { Price } from '../model.ts';

/** Ids, and US dollars per million tokens: input, output, read from the cache, written to it. */
type Prices = readonly [id: string, input: number, output: number, cacheRead: number, cacheWrite?: number][];

/** As of 22 November 2026. `above` so many tokens that are read, what is read costs twice as much, and what is written half as much again. */
const PRICES: readonly { above?: number; models: Prices }[] = [
  {
    models: [
      ['claude-opus-5-5', 4, 20, 0.2, 5],
      ['claude-opus-5', 5, 25, 0.5, 6.25],
      ['claude-opus-4-8', 5, 25, 0.5, 6.25],
      ['claude-opus-4-7', 5, 25, 0.5, 6.25],
      ['claude-opus-4-6', 5, 25, 0.5, 6.25],
      ['claude-opus-4-5', 5, 25, 0.5, 6.25],
      ['claude-sonnet-5-5', 2, 10, 0.1],
      ['claude-sonnet-5', 2, 10, 0.2],
      ['claude-sonnet-4-6', 3, 15, 0.3, 3.75],
      ['claude-sonnet-4-5', 3, 15, 0.3, 3.75],
      ['claude-haiku-4-5', 1, 5, 0.1, 1.25],
      ['claude-fable-5-1', 10, 50, 0.25, 12.5],
      ['claude-fable-5', 10, 50, 1, 12.5],
    ],
  },
  {
    above: 272_000,
    models: [
      ['gpt-6-astra', 10, 50, 1, 12.5],
      ['gpt-6-sol', 2, 10, 0.2, 2.5],
      ['gpt-6-luna', 0.1, 0.5, 0.01, 0.125],
      ['gpt-6.1-sol', 2, 10, 0.1],
      ['gpt-6.1-terra', 1, 5, 0.05, 1.25],
    ],
  },
  {
    above: 200_000,
    models: [
      ['gemini-2.5-pro', 1.25, 10, 0.125],
      ['gemini-3.1-pro-preview', 2, 12, 0.2],
    ],
  },
];
const LONG_READING = 2;
const LONG_WRITING = 1.5;

/**
 * The price of a model of Anthropic, OpenAI or Google, with or without a date behind its id, and of long prompts where
 * that is another one. Undefined where it is not known: what such a model costs is unknown, not nothing.
 */
export const priceOf = (modelId: string): Price | undefined => {
  const id = modelId.replace(/-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, '');
  for (const { above, models } of PRICES) {
    const known = models.find(([name]) => name === id);
    if (known === undefined) continue;
    const [, input, output, cacheRead, cacheWrite] = known;
    const price = priced(input, output, cacheRead, cacheWrite);
    return above === undefined ? price : { ...price, long: { above, ...longOf(price) } };
  }
  return undefined;
};

const priced = (input: number, output: number, cacheRead?: number, cacheWrite?: number): Price => ({
  input,
  output,
  ...(cacheRead !== undefined && { cacheRead }),
  ...(cacheWrite !== undefined && { cacheWrite }),
});

const longOf = ({ input, output, cacheRead, cacheWrite }: Price): Omit<Price, 'long'> => {
  const read = (price: number | undefined): number | undefined => price && price * LONG_READING;
  return priced(input * LONG_READING, output * LONG_WRITING, read(cacheRead), read(cacheWrite));
};
