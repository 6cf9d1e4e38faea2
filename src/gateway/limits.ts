/** The numbers that keep callers from making the gateway hold without end. Times are in milliseconds. */

/** Numbers that bound what callers can make the gateway hold. */
export interface GatewayLimits {
  /** POSTs under way at a time. Default 1 000; one more is refused with 503, before it is looked at any closer. */
  maxRequests?: number;
  /** One request's body. Default 10 MiB; a larger one is refused with 413. */
  maxBodyBytes?: number;
  /** Sessions of the legacy protocol at a time. Default 1 000; one more takes the place of one that is not used, or is refused with 503. */
  maxSessions?: number;
  /** How long a session is kept without a request or a stream. Default 1 800 000. */
  sessionIdleMs?: number;
  /** Streams of one session or principal at a time. Default 16. */
  maxStreams?: number;
  /** Keys that are kept in the store. Default 1 000; one more is `backpressure`. */
  maxKeys?: number;
  /** Calls of one batch. Default 100; one more is `invalid_arguments`. */
  maxBatch?: number;
  /** Jobs that run at a time. Default 1 000, of one principal 100; one more is `backpressure`. */
  maxJobs?: number;
  /** Answers of models under way at a time. Default 16, of one principal a quarter of them; one more is `backpressure`. */
  maxChats?: number;
  /** How long a job is kept once it has ended. Default 3 600 000. */
  jobTtlMs?: number;
  /** Calls of the modern protocol that wait for an answer of their client. Default 1 000, of one principal 64; one more is `backpressure`. */
  maxHeldCalls?: number;
  /** How long such a call waits before it is cancelled. Default 300 000. */
  heldCallMs?: number;
  /** Tasks of MCP clients that run at a time. Default 1 000, of one principal 100; one more is `backpressure`, or a call that is waited for in the modern era. */
  maxTasks?: number;
  /** A call of a client that knows tasks becomes one when it takes longer, unless its progress is streamed. Default 5 000. */
  taskAfterMs?: number;
  /** How long a task of the modern protocol is kept from its beginning. Default 3 600 000; what still runs then is cancelled. */
  taskTtlMs?: number;
}

/** What holds where nothing else is said. */
export const LIMITS: Required<GatewayLimits> = {
  maxRequests: 1_000,
  maxBodyBytes: 10_485_760,
  maxSessions: 1_000,
  sessionIdleMs: 1_800_000,
  maxStreams: 16,
  maxKeys: 1_000,
  maxBatch: 100,
  maxJobs: 1_000,
  maxChats: 16,
  jobTtlMs: 3_600_000,
  maxHeldCalls: 1_000,
  heldCallMs: 300_000,
  maxTasks: 1_000,
  taskAfterMs: 5_000,
  taskTtlMs: 3_600_000,
};
