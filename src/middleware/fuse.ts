/**
 * What every call passes of a server's breaker: answers are counted here, calls are refused here. What failures mean is
 * in the judge, which is loaded with the first of them; while it cannot be, calls fail as they do, and none is refused.
 */
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Emitter } from '../events.ts';
import type { Fuse } from './breaker.ts';
import type { CircuitState, Moment } from './circuit.ts';
import { createTally, type Tally } from './tally.ts';
import type { Progress } from './verdict.ts';

/** A change of the connection of one scope, and whether calls were with the server when it came. */
export interface Turn {
  scope: string;
  state: { name: string; cause?: ToolwayError | undefined };
  before: { name: string };
  atWork: boolean;
}

/** What the judge is given by the fuse that loads it. */
export interface FuseFacts {
  answers: Tally;
  failures: Tally;
  /** Tells that the circuit is in another state. */
  changed(state: CircuitState['name']): void;
}

/** What the failures of a server mean for it. */
export interface FailureJudge {
  readonly state: CircuitState['name'];
  refusal(): ToolwayError | undefined;
  failed(error: ToolwayError, progress: Progress, when: Moment): void;
  turned(turn: Turn, when: Moment): void;
  /** Closes the circuit with nothing counted; how often it was open is forgotten where `afresh`. */
  reset(afresh: boolean): void;
  close(): void;
}

export interface FuseOptions {
  server: string;
  clock: Clock;
  events: Emitter;
  /** Gets rid of the calls that wait for their turn. */
  refuseWaiting(error: ToolwayError): void;
  /** Absent where failures shall open nothing. */
  load?: ((facts: FuseFacts) => Promise<FailureJudge>) | undefined;
}

export interface ServerFuse extends Fuse {
  readonly name: CircuitState['name'] | 'isolated';
  /** Hears of the states of the server's connections. */
  turned(turn: Turn): void;
  /** Refuses calls until the function that it gives is called; several may hold it. */
  isolate(): () => void;
  /** Closes it by hand and forgets how often it was open; one that is isolated stays so. */
  reset(): void;
  /** Leaves no timer. */
  close(): void;
}

/** JSON-RPC's "internal error" (JSON-RPC 2.0 §5.1), the only one that is no answer to the call. */
const INTERNAL_ERROR = -32603;

export const createFuse = ({ server, clock, events, refuseWaiting, load }: FuseOptions): ServerFuse => {
  const answers = createTally();
  let answered = 0;
  let judge: FailureJudge | undefined;
  /** What happened while the judge was being loaded. */
  let early: ((judge: FailureJudge) => void)[] | undefined;
  let holders = 0;
  let closed = false;

  const refusal = (): ToolwayError | undefined =>
    holders === 0
      ? judge?.refusal()
      : new ToolwayError('breaker_open', 'calls are held back: the server was isolated by hand', { executed: 'no' });

  const changed: FuseFacts['changed'] = (state) => {
    const about = { server, scope: '' };
    const error = refusal();
    if (state === 'open' && error !== undefined) {
      events.emit('breaker_open', { ...about, retryAfterMs: error.retryAfterMs, error });
      refuseWaiting(error);
    } else events.emit(state === 'closed' ? 'breaker_closed' : 'breaker_half_open', about);
  };
  const forget = (afresh: boolean): void => {
    early?.splice(0);
    answers.clear();
    judge?.reset(afresh);
  };

  const note = <T>(answer: T): T => {
    answered += 1;
    answers.add(clock.now());
    return answer;
  };
  const tell = (what: (judge: FailureJudge) => void): void => {
    if (holders > 0 || closed || load === undefined) return;
    if (judge !== undefined) {
      what(judge);
      return;
    }
    if (early !== undefined) {
      early.push(what);
      return;
    }
    const waiting = [what];
    early = waiting;
    const facts: FuseFacts = {
      answers,
      failures: createTally(),
      changed(state) {
        if (holders === 0) changed(state);
      },
    };
    load(facts).then(
      (loaded) => {
        if (closed) return;
        judge = loaded;
        for (const each of waiting) each(loaded);
      },
      // The next failure tries again.
      () => {
        early = undefined;
      },
    );
  };
  const momentOf = (startedAt: number): Moment => ({ at: clock.now(), startedAt, answers: answered });

  return {
    get name() {
      return holders > 0 ? 'isolated' : (judge?.state ?? 'closed');
    },
    refusal,
    answered: note,
    failed(call, thrown) {
      const error = ToolwayError.from(thrown);
      const isAnswer = error.code === 'server_error' ? error.rpcCode !== INTERNAL_ERROR : error.executed === 'yes';
      if (isAnswer) note(undefined);
      // What never left says nothing of the server.
      if (isAnswer || call.state === 'queued') return;
      const { state, heard } = call;
      const when = momentOf(call.startedAt);
      tell((judged) => judged.failed(error, { state, heard }, when));
    },
    turned(turn) {
      if (judge === undefined && early === undefined && turn.state.name !== 'waiting') return;
      const when = momentOf(clock.now());
      tell((judged) => judged.turned(turn, when));
    },
    isolate() {
      holders += 1;
      if (holders === 1) {
        forget(false);
        changed('open');
      }
      let holds = true;
      return () => {
        if (!holds) return;
        holds = false;
        // What was under way meanwhile says nothing either.
        if (holders === 1) forget(false);
        holders -= 1;
        if (holders === 0) changed('closed');
      };
    },
    reset() {
      if (holders === 0) forget(true);
    },
    close() {
      closed = true;
      judge?.close();
    },
  };
};
