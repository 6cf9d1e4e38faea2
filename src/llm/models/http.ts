/** A request through a provider's client, and what comes of it. */
import { ModelError } from '../model-error.ts';
import type { Came } from './asking.ts';
import { readResponse } from './response.ts';
import type { Waits, Watch } from './watch.ts';

/** What the clients' methods give before it is awaited: the answer can be had as it came. */
export interface Pending {
  asResponse(): Promise<Response>;
}

/** A method of a client: one attempt, and no watch of its own over it. */
export interface Method {
  create(body: never, options?: never): Pending;
}

/** Where a client sends what has this path; unknown of one that does not say its base URL. */
export const urlAt = ({ baseURL }: { readonly baseURL?: string }, path: string): { url?: string } =>
  typeof baseURL === 'string' ? { url: `${baseURL.replace(/[?#].*$/, '').replace(/\/+$/, '')}${path}` } : {};

/** Asks a client's method, once. */
export const through = (method: Method, body: object, waits: Waits) =>
  async function* (watch: Watch, facts: { requestId?: string }): AsyncGenerator<Came> {
    const options = { signal: watch.signal, maxRetries: 0, timeout: waits.answerTimeoutMs };
    const since = watch.now();
    const send = () => method.create(body as never, options as never).asResponse();
    const response = await watch.until(send, waits.answerTimeoutMs).catch((thrown: unknown) => {
      // Errors of a request that went out have a status, if only an undefined one. Others are those of a client that
      // would not send it: without a key, mostly.
      const went = !(thrown instanceof Error) || thrown instanceof ModelError || 'status' in thrown;
      throw went ? thrown : new ModelError('auth', thrown.message, { cause: thrown });
    });
    facts.requestId = response.headers.get('request-id') ?? response.headers.get('x-request-id') ?? undefined;
    yield* readResponse(response, { ...waits, watch, since });
  };
