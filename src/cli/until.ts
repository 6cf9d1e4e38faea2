/** Ends a wait when the user does, for what takes no signal itself. */
import { ToolwayError } from '../errors.ts';

/** Settles like `promise`, or rejects with `cancelled` as soon as the signal aborts. */
export const untilAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(new ToolwayError('cancelled', 'cancelled', { executed: 'no' }));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
