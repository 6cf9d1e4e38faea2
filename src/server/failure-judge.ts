/**
 * What the failures of one server mean for it: which of them count against it, when it is left alone, and how it is
 * asked whether it is back. Loaded with the first failure.
 */
import type { Call } from '../call.ts';
import type { Connection } from '../connection/connection.ts';
import { type ErrorCode, ToolwayError } from '../errors.ts';
import { type CircuitOptions, createCircuit } from '../middleware/circuit.ts';
import type { FailureJudge, FuseFacts } from '../middleware/fuse.ts';
import { isUnreachable, verdictOn } from '../middleware/verdict.ts';
import type { BreakerOption } from '../options.ts';
import type { ManagedServer } from './server.ts';

export interface FailureJudgeOptions extends Pick<CircuitOptions, 'clock' | 'random'>, FuseFacts {
  breaker: BreakerOption | undefined;
  /** The connections of the server by scope, that of all callers first. */
  connections(): [scope: string, connection: Connection][];
  request: ManagedServer['request'];
}

export const createFailureJudge = ({ breaker, connections, request, ...rest }: FailureJudgeOptions): FailureJudge => {
  const { failures: mostInRow, openMs } = breaker || {};
  const circuit = createCircuit({
    ...rest,
    mostInRow,
    openMs,
    probe: () => probe(connections(), request),
  });
  return {
    get state() {
      return circuit.state.name;
    },
    refusal: circuit.refusal,
    failed(error, progress, when) {
      const verdict = verdictOn(progress, error);
      if (verdict !== 'nothing') circuit.failed(verdict, error, when);
    },
    turned({ scope, state, before, atWork }, when) {
      if (state.name === 'ready') circuit.connected();
      // A connection that was given up is tried no more: there is nothing to hold back, and callers are told why.
      if (state.name === 'failed' && scope === '') circuit.reset(true);
      const { name, cause } = state;
      if (name !== 'waiting' || cause === undefined) return;
      if (before.name === 'connecting' && isUnreachable(cause)) circuit.failed('connecting', cause, when);
      // Once for the link, however many calls were lost with it.
      if (before.name === 'ready' && atWork) circuit.failed('link', cause, when);
    },
    reset: circuit.reset,
    close: circuit.close,
  };
};

/** A server that does not answer a probe within this time is as good as dead. */
const PROBE_MS = 10_000;
/** Failures that only something that lives can tell. */
const SIGNS_OF_LIFE: ReadonlySet<ErrorCode> = new Set([
  'server_error',
  'rate_limited',
  'auth_required',
  'auth_failed',
  'forbidden',
]);

/** Asks for a sign of life over a connection that is there, or waits for one that is wanted. */
const probe = async (all: readonly [string, Connection][], request: FailureJudgeOptions['request']): Promise<void> => {
  const isWanted = ({ state }: Connection): boolean => state.name === 'connecting' || state.name === 'waiting';
  const [scope, connection] =
    all.find(([, each]) => each.current() !== undefined) ?? all.find(([, each]) => isWanted(each)) ?? all[0] ?? [];
  if (scope === undefined || connection === undefined) return;
  if (connection.current() === undefined) {
    await connection.session();
    return;
  }
  const limits = { scope, timeoutMs: PROBE_MS, totalTimeoutMs: PROBE_MS };
  const ping: Parameters<typeof request<unknown>>[1] = (session, call: Call) => session.ping(call);
  await request('ping', ping, limits).catch((error: unknown) => {
    if (!(error instanceof ToolwayError) || !SIGNS_OF_LIFE.has(error.code)) throw error;
  });
};
