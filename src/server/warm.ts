/** Children that are started before anybody wants them: one at a time, and after a failure as slowly as any that is started again. */
import type { Clock, Timer } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Child, EndChild, StartChild } from './child.ts';
import type { Lent } from './connections.ts';

export interface WarmOptions extends Pick<Lent, 'backoffMs' | 'HOPELESS'> {
  clock: Clock;
  /** How many there may be now. */
  wanted(): number;
  start: StartChild;
  end: EndChild;
  /** Looks after one until the function that it gives is called. */
  watch(child: Child): () => void;
  retryDelayMs: number;
  /** Failed starts in a row before it is given up until a child was started elsewhere. */
  maxRetries: number;
  onFailure(cause: ToolwayError): void;
}

export interface Warm {
  /** The one that waits longest, or the one that is being started; from then on it is the taker's. */
  take(): Child | Promise<Child | undefined> | undefined;
  /** Starts as many as are wanted. `afresh` where one was started elsewhere, after they were given up. */
  fill(afresh?: boolean): void;
  /** Ends one that is not to be given away any more; with `cause` that is a failure, and the next one comes later. */
  discard(child: Child, cause?: ToolwayError): void;
  /** Why there is none, where the latest start failed; nothing where there is one. */
  readonly failure: ToolwayError | undefined;
  /** Resolves when no start is under way. Those that wait are left alone. */
  close(): Promise<void>;
}

/** Whose they are until then; callers find nothing under it. */
const NOBODY = '(warm)';
/** One that ends by itself, unused, before it is so old counts as a start that failed. */
const SETTLED_MS = 60_000;

interface Start {
  /** Undefined where it fails, or comes too late. */
  readonly child: Promise<Child | undefined>;
  readonly abort: AbortController;
  taken: boolean;
}

export const createWarm = (options: WarmOptions): Warm => {
  const { backoffMs, HOPELESS } = options;
  const { clock, wanted, start, end, watch, retryDelayMs, maxRetries, onFailure } = options;
  const waiting = new Map<Child, () => void>();
  let starting: Start | undefined;
  let timer: Timer | undefined;
  let failure: ToolwayError | undefined;
  let failures = 0;
  let givenUp = false;
  let closed = false;

  const leave = (child: Child): boolean => {
    waiting.get(child)?.();
    return waiting.delete(child);
  };
  const fail = (cause: ToolwayError): void => {
    failure = cause;
    failures += 1;
    onFailure(cause);
    givenUp = HOPELESS.has(cause.code) || cause.permanent === true || failures > maxRetries;
    timer?.cancel();
    if (closed || givenUp) return;
    timer = clock.after(Math.max(backoffMs(failures, { firstMs: retryDelayMs }), cause.retryAfterMs ?? 0), () => {
      timer = undefined;
      fill();
    });
    timer.keepAlive(false);
  };

  const startOne = async (abort: AbortController): Promise<Child | undefined> => {
    let child: Child | undefined;
    let early: ToolwayError | undefined;
    const lost = (cause: ToolwayError): void => {
      early = cause;
      if (child === undefined || !leave(child)) return;
      if (clock.now() - child.startedAt < SETTLED_MS) fail(cause);
      else fill();
    };
    child = await start({ scope: NOBODY }, { lost, onStderr() {}, signal: abort.signal });
    if (early !== undefined) throw early;
    if (!closed) return child;
    await end(child);
    return undefined;
  };
  const fill: Warm['fill'] = (afresh = false) => {
    if (afresh && givenUp) {
      failures = 0;
      givenUp = false;
    }
    if (closed || givenUp || starting !== undefined || timer !== undefined || waiting.size >= wanted()) return;
    const abort = new AbortController();
    const child = startOne(abort).then(
      (made) => {
        starting = undefined;
        if (made === undefined) return undefined;
        failure = undefined;
        if (!own.taken) {
          made.state = 'warm';
          waiting.set(made, watch(made));
        } else failures = 0;
        fill();
        return made;
      },
      (error: unknown) => {
        starting = undefined;
        if (!closed) fail(ToolwayError.from(error));
        return undefined;
      },
    );
    const own: Start = { child, abort, taken: false };
    starting = own;
  };

  return {
    get failure() {
      return waiting.size === 0 ? failure : undefined;
    },
    take() {
      const [child] = waiting.keys();
      if (child !== undefined) {
        leave(child);
        failures = 0;
        return child;
      }
      if (starting === undefined || starting.taken) return undefined;
      starting.taken = true;
      return starting.child;
    },
    fill,
    discard(child, cause) {
      if (!leave(child)) return;
      if (cause !== undefined) fail(cause);
      void end(child).then(() => fill());
    },
    async close() {
      closed = true;
      timer?.cancel();
      starting?.abort.abort();
      for (const stop of waiting.values()) stop();
      await starting?.child;
    },
  };
};
