/** What the calls to each server are held to: whether there are any, how many are out at a time, how many are sent again, whose answers are shared. */
import type { Limits, ServerConfig } from '../options.ts';
import { createRetryBudget, type RetryBudget } from './budget.ts';
import { createFuse, type FuseOptions, type ServerFuse } from './fuse.ts';
import { createLane, type Lane } from './limit.ts';
import { createRetries, type Retries, type RetryOptions } from './retry.ts';
import { createSharing, type Sharing } from './sharing.ts';

/** That of one server. */
export interface ServerTraffic {
  readonly config: ServerConfig;
  readonly fuse: ServerFuse;
  readonly lane: Lane;
  readonly budget: RetryBudget;
  readonly sharing: Sharing;
}

/** A server, which bears what is made for it with its first call. */
interface Bearer {
  readonly name: string;
  readonly config: ServerConfig;
  traffic: ServerTraffic | undefined;
  loadFailureJudge: NonNullable<FuseOptions['load']>;
}

export interface Traffic {
  readonly retries: Retries;
  of(server: Bearer): ServerTraffic;
}

export interface TrafficOptions extends RetryOptions {
  limits: Limits;
}

const DEFAULTS = { maxConcurrency: 64, maxQueue: 256 };

export const createTraffic = (options: TrafficOptions): Traffic => {
  return {
    retries: createRetries(options),
    of(server) {
      server.traffic ??= trafficOf(server, options);
      return server.traffic;
    },
  };
};

const trafficOf = (
  { name, config, loadFailureJudge }: Bearer,
  { clock, events, limits }: TrafficOptions,
): ServerTraffic => {
  const { maxConcurrency = DEFAULTS.maxConcurrency, rateLimit } = config;
  const { maxQueue = DEFAULTS.maxQueue } = limits;
  const lane = createLane({ maxConcurrency, maxQueue, rateLimit }, clock);
  return {
    config,
    fuse: createFuse({
      server: name,
      clock,
      events,
      refuseWaiting: lane.refuse,
      load: config.breaker === false ? undefined : loadFailureJudge,
    }),
    lane,
    budget: createRetryBudget(),
    sharing: createSharing(config),
  };
};
