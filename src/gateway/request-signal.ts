/** When nobody waits for an answer any more, as a signal that costs next to nothing while somebody does. */

/** The answer of Node's HTTP server, as `@hono/node-server` hands it over. */
interface Outgoing {
  readonly destroyed: boolean;
  readonly writableFinished: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * The signal of a request. An `AbortController` and its listeners are a tenth of what a short call costs; where Node's own
 * answer is at hand, its `close` says the same. It has what those who only listen need of an `AbortSignal`, and is not to
 * be given to the platform's own functions.
 */
export const requestSignal = (request: Request, env: unknown): AbortSignal => {
  const { outgoing } = (env ?? {}) as { outgoing?: Partial<Outgoing> };
  const isHttp1 = typeof outgoing?.destroyed === 'boolean' && typeof outgoing.writableFinished === 'boolean';
  return isHttp1 ? (new ClosedSignal(outgoing as Outgoing) as unknown as AbortSignal) : request.signal;
};

type Listener = (event: { type: 'abort' }) => void;

class ClosedSignal {
  readonly #outgoing: Outgoing;
  #listeners: Set<Listener> | undefined;
  constructor(outgoing: Outgoing) {
    this.#outgoing = outgoing;
  }

  get aborted(): boolean {
    return this.#outgoing.destroyed && !this.#outgoing.writableFinished;
  }

  get reason(): unknown {
    return this.aborted ? new DOMException('the client left', 'AbortError') : undefined;
  }

  addEventListener(type: string, listener: Listener): void {
    if (type !== 'abort') return;
    if (this.#listeners === undefined) {
      this.#listeners = new Set();
      this.#outgoing.once('close', () => this.#closed());
    }
    this.#listeners.add(listener);
  }

  removeEventListener(type: string, listener: Listener): void {
    if (type === 'abort') this.#listeners?.delete(listener);
  }

  #closed(): void {
    if (!this.aborted) return;
    for (const listener of this.#listeners ?? []) listener({ type: 'abort' });
  }
}
