/** The chain: one step, one file, each `(next) => (call) => result`. A step never sees a connection. */
import type { Call } from '../call.ts';
import type { JsonObject } from '../protocol/types.ts';

/** Takes one call to its result; the result is the checked answer of the server. */
export type CallFn = (call: Call) => Promise<JsonObject>;

/** Wraps the rest of the road. */
export type Middleware = (next: CallFn) => CallFn;
