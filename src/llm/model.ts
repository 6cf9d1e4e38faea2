/** What the loop wants of a model; an adapter gives it for each provider. */
import type { JsonObject } from '../protocol/types.ts';
import type { Message } from './message.ts';

/** A model that is asked for one message at a time. */
export interface ChatModel {
  /** As its provider calls it. */
  readonly id: string;
  /** How it is spoken to: `anthropic`, `openai-responses`, `openai-chat`, `ai-sdk`, `planner`, or a name of your own. */
  readonly api: string;
  readonly traits: ModelTraits;
  /**
   * Asks for one message. Its last event is `done`, exactly one; everything else throws `ModelError`, also an answer
   * that breaks off, and an abort. It asks once: what is worth another attempt is for the caller to decide.
   */
  stream(request: ModelRequest): AsyncIterable<ModelEvent>;
}

/** What a model can take. */
export interface ModelTraits {
  /** The profile by which tools are rewritten for it: `anthropic`, `openai-responses`, `openai-chat`, `gemini`, `mistral`, `common`. */
  profile: string;
  /** Tools may be marked as deferred: the provider searches among them. Default false. */
  deferral?: boolean;
  /** Marks of what is to be cached are heeded. Default false. */
  cacheMarks?: boolean;
  /** How much it can read and write, in tokens. */
  contextTokens?: number;
  /** Default: looked up by its id; a model that is not known costs an unknown amount. */
  price?: Price;
}

/** US dollars per million tokens. */
export interface Price {
  input: number;
  output: number;
  cacheRead?: number;
  cacheWrite?: number;
  /** What all of a request costs that reads more than `above` tokens, cached ones among them. */
  long?: Omit<Price, 'long'> & { above: number };
}

/** A tool as a model is shown it. */
export interface ModelTool {
  name: string;
  description?: string;
  inputSchema: JsonObject;
  /** The provider holds the model to the schema. Default false. */
  strict?: boolean;
  /** Found by the provider's own search only; where `deferral` is one of the model's traits. */
  deferred?: boolean;
}

/** What a model is asked. */
export interface ModelRequest {
  /** Instructions, in order; `cache` marks what will be the same the next time up to here. */
  system: readonly { text: string; cache?: boolean }[];
  messages: readonly Message[];
  tools: readonly ModelTool[];
  /** Default `auto`. */
  toolChoice?: 'auto' | 'none' | 'required';
  /** Longest answer, in tokens. */
  maxOutputTokens?: number;
  /** Left out, with a warning, where the provider refuses it. */
  temperature?: number;
  stopSequences?: readonly string[];
  /** Requests with the same key have a beginning in common. */
  cacheKey?: string;
  signal: AbortSignal;
}

/** What a model gives while it writes, and at its end. */
export type ModelEvent =
  | { type: 'text' | 'reasoning'; delta: string }
  /** A call that is being written; what counts is in the message of `done`. */
  | { type: 'call'; name: string }
  /** A sign of life without content. */
  | { type: 'alive' }
  | { type: 'warning'; message: string }
  | ModelDone;

/** The end of an answer: the whole message, why it ends, and what it took. */
export interface ModelDone {
  type: 'done';
  message: Message;
  stop: ModelStop;
  /** What the provider says of it: the reason of a refusal. */
  detail?: string;
  usage: Usage;
}

/**
 * Why a message ends. `calls` where it holds one and was not cut short, whatever the provider said; of a message that
 * was (`length`, `context`, `filter`, `refusal`) no call is to be made. `pause`: it goes on when it is sent back.
 */
export type ModelStop = 'end' | 'calls' | 'length' | 'context' | 'refusal' | 'filter' | 'pause' | 'other';

/** Tokens. The first three are what was read, and do not overlap; what is absent is unknown, not 0. */
export interface Usage {
  input?: number;
  cacheRead?: number;
  cacheWrite?: number;
  output?: number;
  /** Of `output`, what was thought. */
  reasoning?: number;
}
