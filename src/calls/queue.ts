/** Calls that are collected for a moment and then sent together. */

import type { Timer } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { CallToolResult } from '../protocol/types.ts';
import { hold } from './hold.ts';
import { CONCURRENCY, inPool } from './pool.ts';
import type { Asked, CallsPort, Making } from './port.ts';

/** Default of `batchWindowMs`. */
const WINDOW_MS = 100;

/** Calls that wait for each other. */
export interface Queue {
  /** Resolves and rejects as the call itself; `closed`, `cancelled` or `timeout` with `executed: 'no'` where it ends waiting. */
  add(asked: Omit<Asked, 'making'>): Promise<CallToolResult>;
}

/** One that waits. `go` lets it be sent and resolves when it is over. */
interface Waiting {
  go(): Promise<void>;
}

export const createQueue = (port: CallsPort): Queue => {
  const { house, finder, ask, checkWanted, closed, batchWindowMs = WINDOW_MS } = port;
  const { clock } = house.deadlines;
  let waiting = new Set<Waiting>();
  let timer: Timer | undefined;

  /** The window is over: what waits is one batch, and those that come now begin another one. */
  const send = (): void => {
    timer = undefined;
    const batch = [...waiting];
    waiting = new Set();
    void inPool(batch.length, CONCURRENCY, (index) => batch[index]?.go());
  };
  const enter = (one: Waiting, startedAt: number): void => {
    waiting.add(one);
    if (timer !== undefined) return;
    timer = clock.after(Math.max(0, startedAt + batchWindowMs - clock.now()), send);
    // Who waits has a deadline that keeps the process running.
    timer.keepAlive(false);
  };
  const leave = (one: Waiting): void => {
    if (!waiting.delete(one) || waiting.size > 0) return;
    timer?.cancel();
    timer = undefined;
  };

  return {
    async add(asked) {
      if (closed()) throw new ToolwayError('closed', 'the toolkit was closed', { executed: 'no' });
      const { name, wanted, startedAt } = asked;
      checkWanted(wanted);
      const making: Making = { calls: [], accepted: true };
      if (typeof name !== 'string') return ask({ ...asked, making });
      const route = finder.atOnce(name);
      let begin = (): void => {};
      let end = (): void => {};
      const turn = new Promise<void>((resolve) => {
        begin = resolve;
      });
      const over = new Promise<void>((resolve) => {
        end = resolve;
      });
      const one: Waiting = {
        go() {
          begin();
          return over;
        },
      };
      enter(one, startedAt);
      try {
        const about = { on: route?.server, tool: route?.tool ?? name, wanted, startedAt };
        await hold(port, turn, about).catch((error: unknown) => {
          throw ToolwayError.from(error, route && { server: route.server.name, tool: route.tool });
        });
        return await ask({ ...asked, making });
      } finally {
        leave(one);
        end();
      }
    },
  };
};
