/** What answering a question of a server means, whoever answers it. */
import type { HandlerContext } from '../options.ts';
import type { JsonObject } from './types.ts';

/** Answers one question; rejects with `RpcFault` when it is refused or cannot be answered. */
export type Answer = (method: string, params: JsonObject, context: HandlerContext) => Promise<JsonObject>;

/** Runs a handler until it answers or nobody waits any more, for not every handler heeds its signal. */
export const settle = <T>(run: () => T | Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const leave = (): void => reject(new DOMException('nobody waits for the answer any more', 'AbortError'));
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave, { once: true });
    const done = (): void => signal.removeEventListener('abort', leave);
    new Promise<T>((begin) => begin(run())).finally(done).then(resolve, reject);
  });
