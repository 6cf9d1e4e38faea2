/**
 * One call that is made on behalf of several. Each waits under its own limits and may leave; the call that was made for
 * them ends when the last one has left.
 */
import type { Call } from '../call.ts';
import type { ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import type { CallFn } from './middleware.ts';

export interface Flight {
  /** The call that is made. */
  readonly call: Call;
  /** True once all have left, or it is over: nobody may join any more. */
  readonly closed: boolean;
  /** Waits for the outcome on behalf of a call. Each gets a result of its own. */
  join(call: Call): Promise<JsonObject>;
}

export interface FlightOptions {
  run: CallFn;
  /** Called once nobody may join any more. */
  onClosed?: () => void;
  /** Why a call leaves while others stay, in other words where there are better ones. */
  explain?: (call: Call, error: ToolwayError) => ToolwayError;
}

interface Waiter {
  call: Call;
  resolve(result: JsonObject): void;
  reject(error: unknown): void;
}

/** Sets off with the first call, which has not joined yet. */
export const createFlight = (
  first: Call,
  { run, onClosed = () => {}, explain = (_call, error) => error }: FlightOptions,
): Flight => {
  const waiters = new Set<Waiter>();
  let touchedAt = 0;
  const shared = first.derive({
    onTouch(now) {
      touchedAt = now;
      for (const { call } of waiters) call.touch(now);
      stretch();
    },
    onProgress(progress) {
      for (const { call } of waiters) call.progress(progress, touchedAt);
    },
  });
  let closed = false;
  let departed = false;

  /** Its end is the latest of all who wait for it. */
  const stretch = (): void => {
    shared.endsAt = 0;
    shared.dueAt = 0;
    for (const { call } of waiters) extend(call);
  };
  const extend = ({ endsAt, dueAt }: Call): void => {
    shared.endsAt = Math.max(shared.endsAt, endsAt);
    shared.dueAt = Math.max(shared.dueAt, dueAt);
  };

  const close = (): void => {
    if (closed) return;
    closed = true;
    onClosed();
  };
  const leave = (waiter: Waiter, error: ToolwayError): void => {
    if (waiters.size === 1) {
      // What becomes of the last one is what becomes of the call that is made: that knows best how far it came.
      close();
      shared.stop(error);
      return;
    }
    const reason = explain(waiter.call, error);
    waiters.delete(waiter);
    waiter.call.follow(undefined);
    stretch();
    // The others see to it that it runs, if it has not.
    waiter.reject(reason.with({ executed: 'unknown' }));
  };
  const land = (settle: (waiter: Waiter, isFirst: boolean) => void): void => {
    close();
    let isFirst = true;
    for (const waiter of waiters) {
      waiter.call.hold(undefined);
      waiter.call.follow(undefined);
      settle(waiter, isFirst);
      isFirst = false;
    }
    waiters.clear();
    shared.state = 'settled';
  };
  const depart = (): void => {
    departed = true;
    // A step that throws at once fails like one that rejects.
    const flown = (async () => run(shared))();
    flown.then(
      (result) => {
        const text = waiters.size > 1 ? JSON.stringify(result) : '';
        land(({ resolve }, isFirst) => resolve(isFirst ? result : (JSON.parse(text) as JsonObject)));
      },
      (error: unknown) => land(({ reject }) => reject(error)),
    );
  };

  return {
    call: shared,
    get closed() {
      return closed;
    },
    join: (call) =>
      new Promise((resolve, reject) => {
        const waiter: Waiter = { call, resolve, reject };
        waiters.add(waiter);
        call.follow(shared);
        extend(call);
        call.hold((error) => leave(waiter, error));
        if (!departed) depart();
      }),
  };
};
