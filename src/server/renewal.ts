/** Replaces the children of one server that are too old or too big: the next one is there before one goes, and that goes with its last call. */
import type { Call } from '../call.ts';
import type { Timer } from '../clock.ts';
import type { Connection } from '../connection/connection.ts';
import { ToolwayError } from '../errors.ts';
import type { Child, EndChild, StartChild } from './child.ts';
import type { PoolOptions } from './pool.ts';
import type { Warm } from './warm.ts';

export interface RenewalOptions
  extends Pick<
    PoolOptions,
    'name' | 'config' | 'house' | 'warn' | 'settings' | 'connectionOf' | 'scopes' | 'DEFAULTS' | 'backoffMs'
  > {
  start: StartChild;
  end: EndChild;
  /** One that was started ahead, which is the scope's from then on. */
  takeWarm(scope: string): Promise<Child | undefined>;
  discardWarm: Warm['discard'];
  /** Whether its link stands. */
  isAlive(child: Child): boolean;
}

export interface Renewal {
  /** Does what has to be done about a child. */
  look(child: Child): void;
  /** Begins nothing any more, and waits for no call. Resolves when no start is under way. */
  close(): Promise<void>;
}

const BYTES_PER_MB = 1_048_576;
/** A child that has so many times the memory that it may have is not waited for. */
const HARD_FACTOR = 2;
/** How often it is looked whether a child that was replaced has calls left. */
const DRAIN_LOOK_MS = 100;
/** Who is too big so soon would be again: the one after it is left alone for longer each time. */
const YOUNG_MS = 60_000;

export const createRenewal = (options: RenewalOptions): Renewal => {
  const { name, config, house, warn, settings, connectionOf, scopes, start, end, takeWarm, discardWarm, isAlive } =
    options;
  const { DEFAULTS, backoffMs } = options;
  const { clock } = house.deadlines;
  const { maxLifetimeMs = Number.POSITIVE_INFINITY, maxMemoryMb = Number.POSITIVE_INFINITY } = settings;
  const { totalTimeoutMs: drainMs = DEFAULTS.totalTimeoutMs, retryDelayMs: firstMs = DEFAULTS.retryDelayMs } = config;
  const closing = new AbortController();
  /** One at a time, however many are due. */
  let renewing: Promise<void> | undefined;
  const due = new Set<Child>();
  const draining = new Map<Child, Timer>();
  let setbacks = 0;
  let notBefore = Number.NEGATIVE_INFINITY;

  const megabytes = ({ memoryBytes = 0 }: Child): number => memoryBytes / BYTES_PER_MB;
  const isBig = (child: Child): boolean => megabytes(child) > maxMemoryMb;
  const ageMs = ({ startedAt }: Child): number => clock.now() - startedAt;
  const setBack = (): void => {
    setbacks += 1;
    notBefore = clock.now() + backoffMs(setbacks, { firstMs });
  };

  const kill = (child: Child): void => {
    const { transport } = child.session;
    const { pid } = transport;
    const reason = `was killed: it had ${Math.round(megabytes(child))} MiB in use, more than twice its maxMemoryMb of ${maxMemoryMb}`;
    const facts = { server: name, exitCode: 'SIGKILL', stderr: transport.stderrTail?.(), limit: maxMemoryMb };
    const cause = new ToolwayError('server_exited', reason, facts);
    warn(cause.message, { cause });
    // Its calls are to hear why before the link says that it has ended.
    if (child.state === 'in_use') child.lost(cause);
    void end(child, cause);
    if (pid !== undefined) house.runtime.processes?.kill(pid);
  };

  /** Lets a child that gets no calls any more finish those that it has. */
  const drain = (child: Child, connection: Connection, why: string): void => {
    const isOwn = (call: Call): boolean => call.server === name && connectionOf(call.scope) === connection;
    const own = new Set<Call>(house.calls.values().filter((call) => call.state !== 'queued' && isOwn(call)));
    const until = clock.now() + drainMs;
    const hasCalls = (): boolean =>
      child.session.isBusySince(Number.POSITIVE_INFINITY) || house.calls.find((call) => own.has(call)) !== undefined;
    const look = (): void => {
      draining.delete(child);
      if (!hasCalls()) void end(child);
      else if (clock.now() < until) {
        const timer = clock.after(DRAIN_LOOK_MS, look);
        timer.keepAlive(false);
        draining.set(child, timer);
      } else
        void end(
          child,
          new ToolwayError('closed', `the process was ended ${drainMs} ms after it had been replaced (${why})`),
        );
    };
    look();
  };

  const startNext = (scope: string): Promise<Child> =>
    start({ scope }, { lost() {}, onStderr() {}, signal: closing.signal });
  const renew = async (child: Child, why: string): Promise<void> => {
    const { scope } = child.whose;
    const connection = connectionOf(scope);
    if (connection?.current() !== child.session || scopes()?.releaseIdle(scope)) return;
    try {
      const made = (await takeWarm(scope)) ?? (await startNext(scope));
      if (!isAlive(made)) throw new ToolwayError('connect_failed', 'it ended as soon as it was started');
      if (closing.signal.aborted || !connection.replace(child.session, made.session, made.connectMs)) await end(made);
      else drain(child, connection, why);
      if (isBig(child) && ageMs(child) < YOUNG_MS) setBack();
      else setbacks = 0;
    } catch (thrown) {
      if (closing.signal.aborted) return;
      const cause = ToolwayError.from(thrown);
      setBack();
      warn(`a process that is to be replaced (${why}) stays, since no other can be started: ${cause.message}`, {
        cause,
      });
    }
  };

  const look = (child: Child): void => {
    if (megabytes(child) > HARD_FACTOR * maxMemoryMb) {
      kill(child);
      return;
    }
    const big = isBig(child);
    if (child.state === 'ending' || (!big && ageMs(child) < maxLifetimeMs)) return;
    const why = big
      ? `it had ${Math.round(megabytes(child))} MiB in use, more than its maxMemoryMb of ${maxMemoryMb}`
      : `it was older than its maxLifetimeMs of ${maxLifetimeMs}`;
    if (child.state === 'warm') {
      discardWarm(
        child,
        big ? new ToolwayError('server_exited', why, { server: name, limit: maxMemoryMb }) : undefined,
      );
      return;
    }
    if (clock.now() < notBefore) return;
    if (renewing !== undefined) {
      due.add(child);
      return;
    }
    if (big) warn(`a process is replaced: ${why}`);
    renewing = renew(child, why).finally(() => {
      renewing = undefined;
      const [next] = due;
      if (next === undefined || closing.signal.aborted) return;
      due.delete(next);
      if (isAlive(next)) look(next);
    });
  };
  return {
    look,
    async close() {
      closing.abort();
      for (const timer of draining.values()) timer.cancel();
      await renewing;
    },
  };
};
