/**
 * What models cost, as their providers and those who watch them say.
 * Anthropic: https://platform.claude.com/docs/en/about-claude/pricing, and for 5.5 https://github.com/TheKrush/PromptFuel
 * (v1.0.23). OpenAI: https://github.com/BerriAI/litellm/discussions/39633, https://github.com/merefield/codexometer
 * (v0.18.4), https://github.com/TheKrush/PromptFuel (v1.0.24).
 */
import type { Price } from '../model.ts';

/** As of 22 November 2026: ids, and US dollars per million tokens: input, output, read from the cache, written to it. */
const PRICES: readonly [id: string, input: number, output: number, cacheRead: number, cacheWrite?: number][] = [
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
  ['gpt-6-astra', 10, 50, 1, 12.5],
  ['gpt-6-sol', 2, 10, 0.2, 2.5],
  ['gpt-6-luna', 0.1, 0.5, 0.01, 0.125],
  ['gpt-6.1-sol', 2, 10, 0.1],
  ['gpt-6.1-terra', 1, 5, 0.05, 1.25],
];

/**
 * The price of a model of Anthropic or OpenAI, with or without a date behind its id. Undefined where it is not known:
 * what such a model costs is unknown, not nothing. Prices for prompts of more than 100 000 tokens can be higher.
 */
export const priceOf = (modelId: string): Price | undefined => {
  const id = modelId.replace(/-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, '');
  const known = PRICES.find(([name]) => name === id);
  if (known === undefined) return undefined;
  const [, input, output, cacheRead, cacheWrite] = known;
  return { input, output, cacheRead, ...(cacheWrite === undefined ? {} : { cacheWrite }) };
};
