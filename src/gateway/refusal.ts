/** A request that is turned away before it becomes a call: too large, in the wrong form, by nobody who is known. */
import type { ErrorCode } from '../errors.ts';

/** Facts of a refusal beside its reason. */
export interface RefusalFacts {
  /** Further headers of the answer, `WWW-Authenticate` or `Retry-After`. */
  headers?: Record<string, string>;
  /** How long to wait before another attempt can make sense, in milliseconds. */
  retryAfterMs?: number;
}

/** Thrown by whatever stands before the road; answered with its own status, and with the code that comes nearest. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Record<string, string>;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, code: ErrorCode, reason: string, { headers = {}, retryAfterMs }: RefusalFacts = {}) {
    super(reason);
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.retryAfterMs = retryAfterMs;
  }
}

Object.defineProperty(Refusal.prototype, 'name', { value: 'Refusal', configurable: true });
