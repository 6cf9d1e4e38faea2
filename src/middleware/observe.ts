/** The outermost step: sees every call, whatever becomes of it, counts it, tells who listens, and puts names and facts on its failure. */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Emitter } from '../events.ts';
import type { CallToolResult, JsonObject } from '../protocol/types.ts';
import type { Roster } from '../roster.ts';
import type { Middleware } from './middleware.ts';

export interface ObserveOptions {
  clock: Clock;
  events: Emitter;
  /** The calls in flight. */
  calls: Roster<Call>;
  metrics: CallCounter;
  /** Takes the secrets out of an error. */
  masked(error: ToolwayError): ToolwayError;
}

/** Counts calls as they settle. */
export interface CallCounter {
  succeeded(call: Call, result: JsonObject, durationMs: number): void;
  failed(call: Call, error: ToolwayError, durationMs: number): void;
}

export const observe =
  ({ clock, events, calls, metrics, masked }: ObserveOptions): Middleware =>
  (next) =>
  async (call) => {
    const isTool = call.method === 'tools/call';
    const seat = calls.add(call);
    if (isTool && events.heard('tool_call_start')) {
      events.emit('tool_call_start', Object.assign(label(call), { arguments: call.params.arguments }));
    }
    try {
      const result = await next(call);
      const durationMs = clock.now() - call.startedAt;
      metrics.succeeded(call, result, durationMs);
      if (isTool && events.heard('tool_call_success')) {
        const answer = result as JsonObject & CallToolResult;
        const { attempt: attempts, cached } = call;
        events.emit('tool_call_success', Object.assign(label(call), { result: answer, durationMs, attempts, cached }));
      }
      return result;
    } catch (thrown) {
      const error = masked(explained(call, thrown));
      const durationMs = clock.now() - call.startedAt;
      metrics.failed(call, error, durationMs);
      if (isTool) events.emit('tool_call_error', { ...label(call), error, durationMs, attempts: call.attempt });
      throw error;
    } finally {
      calls.remove(seat);
      call.state = 'settled';
    }
  };

/** How events name a call. One shape for all, written out: every call has one made for each of its events. */
export const label = ({ id, server, scope, method, principal, toolName: tool }: Call) => ({
  id,
  server,
  scope,
  method,
  principal,
  tool,
});

const explained = (call: Call, thrown: unknown): ToolwayError => {
  const tool = call.toolName;
  const error = ToolwayError.from(thrown, { executed: call.state === 'queued' ? 'no' : 'unknown' });
  const isInDoubt = error.code === 'closed' && error.executed === 'unknown';
  return (isInDoubt ? inDoubt(error) : error).with({
    server: call.server,
    tool,
  });
};

/** What was closed while the server had the call is why nobody knows what became of it. */
const inDoubt = (cause: ToolwayError): ToolwayError =>
  new ToolwayError('outcome_unknown', `${cause.message} before the answer came`, {
    executed: 'unknown',
    attempts: cause.attempts,
    cause,
  });
