/** What one principal has used of what it is allowed. */
import type { Clock } from '../../clock.ts';
import { ToolwayError } from '../../errors.ts';
import type { Counters } from '../store/store.ts';
import type { Allowance, RateLimit } from './options.ts';
import { createTokenBucket } from './token-bucket.ts';

const DAY_MS = 86_400_000;

export interface MeterOptions {
  clock: Clock;
  today(): number;
  counters: Counters;
}

export interface Meter {
  /** Takes one request; how long to wait, in milliseconds, where it may not be taken. */
  request(): number;
  /** Takes one call. Throws or rejects with `rate_limited` where it may not be. Absent where calls are not limited. */
  charge?: () => void | Promise<void>;
}

/** Without an allowance there is nothing to meter. */
export const createMeter = (
  id: string,
  { rateLimit, quota }: Allowance,
  { clock, today, counters }: MeterOptions,
): Meter => {
  const requests = createRate(rateLimit, clock);
  const calls = createRate(rateLimit, clock);
  let spentUntil = 0;

  const spend = async (perDay: number): Promise<void> => {
    const now = today();
    const day = Math.floor(now / DAY_MS);
    const midnight = (day + 1) * DAY_MS;
    const left = await counters.spend(`quota:${day}:${id}`, { limit: perDay, windowMs: midnight - now });
    if (left !== false) return;
    spentUntil = midnight;
    throw overQuota(perDay, midnight - now);
  };
  const charge = (): void | Promise<void> => {
    const waitMs = calls();
    if (waitMs > 0) {
      throw new ToolwayError('rate_limited', `${id} calls faster than it is allowed to`, {
        retryAfterMs: waitMs,
        executed: 'no',
      });
    }
    if (quota === undefined) return;
    // What is spent stays so until midnight; the store need not be asked for each refusal.
    if (today() < spentUntil) throw overQuota(quota.perDay, spentUntil - today());
    return spend(quota.perDay);
  };
  const overQuota = (limit: number, retryAfterMs: number): ToolwayError =>
    new ToolwayError('rate_limited', `${id} has made the ${limit} calls of its day`, {
      retryAfterMs,
      limit,
      executed: 'no',
    });

  return { request: requests, ...((rateLimit !== undefined || quota !== undefined) && { charge }) };
};

const NO_WAIT = (): number => 0;

/** Takes one step of a rate; how long to wait where it may not be taken. */
const createRate = (limit: RateLimit | undefined, clock: Clock): (() => number) => {
  if (limit === undefined) return NO_WAIT;
  const { perSecond, perMinute, burst } = limit;
  const buckets = [
    ...(perSecond === undefined ? [] : [{ rate: perSecond, periodMs: 1_000, burst }]),
    ...(perMinute === undefined
      ? []
      : [{ rate: perMinute, periodMs: 60_000, burst: perSecond === undefined ? burst : undefined }]),
  ].map((bucket) =>
    createTokenBucket({ ...bucket, burst: Math.max(1, bucket.burst ?? Math.ceil(bucket.rate)), clock }),
  );
  return () => {
    const waitMs = buckets.reduce((longest, bucket) => Math.max(longest, bucket.waitMs()), 0);
    if (waitMs === 0) for (const bucket of buckets) bucket.take();
    return waitMs;
  };
};
