/** What is done on behalf of a call is waited for no longer than the call may take, and not after it was stopped. */
import type { Call } from './call.ts';
import type { Clock, Deadlines } from './clock.ts';
import { ToolwayError } from './errors.ts';

/** Waits on behalf of a call; rejects with the reason when the call is stopped meanwhile. */
export const pause = (call: Call, clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => {
      call.hold(undefined);
      resolve();
    });
    call.hold((error) => {
      timer.cancel();
      reject(error);
    });
  });

/** Waits for something that the call shares with others: when the call is stopped it leaves, and the others go on. */
export const share = <T>(call: Call, shared: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const settle =
      <V>(done: (value: V) => void) =>
      (value: V): void => {
        if (call.stopped !== undefined) return;
        call.hold(undefined);
        done(value);
      };
    shared.then(settle(resolve), settle(reject));
    call.hold(reject);
  });

/** Runs a call under its own limits and its caller's signal, and takes them off when it has settled. */
export const bounded = async <T>(
  call: Call,
  deadlines: Pick<Deadlines, 'add' | 'remove'>,
  run: (call: Call) => Promise<T>,
): Promise<T> => {
  const { callerSignal } = call;
  if (callerSignal?.aborted)
    throw new ToolwayError('cancelled', 'the caller had cancelled the call', {
      executed: call.state === 'queued' ? 'no' : 'unknown',
      cause: callerSignal.reason,
    });
  const heedNoMore = call.heed();
  const seat = deadlines.add(call);
  try {
    return await run(call);
  } catch (error) {
    throw ToolwayError.from(error, { executed: call.state === 'queued' ? 'no' : 'unknown' });
  } finally {
    deadlines.remove(seat);
    heedNoMore?.();
  }
};

/** Starts something as soon as it is loaded, unless it was stopped before. `onfail` hears when it cannot be loaded. */
export const onceLoaded = <T>(
  loading: Promise<T>,
  open: (loaded: T) => { stop(): void },
  onfail: (error: ToolwayError) => void,
): { stop(): void } => {
  let stopped = false;
  let stop = (): void => {
    stopped = true;
  };
  loading.then(
    (loaded) => {
      if (!stopped) stop = open(loaded).stop;
    },
    (error: unknown) => {
      if (!stopped) onfail(ToolwayError.from(error));
    },
  );
  return { stop: () => stop() };
};
