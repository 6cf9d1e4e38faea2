/** One call of a tool of a server, on behalf of the model. */
import type { Toolkit } from '../../api.ts';
import type { Clock } from '../../clock.ts';
import { ToolwayError } from '../../errors.ts';
import type { Taint, TaintSource } from '../../permission.ts';
import type { CallToolResult, JsonObject } from '../../protocol/types.ts';
import type { TextPart } from '../message.ts';
import type { ResultFacts } from '../results/parts.ts';
import type { Spill } from '../results/spill.ts';
import type { History } from './conversation.ts';
import type { Tell } from './events.ts';
import { type Limits, MAX_DENIALS } from './limits.ts';
import type { LoopOptions } from './options.ts';

/** What all turns of a run have in common. */
export interface Running extends Pick<LoopOptions, 'handlers' | 'principal' | 'scope'> {
  toolkit: Toolkit;
  history: History;
  limits: Limits;
  /** Which media the model is shown in results; undefined where its provider is not known. */
  media: readonly string[] | undefined;
  spill: Spill;
  clock: Clock;
  signal: AbortSignal;
  tell: Tell;
  /** Waits until those who listen have caught up; undefined where they need not, or have. */
  room?: ((signal: AbortSignal) => Promise<void> | undefined) | undefined;
  /** So far in this run. */
  counted: { toolCalls: number; denials: number };
}

/** What a call gave, and what the model reads by it. */
export type Given = { sources: readonly TaintSource[] } & (
  | {
      result: CallToolResult;
      error?: undefined;
      facts: ResultFacts;
      before?: readonly TextPart[];
      /** How many characters the tool wants to be shown. */
      wanted?: number | undefined;
    }
  | { error: ToolwayError; result?: undefined }
);

/** Counts a call; throws where there may be none any more. */
export const count = ({ signal, limits: { maxToolCalls }, counted }: Running): void => {
  if (signal.aborted) throw new ToolwayError('cancelled', 'the run was cancelled before the call', { executed: 'no' });
  if (counted.denials >= MAX_DENIALS) {
    throw new ToolwayError('denied', 'several calls were refused, and no more are made', {
      executed: 'no',
      limit: MAX_DENIALS,
    });
  }
  if (counted.toolCalls >= maxToolCalls) {
    counted.toolCalls += 1;
    throw new ToolwayError('backpressure', `no more than ${maxToolCalls} calls are made`, {
      executed: 'no',
      limit: maxToolCalls,
    });
  }
  counted.toolCalls += 1;
};

/** Calls a tool of a server as one that the model chose, having read `taint`. */
export const callServer = async (
  qualifiedName: string,
  args: JsonObject,
  { id, taint, signal }: { id: string; taint: Taint; signal: AbortSignal },
  { toolkit, handlers, principal, scope, counted, tell }: Running,
): Promise<CallToolResult> => {
  try {
    return await toolkit.callTool(qualifiedName, args, {
      taint,
      signal,
      onProgress: (progress) => tell({ type: 'progress', id, progress }),
      ...(handlers !== undefined && { handlers }),
      ...(principal !== undefined && { principal }),
      ...(scope !== undefined && { scope }),
    });
  } catch (thrown) {
    const error = ToolwayError.from(thrown);
    if (error.code === 'denied' || error.code === 'approval_timeout') counted.denials += 1;
    throw error;
  }
};

/** Whose result a call gives; a server's name holds no dot, and a name without one does not tell its server. */
export const sourceOf = (qualifiedName: string, call: string): TaintSource & { name: string } => {
  const dot = qualifiedName.indexOf('.');
  const server = dot < 0 ? '' : qualifiedName.slice(0, dot);
  return { kind: 'result', server, name: qualifiedName.slice(dot + 1), call };
};
