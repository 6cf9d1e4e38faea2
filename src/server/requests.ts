/** What answers the requests of servers, of which most send none: it is loaded with the first, or for a client that offers something. */
import { once } from '../once.ts';
import type { ServerRequests, ServerRequestsOptions } from '../protocol/server-requests.ts';

/**
 * What a client offers has to be known before it connects, and who hears of logs hears of each before the result that
 * comes behind it; a client of which nothing is `wanted` has nothing to load.
 */
export const serverRequestsFor = async (options: ServerRequestsOptions, wanted: boolean): Promise<ServerRequests> => {
  const { report, clock } = options;
  const load = once(async () => (await import('../protocol/server-requests.ts')).createServerRequests(options));
  if (wanted) return load();
  return {
    clock,
    capabilities: () => ({}),
    answer: async (...request) => (await load()).answer(...request),
    completions: new Set(),
    forget() {},
    log(params) {
      load().then(({ log }) => log(params), report);
    },
  };
};
