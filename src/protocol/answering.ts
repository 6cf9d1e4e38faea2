/** What answering a question of a server means, whoever answers it. */
import type { HandlerContext, RequestHandlers } from '../handlers.ts';
import type { JsonObject } from './types.ts';

/** How a question came, and whose handlers are to answer it. */
export type Question = HandlerContext & { handlers: RequestHandlers };

/** Answers one question; rejects with `RpcFault` when it is refused or cannot be answered. */
export type Answer = (method: string, params: JsonObject, question: Question) => Promise<JsonObject>;

/** Runs a handler until it answers or nobody waits any more, for not every handler heeds its signal. */
export const settle = <T>(run: () => T | Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const leave = (): void => reject(new DOMException('nobody waits for the answer any more', 'AbortError'));
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave, { once: true });
    const done = (): void => signal.removeEventListener('abort', leave);
    new Promise<T>((begin) => begin(run())).finally(done).then(resolve, reject);
  });
