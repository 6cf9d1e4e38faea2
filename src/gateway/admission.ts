/** Turns requests away at the door while too many are under way: before they are authenticated, read or given any other work. */
import type { Clock, Timer } from '../clock.ts';
import type { Logger } from '../options.ts';

export interface AdmissionOptions {
  maxRequests: number;
  clock: Clock;
  logger: Logger | undefined;
}

export interface Admission {
  fetch: Fetch;
  /** A call was refused because too many wait for its server: what comes is too much for now. */
  crowded(): void;
  close(): void;
}

type Fetch = (request: Request, env?: object) => Response | Promise<Response>;

/** When whoever was turned away may come again. */
const RETRY_AFTER_MS = 1_000;
/**
 * While calls are being refused, so many requests are begun in one turn of the event loop, and the rest of the turn is
 * refused at the door: the answers of servers are read between turns, and long turns full of refusals would leave nothing
 * of what the servers can do.
 */
const PER_TURN = 16;
const CROWDED_MS = 1_000;
/** How often it is logged that requests are refused. */
const LOG_EVERY_MS = 10_000;
/** Addresses at which failures are told in JSON-RPC, wherever the gateway is mounted. */
const MCP_PATH = /^[^?#]*\/(?:mcp|messages)(?:\/[^/?#]*)?(?:[?#]|$)/;

/**
 * Lets at most `maxRequests` POSTs through at a time, each until its answer begins, and fewer while servers are crowded;
 * further ones are answered 503 with `backpressure`. What is only read, health among it, is always let through.
 */
export const createAdmission = (fetch: Fetch, { maxRequests, clock, logger }: AdmissionOptions): Admission => {
  const detail = 'more requests arrive than can be taken';
  const facts = { code: 'backpressure', executed: 'no', retryAfterMs: RETRY_AFTER_MS };
  const problem = JSON.stringify({
    type: 'urn:toolway:problem:backpressure',
    title: 'Too much is waiting',
    status: 503,
    detail,
    ...facts,
  });
  const fault = JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32000, message: detail, data: facts } });
  const headers = { 'retry-after': String(RETRY_AFTER_MS / 1_000) };
  let underWay = 0;
  let refused = 0;
  let crowding: Timer | undefined;
  let refusedLately = false;
  let begun = 0;
  let loggedAt = Number.NEGATIVE_INFINITY;

  const refuse = (url: string): Response => {
    refused += 1;
    if (logger !== undefined && clock.now() - loggedAt >= LOG_EVERY_MS) {
      loggedAt = clock.now();
      logger.warn('requests are refused: more arrive than can be taken', { refused, underWay });
      refused = 0;
    }
    return MCP_PATH.test(url)
      ? new Response(fault, { status: 503, headers: { ...headers, 'content-type': 'application/json' } })
      : new Response(problem, { status: 503, headers: { ...headers, 'content-type': 'application/problem+json' } });
  };
  const leave = (response: Response): Response => {
    underWay -= 1;
    return response;
  };
  const fail = (thrown: unknown): never => {
    underWay -= 1;
    throw thrown;
  };

  const waitForRoom = (): void => {
    refusedLately = false;
    crowding = clock.after(CROWDED_MS, () => {
      crowding = undefined;
      if (refusedLately) waitForRoom();
    });
    crowding.keepAlive(false);
  };
  const hasRoom = (): boolean => {
    if (underWay >= maxRequests) return false;
    if (crowding === undefined) return true;
    if (begun >= PER_TURN) return false;
    begun += 1;
    if (begun === 1)
      clock.after(0, () => {
        begun = 0;
      });
    return true;
  };

  const admitted: Fetch = (request, env) => {
    if (request.method !== 'POST') return fetch(request, env);
    if (!hasRoom()) return refuse(request.url);
    underWay += 1;
    let response: Response | Promise<Response>;
    try {
      response = fetch(request, env);
    } catch (thrown) {
      return fail(thrown);
    }
    return response instanceof Promise ? response.then(leave, fail) : leave(response);
  };
  return {
    fetch: admitted,
    crowded() {
      refusedLately = true;
      if (crowding === undefined) waitForRoom();
    },
    close() {
      crowding?.cancel();
    },
  };
};
