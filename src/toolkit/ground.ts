/** What the calls of a toolkit are held to and counted by, and what is told of them. Loaded with the road that stands on it. */
import type { Call } from '../call.ts';
import { nearest } from '../config/nearest.ts';
import type { Emitter } from '../events.ts';
import { mayRunAgain } from '../middleware/resend.ts';
import { createTraffic, type Traffic } from '../middleware/traffic.ts';
import type { Limits, ServerConfig, ToolkitOptions } from '../options.ts';
import type { DriftWatchOptions } from '../policy/drift-watch.ts';
import { createFirstSeen, type FirstSeen } from '../policy/first-seen.ts';
import type { Roster } from '../roster.ts';
import type { Runtime } from '../runtime.ts';
import { createPins, type Pins } from '../server/pins.ts';
import { describeCall, describeServer } from '../server/status.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import type { Secrets } from '../telemetry/secrets.ts';
import { pinning } from './guarding.ts';

export interface GroundOptions {
  runtime: Runtime;
  events: Emitter;
  secrets: Secrets;
  limits: Limits;
  /** The calls in flight of all servers. */
  calls: Roster<Call>;
}

export interface Ground {
  readonly traffic: Traffic;
  readonly metrics: Metrics;
  readonly describeServer: typeof describeServer;
  readonly describeCall: typeof describeCall;
  readonly nearest: typeof nearest;
  readonly mayRunAgain: typeof mayRunAgain;
  /** What the tools of one server are held to: with `seen`, where it is somebody's own, to that. */
  pinsOf(
    server: Omit<DriftWatchOptions, 'firstSeen'> & { config: ServerConfig; seen: { first?: FirstSeen } | undefined },
  ): Pins;
  /** Resolves when what was first seen of tools is where later programs find it. */
  pinsSaved?(): Promise<void>;
}

/** Rejects with `invalid_config` where an option about permission is unusable. */
export const layGround = async (options: ToolkitOptions, given: GroundOptions): Promise<Ground> => {
  const { runtime, events, limits, calls } = given;
  const { clock } = runtime;
  const { firstSeen, ...saving } = await pinning(options, given);
  return {
    traffic: createTraffic({ clock, events, calls, limits }),
    metrics: createMetrics({ clock }),
    describeServer,
    describeCall,
    nearest,
    mayRunAgain,
    pinsOf({ config, seen, ...server }) {
      if (seen !== undefined) seen.first ??= createFirstSeen();
      return createPins({ ...server, firstSeen: seen?.first ?? firstSeen(server.server, config) });
    },
    ...saving,
  };
};
