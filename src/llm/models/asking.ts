/** One request to a model: what comes of it, and an answer that must come whole. */
import { type Clock, systemClock } from '../../clock.ts';
import type { JsonObject } from '../../protocol/types.ts';
import type { Message } from '../message.ts';
import type { ModelDone, ModelEvent, ModelRequest, Usage } from '../model.ts';
import { ModelError, type ModelFacts } from '../model-error.ts';
import { type Asked, inWords } from './failure-words.ts';
import { failureOfThrown } from './failures.ts';
import { createWatch, type Watch } from './watch.ts';

/** What is made of an answer while it comes. */
export interface Answer {
  /** One event of the stream. Throws what the provider tells of a failure in it. */
  take(event: JsonObject): ModelEvent[];
  /** The stream says that it is over, without an event of its own: `[DONE]`. */
  end(): void;
  /** An answer that came in one piece. */
  whole(body: JsonObject): ModelEvent[];
  /** Nothing more is worth waiting for. */
  readonly over: boolean;
  /** Absent as long as what says that the message is whole has not come. */
  done(): ModelDone | undefined;
  /** As far as it has come. */
  partial(): { message: Message; usage: Usage };
}

/** What comes of an answer: an event of a stream, its end where that is said, or all of it. */
export type Came = { event: JsonObject } | { whole: JsonObject } | 'end';

export interface Asking {
  /** Sends, and gives what comes, waiting for it by the watch only. What is known of the request is noted in `facts`. */
  open(watch: Watch, facts: { requestId?: string }): AsyncIterable<Came>;
  answer: Answer;
  /** Of whom it is asked; a library may say it with what it throws. */
  asked: Asked | ((thrown: unknown) => Asked);
  /** What the library throws, in Toolway's words. Default `failureOfThrown`. */
  failureOf?(thrown: unknown): ModelError;
  /** Default `systemClock`. */
  clock?: Clock;
}

/** How long what may follow a whole message is waited for: what it cost, and the end of the stream. */
const AFTERWARDS_MS = 2_000;

/** Sends, and gives what comes. The last event is `done`; everything else throws `ModelError`. */
export async function* ask({ signal }: Pick<ModelRequest, 'signal'>, asking: Asking): AsyncGenerator<ModelEvent> {
  const { open, answer, asked, failureOf = failureOfThrown, clock = systemClock } = asking;
  const watch = createWatch(signal, clock);
  const facts: { requestId?: string } = {};
  let started = false;
  try {
    for await (const came of open(watch, facts)) {
      const events = cameIn(answer, came);
      started ||= events.some(({ type }) => type !== 'alive' && type !== 'warning');
      yield* events;
      if (answer.over) break;
      if (answer.done() !== undefined) watch.hurry(AFTERWARDS_MS);
    }
    const done = answer.done();
    if (done === undefined) throw truncated();
    yield done;
  } catch (thrown) {
    // What comes after a whole message, or does not, is of no matter: some leave the connection open, some break it.
    const done = signal.aborted ? undefined : answer.done();
    if (done !== undefined) {
      yield done;
      return;
    }
    const about = typeof asked === 'function' ? asked(thrown) : asked;
    throw told(watch.cause ?? failureOf(thrown), { ...facts, started, ...soFar(answer) }, about);
  } finally {
    watch.close();
  }
}

const cameIn = (answer: Answer, came: Came): ModelEvent[] => {
  if (came !== 'end') return 'whole' in came ? answer.whole(came.whole) : answer.take(came.event);
  answer.end();
  return [];
};

export const truncated = (cause?: unknown): ModelError =>
  new ModelError('truncated', 'the answer breaks off', { retryable: true, cause });

const soFar = (answer: Answer): ModelFacts => {
  const { message, usage } = answer.partial();
  return {
    ...(message.content.length === 0 ? {} : { partial: message }),
    ...(Object.keys(usage).length === 0 ? {} : { usage }),
  };
};

const told = (failure: ModelError, facts: ModelFacts, asked: Asked): ModelError => {
  const { retryable, providerCode, requestId, status, retryAfterMs, limit, cause } = failure;
  const own = definedOf({ retryable, providerCode, requestId, status, retryAfterMs, limit, cause });
  return new ModelError(failure.failure, inWords(failure, asked), { ...facts, ...own });
};

const definedOf = (facts: ModelFacts): ModelFacts =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
