/** Asks somebody for a call, on a clock of its own. */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { HandlerContext } from '../handlers.ts';
import type { ApprovalAnswer, ApprovalDecision, ApprovalRequest } from '../permission.ts';
import type { JsonObject } from '../protocol/types.ts';
import { frozenCopy } from './frozen.ts';

export interface AskOptions {
  call: Call;
  clock: Clock;
  timeoutMs: number;
  request: ApprovalRequest;
  handler: (request: ApprovalRequest, context: HandlerContext) => ApprovalAnswer | Promise<ApprovalAnswer>;
}

/** What came of asking; `error` is what the call then fails with. */
export type Outcome =
  | { by: 'handler'; decision: ApprovalDecision }
  | { by: 'timeout' | 'cancelled' | 'error'; error: ToolwayError };

/** Resolves as soon as there is an answer, the time is over, or the call is stopped; the handler's signal says so to it. */
export const ask = ({ call, clock, timeoutMs, request, handler }: AskOptions): Promise<Outcome> =>
  new Promise((resolve) => {
    const asking = new AbortController();
    const finish = (outcome: Outcome): void => {
      timer.cancel();
      call.hold(undefined);
      heedNoMore?.();
      if (outcome.by === 'timeout' || outcome.by === 'cancelled') asking.abort(outcome.error);
      resolve(outcome);
    };
    const stopped = (error: ToolwayError): void => finish({ by: 'cancelled', error: error.with({ executed: 'no' }) });
    const timer = clock.after(timeoutMs, () => finish({ by: 'timeout', error: tooLate(timeoutMs) }));
    const heedNoMore = call.heed();
    call.hold(stopped);
    if (call.stopped !== undefined) return;
    const { server, scope } = call;
    const context = { server, scope, call: { id: call.id, tool: request.tool }, signal: asking.signal };
    new Promise<ApprovalAnswer>((answer) => answer(handler(request, context))).then(
      (answer) => finish(read(answer)),
      (cause: unknown) => finish({ by: 'error', error: notAsked(cause) }),
    );
  });

const read = (answer: unknown): Outcome => {
  if (typeof answer === 'boolean') return { by: 'handler', decision: { approved: answer } };
  const {
    approved,
    reason,
    remember,
    arguments: own,
  } = (answer ?? {}) as Partial<Record<keyof ApprovalDecision, unknown>>;
  if (typeof approved !== 'boolean')
    return { by: 'error', error: failed('the approval handler answered neither true nor false') };
  let args: JsonObject | undefined;
  try {
    if (approved && own !== undefined) args = frozenCopy(own);
  } catch (cause) {
    return { by: 'error', error: failed('the approval handler gave arguments that are no JSON object', cause) };
  }
  return {
    by: 'handler',
    decision: {
      approved,
      ...(typeof reason === 'string' ? { reason } : {}),
      ...(remember === true || remember === 'tool' ? { remember } : {}),
      ...(args && { arguments: args }),
    },
  };
};

/** Where the asking itself broke down, that is not called a refusal. */
const notAsked = (cause: unknown): ToolwayError =>
  cause instanceof ToolwayError && cause.code === 'internal'
    ? cause.with({ executed: 'no' })
    : failed('the approval handler failed', cause);

const failed = (what: string, cause?: unknown): ToolwayError =>
  new ToolwayError('denied', what, { executed: 'no', cause });

const tooLate = (timeoutMs: number): ToolwayError =>
  new ToolwayError('approval_timeout', `nobody agreed to the call within ${timeoutMs} ms`, {
    executed: 'no',
    limit: timeoutMs,
  });
