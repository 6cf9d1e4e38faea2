/** One request under way at servers: it can stop to ask its client, outlive the HTTP request it came with, and be taken up by another one. */
import type { Clock } from '../../../clock.ts';
import type { RequestHandlers } from '../../../handlers.ts';
import type { ClientCapabilities, JsonObject, Progress } from '../../../protocol/types.ts';
import { handlersFor, type Question, type Wanted } from './asked.ts';
import { responseProblem } from './input-responses.ts';

/** How a request ended. */
export type Outcome = { result: JsonObject } | { error: unknown };
/** What there is to tell of a request: its end, or what it needs to go on. */
export type Step = { outcome: Outcome } | { questions: ReadonlyMap<string, Question> };

export interface Run {
  /** Resolves with its end, or as soon as it needs answers. One may wait at a time. */
  next(): Promise<Step>;
  /** Questions that wait for their answers, by the keys under which they are asked. */
  readonly open: ReadonlyMap<string, Question>;
  /** What servers asked that its client cannot answer. */
  readonly refused: ReadonlySet<Wanted>;
  /** Gives answers that were checked; those to no open question are ignored. */
  answer(responses: ReadonlyMap<string, JsonObject>): void;
  /** Hears of progress; replaced by whoever takes the request up. */
  onProgress: ((progress: Progress) => void) | undefined;
  /** Hears of each change: questions that come and go, and the end. */
  onChange: (() => void) | undefined;
  readonly outcome: Outcome | undefined;
  /** Cancels it, on the server too. */
  stop(): void;
}

export interface RunOptions {
  clock: Clock;
  askable: ClientCapabilities | undefined;
  conversation?: object;
  /** Answers that came with the request itself, before anything was asked. */
  early?: JsonObject;
  start(wishes: {
    signal: AbortSignal;
    handlers: RequestHandlers;
    onProgress: (progress: Progress) => void;
  }): Promise<JsonObject>;
}

/** The questions of one round are asked one after the other, within the same turn of the event loop. */
const ROUND_MS = 0;

const KINDS = { 'elicitation/create': 'elicitation', 'sampling/createMessage': 'sampling', 'roots/list': 'roots' };

export const startRun = ({ clock, askable, conversation, early = {}, start }: RunOptions): Run => {
  const open = new Map<string, Question>();
  const refused = new Set<Wanted>();
  const unused = new Map(Object.entries(early));
  const left = new AbortController();
  let outcome: Outcome | undefined;
  const keys = new Set<string>();
  let asked = 0;
  let isRoundComplete = false;
  let waiting: ((step: Step) => void) | undefined;

  const tell = (): void => {
    const step = stepNow();
    if (step !== undefined) {
      waiting?.(step);
      waiting = undefined;
    }
    run.onChange?.();
  };
  const stepNow = (): Step | undefined => {
    if (outcome !== undefined) return { outcome };
    return open.size > 0 && isRoundComplete ? { questions: open } : undefined;
  };
  const keyFor = (wanted: string | undefined, { method }: Pick<Question, 'method'>): string => {
    asked += 1;
    // A key is never used twice in one request, so that an answer cannot be taken for that to another question.
    const key = wanted === undefined || keys.has(wanted) ? `${wanted ?? KINDS[method]}_${asked}` : wanted;
    if (keys.has(key)) return keyFor(wanted, { method });
    keys.add(key);
    return key;
  };
  const isAnsweredEarly = (key: string, question: Question): boolean => {
    const answer = unused.get(key);
    if (answer === undefined || !unused.delete(key) || responseProblem(question, answer) !== undefined) return false;
    question.settle(answer as JsonObject);
    return true;
  };
  const onQuestion = (wanted: string | undefined, question: Question, signal: AbortSignal): void => {
    const key = keyFor(wanted, question);
    if (isAnsweredEarly(key, question)) return;
    if (open.size === 0) {
      isRoundComplete = false;
      clock.after(ROUND_MS, () => {
        isRoundComplete = true;
        if (open.size > 0) tell();
      });
    }
    open.set(key, question);
    signal.addEventListener('abort', () => {
      // Taken back by its server, or the end of the request.
      if (open.get(key) === question && open.delete(key)) run.onChange?.();
    });
  };
  const settle = (end: Outcome): void => {
    outcome = end;
    open.clear();
    tell();
  };

  const run: Run = {
    open,
    refused,
    onProgress: undefined,
    onChange: undefined,
    get outcome() {
      return outcome;
    },
    next: () =>
      new Promise((resolve) => {
        const step = stepNow();
        if (step !== undefined) resolve(step);
        else waiting = resolve;
      }),
    answer(responses) {
      for (const [key, response] of responses) {
        const question = open.get(key);
        if (question === undefined) continue;
        open.delete(key);
        question.settle(response);
      }
    },
    stop: () => left.abort(),
  };
  const handlers = handlersFor({
    askable,
    ...(conversation !== undefined && { conversation }),
    onQuestion,
    onRefused: (wanted) => refused.add(wanted),
  });
  start({ signal: left.signal, handlers, onProgress: (progress) => run.onProgress?.(progress) }).then(
    (result) => settle({ result }),
    (error: unknown) => settle({ error }),
  );
  return run;
};
