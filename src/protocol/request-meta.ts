/** The `_meta` of requests: what the caller gave, what the era demands, and what we tell the server of the call itself. */
import type { Call } from '../call.ts';
import type { JsonObject } from './types.ts';
import { TOOLWAY_META } from './wire.ts';

/**
 * A fresh object each time, since the progress token is added to it. `now` is on the clock of the call's limits;
 * `envelope` is what the era demands, and stands above what the caller gave.
 */
export const requestMeta = (call: Call, method: string, now: number, envelope?: JsonObject): JsonObject => {
  const meta: JsonObject = { ...call.meta, ...envelope };
  if (method === 'tools/call') meta[TOOLWAY_META.remainingMs] = Math.max(0, Math.round(call.endsAt - now));
  if (call.attempt > 1) meta[TOOLWAY_META.attempt] = call.attempt;
  if (call.idempotencyKey !== undefined) meta[TOOLWAY_META.idempotencyKey] = call.idempotencyKey;
  return meta;
};
