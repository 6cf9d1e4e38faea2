/** What a request cost, as both of OpenAI's APIs tell it in words of their own. */
import type { JsonObject } from '../../protocol/types.ts';
import type { Usage } from '../model.ts';
import { countOf, objectOf, usageOf, without } from './reading.ts';

/** Chat Completions have a `prompt` and a `completion` where Responses have an `input` and an `output`. */
export const openaiUsage = (usage: JsonObject, read: 'prompt' | 'input', written: 'completion' | 'output'): Usage => {
  const details = objectOf(usage[`${read}_tokens_details`]);
  const cacheRead = countOf(details.cached_tokens);
  const cacheWrite = countOf(details.cache_write_tokens);
  return usageOf({
    input: without(countOf(usage[`${read}_tokens`]), cacheRead, cacheWrite),
    cacheRead,
    cacheWrite,
    output: countOf(usage[`${written}_tokens`]),
    reasoning: countOf(objectOf(usage[`${written}_tokens_details`]).reasoning_tokens),
  });
};
