/**
 * The one road: every call of a toolkit takes these steps, in this order, whatever it is and whoever makes it. Loaded
 * while the servers are being connected, before a toolkit is handed out.
 */

import type { Call } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import { breaker } from '../middleware/breaker.ts';
import { type Chain, createChain } from '../middleware/chain.ts';
import { deadline } from '../middleware/deadline.ts';
import { limit } from '../middleware/limit.ts';
import type { Middleware } from '../middleware/middleware.ts';
import { observe } from '../middleware/observe.ts';
import { onDemand } from '../middleware/on-demand.ts';
import { policy } from '../middleware/policy.ts';
import { route } from '../middleware/route.ts';
import type { ServerTraffic } from '../middleware/traffic.ts';
import type { WaitFor } from '../middleware/validate.ts';
import type { ToolkitOptions } from '../options.ts';
import type { Policy } from '../permission.ts';
import type { Guard } from '../policy/guard.ts';
import { cacheHints } from '../protocol/answer.ts';
import type { JsonObject } from '../protocol/types.ts';
import { createDelivery } from '../server/delivery.ts';
import type { House } from '../server/server.ts';
import { bounded, share } from '../waits.ts';
import type { Finder } from './finder.ts';
import { guardOf } from './guarding.ts';
import type { SharedAnswers } from './shared-answers.ts';

export { layGround } from './ground.ts';

/** From the toolkit's door to the connection of the call's server. A step never sees a connection. */
export const createRoad = async (options: ToolkitOptions, house: House, finder: Finder): Promise<Chain> => {
  const { deadlines, events, calls, secrets } = house;
  const { traffic, metrics } = await house.ground;
  const trafficOf = (call: Call): ServerTraffic => {
    const server = finder.home(call);
    return server.traffic ?? traffic.of(server);
  };
  /** A call does not wait for a server that is known to be away. */
  const arrive = async (call: Call): Promise<void> => {
    const moving = finder.moveIn(call);
    if (moving !== undefined) await moving;
    const refusal = trafficOf(call).fuse.refusal();
    if (refusal !== undefined) throw refusal;
    await finder.arrive(call);
  };
  const deliver = (call: Call): Promise<JsonObject> => {
    const server = finder.home(call);
    server.perform ??= createDelivery(server);
    return server.perform(call);
  };
  const waitFor: WaitFor = (call, shared, executed) =>
    bounded(call, deadlines, () =>
      share(call, shared).catch((error: unknown) => {
        throw ToolwayError.from(error, executed && { executed });
      }),
    );
  const judged = (guard?: Guard): Middleware => policy({ standingOf: (call) => finder.checksOf(call), guard, waitFor });
  const guarded = async (rules: Policy): Promise<Middleware> => judged(await guardOf(rules, house, finder));
  const judgedLater = onDemand(
    () => true,
    () => guarded({}),
  );
  /** Without rules only calls that a model chose are judged. */
  const unruled: Middleware = (next) => {
    const usual = judged()(next);
    const chosen = judgedLater(next);
    return (call) => (call.taint === undefined ? usual : chosen)(call);
  };
  const ruled = options.policy && (await guarded(options.policy));
  const { idempotency, cache, dedupe } = sharing(house, finder, trafficOf);
  return createChain(
    [
      {
        name: 'observe',
        middleware: observe({ clock: deadlines.clock, events, calls, metrics, masked: secrets.masked }),
      },
      { name: 'route', middleware: route(arrive) },
      { name: 'policy', middleware: ruled ?? unruled },
      { name: 'deadline', middleware: deadline(deadlines) },
      { name: 'idempotency', middleware: idempotency },
      { name: 'cache', middleware: cache },
      { name: 'dedupe', middleware: dedupe },
      { name: 'retry', middleware: traffic.retries(trafficOf) },
      { name: 'breaker', middleware: breaker((call) => trafficOf(call).fuse) },
      { name: 'limit', middleware: limit((call) => trafficOf(call).lane) },
    ],
    deliver,
  );
};

/** The steps under which calls share answers; most calls pass them by. */
const sharing = (house: House, finder: Finder, trafficOf: (call: Call) => ServerTraffic): SharedAnswers => {
  let steps: SharedAnswers | undefined;
  const step = (name: keyof SharedAnswers, applies: (call: Call) => boolean): Middleware =>
    onDemand(applies, async () => {
      const { createSharedAnswers } = await import('./shared-answers.ts');
      steps ??= createSharedAnswers({ house, finder, trafficOf, share, hintsOf: cacheHints });
      return steps[name];
    });
  return {
    idempotency: step('idempotency', (call) => call.idempotencyKey !== undefined && call.method === 'tools/call'),
    cache: step('cache', (call) => trafficOf(call).sharing.keeps(call)),
    dedupe: step('dedupe', (call) => trafficOf(call).sharing.merges(call)),
  };
};
