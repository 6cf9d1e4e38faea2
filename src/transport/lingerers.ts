/** Connections that have said all that matters but are still open on the server's side. */
import type { Clock, Timer } from '../clock.ts';

interface Abortable {
  abort(): void;
}

/**
 * Long enough for a server to close a stream whose answer it has given, which leaves the connection usable for the
 * next request; short enough that one which never does holds no socket for long.
 */
const LINGER_MS = 2_000;

/** Ends each one after `LINGER_MS` to twice that, with one timer for all, and only while there are any. */
export const createLingerers = (clock: Clock) => {
  let fresh = new Set<Abortable>();
  let old = new Set<Abortable>();
  let timer: Timer | undefined;

  const sweep = (): void => {
    timer = undefined;
    for (const one of old) one.abort();
    old = fresh;
    fresh = new Set();
    arm();
  };
  const arm = (): void => {
    if (timer !== undefined || old.size + fresh.size === 0) return;
    timer = clock.after(LINGER_MS, sweep);
    timer.keepAlive(false);
  };
  return {
    add(one: Abortable): void {
      fresh.add(one);
      arm();
    },
    remove(one: Abortable): void {
      if (!fresh.delete(one)) old.delete(one);
    },
    close(): void {
      timer?.cancel();
      for (const one of old) one.abort();
      for (const one of fresh) one.abort();
      old.clear();
      fresh.clear();
    },
  };
};
