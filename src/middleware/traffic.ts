/** What the calls to each server are held to: how many are out at a time, how many are sent again, whose answers are shared. */
import type { Clock } from '../clock.ts';
import type { Limits, ServerConfig } from '../options.ts';
import { createRetryBudget, type RetryBudget } from './budget.ts';
import { createLane, type Lane } from './limit.ts';
import { createRetries, type Retries, type RetryOptions } from './retry.ts';
import { createSharing, type Sharing } from './sharing.ts';

/** That of one server. */
export interface ServerTraffic {
  readonly config: ServerConfig;
  readonly lane: Lane;
  readonly budget: RetryBudget;
  readonly sharing: Sharing;
}

/** A server, which bears what is made for it with its first call. */
interface Bearer {
  readonly config: ServerConfig;
  traffic: ServerTraffic | undefined;
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
  const { clock, limits } = options;
  return {
    retries: createRetries(options),
    of(server) {
      server.traffic ??= trafficOf(server.config, limits, clock);
      return server.traffic;
    },
  };
};

const trafficOf = (config: ServerConfig, { maxQueue = DEFAULTS.maxQueue }: Limits, clock: Clock): ServerTraffic => {
  const { maxConcurrency = DEFAULTS.maxConcurrency, rateLimit } = config;
  return {
    config,
    lane: createLane({ maxConcurrency, maxQueue, ...(rateLimit === undefined ? {} : { rateLimit }) }, clock),
    budget: createRetryBudget(),
    sharing: createSharing(config),
  };
};
