/**
 * Calls that wait for answers of their clients. A client of the modern era answers by sending its request again, with
 * the state that it was given: that takes up the very call that waits, and never begins another one.
 */
import type { Clock, Timer } from '../../../clock.ts';
import { ToolwayError } from '../../../errors.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { isObject } from '../../../protocol/wire.ts';
import type { Lasting } from '../../lasting.ts';
import { newId } from '../../random.ts';
import { invalidParams } from './faults.ts';
import { responseProblem } from './input-responses.ts';
import { type Asking, bindingOf, createRequestStates } from './request-state.ts';
import type { Run } from './run.ts';

export interface HeldCallsOptions {
  clock: Clock;
  /** Calls that wait at a time; one more is `backpressure`. */
  maxHeld: number;
  /** The same of one principal. */
  maxHeldEach: number;
  /** How long a call waits; then it is cancelled. */
  heldMs: number;
  lasting: Lasting;
}

export interface HeldCalls {
  /** Lets a call wait; resolves to the state that takes it up. Cancels it, and rejects with `backpressure`, where too many wait. */
  hold(run: Run, asking: Asking): Promise<string>;
  /**
   * The call that a state stands for, with the answers of the request given to it. Rejects with −32602 for a state that
   * is not of this request, was used or is too old, and for answers that cannot be used, which may be sent anew.
   */
  take(asking: Asking): Promise<Run>;
  /** Cancels all that wait. */
  close(): void;
}

interface Held {
  run: Run;
  principal: string;
  expiry: Timer;
  /** It is no longer looked whether its caller's key has ended. */
  unhold(): void;
}

export const createHeldCalls = ({ clock, maxHeld, maxHeldEach, heldMs, lasting }: HeldCallsOptions): HeldCalls => {
  const held = new Map<string, Held>();
  const perPrincipal = new Map<string, number>();
  const states = createRequestStates();

  const count = (principal: string, by: 1 | -1): void => {
    const now = (perPrincipal.get(principal) ?? 0) + by;
    if (now === 0) perPrincipal.delete(principal);
    else perPrincipal.set(principal, now);
  };
  const release = (id: string): Held | undefined => {
    const one = held.get(id);
    if (one === undefined) return undefined;
    held.delete(id);
    one.expiry.cancel();
    one.unhold();
    count(one.principal, -1);
    return one;
  };
  const drop = (id: string): void => release(id)?.run.stop();
  const mustHaveRoom = (principal: string): void => {
    const own = perPrincipal.get(principal) ?? 0;
    if (held.size < maxHeld && own < maxHeldEach) return;
    const [limit, whose] = own >= maxHeldEach ? [maxHeldEach, ' of one caller'] : [maxHeld, ''];
    throw new ToolwayError('backpressure', `${limit} calls${whose} wait for answers already`, {
      executed: 'unknown',
      limit,
    });
  };

  return {
    async hold(run, asking) {
      const { caller } = asking;
      const principal = caller.principal.id;
      try {
        mustHaveRoom(principal);
      } catch (error) {
        run.stop();
        throw error;
      }
      const id = newId();
      const expiry = clock.after(heldMs, () => drop(id));
      expiry.keepAlive(false);
      // With the next token of the same holder it can still be taken up.
      const unhold = lasting.hold(
        () => caller.principal,
        (how) => how === 'gone' && drop(id),
      );
      held.set(id, { run, principal, expiry, unhold });
      count(principal, 1);
      return states.seal(id, bindingOf(asking));
    },
    async take(asking) {
      const { requestState, inputResponses } = asking.params;
      if (typeof requestState !== 'string') throw invalidParams('requestState is not a text');
      const id = await states.open(requestState, bindingOf(asking));
      if (id === undefined) throw invalidParams('requestState was not given for this request');
      const one = held.get(id);
      if (one === undefined)
        throw invalidParams('requestState has expired or was used: nothing was sent to the server');
      const answers = readResponses(one.run, inputResponses);
      release(id);
      one.run.answer(answers);
      return one.run;
    },
    close() {
      for (const id of [...held.keys()]) drop(id);
    },
  };
};

/** Answers to what is asked, checked; whatever else stands among them is ignored. */
export const readResponses = (run: Run, given: unknown): Map<string, JsonObject> => {
  const answers = new Map<string, JsonObject>();
  if (given === undefined) return answers;
  if (!isObject(given)) throw invalidParams('inputResponses is not an object');
  for (const [key, question] of run.open) {
    if (!Object.hasOwn(given, key)) continue;
    const problem = responseProblem(question, given[key]);
    if (problem !== undefined) throw invalidParams(`inputResponses[${JSON.stringify(key)}]${problem}`);
    answers.set(key, given[key] as JsonObject);
  }
  return answers;
};
