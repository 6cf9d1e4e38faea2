/** What the gateway wants of whoever speaks with a model. */
import type { Toolkit } from '../../api.ts';
import type { JsonObject } from '../../protocol/types.ts';

/** What a caller says, and how far the answer may go. */
export interface ChatRequest {
  messages: readonly { role: 'user' | 'assistant'; content: string }[];
  /** What an earlier answer gave as `conversation`: it goes on. */
  conversation?: JsonObject;
  system?: string;
  /** The servers whose tools may be used. Default: all that the caller sees. */
  servers?: readonly string[];
  maxSteps?: number;
  maxToolCalls?: number;
  maxOutputTokens?: number;
}

/** For whom it is. */
export interface ChatContext {
  /**
   * The tools as the caller sees them; its calls are the caller's. Of a call that waits for an approval its `onProgress`
   * hears, and callers get that as an event `approval` where it is passed on as it is: `{ type: 'progress', id, progress }`.
   */
  toolkit: Toolkit;
  principal: string;
  /** Aborted when nobody listens any more. */
  signal: AbortSignal;
}

/** One thing that happens while a model answers; its last one is `done`. */
export type ChatEvent = { type: string } & Record<string, unknown>;

/** A model that answers with tools. */
export interface Chat {
  /**
   * Answers, event by event; the last one is `done`, with `text`, `stop`, `steps`, `toolCalls`, `usage` and
   * `conversation`. Throws where the request makes no sense or the model fails. Who stops iterating cancels it.
   */
  run(request: ChatRequest, context: ChatContext): AsyncIterable<ChatEvent>;
}
