/** What clients of the legacy era cannot take of newer servers, in a form that they can. */
import type { JsonObject } from '../../../protocol/types.ts';
import { isObject } from '../../../protocol/wire.ts';

const adapted = new WeakMap<object, JsonObject>();

/** A result as the legacy era knows it; itself where there is nothing to change. */
export const asLegacyResult = (method: string, result: JsonObject): JsonObject => {
  if (method === 'tools/list') return asLegacyTools(result);
  const isOdd =
    method === 'tools/call' && result.structuredContent !== undefined && !isObject(result.structuredContent);
  if (result.resultType === undefined && !isOdd) return result;
  const { resultType: _type, ...rest } = result;
  if (isOdd) delete rest.structuredContent;
  return rest;
};

/** Until 2025-11-25 structured content is an object: clients refuse a whole list in which one tool says otherwise. */
const asLegacyTools = (list: JsonObject): JsonObject => {
  const before = adapted.get(list);
  if (before !== undefined) return before;
  const tools = (list.tools as JsonObject[]).map((tool) => {
    const { outputSchema, ...rest } = tool;
    return outputSchema === undefined || (isObject(outputSchema) && outputSchema.type === 'object') ? tool : rest;
  });
  const made = { ...list, tools };
  adapted.set(list, made);
  return made;
};
