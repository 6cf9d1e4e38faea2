/**
 * What ends a request before its time. Every request has one and hardly any is ever used, so that it is no
 * `AbortController`, whose signal costs some 5 µs to make and to listen to, but what a toolkit needs of one.
 */
export interface Cancellation {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
}

export const createCancellation = (): Cancellation => {
  const signal = new Signal();
  return { signal: signal as unknown as AbortSignal, abort: (reason) => signal.abort(reason) };
};

type Listener = (event: { type: 'abort' }) => void;

/** As much of an `AbortSignal` as can be listened to. */
class Signal {
  aborted = false;
  reason: unknown = undefined;
  #listeners: Listener[] = [];

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener({ type: 'abort' });
  }
  addEventListener(_type: 'abort', listener: Listener): void {
    if (!this.aborted && !this.#listeners.includes(listener)) this.#listeners.push(listener);
  }
  removeEventListener(_type: 'abort', listener: Listener): void {
    const at = this.#listeners.indexOf(listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }
  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }
}
