/** Where programs run that a model wrote: the port between what counts their calls and what holds them. */

/** What one program may take. */
export interface CodeLimits {
  /** The length of the program, in bytes of UTF-8. Default 65 536. */
  maxSourceBytes: number;
  /** Memory of the engine. Default 64 MiB; from 16 MiB. */
  maxMemoryBytes: number;
  /** How long a program may compute, and how long it may take in all; while somebody is asked for approval, the latter stands still. Default 30 000, at most a day. */
  timeoutMs: number;
  /** Calls in all. Default 1 000. */
  maxCalls: number;
  /** Calls under way at a time; others wait for their turn. Default 16. */
  maxInFlight: number;
  /** Characters of the result and, beside it, of the log. Default 65 536 for both together. */
  maxOutputChars: number;
}

/** A program, and what it is given. JSON throughout: it can be sent to another thread. */
export interface GuestProgram {
  /** The body of an async function. */
  code: string;
  /** The tools by server; calls name them by their place in this order. */
  tools: readonly (readonly [server: string, names: readonly string[]])[];
  maxMemoryBytes: number;
  /** How long it may compute, whatever it waits for. */
  computeMs: number;
  maxCalls: number;
  maxOutputChars: number;
}

/**
 * What came out of the engine: it ran until it had nothing left to do but wait. `text` is a `GuestNews` as JSON, and
 * hostile. `stopped`: there is no engine any more. `time`: it computed too long; `exhausted`: no memory or stack was
 * left; `lost`: it could not be started, or ended without a word; `full`: it was not begun, since the sandbox runs
 * `limit` programs already.
 */
export interface Turn {
  text?: string;
  stopped?: { by: 'time' | 'exhausted' } | { by: 'lost'; message: string } | { by: 'full'; limit: number };
}

/** An engine with a program in it. */
export interface Guest {
  /** Hands over answers, a JSON list of `GuestAnswer`. One turn follows; before it is heard, nothing else may be handed over. */
  answer(text: string): void;
  /** Ends it, whatever it does. No turn is heard any more. */
  close(): void;
}

/** What runs programs. Each has an engine of its own, which nothing of another program has been in. */
export interface Sandbox {
  /** Starts a program. `hear` is told of its first turn, and of one after each answer. Never throws. */
  open(program: GuestProgram, hear: (turn: Turn) => void): Guest;
}

/** What a program has to say after a turn. */
export interface GuestNews {
  calls: [id: number, tool: number, raw: 0 | 1, args: unknown][];
  logs: string[];
  /** Lines of the log that found no room. */
  lostLogs: number;
  end?: GuestEnd;
}

/** How a program ended. `chars` is how long the result was before it was cut. */
export type GuestEnd =
  | { kind: 'value'; text?: string; chars: number }
  | { kind: 'error'; name: string; message: string; stack: string };

/** The answer to a call: a value, or what its error says. */
export type GuestAnswer = [id: number, ok: 1, value: unknown] | [id: number, ok: 0, error: GuestError];

/** A failed call as the program sees it. */
export interface GuestError {
  kind: 'ToolError' | 'OutcomeUnknownError' | 'DeniedError' | 'LimitError';
  message: string;
  code: string;
  tool: string;
  executed?: string;
}
