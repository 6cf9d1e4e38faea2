/** What a loop is given and what it gives. Times are in milliseconds. */
import type { ListedTool, Toolkit } from '../../api.ts';
import type { RequestHandlers } from '../../handlers.ts';
import type { LocalTool } from '../local-tool.ts';
import type { Message } from '../message.ts';
import type { ChatModel, Usage } from '../model.ts';
import type { Spill } from '../results/spill.ts';
import type { Conversation } from './conversation.ts';
import type { LoopEvent } from './events.ts';

/** What a loop is given. Every limit counts for one run; what breaks a rule here is `invalid_arguments`. */
export interface LoopOptions {
  toolkit: Toolkit;
  model: ChatModel;
  /** What is added now: a text is a message of the user. Without `conversation`, the whole history. */
  messages: string | readonly (Message | PlainMessage)[];
  /** What goes on. Two runs of one conversation cannot be under way at a time. */
  conversation?: Conversation;
  system?: string;
  /**
   * The servers whose own instructions go into the system prompt, up to 2 KiB of each; `true`: all that are offered.
   * They are words of a server that the model obeys, so that it counts as having read them. Default: none.
   */
  instructions?: boolean | readonly string[];
  /** Which tools the model is offered, and may call. Default: all. */
  tools?: { servers?: readonly string[]; allow?(tool: ListedTool): boolean };
  localTools?: readonly LocalTool[];
  /**
   * Whether tools are found by a search instead of being shown: by the provider's own where the model has one, else
   * through `search_tools`, `describe_tool` and `call_tool`. `auto`, the default: where there are more than 40, or their
   * definitions are longer than `toolBudgetTokens`.
   */
  search?: 'auto' | 'always' | 'never';
  /** Default 10 000. */
  toolBudgetTokens?: number;
  /** How often the model is asked. Default 25. */
  maxSteps?: number;
  /** Calls of tools, those made by local tools among them. Default 50. */
  maxToolCalls?: number;
  /** Tokens read and written in all. Looked at before each request, so that the last one may go beyond. Default: no limit. */
  maxTokens?: number;
  /** US dollars, looked at in the same way. `invalid_arguments` where the price of the model is not known. Default: no limit. */
  maxCostUsd?: number;
  /** Longest time altogether. Default: no limit. */
  timeoutMs?: number;
  /** Longest answer of the model, in tokens. Default: the model's. */
  maxOutputTokens?: number;
  temperature?: number;
  /** Calls of one message that are under way at a time. Default 8. */
  parallelCalls?: number;
  /** Answer what servers ask in the course of the calls, in place of the toolkit's; `onApprove` decides on calls. */
  handlers?: RequestHandlers;
  principal?: string;
  scope?: string;
  /** Ends the run, which rejects with `cancelled`. */
  signal?: AbortSignal;
  /** Hears of everything, in order. What it throws changes nothing. */
  onEvent?(event: LoopEvent): void;
  /** Keeps what is too long for the model, which gets a tool to read on. Default: in memory, for this conversation. */
  spill?: Spill;
  /** Longest result of one call that the model is given, in tokens. Default 8 000. */
  maxResultTokens?: number;
  /**
   * The same for a tool whose definition asks for longer results (`_meta["anthropic/maxResultSizeChars"]`, of which up to
   * 500 000 are heeded). Default: `maxResultTokens` where that is given, else 24 000.
   */
  maxLargeResultTokens?: number;
  /**
   * Longest results of all calls of one message together, in tokens; the longest ones are cut. Default 24 000, or the
   * larger of the two limits above. Beside it 20 images, sounds and documents, and 15 MB of them.
   */
  maxTurnResultTokens?: number;
}

/** A message of text alone. */
export interface PlainMessage {
  role: 'user' | 'assistant';
  content: string;
}

/** How a run ended. */
export interface LoopResult {
  /** The text of the last message of the model; empty where it wrote none. */
  text: string;
  stop: LoopStop;
  /** The whole history, with what was added by this run. */
  messages: Message[];
  conversation: Conversation;
  /** How often the model was asked, and how many calls were made, in this run. */
  steps: number;
  toolCalls: number;
  /** Of this run. */
  usage: Usage;
  /** Of this run; absent where the price of the model is not known. */
  costUsd?: number;
}

/**
 * Why a run ended. `end`: the model has said what it had to say. `denied`: three of its calls were refused. `stuck`: the
 * same call failed in the same way three times in a row. `context`: the conversation is too long for the model.
 * `length`: its answer is. `other`: the provider gave no reason that is known, or the model wrote nothing at all.
 */
export type LoopStop =
  | 'end'
  | 'max_steps'
  | 'max_tool_calls'
  | 'max_tokens'
  | 'max_cost'
  | 'timeout'
  | 'refusal'
  | 'length'
  | 'context'
  | 'denied'
  | 'stuck'
  | 'filter'
  | 'other';
