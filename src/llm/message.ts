/** What a conversation is made of: the same for every model, and JSON throughout, so that it can be stored. */
import type { Executed } from '../errors.ts';
import type { TaintSource } from '../permission.ts';
import type { JsonObject } from '../protocol/types.ts';

/** One message. `tool` messages hold the results of the calls of the message before, in the order of the calls. */
export interface Message {
  role: 'user' | 'assistant' | 'tool';
  content: Part[];
}

/** A part of a message. Not every part stands in every role: calls are the assistant's, results the tools'. */
export type Part = TextPart | ReasoningPart | MediaPart | CallPart | ResultPart | OpaquePart;

/** What somebody said. */
export interface TextPart {
  type: 'text';
  text: string;
  raw?: Raw;
  /** Whose words these are, where a server wrote them and the user's side brings them in. */
  source?: TaintSource;
}

/** What the model thought aloud. It goes back only to the model that wrote it, as it came: see `raw`. */
export interface ReasoningPart {
  type: 'reasoning';
  text: string;
  raw?: Raw;
}

/** An image, a sound or a document. */
export interface MediaPart {
  type: 'media';
  /** As in MIME: `image/png`. */
  mediaType: string;
  /** In base64. */
  data: string;
  name?: string;
  /** Whose it is, as of a text. */
  source?: TaintSource;
}

/** A call that the model wrote. */
export interface CallPart {
  type: 'call';
  /** Ours, unique within the conversation; what the provider called it is in `raw`. */
  id: string;
  /** As the model was shown it. */
  name: string;
  /** Absent where what the model wrote is no JSON object: see `text`. */
  arguments?: JsonObject;
  /** What the model wrote, where it could not be read. */
  text?: string;
  raw?: Raw;
}

/** What became of a call. */
export interface ResultPart {
  type: 'result';
  /** That of the call. */
  id: string;
  name: string;
  content: (TextPart | MediaPart)[];
  isError?: boolean;
  /** Whether the call took effect, where it failed. */
  executed?: Executed;
}

/** What only the provider understands, kept so that it can be handed back. */
export interface OpaquePart {
  type: 'opaque';
  raw: Raw;
}

/** A part in the provider's own form. It is sent back to the same API only; of reasoning, to the same model only. */
export interface Raw {
  api: string;
  model: string;
  value: unknown;
}
