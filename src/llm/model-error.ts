import { type ErrorCode, type ErrorFacts, ToolwayError } from '../errors.ts';
import type { Message } from './message.ts';
import type { Usage } from './model.ts';

/** What a model fails of. */
export type ModelFailure =
  | 'auth'
  | 'rate'
  | 'quota'
  | 'overloaded'
  | 'server'
  | 'network'
  | 'timeout'
  | 'truncated'
  | 'context'
  | 'invalid'
  | 'aborted';

const CODES: Record<ModelFailure, ErrorCode> = {
  auth: 'auth_failed',
  rate: 'rate_limited',
  quota: 'rate_limited',
  overloaded: 'backpressure',
  server: 'server_error',
  network: 'connect_failed',
  timeout: 'timeout',
  truncated: 'protocol_error',
  context: 'message_too_large',
  invalid: 'invalid_arguments',
  aborted: 'cancelled',
};

/** What is known of a model's failure beside the facts of every error. */
export interface ModelFacts extends ErrorFacts {
  /** The same request may succeed later. */
  retryable?: boolean;
  /** Something of the answer had come already. */
  started?: boolean;
  /** The provider's own name for it, and for the request. */
  providerCode?: string;
  requestId?: string;
  /** What had come of the message. */
  partial?: Message;
  usage?: Usage;
}

/** A model gave no whole answer. `code` is the nearest one of Toolway's, `failure` says it of models. */
export class ModelError extends ToolwayError {
  readonly failure: ModelFailure;
  readonly retryable: boolean;
  readonly started: boolean;
  declare readonly providerCode?: string;
  declare readonly requestId?: string;
  declare readonly partial?: Message;
  declare readonly usage?: Usage;

  constructor(failure: ModelFailure, reason: string, facts: ModelFacts = {}) {
    const { retryable = false, started = false, providerCode, requestId, partial, usage, ...others } = facts;
    super(CODES[failure], reason, others);
    this.failure = failure;
    this.retryable = retryable;
    this.started = started;
    const shown = { providerCode, requestId, partial, usage };
    for (const [key, value] of Object.entries(shown)) {
      if (value !== undefined) Object.defineProperty(this, key, { value, enumerable: true });
    }
  }
}
