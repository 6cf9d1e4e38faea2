/** What a caller asks for, before it is a call. */
import type { RequestHandlers } from './handlers.ts';
import type { Taint } from './permission.ts';
import type { JsonObject, Progress, Tool } from './protocol/types.ts';

/** What a call is made of. Times are in milliseconds on the monotonic clock. */
export interface CallInit {
  method: string;
  params: JsonObject;
  server: string;
  /** Isolates callers of one server from each other; empty unless the caller isolates. */
  scope?: string;
  /** On whose behalf. */
  principal?: string;
  /** What the model that chose it had read; absent where no model did. */
  taint?: Taint;
  /** The definition of the tool, for `tools/call`. */
  tool?: Tool;
  /** Further `_meta` for the server. Where absent, the request carries no progress token either. */
  meta?: JsonObject;
  /** Longest time without an answer or progress. */
  timeoutMs: number;
  /** Longest time altogether. */
  totalTimeoutMs: number;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  /** Hears of each sign that the server is at work, before `onProgress` does. */
  onTouch?: (now: number) => void;
  /** How often it may be sent in all where that is safe; the server's own rule where absent. */
  retry?: false | { attempts: number };
  /** Whether a kept answer will do, and for how long this one may be kept; the server's own rule where absent. */
  cache?: false | { ttlMs: number };
  /** Calls of one principal with the same key, tool and arguments share one outcome. */
  idempotencyKey?: string;
  /** Who answers what the server asks in its course; the toolkit's own where absent. */
  handlers?: RequestHandlers;
  /** Among whose outcomes that of its key is kept; the server's own, or those of its group, where absent. */
  keeper?: string;
  /** When the caller asked, on the monotonic clock. */
  startedAt: number;
}
