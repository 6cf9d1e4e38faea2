/** One listener per signal, however many calls wait for it: platforms warn of a leak where more than ten listen to the same. */

type Callback = (reason: unknown) => void;

const waiting = new WeakMap<AbortSignal, { callbacks: Set<Callback>; stop(): void }>();

const listenTo = (signal: AbortSignal) => {
  const callbacks = new Set<Callback>();
  const onAbort = (): void => {
    waiting.delete(signal);
    for (const callback of callbacks) callback(signal.reason);
  };
  const stop = (): void => {
    waiting.delete(signal);
    signal.removeEventListener('abort', onAbort);
  };
  const all = { callbacks, stop };
  waiting.set(signal, all);
  signal.addEventListener('abort', onAbort);
  return all;
};

/** Calls back when the signal aborts, in the order of asking, and at once where it has; gives the means to stop that. What is called back must not throw. */
export const whenAborted = (signal: AbortSignal, callback: Callback): (() => void) => {
  if (signal.aborted) callback(signal.reason);
  // Signals of one's own warn of nothing.
  if (!(signal instanceof AbortSignal)) return listenAlone(signal, callback);
  const { callbacks, stop } = waiting.get(signal) ?? listenTo(signal);
  callbacks.add(callback);
  return () => {
    if (callbacks.delete(callback) && callbacks.size === 0) stop();
  };
};

const listenAlone = (signal: AbortSignal, callback: Callback): (() => void) => {
  const onAbort = (): void => callback(signal.reason);
  signal.addEventListener('abort', onAbort);
  return () => signal.removeEventListener('abort', onAbort);
};
