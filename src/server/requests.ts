/** What answers the requests of servers, of which most send none: it is loaded with the first, or for a client that offers something. */
import { once } from '../later.ts';
import type { ServerRequests, ServerRequestsOptions } from '../protocol/server-requests.ts';

/** What a client offers has to be known before it connects; one that offers nothing has nothing to load. */
export const serverRequestsFor = async (options: ServerRequestsOptions): Promise<ServerRequests> => {
  const { handlers, report } = options;
  const load = once(async () => (await import('../protocol/server-requests.ts')).createServerRequests(options));
  if (handlers.onElicit ?? handlers.onSample ?? handlers.roots) return load();
  return {
    capabilities: () => ({}),
    answer: async (...request) => (await load()).answer(...request),
    completions: new Set(),
    forget() {},
    log(params) {
      load().then(({ log }) => log(params), report);
    },
  };
};
