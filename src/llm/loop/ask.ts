/** One request to the model, and further attempts where one failed that may pass. */
import type { Clock, Timer } from '../../clock.ts';
import { ToolwayError } from '../../errors.ts';
import { whenAborted } from '../../when-aborted.ts';
import type { ChatModel, ModelDone, ModelRequest } from '../model.ts';
import { ModelError, type ModelFacts } from '../model-error.ts';
import type { Tell } from './events.ts';

const ATTEMPTS = 4;
const FIRST_WAIT_MS = 500;
/** A longer rest that a provider asks for is told to the caller instead. */
const LONGEST_WAIT_MS = 60_000;
/** How long a model has to tell what it has read and written when it is cancelled. */
const GRACE_MS = 250;

export interface AskOptions {
  model: ChatModel;
  request: ModelRequest;
  clock: Clock;
  /** From 0 to 1. */
  random(): number;
  /** On the clock; infinite where there is no limit. */
  endsAt: number;
  tell: Tell;
  /** Hears of each attempt that failed, the last one among them. */
  onFailure(error: ModelError): void;
}

/**
 * The model's message. Rejects with `ModelError`, and with what another `ToolwayError` says of a model that cannot be
 * asked at all: a missing package, a missing key. Another attempt is made only where nothing of the answer had come.
 */
export const ask = async (options: AskOptions): Promise<ModelDone> => {
  const { request, clock, random, endsAt, tell, onFailure } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await askOnce(options);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      onFailure(error);
      if (!error.retryable || error.started || request.signal.aborted || attempt === ATTEMPTS) throw error;
      const waitMs = error.retryAfterMs || Math.round(FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + random() / 2));
      if (waitMs > LONGEST_WAIT_MS || clock.now() + waitMs >= endsAt) throw error;
      tell({ type: 'retry', attempt, waitMs, error });
      await sleep(clock, waitMs, request.signal);
    }
  }
};

const askOnce = ({ model, request, clock, tell }: AskOptions): Promise<ModelDone> =>
  new Promise((resolve, reject) => {
    const { signal } = request;
    const text: string[] = [];
    let started = false;
    let isLeft = false;
    const soFar = (): ModelFacts => ({
      started,
      ...(text.length > 0 && { partial: { role: 'assistant', content: [{ type: 'text', text: text.join('') }] } }),
    });
    const read = async (): Promise<ModelDone> => {
      for await (const event of model.stream(request)) {
        if (event.type === 'done') return event;
        if (isLeft) break;
        if (signal.aborted) continue;
        if (event.type === 'text') text.push(event.delta);
        if (event.type === 'text' || event.type === 'reasoning') tell({ type: event.type, delta: event.delta });
        if (event.type === 'warning') tell({ type: 'warning', message: event.message });
        else if (event.type !== 'alive') started = true;
      }
      throw new ModelError('truncated', 'the answer breaks off', { retryable: true, ...soFar() });
    };
    let grace: Timer | undefined;
    // A model that does not heed the signal is not waited for, nor read any further.
    const heedNoMore = whenAborted(signal, () => {
      grace = clock.after(GRACE_MS, () => {
        isLeft = true;
        reject(new ModelError('aborted', 'the request was cancelled', soFar()));
      });
    });
    read()
      .then(resolve, (error: unknown) => reject(failureOf(error, signal, soFar())))
      .finally(() => {
        heedNoMore();
        grace?.cancel();
      });
  });

/** What the model itself tells of its failure counts before what was seen of it. */
const failureOf = (thrown: unknown, signal: AbortSignal, seen: ModelFacts): ToolwayError => {
  if (!(thrown instanceof ModelError)) {
    if (thrown instanceof ToolwayError && !signal.aborted) return thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return new ModelError(signal.aborted ? 'aborted' : 'server', reason, { ...seen, cause: thrown });
  }
  const { failure, reason, retryable, started, partial = seen.partial, usage, providerCode, requestId } = thrown;
  if (started === seen.started && partial === thrown.partial) return thrown;
  const { status, retryAfterMs, cause } = thrown;
  const facts = { retryable, started: started || seen.started, partial, usage, providerCode, requestId };
  return new ModelError(failure, reason, { ...facts, status, retryAfterMs, cause });
};

const sleep = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => {
      heedNoMore();
      resolve();
    });
    const heedNoMore = whenAborted(signal, () => {
      timer.cancel();
      reject(new ModelError('aborted', 'the request was cancelled'));
    });
  });
