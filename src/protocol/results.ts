/**
 * Every answer of a server is checked here, once, at the border. A check gives back the server's own object with all its
 * keys, copied only where a default is filled in, or throws `protocol_error` naming the path that is wrong.
 */
import { broken, type CacheHints, cacheHints, listOf, objectOf } from './answer.ts';
import {
  blockProblem,
  CONTENTS_OPTIONAL,
  contentsProblem,
  fieldsProblem,
  ITEMS,
  isAbsent,
  isObject,
  itemProblem,
  withoutNulls,
} from './shape.ts';
import type {
  CallToolResult,
  Completion,
  GetPromptResult,
  JsonObject,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplate,
  Tool,
} from './types.ts';

export { checkDiscover, checkInitialize } from './introduction.ts';

/** The most completions of one answer (2025-11-25 server/utilities/completion); further ones are cut. */
export const MAX_COMPLETIONS = 100;
/** How many dropped entries of one page are described; the rest is counted. */
export const MAX_DROPPED = 100;

/** The result of `tools/call`. Missing `content` becomes `[]`: old servers and those with structured results only omit it. */
export const checkToolResult = (value: unknown): CallToolResult => {
  const result = objectOf('tools/call', value);
  const { content, isError } = result;
  if (isError !== undefined && typeof isError !== 'boolean') throw broken('tools/call', 'isError is not a boolean');
  if (isAbsent(content)) return { ...result, content: [] };
  if (!Array.isArray(content)) throw broken('tools/call', 'content is not an array');
  for (let i = 0; i < content.length; i += 1) {
    const problem = blockProblem(content[i]);
    if (problem !== undefined) throw broken('tools/call', `content[${i}]${problem}`);
  }
  return result as CallToolResult;
};

/** The lists a server can have, and what they hold. */
interface ListItems {
  tools: Tool;
  resources: Resource;
  resourceTemplates: ResourceTemplate;
  prompts: Prompt;
}
type ListKind = keyof ListItems;

interface ListPage<Item> extends CacheHints {
  items: Item[];
  /** Where the next page begins; `''` is a cursor like any other. Absent on the last page. */
  nextCursor?: string;
  /** Why entries were left out, for a warning. */
  dropped: string[];
}

const LIST_METHODS = {
  tools: 'tools/list',
  resources: 'resources/list',
  resourceTemplates: 'resources/templates/list',
  prompts: 'prompts/list',
} as const;

/** One page of a list. A malformed entry is left out alone; an optional field that is `null` is taken off its entry. */
export const checkListPage = <Kind extends ListKind>(kind: Kind, value: unknown): ListPage<ListItems[Kind]> => {
  const method = LIST_METHODS[kind];
  const page = objectOf(method, value);
  const { nextCursor } = page;
  if (!isAbsent(nextCursor) && typeof nextCursor !== 'string') throw broken(method, 'nextCursor is not a string');
  const shape = ITEMS[kind];
  const items: ListItems[Kind][] = [];
  const dropped: string[] = [];
  let uncounted = 0;
  for (const [index, item] of (page[kind] === null ? [] : listOf(method, page, kind)).entries()) {
    const problem = itemProblem(item, shape);
    if (problem === undefined)
      items.push(withoutNulls(item as JsonObject, shape.optional) as unknown as ListItems[Kind]);
    else if (dropped.length < MAX_DROPPED) dropped.push(`${kind}[${index}]${problem}${named(item, shape.key)}`);
    else uncounted += 1;
  }
  if (uncounted > 0) dropped.push(`and ${uncounted} more`);
  const hints = cacheHints(page);
  return typeof nextCursor === 'string' ? { items, nextCursor, dropped, ...hints } : { items, dropped, ...hints };
};

const named = (item: unknown, key: string): string => {
  const name = isObject(item) ? item[key] : undefined;
  return typeof name === 'string' && name !== '' ? ` (${JSON.stringify(name.slice(0, 80))})` : '';
};

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

/** A success that carries nothing of use (`ping`, `logging/setLevel`, `resources/subscribe`); `null` will do. */
export const checkEmpty = (value: unknown, method = 'ping'): JsonObject => objectOf(method, value ?? {});
