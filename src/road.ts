/** The one road: every call of a toolkit takes these steps, in this order, whatever it is and whoever makes it. */

import type { Finder } from './finder.ts';
import { type Chain, createChain } from './middleware/chain.ts';
import { deadline } from './middleware/deadline.ts';
import { limit } from './middleware/limit.ts';
import type { Middleware } from './middleware/middleware.ts';
import { observe } from './middleware/observe.ts';
import { onDemand } from './middleware/on-demand.ts';
import { route } from './middleware/route.ts';
import { validate } from './middleware/validate.ts';
import { cacheHints } from './protocol/answer.ts';
import type { House } from './server/server.ts';

/** From the toolkit's door to the connection of the call's server. A step never sees a connection. */
export const createRoad = (house: House, finder: Finder): Chain => {
  const { deadlines, events, calls, metrics, secrets } = house;
  return createChain(
    [
      {
        name: 'observe',
        middleware: observe({ clock: deadlines.clock, events, calls, metrics, masked: secrets.masked }),
      },
      { name: 'route', middleware: route((call) => finder.arrive(call)) },
      { name: 'policy', middleware: validate((call) => finder.checksOf(call)) },
      { name: 'deadline', middleware: deadline(deadlines) },
      { name: 'idempotency', middleware: sharedByKey(house) },
      { name: 'cache', middleware: kept(house, finder) },
      { name: 'dedupe', middleware: merged(house, finder) },
      { name: 'limit', middleware: limit((call) => finder.server(call.server).lane) },
    ],
    (call) => finder.server(call.server).perform(call),
  );
};

const sharedByKey = ({ deadlines: { clock } }: House): Middleware =>
  onDemand(
    (call) => call.idempotencyKey !== undefined && call.method === 'tools/call',
    async () => (await import('./middleware/idempotency.ts')).idempotency({ clock }),
  );

const kept = ({ deadlines: { clock }, changes, limits }: House, finder: Finder): Middleware =>
  onDemand(
    (call) => finder.server(call.server).sharing.keeps(call),
    async () =>
      (await import('./middleware/cache.ts')).cache({
        clock,
        changes,
        hintsOf: cacheHints,
        ttlOf: (call) => finder.server(call.server).sharing.ttlMs,
        checksOf: (call) => finder.checksOf(call),
        maxEntries: limits.maxCacheEntries,
        maxBytes: limits.maxCacheBytes,
      }),
  );

const merged = ({ changes }: House, finder: Finder): Middleware =>
  onDemand(
    (call) => finder.server(call.server).sharing.merges(call),
    async () =>
      (await import('./middleware/dedupe.ts')).dedupe({
        changes,
        explain: (call, error) => finder.whyStopped(call, error),
      }),
  );
