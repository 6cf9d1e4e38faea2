/** Walks a paginated list to its end, within bounds: a server decides neither how long we read nor how much we hold. */
import { ToolwayError } from '../errors.ts';
import { deeperThan } from './depth.ts';
import { checkListPage, LIST_METHODS, type ListKind, type ListKinds } from './results.ts';
import * as RPC from './rpc-codes.ts';
import type { JsonObject } from './types.ts';

export { LIST_METHODS, type ListKind, type ListKinds };

export interface ListLimits {
  maxPages: number;
  /** Of tools; other lists are bounded by pages and bytes alone. */
  maxTools: number;
  maxBytes: number;
}
/** The methods whose answers are held to a depth entry by entry: one that is too deep must not cost the whole list. */
export const LISTING_METHODS: ReadonlySet<string> = new Set(Object.values(LIST_METHODS));
/** Levels of one entry of a list. */
const MAX_ENTRY_DEPTH = 64;

export const DEFAULT_LIST_LIMITS: ListLimits = { maxPages: 64, maxTools: 2_000, maxBytes: 5 * 1024 * 1024 };

/** A whole list, and how long the server says that it holds (2026-07-28 server/utilities/caching; 0 where it says nothing). */
export interface WholeList<K extends ListKind = ListKind> {
  items: ListKinds[K][];
  ttlMs: number;
  cacheScope: 'public' | 'private';
  /** Why single entries were left out. */
  dropped: string[];
}

/** `fetchPage` asks for one page. A cursor that the server no longer knows starts the walk over, once. */
export const walkList = async <K extends ListKind>(
  kind: K,
  fetchPage: (params: JsonObject) => Promise<JsonObject>,
  limits: ListLimits = DEFAULT_LIST_LIMITS,
  walk: 'first' | 'second' = 'first',
): Promise<WholeList<K>> => {
  const { maxPages, maxTools, maxBytes } = limits;
  const list: WholeList<K> = { items: [], ttlMs: Number.POSITIVE_INFINITY, cacheScope: 'public', dropped: [] };
  const seen = new Set<string>();
  let cursor: string | undefined;
  let bytes = 0;
  for (let page = 1; ; page += 1) {
    if (page > maxPages) throw over(kind, `${maxPages} pages`, maxPages);
    let raw: JsonObject;
    try {
      raw = await fetchPage(cursor === undefined ? {} : { cursor });
    } catch (error) {
      const stale = cursor !== undefined && error instanceof ToolwayError && error.rpcCode === RPC.invalidParams;
      if (!stale || walk === 'second') throw error;
      return walkList(kind, fetchPage, limits, 'second');
    }
    const { items: listed, nextCursor, ttlMs, cacheScope, dropped } = checkListPage(kind, raw);
    const items = (listed as ListKinds[K][]).filter((item) => !deeperThan(item, MAX_ENTRY_DEPTH));
    list.items.push(...items);
    list.dropped.push(...dropped);
    if (items.length < listed.length) {
      list.dropped.push(`${listed.length - items.length} nested deeper than ${MAX_ENTRY_DEPTH} levels`);
    }
    list.ttlMs = Math.min(list.ttlMs, ttlMs);
    if (cacheScope === 'private') list.cacheScope = 'private';
    if (kind === 'tools' && list.items.length > maxTools) throw over(kind, `${maxTools} entries`, maxTools);
    bytes += JSON.stringify(items).length;
    if (bytes > maxBytes) throw over(kind, `${maxBytes} bytes`, maxBytes);
    if (nextCursor === undefined) return list;
    if (seen.has(nextCursor)) {
      throw new ToolwayError('protocol_error', `the server's list of ${kind} repeats a cursor`, { executed: 'yes' });
    }
    seen.add(nextCursor);
    cursor = nextCursor;
  }
};

const over = (kind: ListKind, what: string, limit: number): ToolwayError =>
  new ToolwayError('protocol_error', `the server's list of ${kind} has more than ${what}`, { executed: 'yes', limit });
