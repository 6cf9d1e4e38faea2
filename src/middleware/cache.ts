/**
 * Answers that are given again: of tools that the operator names, and of resources, prompts and completions for as long
 * as the server says (2026-07-28 server/utilities/caching). While the server cannot be reached, one that ran out is
 * better than none, and says so.
 */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { type ErrorCode, ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import type { Check } from '../schema/validator.ts';
import type { share } from '../waits.ts';
import type { Changes } from './changes.ts';
import { createKeptStore, type Kept } from './kept.ts';
import { type AnswerKeys, answerKeys } from './key.ts';
import type { Middleware } from './middleware.ts';
import { isOvertaken, subjectOf, touches } from './overtaken.ts';
import type { ToolChecks } from './validate.ts';

export interface CacheOptions {
  clock: Clock;
  share: typeof share;
  changes: Changes;
  /** What an answer says of how long it holds, and for whom. */
  hintsOf: (result: JsonObject) => { ttlMs: number; cacheScope: 'public' | 'private' };
  /** How long the operator lets the answer of a tool be kept, in milliseconds. */
  ttlOf: (call: Call) => number;
  /** The checks that a result has to pass before it may be kept. */
  checksOf: (call: Call) => ToolChecks | undefined;
  /** Answers of all servers together. Default 512. */
  maxEntries?: number;
  /** The same in bytes, with their keys. Default 64 MiB. */
  maxBytes?: number;
}

/** No answer is kept longer, whatever anybody says. */
const DAY_MS = 86_400_000;
/** For so long behind its end an answer may stand in for a server that cannot be reached. */
const STALE_MS = DAY_MS;

/** `_meta` keys of an answer that ran out: that it did, and how many milliseconds ago it was given. */
const STALE = 'toolway/stale';
const AGE_MS = 'toolway/ageMs';

/** Failures of calls that never left, for want of the server. */
const AWAY: ReadonlySet<ErrorCode> = new Set([
  'not_connected',
  'connect_failed',
  'connect_timeout',
  'spawn_failed',
  'server_exited',
  'breaker_open',
]);
const isAway = (error: unknown): boolean =>
  error instanceof ToolwayError && AWAY.has(error.code) && (error.executed ?? 'no') === 'no';

/** For calls whose answers may be kept, and no others. */
export const cache = ({
  clock,
  share,
  changes,
  hintsOf,
  ttlOf,
  checksOf,
  maxEntries = 512,
  maxBytes = 64 * 1024 * 1024,
}: CacheOptions): Middleware => {
  const store = createKeptStore({ maxEntries, maxBytes });
  /** Calls on their way. What changes meanwhile makes their answers old before they are there. */
  const asking = new Map<Call, { changed: boolean }>();
  changes.on((change) => {
    store.deleteWhere(({ subject }) => touches(change, subject));
    for (const [call, asked] of asking) if (isOvertaken(call, change)) asked.changed = true;
  });

  /** The youngest answer there is, if it holds or may still stand in. */
  const find = ({ own, shared }: AnswerKeys): Kept | undefined => {
    let found: Kept | undefined;
    for (const key of [own, shared]) {
      const kept = store.get(key);
      if (kept === undefined) continue;
      if (clock.now() >= kept.until + STALE_MS) store.delete(key);
      else if (found === undefined || kept.until > found.until) found = kept;
    }
    return found;
  };

  /** How long an answer may be kept; 0 where it may not. */
  const fits = async (call: Call, found: ReturnType<Check>): Promise<boolean> => {
    const problems = found instanceof Promise ? await share(call, found).catch(afterAnswer) : found;
    return problems === undefined;
  };
  const holdsFor = async (call: Call, result: JsonObject, wantedMs: number): Promise<number> => {
    const { ttlMs } = hintsOf(result);
    if (call.method !== 'tools/call') return call.asked ? 0 : ttlMs;
    const isOfThisCall = call.asked || (result.ttlMs !== undefined && ttlMs === 0);
    if (isOfThisCall) return 0;
    const { structuredContent } = result;
    const output = checksOf(call)?.output;
    // The caller is told of it further out; the next one shall have another try.
    if (output !== undefined && (structuredContent === undefined || !(await fits(call, output(structuredContent)))))
      return 0;
    return wantedMs > 0 ? Math.min(wantedMs, DAY_MS) : 0;
  };

  const keep = ({ own, shared }: AnswerKeys, call: Call, result: JsonObject, ttlMs: number): void => {
    const keptAt = clock.now();
    const isPublic = call.method !== 'tools/call' && hintsOf(result).cacheScope === 'public';
    // What is known of it from before is older.
    for (const key of [own, shared]) store.delete(key);
    if (ttlMs > 0)
      store.put(isPublic ? shared : own, result, { subject: subjectOf(call), keptAt, until: keptAt + ttlMs });
  };

  return (next) => async (call) => {
    const keys = answerKeys(call);
    if (keys === undefined) return next(call);
    const kept = find(keys);
    if (kept !== undefined && clock.now() < kept.until) {
      call.cached = true;
      return kept.read();
    }
    const wantedMs = typeof call.cache === 'object' ? call.cache.ttlMs : ttlOf(call);
    const asked = { changed: false };
    asking.set(call, asked);
    try {
      const result = await next(call);
      if (result.isError === true) return result;
      const ttlMs = await holdsFor(call, result, wantedMs);
      if (!asked.changed) keep(keys, call, result, ttlMs);
      return result;
    } catch (error) {
      // Looked for again: what was there may have been overtaken by a change, or by a newer answer.
      const left = isAway(error) ? find(keys) : undefined;
      if (left === undefined) throw error;
      call.cached = true;
      return clock.now() < left.until ? left.read() : stale(left, clock.now());
    } finally {
      asking.delete(call);
    }
  };
};

const afterAnswer = (error: unknown): never => {
  throw ToolwayError.from(error, { executed: 'yes' });
};

const stale = (kept: Kept, now: number): JsonObject => {
  const answer = kept.read();
  const _meta = typeof answer._meta === 'object' ? answer._meta : {};
  return { ...answer, _meta: { ..._meta, [STALE]: true, [AGE_MS]: Math.round(now - kept.keptAt) } };
};
