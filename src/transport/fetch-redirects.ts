/** Redirects as `fetch` tells of them. Loaded with the first one. */
import { ToolwayError } from '../errors.ts';
import type { HttpRequest } from './http-port.ts';
import { createRedirects, REDIRECTS, type Redirects } from './redirects.ts';

export interface FetchRedirects extends Pick<Redirects, 'settled'> {
  /** The answer at the end of all redirects. Rejects where one must not be followed. */
  follow(
    request: HttpRequest,
    response: Response,
    send: (request: HttpRequest) => Promise<Response>,
  ): Promise<Response>;
}

export const createFetchRedirects = (): FetchRedirects => {
  const { settled, next } = createRedirects();
  return {
    settled,
    async follow(first, answered, send) {
      if (answered.type === 'opaqueredirect') throw hiddenRedirect(first.url);
      let request = first;
      let response = answered;
      for (let hops = 0; REDIRECTS.has(response.status); hops += 1) {
        request = next(request, response.status, response.headers.get('location') ?? undefined, hops);
        await response.body?.cancel();
        response = await send(request);
      }
      return response;
    },
  };
};

const hiddenRedirect = (url: string): ToolwayError =>
  new ToolwayError(
    'protocol_error',
    `${new URL(url).origin} answers with a redirect, and a browser does not say where to; use the final URL`,
    { executed: 'unknown' },
  );
