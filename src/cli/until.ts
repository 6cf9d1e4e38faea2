/** Ends a wait when the user does, for what takes no signal itself. */
import { ToolwayError } from '../errors.ts';
import type { Reply } from './command.ts';

/** Throws `cancelled` for a question that was interrupted; one that nobody wants to answer is no interrupt. */
export const refuseInterrupt = (reply: Reply): void => {
  if ('ended' in reply && reply.ended !== 'end') throw cancelled();
};

const cancelled = (): ToolwayError => new ToolwayError('cancelled', 'cancelled', { executed: 'no' });

/** Settles like `promise`, or rejects with `cancelled` as soon as the signal aborts. */
export const untilAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(cancelled());
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
