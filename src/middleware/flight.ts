/**
 * One call that is made on behalf of several. Each waits under its own limits and may leave; the call that was made for
 * them ends when the last one has left.
 */
import { Call } from '../call.ts';
import type { ToolwayError } from '../errors.ts';
import type { JsonObject, Progress } from '../protocol/types.ts';
import type { CallFn } from './middleware.ts';

/** A call like the first of those that wait for it, which all of them follow. Its end is the latest of theirs. */
class SharedCall extends Call {
  readonly #id: string;
  readonly #waiting = new Set<Call>();

  constructor(first: Call) {
    const { endsAt, startedAt } = first;
    super({ ...inherited(first), startedAt, totalTimeoutMs: endsAt - startedAt });
    this.#id = first.id;
    this.seal = first.seal;
  }

  /** Whoever hears of it knows the first call, and no other. */
  override get id(): string {
    return this.#id;
  }

  admit(call: Call): void {
    this.#waiting.add(call);
    call.follow(this);
    this.endsAt = Math.max(this.endsAt, call.endsAt);
    this.dueAt = Math.max(this.dueAt, call.dueAt);
  }

  /** What the others wait for ends when the last of them does. */
  dismiss(call: Call): void {
    this.#waiting.delete(call);
    call.follow(undefined);
    this.endsAt = this.#latest((each) => each.endsAt);
    this.dueAt = this.#latest((each) => each.dueAt);
  }

  override touch(now: number): void {
    super.touch(now);
    for (const call of this.#waiting) call.touch(now);
    this.dueAt = this.#latest((each) => each.dueAt);
  }

  override progress(progress: Progress, now: number): void {
    super.progress(progress, now);
    for (const call of this.#waiting) call.progress(progress, now);
  }

  #latest(of: (call: Call) => number): number {
    let latest = 0;
    for (const call of this.#waiting) latest = Math.max(latest, of(call));
    return latest;
  }
}

/** What travels with the request, and what later steps ask for; not the signal and the listener of one caller. */
const inherited = (first: Call) => {
  const { method, params, server, scope, principal, tool, meta, timeoutMs, retry, cache, idempotencyKey } = first;
  return { method, params, server, scope, principal, tool, meta, timeoutMs, retry, cache, idempotencyKey };
};

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
  const shared = new SharedCall(first);
  const waiters = new Set<Waiter>();
  let closed = false;
  let departed = false;

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
    shared.dismiss(waiter.call);
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
        shared.admit(call);
        call.hold((error) => leave(waiter, error));
        if (!departed) depart();
      }),
  };
};
