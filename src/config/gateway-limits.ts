/** `gateway.limits`: the numbers that bound what callers can make the gateway hold. Times are in milliseconds. */
import { limitMs, ms, some } from './readers.ts';

export const LIMIT_READERS = {
  maxRequests: some,
  maxBodyBytes: some,
  maxSessions: some,
  sessionIdleMs: limitMs,
  maxStreams: some,
  maxKeys: some,
  maxBatch: some,
  maxJobs: some,
  maxChats: some,
  jobTtlMs: limitMs,
  maxHeldCalls: some,
  heldCallMs: limitMs,
  maxTasks: some,
  taskAfterMs: ms,
  taskTtlMs: limitMs,
};

/** The same names and meanings as `GatewayLimits` of the gateway. */
export type LimitSettings = Partial<Record<keyof typeof LIMIT_READERS, number>>;
