/** Lets a call of a tool wait until its server is there and the tool is known, so that every later step sees the definition. */
import type { Call } from '../call.ts';
import type { Middleware } from './middleware.ts';

/** `arrive` gives the call its tool; a definition that cannot be read leaves it without one. */
export const route =
  (arrive: (call: Call) => Promise<void>): Middleware =>
  (next) =>
  (call) =>
    call.tool !== undefined || call.method !== 'tools/call' ? next(call) : arrive(call).then(() => next(call));
