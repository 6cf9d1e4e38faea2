/** Messages that expect none in return: over HTTP the server still has to accept them, and may leave that undone. */
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Exchange } from './http-exchange.ts';

/** How long a server has to accept a message. */
const ACCEPT_MS = 60_000;
/** The same for word that a call is over: nobody waits for it, and no socket is held for it. */
const ACCEPT_CANCEL_MS = 1_000;

const failAfter = (exchange: Exchange, clock: Clock, limit: number) => {
  const timer = clock.after(limit, () => {
    const reason = `the server did not accept a message within ${limit} ms`;
    exchange.fail(new ToolwayError('timeout', reason, { executed: 'unknown', limit }));
  });
  timer.keepAlive(false);
  return timer;
};

/** Resolves when the message was accepted; rejects when it failed, and with `timeout` when the server says nothing for too long. */
export const acceptance = (exchange: Exchange, clock: Clock): Promise<void> =>
  new Promise((resolve, reject) => {
    const { init } = exchange;
    const limit = init.method === 'notifications/cancelled' ? ACCEPT_CANCEL_MS : ACCEPT_MS;
    // The handshake has its own limit.
    const timer = init.method === 'notifications/initialized' ? undefined : failAfter(exchange, clock, limit);
    init.done = (error) => {
      timer?.cancel();
      if (error === undefined) resolve();
      else reject(error);
    };
  });
