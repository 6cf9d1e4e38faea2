/** The steps under which calls share answers, for the servers of one toolkit. Loaded with the first call that may. */
import type { Call } from '../call.ts';
import { keeperOf } from '../calls/keeper.ts';
import { cache } from '../middleware/cache.ts';
import { dedupe } from '../middleware/dedupe.ts';
import { idempotency } from '../middleware/idempotency.ts';
import type { Middleware } from '../middleware/middleware.ts';
import type { ServerTraffic } from '../middleware/traffic.ts';
import type { cacheHints } from '../protocol/answer.ts';
import type { House } from '../server/server.ts';
import type { share } from '../waits.ts';
import type { Finder } from './finder.ts';

/** What is loaded long before is handed in: bundlers would cut it into pieces of their own. */
export interface SharedAnswersOptions {
  house: House;
  finder: Finder;
  trafficOf(call: Call): ServerTraffic;
  share: typeof share;
  hintsOf: typeof cacheHints;
}

export type SharedAnswers = Record<'idempotency' | 'cache' | 'dedupe', Middleware>;

/** What a call is known by has to be what it sends, whenever that is. */
const owning =
  (step: Middleware): Middleware =>
  (next) => {
    const run = step(next);
    return (call) => {
      call.own();
      return run(call);
    };
  };

export const createSharedAnswers = ({
  house,
  finder,
  trafficOf,
  share,
  hintsOf,
}: SharedAnswersOptions): SharedAnswers => {
  const { deadlines, changes, limits } = house;
  const { clock } = deadlines;
  return {
    idempotency: owning(idempotency({ clock, share, keeperOf: (call) => keeperOf(finder.home(call)) })),
    cache: owning(
      cache({
        clock,
        share,
        changes,
        hintsOf,
        ttlOf: (call) => trafficOf(call).sharing.ttlMs,
        checksOf: (call) => finder.checksOf(call),
        maxEntries: limits.maxCacheEntries,
        maxBytes: limits.maxCacheBytes,
      }),
    ),
    dedupe: owning(dedupe({ changes, explain: (call, error) => finder.whyStopped(call, error) })),
  };
};
