/** The one error class of Toolway and its closed set of codes. */

/** What went wrong, decided where the failure is born. */
export type ErrorCode =
  | 'invalid_config'
  | 'invalid_arguments'
  | 'unknown_server'
  | 'unknown_tool'
  | 'unknown_resource'
  | 'unknown_prompt'
  | 'ambiguous_tool'
  | 'ambiguous_resource'
  | 'not_connected'
  | 'connect_failed'
  | 'connect_timeout'
  | 'spawn_failed'
  | 'server_exited'
  | 'auth_required'
  | 'auth_failed'
  | 'forbidden'
  | 'denied'
  | 'approval_timeout'
  | 'tool_changed'
  | 'timeout'
  | 'cancelled'
  | 'outcome_unknown'
  | 'message_too_large'
  | 'protocol_error'
  | 'server_error'
  | 'rate_limited'
  | 'backpressure'
  | 'breaker_open'
  | 'unsupported'
  | 'closed'
  | 'internal';

/** Did the request take effect? `unknown`: it was handed over and no answer came that tells. */
export type Executed = 'no' | 'yes' | 'unknown';

/** The facts a person or a program needs beside the code. Absent where they do not apply. */
export interface ErrorFacts {
  server?: string;
  tool?: string;
  executed?: Executed;
  /** How long to wait before another attempt can make sense, in milliseconds. */
  retryAfterMs?: number;
  /** The JSON-RPC error code and its data, for `server_error`. */
  rpcCode?: number;
  data?: unknown;
  /** The HTTP status, where one was received. */
  status?: number;
  /** Exit code or signal name of a child that died, and the end of what it wrote to stderr. */
  exitCode?: number | string;
  stderr?: string;
  /** How often the call was sent, where that was more than once. */
  attempts?: number;
  /** The task that the server had made of the call. */
  taskId?: string;
  /** True where the same attempt would fail again, whatever the time: an untrusted certificate, a server that was given up. */
  permanent?: boolean;
  /** The limit that was hit, in its own unit. */
  limit?: number;
  /** The names that would have matched (`ambiguous_*`), or the nearest ones (`unknown_*`). */
  matches?: string[];
  /** Which fields of the arguments or of the configuration are wrong, and how. */
  problems?: Problem[];
  cause?: unknown;
}

/** One thing wrong at one place of a value. `path` is a JSON Pointer (RFC 6901). */
export interface Problem {
  path: string;
  message: string;
}

/** Every failure that Toolway reports. `code` is stable; the message is for people and names the server, the tool and the reason. */
export class ToolwayError extends Error {
  readonly code: ErrorCode;
  declare readonly server?: string;
  declare readonly tool?: string;
  declare readonly executed?: Executed;
  declare readonly retryAfterMs?: number;
  declare readonly rpcCode?: number;
  declare readonly data?: unknown;
  declare readonly status?: number;
  declare readonly exitCode?: number | string;
  declare readonly stderr?: string;
  declare readonly attempts?: number;
  declare readonly taskId?: string;
  declare readonly permanent?: boolean;
  declare readonly limit?: number;
  declare readonly matches?: string[];
  declare readonly problems?: Problem[];
  readonly #reason: string;
  readonly #facts: ErrorFacts;

  constructor(code: ErrorCode, reason: string, facts: ErrorFacts = {}) {
    const { cause, ...shown } = facts;
    super(describe(reason, facts), cause === undefined ? undefined : { cause });
    this.code = code;
    this.#reason = reason;
    this.#facts = withoutUndefined(facts);
    for (const [key, value] of Object.entries(shown)) {
      if (value !== undefined) Object.defineProperty(this, key, { value, enumerable: true });
    }
  }

  /** What failed and why, without the server and the tool before it. */
  get reason(): string {
    return this.#reason;
  }

  /** The same failure with more facts; facts that it already has are kept. Itself, where nothing is new. */
  with(facts: ErrorFacts): ToolwayError {
    const news = Object.keys(withoutUndefined(facts)).some((key) => !Object.hasOwn(this.#facts, key));
    if (!news) return this;
    return new ToolwayError(this.code, this.#reason, { ...facts, ...this.#facts });
  }

  /** The same failure in other words: `map` is given the reason and the facts, the cause among them. Itself, where it changes neither. */
  mapped(map: <T extends string | ErrorFacts>(part: T) => T): ToolwayError {
    const reason = map(this.#reason);
    const facts = map(this.#facts);
    if (reason === this.#reason && facts === this.#facts) return this;
    return new ToolwayError(this.code, reason, facts);
  }

  /** Turns anything thrown into a `ToolwayError`; what is none becomes `internal` with the original as its cause. */
  static from(thrown: unknown, facts: ErrorFacts = {}): ToolwayError {
    if (thrown instanceof ToolwayError) return thrown.with(facts);
    return new ToolwayError('internal', reasonOf(thrown), { ...facts, cause: thrown });
  }

  /** Code, message and facts as plain data; the cause is left out. */
  toJSON(): { code: ErrorCode; message: string } & ErrorFacts {
    const { cause: _cause, ...facts } = this.#facts;
    return { code: this.code, message: this.message, ...facts };
  }
}

Object.defineProperty(ToolwayError.prototype, 'name', { value: 'ToolwayError', configurable: true });

const describe = (reason: string, { server, tool }: ErrorFacts): string => {
  if (server === undefined) return reason;
  return `${tool === undefined ? server : `${server}.${tool}`}: ${reason}`;
};

/** An object without the fields that say nothing. */
export const withoutUndefined = <T extends object>(facts: T): T =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as T;

const reasonOf = (thrown: unknown): string => {
  if (thrown instanceof Error) return String(thrown.message || thrown.name);
  try {
    return String(thrown);
  } catch {
    return 'something was thrown that cannot be shown';
  }
};
