/** Multi round-trip requests: the server answers with questions, we send the request again with the answers (2026-07-28 basic/patterns/mrtr). */
import type { Call } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import { checkInputRequired } from './results-on-demand.ts';
import { RpcFault } from './rpc-fault.ts';
import type { ServerRequests } from './server-requests.ts';
import type { JsonObject } from './types.ts';

export interface InputOptions {
  requests: ServerRequests;
  /** Rounds of questions in one call; one more is `protocol_error`. */
  maxInputRounds: number;
}

/** Questions in one round; one more is `protocol_error`. */
const MAX_QUESTIONS = 64;

/**
 * Answers all questions of one `input_required` result. The state that the server gave travels back byte for byte, and
 * only where it gave one; the answers belong to this request alone.
 */
export const answerInputs = async (
  { requests, maxInputRounds }: InputOptions,
  call: Call,
  result: JsonObject,
  round: number,
): Promise<{ inputResponses?: JsonObject; requestState?: string }> => {
  if (round > maxInputRounds) throw tooMany('rounds of questions', maxInputRounds);
  const { inputRequests, requestState } = checkInputRequired(result);
  if (inputRequests.size > MAX_QUESTIONS) throw tooMany('questions in one round', MAX_QUESTIONS);
  const answers = await answerAll(requests, call, inputRequests);
  return {
    ...(inputRequests.size === 0 ? {} : { inputResponses: answers }),
    ...(requestState === undefined ? {} : { requestState }),
  };
};

/** Answers each question through the handlers; a refusal of one ends the call, since the server cannot go on without it. */
export const answerAll = (
  requests: ServerRequests,
  call: Call,
  questions: ReadonlyMap<string, { method: string; params: JsonObject }>,
): Promise<JsonObject> =>
  new Promise((resolve, reject) => {
    call.asked = true;
    const resume = call.handlers === undefined ? undefined : call.pause(requests.clock.now());
    const done = (): void => {
      resume?.(requests.clock.now());
      call.hold(undefined);
    };
    call.hold((error) => {
      resume?.(requests.clock.now());
      reject(error.with({ executed: 'unknown' }));
    });
    const context = { call: describeCall(call), signal: call.signal, handlers: call.handlers };
    const one = async ([key, { method, params }]: [string, { method: string; params: JsonObject }]) =>
      [key, await requests.answer(method, params, { ...context, inputKey: key })] as const;
    Promise.all([...questions].map(one)).then(
      (answers) => {
        done();
        resolve(Object.fromEntries(answers));
      },
      (error: unknown) => {
        done();
        reject(refusal(error));
      },
    );
  });

/** How a handler is told which call a request belongs to. */
const describeCall = (call: Call): { id: string; tool?: string } =>
  call.tool === undefined ? { id: call.id } : { id: call.id, tool: call.tool.name };

const refusal = (error: unknown): ToolwayError =>
  error instanceof RpcFault
    ? new ToolwayError('unsupported', `the server asked for something that this client refuses: ${error.message}`, {
        executed: 'unknown',
        rpcCode: error.code,
        cause: error,
      })
    : ToolwayError.from(error, { executed: 'unknown' });

const tooMany = (what: string, limit: number): ToolwayError =>
  new ToolwayError('protocol_error', `the server asked more than ${limit} ${what}`, { executed: 'unknown', limit });
