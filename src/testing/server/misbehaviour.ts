/** How a test server can misbehave: what it does instead of answering the next requests as it should. */
import type { Cut } from './voice.ts';

interface AnyMisbehaviour {
  /** The requests that it is about. Default: `tools/call`. */
  method?: string;
  /** Only calls of this tool. */
  tool?: string;
  /** So many of them; `Infinity` for all. Default: 1. */
  times?: number;
}
/** HTTP: an answer with this status; on other links JSON-RPC error -32000. The tool does not run. */
export interface StatusMisbehaviour extends AnyMisbehaviour {
  type: 'status';
  status: number;
  headers?: Record<string, string>;
  /** Becomes a `Retry-After` header. */
  retryAfterSeconds?: number;
  body?: string;
}
/** A JSON-RPC error. The tool does not run. */
export interface ErrorMisbehaviour extends AnyMisbehaviour {
  type: 'error';
  code: number;
  message?: string;
  data?: unknown;
}
/** No answer ever. The tool does not run. */
export interface SilentMisbehaviour extends AnyMisbehaviour {
  type: 'silent';
}
/** The tool runs, and its answer is lost. */
export interface DropMisbehaviour extends AnyMisbehaviour {
  type: 'drop';
}
/** The tool runs, and its answer comes so much later. */
export interface LateMisbehaviour extends AnyMisbehaviour {
  type: 'late';
  delayMs: number;
}
/** The tool runs, and the link breaks before the answer, behind its headers, in its middle or behind it. */
export interface CutMisbehaviour extends AnyMisbehaviour {
  type: 'cut';
  /** Default: `before`. */
  at?: Cut;
}
/** The answer comes twice. */
export interface DuplicateMisbehaviour extends AnyMisbehaviour {
  type: 'duplicate';
}
/** So many answers wait for each other and then come in reverse. */
export interface ReorderMisbehaviour extends AnyMisbehaviour {
  type: 'reorder';
  /** Default: 2; `times` is at least that. */
  of?: number;
}
/** Text that is no message comes before the answer. */
export interface JunkMisbehaviour extends AnyMisbehaviour {
  type: 'junk';
  text?: string;
}
/** One way to misbehave, for the next requests of a kind. */
export type Misbehaviour =
  | StatusMisbehaviour
  | ErrorMisbehaviour
  | SilentMisbehaviour
  | DropMisbehaviour
  | LateMisbehaviour
  | CutMisbehaviour
  | DuplicateMisbehaviour
  | ReorderMisbehaviour
  | JunkMisbehaviour;
