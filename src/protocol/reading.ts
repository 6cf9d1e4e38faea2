/** The checks of what resources, prompts and completions answer. Loaded with the first of them: a program that calls tools alone needs none. */
import { broken, cacheHints, listOf, objectOf } from './answer.ts';
import {
  blockProblem,
  CONTENTS_OPTIONAL,
  contentsProblem,
  fieldsProblem,
  isAbsent,
  isObject,
  withoutNulls,
} from './shape.ts';
import type { Completion, GetPromptResult, JsonObject, ReadResourceResult } from './types.ts';

/** The most completions of one answer (2025-11-25 server/utilities/completion); further ones are cut. */
export const MAX_COMPLETIONS = 100;

/** The result of `resources/read`. */
export const checkReadResource = (value: unknown): ReadResourceResult => {
  const result = objectOf('resources/read', value);
  const contents = listOf('resources/read', result, 'contents');
  let copy: JsonObject[] | undefined;
  for (let i = 0; i < contents.length; i += 1) {
    const problem = contentsProblem(contents[i]);
    if (problem !== undefined) throw broken('resources/read', `contents[${i}]${problem}`);
    const whole = withoutNulls(contents[i] as JsonObject, CONTENTS_OPTIONAL);
    if (whole === contents[i]) continue;
    copy ??= [...(contents as JsonObject[])];
    copy[i] = whole;
  }
  return (copy === undefined ? result : { ...result, contents: copy }) as ReadResourceResult;
};

/** The result of `prompts/get`. */
export const checkPrompt = (value: unknown): GetPromptResult => {
  const result = objectOf('prompts/get', value);
  for (const [index, message] of listOf('prompts/get', result, 'messages').entries()) {
    const at = `messages[${index}]`;
    if (!isObject(message)) throw broken('prompts/get', `${at} is not an object`);
    if (message.role !== 'user' && message.role !== 'assistant') {
      throw broken('prompts/get', `${at}.role is neither user nor assistant`);
    }
    const problem = blockProblem(message.content);
    if (problem !== undefined) throw broken('prompts/get', `${at}.content${problem}`);
  }
  const problem = fieldsProblem(result, [], [['description', 'string']]);
  if (problem !== undefined) throw broken('prompts/get', problem.slice(1));
  return withoutNulls(result, [['description', 'string']]) as GetPromptResult;
};

/** The result of `completion/complete`: at most 100 values. */
export const checkCompletion = (value: unknown): Completion => {
  const method = 'completion/complete';
  const { completion } = objectOf(method, value);
  if (!isObject(completion)) throw broken(method, 'completion is not an object');
  const values = completion.values;
  if (!Array.isArray(values)) throw broken(method, 'completion.values is not an array');
  const wrong = values.findIndex((one) => typeof one !== 'string');
  if (wrong >= 0) throw broken(method, `completion.values[${wrong}] is not a string`);
  const { total, hasMore } = completion;
  if (!isAbsent(total) && typeof total !== 'number') throw broken(method, 'completion.total is not a number');
  if (!isAbsent(hasMore) && typeof hasMore !== 'boolean') throw broken(method, 'completion.hasMore is not a boolean');
  const checked: Completion = { values: values.slice(0, MAX_COMPLETIONS) as string[] };
  if (typeof total === 'number' && Number.isFinite(total)) checked.total = total;
  if (values.length > MAX_COMPLETIONS) checked.hasMore = true;
  else if (typeof hasMore === 'boolean') checked.hasMore = hasMore;
  return checked;
};

/** The checked answer to a request; one of which nothing is known is an object and otherwise unchecked. */
export const checkAnswer = (method: string, result: JsonObject): JsonObject => {
  if (method === 'resources/read') return checkReadResource(result);
  if (method === 'prompts/get') return checkPrompt(result);
  if (method !== 'completion/complete') return result;
  const hints = cacheHints(result);
  return hints.ttlMs > 0 ? { ...checkCompletion(result), ...hints } : { ...checkCompletion(result) };
};
