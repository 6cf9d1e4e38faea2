/** One signal for many listeners: platforms warn of a leak where more than ten listen to the same. */

/** Signals that follow one of the caller's. */
export interface SplitSignal {
  /** The one of this place; undefined where there is none to follow. */
  at(place: number): AbortSignal | undefined;
  /** Lets go of the caller's signal. */
  end(): void;
}

export const splitSignal = (signal: AbortSignal | undefined): SplitSignal => {
  if (signal === undefined) return { at: () => undefined, end() {} };
  const parts = new Map<number, AbortController>();
  const onAbort = (): void => {
    for (const part of parts.values()) part.abort(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    at(place) {
      const part = parts.get(place) ?? new AbortController();
      parts.set(place, part);
      if (signal.aborted) part.abort(signal.reason);
      return part.signal;
    },
    end: () => signal.removeEventListener('abort', onAbort),
  };
};
