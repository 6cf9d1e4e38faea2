/**
 * A call: one request on its way from a caller to a server. One object travels the whole road; whoever holds the call
 * at the moment (a queue, a connection attempt, the wire) is the one who is told when it has to stop.
 */
import type { CallInit } from './call-init.ts';
import { ToolwayError } from './errors.ts';
import type { RequestHandlers } from './handlers.ts';
import { ownCopy } from './own-copy.ts';
import type { Taint } from './permission.ts';
import type { JsonObject, Progress, Tool } from './protocol/types.ts';
import { whenAborted } from './when-aborted.ts';

export type { CallInit };

/**
 * How far the request got, which decides what may be done after a failure:
 * `queued` (no byte left), `handed_over` (given to the transport), `answering` (the answer has begun), `settled`.
 */
export type WriteState = 'queued' | 'handed_over' | 'answering' | 'settled';

/** By how much the limits of a call that stands still are moved at a time. */
const PAUSE_STEP_MS = 1_000;

let lastId = 0;

/** What a call is bound to, if it is. Not a member of `Call`, since steps of the road are not to see it. */
export let homeOf: (call: Call) => object | undefined;
/** Binds a call to what its principal has in the place of it. */
export let moveHome: (call: Call, home: object) => void;

/**
 * One call on its way to a server, as every middleware sees it: what is asked, on whose behalf, until when, and how
 * far it has come.
 */
export class Call {
  static {
    homeOf = (call) => call.#home;
    moveHome = (call, home) => {
      call.#home = home;
    };
  }
  #number: number;
  #home: object | undefined;
  readonly method: string;
  readonly server: string;
  readonly scope: string;
  readonly principal: string | undefined;
  /** What the model that chose it had read by then; undefined where no model did. */
  readonly taint: Taint | undefined;
  /** Its definition, once it is known. */
  tool: Tool | undefined;
  meta: JsonObject | undefined;
  /** When the caller asked; the time that somebody took to approve it is left out. */
  startedAt: number;
  readonly timeoutMs: number;
  /** The end that nothing moves; a call that several wait for ends with the last of them. */
  endsAt: number;
  readonly callerSignal: AbortSignal | undefined;
  readonly retry: false | { attempts: number } | undefined;
  readonly cache: false | { ttlMs: number } | undefined;
  readonly idempotencyKey: string | undefined;
  readonly keeper: string | undefined;
  readonly handlers: RequestHandlers | undefined;
  #params: JsonObject;
  #isFixed = false;
  #ownParams: JsonObject | undefined;
  /** The answer was kept from an earlier call. */
  cached = false;
  /** The answer was that of an equal call in flight. */
  merged = false;
  /** The server asked something in its course: the answer is of this call alone. */
  asked = false;
  /** The server showed that it is at work on the latest sending, short of an answer. */
  heard = false;
  /** Asked right before each writing; throws when the call may not be sent any more. */
  seal: ((call: Call) => void) | undefined;
  /** Asked before a refused call is written again; `isOld` when its definition was older than the server's. Rejects when it may not be sent any more. */
  look: ((call: Call, isOld: boolean) => Promise<void>) | undefined;
  /** The JSON-RPC id of its latest request. */
  requestId: number | undefined;
  /** The end if nothing more is heard; progress moves it, never beyond `endsAt`. */
  dueAt: number;
  #state: WriteState = 'queued';
  #attempt = 1;
  #leader: Call | undefined;
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  readonly #onTouch: ((now: number) => void) | undefined;
  #holder: ((error: ToolwayError) => void) | undefined;
  #stopped: ToolwayError | undefined;
  #signal: AbortController | undefined;
  #pauses = 0;
  #pausedAt = 0;
  #lentMs = 0;

  /** `home` is the server that the call was let in for: it goes there, or nowhere. */
  constructor(init: CallInit, home?: object) {
    lastId += 1;
    this.#number = lastId;
    this.#home = home;
    this.method = init.method;
    this.#params = init.params;
    this.server = init.server;
    this.scope = init.scope ?? '';
    this.principal = init.principal;
    this.taint = init.taint;
    this.tool = init.tool;
    this.meta = init.meta;
    this.startedAt = init.startedAt;
    this.timeoutMs = init.timeoutMs;
    this.endsAt = init.startedAt + init.totalTimeoutMs;
    this.dueAt = Math.min(init.startedAt + init.timeoutMs, this.endsAt);
    this.callerSignal = init.signal;
    this.retry = init.retry;
    this.cache = init.cache;
    this.idempotencyKey = init.idempotencyKey;
    this.keeper = init.keeper;
    this.handlers = init.handlers;
    this.#onProgress = init.onProgress;
    this.#onTouch = init.onTouch;
  }

  /** What it asks for. A call that has to wait is given a copy of its own: read it anew after waiting. */
  get params(): JsonObject {
    return this.#params;
  }
  set params(params: JsonObject) {
    if (!this.#isFixed) this.#params = params;
  }
  /** From now on it asks for this, whatever is set: it may have to be sent again. */
  fix(params: JsonObject): void {
    this.#params = params;
    this.#isFixed = true;
  }

  /** Unique in this process; `toolkit.cancel` takes it. */
  get id(): string {
    return `c${this.#number.toString(36)}`;
  }

  /** The tool that is called, whether its definition is known or not. */
  get toolName(): string | undefined {
    return this.method === 'tools/call' ? (this.params.name as string) : undefined;
  }

  get state(): WriteState {
    return this.#leader === undefined ? this.#state : this.#leader.state;
  }
  set state(state: WriteState) {
    this.#leader = undefined;
    this.#state = state;
  }

  /** Which sending of it is under way, counted from 1. */
  get attempt(): number {
    return this.#leader === undefined ? this.#attempt : this.#leader.attempt;
  }
  set attempt(attempt: number) {
    this.#attempt = attempt;
  }

  /** The same request under the same id, on behalf of this call and others: without its signal and its listener. */
  derive(listeners: Pick<CallInit, 'onProgress' | 'onTouch'>): Call {
    const call = new Call(
      { ...this, ...listeners, params: this.#params, totalTimeoutMs: this.endsAt - this.startedAt },
      this.#home,
    );
    call.#number = this.#number;
    call.seal = this.seal;
    return call;
  }

  /** From now on the caller cannot change what the call asks for. */
  own(): void {
    if (this.#ownParams !== this.params && !Object.isFrozen(this.params)) {
      this.params = ownCopy(this.params);
      this.#ownParams = this.params;
    }
    this.#leader?.own();
  }

  /** From now on another call is made on behalf of this one, which is as far as that one is. `undefined`: as far as that one came. */
  follow(leader: Call | undefined): void {
    const before = this.#leader;
    if (before !== undefined) {
      this.#state = before.state;
      this.#attempt = before.attempt;
      this.cached ||= before.cached;
      this.asked ||= before.asked;
    }
    this.#leader = leader;
  }

  /** Why the call was stopped, once it was. */
  get stopped(): ToolwayError | undefined {
    return this.#stopped;
  }

  /**
   * Takes the call over: from now on `onStop` is what ends it. Runs at once when the call was stopped before.
   * There is one holder at a time; the next one replaces it.
   */
  hold(onStop: ((error: ToolwayError) => void) | undefined): void {
    this.#holder = onStop;
    if (this.#stopped !== undefined) onStop?.(this.#stopped);
  }

  /** Ends the call wherever it is. The first reason stands. */
  stop(error: ToolwayError): void {
    if (this.#stopped !== undefined || this.state === 'settled') return;
    this.#stopped = error;
    this.#signal?.abort(error);
    this.#holder?.(error);
  }

  /** Has its caller's signal stop it, at once or later; gives the means to end that. */
  heed(): (() => void) | undefined {
    const stop = (cause: unknown): void =>
      this.stop(new ToolwayError('cancelled', 'the caller cancelled the call', { cause }));
    return this.callerSignal && whenAborted(this.callerSignal, stop);
  }

  /** Moves all its limits: what was waited for is not the call's own time. */
  postpone(ms: number): void {
    this.startedAt += ms;
    this.endsAt += ms;
    this.dueAt += ms;
  }

  /** Its limits stand still while somebody is asked, from `now` until the function that it gives is called. */
  pause(now: number): (now: number) => void {
    if (this.#pauses === 0) {
      this.#pausedAt = now;
      this.#lentMs = 0;
    }
    this.#pauses += 1;
    let over = false;
    return (until) => {
      if (over) return;
      over = true;
      this.#pauses -= 1;
      if (this.#pauses === 0) this.postpone(until - this.#pausedAt - this.#lentMs);
    };
  }

  /** Called by the deadline when `dueAt` has passed. */
  expire(): void {
    if (this.#pauses > 0) {
      // Whoever counts knows only ends that move later: they are moved as the time is spent.
      this.#lentMs += PAUSE_STEP_MS;
      this.postpone(PAUSE_STEP_MS);
      return;
    }
    const total = this.dueAt >= this.endsAt;
    const limit = total ? this.endsAt - this.startedAt : this.timeoutMs;
    const what = total ? 'not finished' : 'no answer and no progress';
    this.stop(new ToolwayError('timeout', `${what} within ${Math.round(limit)} ms`, { limit: Math.round(limit) }));
  }

  /** The server showed at `now` that it is at work: the idle limit starts again. */
  touch(now: number): void {
    this.heard = true;
    this.dueAt = Math.min(now + this.timeoutMs, this.endsAt);
    this.#onTouch?.(now);
  }

  /** The server reported progress at `now`: the idle limit starts again, and the caller hears of it. */
  progress(progress: Progress, now: number): void {
    this.touch(now);
    this.#onProgress?.(progress);
  }

  /** An `AbortSignal` for whoever needs one (`fetch`, a user's handler). Made on first use: it costs more than the rest of the call. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#signal = new AbortController();
      if (this.#stopped !== undefined) this.#signal.abort(this.#stopped);
    }
    return this.#signal.signal;
  }
}
