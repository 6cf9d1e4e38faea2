/** Equal calls in flight are one call (for tools only where the operator names them): whoever asks meanwhile waits for the same answer. */
import type { Call } from '../call.ts';
import type { ToolwayError } from '../errors.ts';
import type { Changes } from './changes.ts';
import { createFlight, type Flight } from './flight.ts';
import { answerKeys, wireText } from './key.ts';
import type { Middleware } from './middleware.ts';
import { isOvertaken } from './overtaken.ts';

export interface DedupeOptions {
  changes: Changes;
  /** Why a call ends that leaves while others wait on, in other words where there are better ones. */
  explain?: (call: Call, error: ToolwayError) => ToolwayError;
}

/** For calls that may be merged, and no others. */
export const dedupe = ({ changes, explain }: DedupeOptions): Middleware => {
  const flights = new Map<string, Flight>();
  changes.on((change) => {
    // Who asks after a change wants to know what is now; those who asked before get what they asked for.
    for (const [key, { call }] of flights) if (isOvertaken(call, change)) flights.delete(key);
  });

  return (next) => (call) => {
    const key = keyOf(call);
    if (key === undefined) return next(call);
    const flying = flights.get(key);
    // Another definition of the tool is another tool.
    if (flying !== undefined && flying.call.tool === call.tool) {
      call.merged = true;
      return flying.join(call);
    }
    const flight = createFlight(call, {
      run: next,
      explain,
      onClosed: () => {
        if (flights.get(key) === flight) flights.delete(key);
      },
    });
    flights.set(key, flight);
    return flight.join(call);
  };
};

/** Where a request belongs in its caller's trace (2026-07-28 basic, `_meta`): each call has another place. */
const TRACE_KEYS: ReadonlySet<string> = new Set(['traceparent', 'tracestate', 'baggage']);

/** What else goes to the server, or decides how often, has to be equal too. */
const keyOf = (call: Call): string | undefined => {
  const meta = Object.entries(call.meta ?? {}).filter(([key]) => !TRACE_KEYS.has(key));
  const more = wireText([Object.fromEntries(meta), call.retry ?? null]);
  const keys = answerKeys(call);
  return keys === undefined || more === undefined ? undefined : `${keys.own}${more}`;
};
