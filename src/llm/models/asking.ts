/** One request to a provider: the watch over its time, its abort, and an answer that must come whole. */
import { systemClock } from '../../clock.ts';
import type { JsonObject } from '../../protocol/types.ts';
import { whenAborted } from '../../when-aborted.ts';
import type { Message } from '../message.ts';
import type { ModelDone, ModelEvent, ModelRequest, Usage } from '../model.ts';
import { ModelError, type ModelFacts } from '../model-error.ts';
import { createEventLines } from './event-stream.ts';
import { failureOf, failureOfThrown } from './failures.ts';
import { objectOf } from './reading.ts';

/** The longest answer that is read, in bytes. */
export const LONGEST_ANSWER_BYTES = 64 * 1024 * 1024;

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

export interface Waits {
  /** Longest wait for the beginning of an answer, and for all of one that is not streamed, in milliseconds. */
  answerTimeoutMs: number;
  /** Longest wait from one piece of a stream to the next, in milliseconds. */
  idleTimeoutMs: number;
}

export interface Asking extends Waits {
  send(signal: AbortSignal): Promise<Response>;
  answer: Answer;
  /** Default `LONGEST_ANSWER_BYTES`. */
  maxBytes?: number;
}

/** Sends, and gives what comes. The last event is `done`; everything else throws `ModelError`. */
export async function* ask({ signal }: Pick<ModelRequest, 'signal'>, asking: Asking): AsyncGenerator<ModelEvent> {
  const { send, answer, answerTimeoutMs, idleTimeoutMs, maxBytes = LONGEST_ANSWER_BYTES } = asking;
  const watch = createWatch(signal);
  let requestId: string | undefined;
  let started = false;
  const shown = (events: ModelEvent[]): ModelEvent[] => {
    started ||= events.some(({ type }) => type !== 'alive' && type !== 'warning');
    return events;
  };
  try {
    const response = await watch.until(() => send(watch.signal), answerTimeoutMs);
    requestId = response.headers.get('request-id') ?? response.headers.get('x-request-id') ?? undefined;
    const type = response.headers.get('content-type') ?? '';
    if (/\bhtml\b/i.test(type)) throw new ModelError('invalid', `the answer is ${type}: is the base URL right?`);
    if (/\bjson\b/i.test(type)) {
      yield* shown(answer.whole(await readWhole(response, watch, answerTimeoutMs, maxBytes)));
    } else {
      for await (const data of readEvents(response, watch, { answerTimeoutMs, idleTimeoutMs }, maxBytes)) {
        if (data === '[DONE]') answer.end();
        else yield* shown(answer.take(parse(data)));
        if (answer.over) break;
      }
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
    throw asFailure(watch.cause ?? thrown, { requestId, started, ...soFar(answer) });
  } finally {
    watch.close();
  }
}

const truncated = (cause?: unknown): ModelError =>
  new ModelError('truncated', 'the answer breaks off', { retryable: true, cause });

const soFar = (answer: Answer): ModelFacts => {
  const { message, usage } = answer.partial();
  return {
    ...(message.content.length === 0 ? {} : { partial: message }),
    ...(Object.keys(usage).length === 0 ? {} : { usage }),
  };
};

const asFailure = (thrown: unknown, facts: ModelFacts): ModelError => {
  const failure = thrown instanceof ModelError ? thrown : failureOfThrown(thrown);
  const { retryable, providerCode, status, retryAfterMs, limit, cause } = failure;
  const own = { retryable, providerCode, status, retryAfterMs, limit, cause, requestId: failure.requestId };
  return new ModelError(failure.failure, failure.reason, { ...facts, ...definedOf(own) });
};

const definedOf = (facts: ModelFacts): ModelFacts =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));

interface Watch {
  readonly signal: AbortSignal;
  /** Why it was given up, where that was not the provider's doing. */
  readonly cause: ModelError | undefined;
  until<T>(begin: () => Promise<T>, ms: number): Promise<T>;
  close(): void;
}

/** Waits no longer than it should, and gives up at once when the caller does, also where what it waits for does not heed a signal. */
const createWatch = (outer: AbortSignal): Watch => {
  const controller = new AbortController();
  let giveUp: (cause: ModelError) => void = () => {};
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = (cause) => {
      watch.cause ??= cause;
      controller.abort();
      reject(watch.cause);
    };
  });
  givenUp.catch(() => {});
  const watch = {
    signal: controller.signal,
    cause: undefined as ModelError | undefined,
    async until<T>(begin: () => Promise<T>, ms: number): Promise<T> {
      if (watch.cause !== undefined) throw watch.cause;
      const timer = systemClock.after(ms, () =>
        giveUp(new ModelError('timeout', `nothing came for ${ms} ms`, { retryable: true, limit: ms })),
      );
      try {
        return await Promise.race([begin(), givenUp]);
      } finally {
        timer.cancel();
      }
    },
    close() {
      stop();
      controller.abort();
    },
  };
  const stop = whenAborted(outer, (cause) => giveUp(new ModelError('aborted', 'aborted', { cause })));
  return watch;
};

async function* readPieces(response: Response, watch: Watch, waits: Waits, maxBytes: number) {
  const reader = response.body?.getReader();
  let bytes = 0;
  let wait = waits.answerTimeoutMs;
  try {
    while (reader !== undefined) {
      const { done, value } = await watch
        .until(() => reader.read(), wait)
        .catch((cause: unknown) => {
          // A connection that breaks within an answer is an answer that breaks off.
          throw cause instanceof ModelError ? cause : truncated(cause);
        });
      if (done) return;
      bytes += value.byteLength;
      if (bytes > maxBytes)
        throw new ModelError('server', `the answer is longer than ${maxBytes} bytes`, { limit: maxBytes });
      wait = waits.idleTimeoutMs;
      yield value;
    }
  } finally {
    reader?.cancel().catch(() => {});
  }
}

async function* readEvents(response: Response, watch: Watch, waits: Waits, maxBytes: number) {
  const lines = createEventLines();
  for await (const piece of readPieces(response, watch, waits, maxBytes)) yield* lines.push(piece);
  yield* lines.end();
}

const readWhole = async (response: Response, watch: Watch, ms: number, maxBytes: number): Promise<JsonObject> => {
  const decoder = new TextDecoder();
  let text = '';
  const waits = { answerTimeoutMs: ms, idleTimeoutMs: ms };
  for await (const piece of readPieces(response, watch, waits, maxBytes))
    text += decoder.decode(piece, { stream: true });
  const body = parse(text + decoder.decode());
  // Some answer 200 and tell of a failure in it.
  if (body.error !== undefined && body.error !== null) throw failureOf({ error: body.error });
  return body;
};

const parse = (data: string): JsonObject => {
  try {
    return objectOf(JSON.parse(data));
  } catch (cause) {
    throw truncated(cause);
  }
};
