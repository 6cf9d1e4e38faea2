/** `gateway.limits`: the numbers that bound what callers can make the gateway hold. Times are in milliseconds. */
import type { Readers } from './parts.ts';
import { limitMs, ms, some } from './readers.ts';

/** The same names and meanings as `GatewayLimits` of the gateway. */
export interface LimitSettings {
  maxRequests?: number;
  maxBodyBytes?: number;
  maxSessions?: number;
  sessionIdleMs?: number;
  maxStreams?: number;
  maxKeys?: number;
  maxBatch?: number;
  maxJobs?: number;
  jobTtlMs?: number;
  maxHeldCalls?: number;
  heldCallMs?: number;
  maxTasks?: number;
  taskAfterMs?: number;
  taskTtlMs?: number;
}

export const LIMIT_READERS: Readers<LimitSettings> = {
  maxRequests: some,
  maxBodyBytes: some,
  maxSessions: some,
  sessionIdleMs: limitMs,
  maxStreams: some,
  maxKeys: some,
  maxBatch: some,
  maxJobs: some,
  jobTtlMs: limitMs,
  maxHeldCalls: some,
  heldCallMs: limitMs,
  maxTasks: some,
  taskAfterMs: ms,
  taskTtlMs: limitMs,
};
