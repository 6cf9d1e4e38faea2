/**
 * Calls of one principal, in one scope, to one server under the same key share one outcome, in flight and afterwards. Inside the policy, since a
 * kept outcome must not slip past a refusal, and inside the deadline, since who waits for another's outcome has limits
 * of its own; outside the cache, since what a key promises holds for calls that are never kept.
 */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import type { share } from '../waits.ts';
import { createFlight, type Flight } from './flight.ts';
import { pack, unpack, weightOf } from './kept.ts';
import { wireText } from './key.ts';
import type { Middleware } from './middleware.ts';

export interface IdempotencyOptions {
  clock: Clock;
  /** Handed in, since it is loaded long before. */
  share: typeof share;
  /** Among whose outcomes that of a call is kept, where it does not say. */
  keeperOf(call: Call): string;
  /** Outcomes that are kept; the oldest one makes room. Default 10 000. */
  maxOutcomes?: number;
  /** The same in bytes, with what was asked for. Default 64 MiB. */
  maxBytes?: number;
}

/** Characters of a key; a longer one is `invalid_arguments`. */
const MAX_KEY_LENGTH = 255;
const KEPT_MS = 86_400_000;

/** The cause of the refusal of a key that was used for something else (HTTP 409). */
export const KEY_REUSED: unique symbol = Symbol('the idempotency key was used for another call');

interface Outcome {
  /** What the key stands for. */
  readonly asked: string;
  readonly keptAt: number;
  readonly bytes: number;
  give(): JsonObject;
}

interface UnderWay {
  readonly asked: string;
  readonly flight: Flight;
  /** Resolves when its outcome is kept, or forgotten. */
  readonly over: Promise<void>;
}

/** For calls of tools with an `idempotencyKey`, and no others. */
export const idempotency = ({
  clock,
  share,
  keeperOf,
  maxOutcomes = 10_000,
  maxBytes = 64 * 1024 * 1024,
}: IdempotencyOptions): Middleware => {
  /** In the order in which they were kept. */
  const outcomes = new Map<string, Outcome>();
  const underWay = new Map<string, UnderWay>();
  let bytes = 0;

  const forget = (name: string): void => {
    bytes -= outcomes.get(name)?.bytes ?? 0;
    outcomes.delete(name);
  };
  const keep = (name: string, outcome: Outcome): void => {
    outcomes.set(name, outcome);
    bytes += outcome.bytes;
    for (const oldest of outcomes.keys()) {
      if (outcomes.size <= maxOutcomes && bytes <= maxBytes) break;
      forget(oldest);
    }
  };
  const forgetOld = (): void => {
    const before = clock.now() - KEPT_MS;
    for (const [name, { keptAt }] of outcomes) {
      if (keptAt > before) break;
      forget(name);
    }
  };

  const keepResult = (name: string, asked: string, result: JsonObject): void => {
    const packed = pack(result);
    const weight = packed.length + weightOf(name + asked);
    // That it ran is worth more than what it said.
    if (weight > maxBytes) keepFailure(name, asked, tooLarge(maxBytes));
    else keep(name, { asked, keptAt: clock.now(), bytes: weight, give: () => unpack(packed) });
  };
  const keepFailure = (name: string, asked: string, error: ToolwayError): void => {
    const told = laterWord(error);
    const give = (): never => {
      throw told;
    };
    const weight = weightOf(name + asked + (wireText(error) ?? ''));
    keep(name, { asked, keptAt: clock.now(), bytes: weight, give });
  };

  return (next) => {
    const setOff = (name: string, asked: string, first: Call): Promise<JsonObject> => {
      let end = (): void => {};
      const over = new Promise<void>((resolve) => {
        end = resolve;
      });
      const run = async (call: Call): Promise<JsonObject> => {
        try {
          const result = await next(call);
          keepResult(name, asked, result);
          return result;
        } catch (thrown) {
          const error = ToolwayError.from(thrown, { executed: call.state === 'queued' ? 'no' : 'unknown' });
          // What did not run may be tried again.
          if (error.executed !== 'no') keepFailure(name, asked, error);
          throw error;
        } finally {
          underWay.delete(name);
          end();
        }
      };
      const flight = createFlight(first, { run });
      underWay.set(name, { asked, flight, over });
      return flight.join(first);
    };

    const take = async (call: Call): Promise<JsonObject> => {
      const name = nameOf(call, call.keeper ?? keeperOf(call));
      const asked = wireText(call.params);
      if (asked === undefined) throw refusal('the arguments cannot be written as JSON');
      forgetOld();
      const flying = underWay.get(name);
      const kept = outcomes.get(name);
      if ((flying ?? kept ?? { asked }).asked !== asked)
        throw refusal('the idempotency key was used before, for another tool or other arguments', KEY_REUSED);
      if (flying?.flight.closed === true) {
        // All have left it, and it is not known yet how far it came.
        await share(call, flying.over).catch((error: ToolwayError) => {
          throw error.with({ executed: 'unknown' });
        });
        return take(call);
      }
      if (flying !== undefined) {
        call.merged = true;
        return flying.flight.join(call);
      }
      if (kept === undefined) return setOff(name, asked, call);
      call.cached = true;
      return kept.give();
    };
    return take;
  };
};

const nameOf = ({ principal, scope, idempotencyKey }: Call, keeper: string): string => {
  if (typeof idempotencyKey !== 'string' || idempotencyKey === '')
    throw refusal('an idempotency key must be a string that is not empty');
  if (idempotencyKey.length > MAX_KEY_LENGTH)
    throw refusal(`an idempotency key has at most ${MAX_KEY_LENGTH} characters`, undefined, MAX_KEY_LENGTH);
  return JSON.stringify([keeper, scope, principal ?? null, idempotencyKey]);
};

const refusal = (reason: string, cause?: unknown, limit?: number): ToolwayError =>
  new ToolwayError('invalid_arguments', reason, { executed: 'no', cause, ...(limit === undefined ? {} : { limit }) });

const tooLarge = (limit: number): ToolwayError =>
  new ToolwayError('message_too_large', 'the call ran, but its result was too large to be kept under its key', {
    executed: 'yes',
    limit,
  });

/** What a later caller is told of a failure: that an earlier one gave up says nothing of its own call. */
const laterWord = (error: ToolwayError): ToolwayError => {
  if (error.code !== 'timeout' && error.code !== 'cancelled' && error.code !== 'closed') return error;
  return new ToolwayError(
    'outcome_unknown',
    `the first call with this idempotency key ended without an answer: ${error.message}`,
    { executed: 'unknown', cause: error },
  );
};
