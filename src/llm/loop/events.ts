/** What a loop tells while it runs, and how it is told. */
import type { ToolwayError } from '../../errors.ts';
import { guarded } from '../../events.ts';
import type { CallToolResult, JsonObject, Progress } from '../../protocol/types.ts';
import { whenAborted } from '../../when-aborted.ts';
import type { Usage } from '../model.ts';
import type { ModelError } from '../model-error.ts';

/** In the order in which things happen. */
export type LoopEvent =
  /** The model is asked, for the so-many-th time in this run, from 1. */
  | { type: 'step'; step: number }
  /** What the model writes, as it comes; `reasoning` where it shows what it thinks. */
  | { type: 'text' | 'reasoning'; delta: string }
  | CallEvent
  | { type: 'progress'; id: string; progress: Progress }
  | ResultEvent
  /** The model failed in a way that may pass, and is asked again after `waitMs`. */
  | { type: 'retry'; attempt: number; waitMs: number; error: ModelError }
  | { type: 'warning'; message: string }
  /** Of the whole conversation so far; `costUsd` is absent where it is not known. */
  | { type: 'usage'; usage: Usage; costUsd?: number };

/** A call begins. */
export interface CallEvent {
  type: 'call';
  id: string;
  /** The tool's full name, `server.tool`, or that of a local tool; what the model wrote where there is none. */
  name: string;
  /** As the server gets them. */
  arguments: JsonObject;
  /** The id of the call of a local tool that makes this one. */
  parent?: string;
}

/** What became of a call: `result`, also where the tool itself failed, or `error`. */
export interface ResultEvent {
  type: 'result';
  id: string;
  name: string;
  durationMs: number;
  result?: CallToolResult;
  error?: ToolwayError;
  parent?: string;
}

export type Tell = (event: LoopEvent) => void;

/** Tells a listener who cannot break the loop, whatever it throws. */
export const createTell =
  (listener: ((event: LoopEvent) => unknown) | undefined): Tell =>
  (event) => {
    if (listener !== undefined)
      guarded(
        () => listener(event),
        () => {},
      );
  };

/** Events that wait for who iterates; above it nothing new is begun, and what can be is told in one. */
export const MOST_WAITING = 256;

/** Events as something to be iterated: what is told waits until it is taken. */
export interface EventQueue {
  /**
   * Above the limit, a piece of text goes into the one before it, and of the progress of a call only the last stays. No
   * other event is lost.
   */
  tell: Tell;
  /** The next event; undefined when there will be none. */
  next(): Promise<LoopEvent | undefined>;
  /** Resolves when there is room for more, or when `signal` aborts; undefined where there is room, or it has. */
  room(signal: AbortSignal): Promise<void> | undefined;
  end(): void;
}

export const createEventQueue = (): EventQueue => {
  let waiting: LoopEvent[] = [];
  let taken: LoopEvent[] = [];
  let ended = false;
  let wake = (): void => {};
  const letIn = new Set<() => void>();
  const isFull = (): boolean => waiting.length + taken.length >= MOST_WAITING;
  return {
    tell(event) {
      if (isFull()) join(waiting, event);
      else waiting.push(event);
      wake();
    },
    async next() {
      for (;;) {
        const event = taken.pop();
        if (event !== undefined) {
          if (!isFull()) for (const enter of [...letIn]) enter();
          return event;
        }
        if (waiting.length > 0) {
          taken = waiting.reverse();
          waiting = [];
        } else if (ended) return undefined;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    room(signal) {
      if (!isFull() || signal.aborted) return undefined;
      return new Promise<void>((resolve) => {
        const enter = (): void => {
          letIn.delete(enter);
          heedNoMore();
          resolve();
        };
        letIn.add(enter);
        const heedNoMore = whenAborted(signal, enter);
      });
    },
    end() {
      ended = true;
      wake();
    },
  };
};

/** Adds an event to those that wait, in place of one that it goes on from. */
const join = (waiting: LoopEvent[], event: LoopEvent): void => {
  const last = waiting.at(-1);
  if ((event.type === 'text' || event.type === 'reasoning') && last?.type === event.type) {
    waiting.pop();
    waiting.push({ type: event.type, delta: last.delta + event.delta });
    return;
  }
  if (event.type === 'progress') {
    const before = waiting.findIndex((each) => each.type === 'progress' && each.id === event.id);
    if (before >= 0) waiting.splice(before, 1);
  }
  waiting.push(event);
};
