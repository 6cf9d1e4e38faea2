/** Counts wrong credentials by where they come from, so that nobody can try many. */
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../options.ts';
import { Refusal } from '../refusal.ts';
import { networkOf, peerOf } from './peer.ts';

export interface FailuresOptions {
  clock: Clock;
  logger: Logger | undefined;
  /** How many of one network in one window. */
  max: number;
  /** How many of the nearest proxies are believed, see `peerOf`. */
  proxies: number;
  windowMs?: number;
  /** How many networks are remembered at a time; the one that began to fail first is forgotten for one more. */
  maxNetworks?: number;
}

export interface Failures {
  /** Throws a refusal of 429 while no more credentials of where a request comes from are looked at. */
  check(request: Request, env: unknown): void;
  add(request: Request, env: unknown): void;
}

/** Requests whose server does not tell where they come from are counted together. */
export const createFailures = ({
  clock,
  logger,
  max,
  proxies,
  windowMs = 60_000,
  maxNetworks = 10_000,
}: FailuresOptions): Failures => {
  const windows = new Map<string, { count: number; endsAt: number }>();
  const current = (network: string): { count: number; endsAt: number } | undefined => {
    const window = windows.get(network);
    if (window === undefined || window.endsAt > clock.now()) return window;
    windows.delete(network);
    return undefined;
  };
  const networkFor = (request: Request, env: unknown): string => networkOf(peerOf(request, env, proxies).address);

  return {
    check(request, env) {
      if (windows.size === 0) return;
      const window = current(networkFor(request, env));
      if (window === undefined || window.count < max) return;
      throw new Refusal(429, 'rate_limited', 'too many wrong credentials came from this address', {
        retryAfterMs: Math.ceil(window.endsAt - clock.now()),
      });
    },
    add(request, env) {
      const network = networkFor(request, env);
      const window = current(network) ?? { count: 0, endsAt: clock.now() + windowMs };
      window.count += 1;
      const [oldest] = windows.keys();
      if (!windows.has(network) && windows.size >= maxNetworks && oldest !== undefined) windows.delete(oldest);
      windows.set(network, window);
      if (window.count === max) logger?.warn('too many wrong credentials', { from: network });
    },
  };
};
