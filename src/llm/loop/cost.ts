/** What was read and written, and what that costs. */

import type { Message, Part } from '../message.ts';
import type { ChatModel, ModelRequest, Price, Usage } from '../model.ts';
import { priceOf as listedPrice } from '../models/prices.ts';
import { estimateTokens } from '../results/tokens.ts';

/** All that a conversation spent; `usd` without the requests of which the cost is not known, which `unpriced` counts. */
export interface Account {
  usage: Usage;
  usd: number;
  unpriced: number;
}

const FIELDS = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning'] as const;

/** Both together. What one of them does not know counts for nothing. */
export const addUsage = (first: Usage, second: Usage): Usage => {
  const sum: Usage = {};
  for (const field of FIELDS) {
    if (first[field] !== undefined || second[field] !== undefined)
      sum[field] = (first[field] ?? 0) + (second[field] ?? 0);
  }
  return sum;
};

/** What was read and written in all; reasoning is part of what was written. */
export const tokensOf = ({ input = 0, cacheRead = 0, cacheWrite = 0, output = 0 }: Usage): number =>
  input + cacheRead + cacheWrite + output;

/** What a model costs; undefined where that is not known. */
export const priceOf = ({ id, traits }: Pick<ChatModel, 'id' | 'traits'>): Price | undefined =>
  traits.price ?? listedPrice(id);

/** The second taken out of the first, which holds it. */
const withoutUsage = (all: Usage, before: Usage): Usage => {
  const rest: Usage = {};
  for (const field of FIELDS) {
    const tokens = all[field];
    if (tokens !== undefined) rest[field] = tokens - (before[field] ?? 0);
  }
  return rest;
};

/** Whether a model said how much it has read or written. */
export const isKnown = ({ input, output }: Usage): boolean => input !== undefined || output !== undefined;

/**
 * Of one request, in US dollars; undefined where the model said nothing of what it has read or written. Where the price of writing to a
 * cache is not known, it is a quarter above that of reading.
 */
export const costOf = (usage: Usage, price: Price): number | undefined => {
  const { input = 0, cacheRead = 0, cacheWrite = 0, output = 0 } = usage;
  const { long } = price;
  const {
    input: each,
    output: written,
    ...cache
  } = long !== undefined && input + cacheRead + cacheWrite > long.above ? long : price;
  const millions =
    input * each +
    cacheRead * (cache.cacheRead ?? each) +
    cacheWrite * (cache.cacheWrite ?? each * 1.25) +
    output * written;
  return isKnown(usage) || (price.input === 0 && price.output === 0) ? millions / 1_000_000 : undefined;
};

/** An estimate, for a model that does not say it. */
export const estimatedUsage = (
  { system, messages }: Pick<ModelRequest, 'system' | 'messages'>,
  answer: Message,
): Usage => {
  const input = system.reduce((sum, { text }) => sum + estimateTokens(text), 0);
  return { input: input + messages.reduce((sum, message) => sum + lengthOf(message), 0), output: lengthOf(answer) };
};

/** What an image or a document is taken for. */
const MEDIA_TOKENS = 1_500;

const lengthOf = ({ content }: Message): number => content.reduce((sum, part) => sum + lengthOfPart(part), 0);

const lengthOfPart = (part: Part): number => {
  switch (part.type) {
    case 'media':
      return MEDIA_TOKENS;
    case 'call':
      return estimateTokens(part.text ?? JSON.stringify(part.arguments ?? {}));
    case 'result':
      return part.content.reduce((sum, inner) => sum + lengthOfPart(inner), 0);
    case 'opaque':
      return 0;
    default:
      return estimateTokens(part.text);
  }
};

/** What was spent from now on. */
export const createMeter = (history: { readonly account: Account }) => {
  const before = history.account;
  return (): { usage: Usage; usd: number; costUsd?: number } => {
    const { usage, usd, unpriced } = history.account;
    const own = usd - before.usd;
    return {
      usage: withoutUsage(usage, before.usage),
      usd: own,
      ...(unpriced === before.unpriced && { costUsd: own }),
    };
  };
};
