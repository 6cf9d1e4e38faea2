/**
 * Every answer of a server is checked here, once, at the border. A check gives back the server's own object with all its
 * keys, copied only where a default is filled in, or throws `protocol_error` naming the path that is wrong.
 */
import { broken, type CacheHints, cacheHints, listOf, objectOf } from './answer.ts';
import { blockProblem, ITEMS, isAbsent, isObject, itemProblem, withoutNulls } from './shape.ts';
import type { CallToolResult, JsonObject, Prompt, Resource, ResourceTemplate, Tool } from './types.ts';

export { checkDiscover, checkInitialize } from './introduction.ts';

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
export interface ListKinds {
  tools: Tool;
  resources: Resource;
  resourceTemplates: ResourceTemplate;
  prompts: Prompt;
}
export type ListKind = keyof ListKinds;

interface ListPage<Item> extends CacheHints {
  items: Item[];
  /** Where the next page begins; `''` is a cursor like any other. Absent on the last page. */
  nextCursor?: string;
  /** Why entries were left out, for a warning. */
  dropped: string[];
}

/** How each list is asked for. */
export const LIST_METHODS = {
  tools: 'tools/list',
  resources: 'resources/list',
  resourceTemplates: 'resources/templates/list',
  prompts: 'prompts/list',
} as const satisfies Record<ListKind, string>;

/** One page of a list. A malformed entry is left out alone; an optional field that is `null` is taken off its entry. */
export const checkListPage = <Kind extends ListKind>(kind: Kind, value: unknown): ListPage<ListKinds[Kind]> => {
  const method = LIST_METHODS[kind];
  const page = objectOf(method, value);
  const { nextCursor } = page;
  if (!isAbsent(nextCursor) && typeof nextCursor !== 'string') throw broken(method, 'nextCursor is not a string');
  const shape = ITEMS[kind];
  const items: ListKinds[Kind][] = [];
  const dropped: string[] = [];
  let uncounted = 0;
  for (const [index, item] of (page[kind] === null ? [] : listOf(method, page, kind)).entries()) {
    const problem = itemProblem(item, shape);
    if (problem === undefined)
      items.push(withoutNulls(item as JsonObject, shape.optional) as unknown as ListKinds[Kind]);
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

/** A success that carries nothing of use (`ping`, `logging/setLevel`, `resources/subscribe`); `null` will do. */
export const checkEmpty = (value: unknown, method = 'ping'): JsonObject => objectOf(method, value ?? {});
