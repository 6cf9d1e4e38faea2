/**
 * What the gateway remembers beyond one request. The embedded default is one file with one owner; everything here can
 * also be answered by an engine that several gateways share, so that nothing may be assumed to be known without asking.
 */

/**
 * JSON values under a kind and an id: approvals, grants, jobs, keys. What `put`, `update` or `delete` resolved for
 * survives a crash. Where it cannot be written they reject, and nothing has changed.
 */
export interface Records {
  get<T>(kind: string, id: string): Promise<T | undefined>;
  /** `ttlMs`: it is gone after that. Rejects with `message_too_large` above 32 MiB of JSON, and with `invalid_arguments` for what is no JSON. */
  put<T>(kind: string, id: string, value: T, options?: { ttlMs?: number }): Promise<void>;
  /**
   * Changes a value as one step, whoever else does so at the same time: `change` may be asked more than once, and does
   * nothing else. Undefined from it deletes the value. With `ttlMs` it ends then, else when it would have. Resolves to
   * what is there afterwards.
   */
  update<T>(
    kind: string,
    id: string,
    change: (value: T | undefined) => T | undefined,
    options?: { ttlMs?: number },
  ): Promise<T | undefined>;
  /** False when there is none. */
  delete(kind: string, id: string): Promise<boolean>;
  /** The newest first, by when they were first put; 1 000 of them where `limit` does not say otherwise. */
  list<T>(kind: string, options?: { limit?: number }): Promise<{ id: string; value: T }[]>;
}

/** One call, as it ended. It holds neither arguments nor results. */
export interface CallRecord {
  /** Unique across restarts. */
  id: string;
  /** The id that it had while it was in flight, which a later run gives to other calls. */
  call?: string;
  /** When it was asked for, in milliseconds since the Unix epoch. */
  at: number;
  principal: string | undefined;
  server: string;
  tool: string;
  /** `ok`, `tool_error` for a tool's own `isError`, else the code of the error. */
  outcome: string;
  durationMs: number;
  attempts: number;
  cached: boolean;
  executed?: string;
  /** Of an error, masked; its first 1 000 characters. */
  message?: string;
}

/** Narrows what is found of the history. */
export interface HistoryFilter {
  principal?: string;
  server?: string;
  tool?: string;
  outcome?: string;
  /** Both in milliseconds since the Unix epoch. */
  since?: number;
  before?: number;
  /** Default 100, at most 1 000. */
  limit?: number;
}

/** Calls that have ended, bounded in number and age. Written in batches: a crash may cost the last ones, and a full disk more. */
export interface History {
  append(record: CallRecord): void;
  /** The newest first. */
  find(filter?: HistoryFilter): Promise<CallRecord[]>;
}

/** Counts what is spent in windows of time, each of which begins with the first that is spent. A crash may forget the last ones. */
export interface Counters {
  /** Spends one of `limit` in the current window of `windowMs`; false when they are spent. */
  spend(key: string, options: { limit: number; windowMs: number }): Promise<{ left: number; resetMs: number } | false>;
}

/** All that a gateway remembers. */
export interface Store {
  records: Records;
  history: History;
  counters: Counters;
  /** Writes what is not written yet, and lets go of everything. Whatever is asked afterwards fails with `closed`. */
  close(): Promise<void>;
}
