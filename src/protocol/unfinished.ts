/** Answers of the modern era that are no result yet: questions, after whose answers the request is sent again, and tasks. */
import type { Call } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import type { SendOptions } from '../transport/transport.ts';
import { begun } from './begun.ts';
import { answerInputs, type InputOptions } from './input-rounds.ts';
import { runModernTask, type TaskOptions } from './tasks.ts';
import type { JsonObject } from './types.ts';

export interface UnfinishedOptions extends InputOptions, Omit<TaskOptions, 'send'> {
  send: (call: Call, method: string, params: JsonObject, sendOptions?: SendOptions) => Promise<JsonObject>;
}

/** The methods in the course of which a server may ask back (2026-07-28 basic/patterns/mrtr). */
const ASKING_METHODS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** Goes on from the first answer of `call` to its result. */
export const finish = async (
  options: UnfinishedOptions,
  first: JsonObject,
  ...[call, method, params, sendOptions]: Parameters<UnfinishedOptions['send']>
): Promise<JsonObject> => {
  let result = first;
  try {
    for (let round = 1; result.resultType === 'input_required' && ASKING_METHODS.has(method); round += 1) {
      const answers = await answerInputs(options, call, result, round);
      // Somebody has answered what the tool was when it asked.
      await call.look?.(call, false);
      result = await options.send(call, method, { ...params, ...answers }, sendOptions);
    }
  } catch (error) {
    throw begun(error);
  }
  // What depends on answers given on the way must not be kept (2026-07-28 server/utilities/caching).
  if (result.resultType === undefined || result.resultType === 'complete') return { ...result, ttlMs: 0 };
  if (result.resultType === 'task' && method === 'tools/call') return runModernTask(options, call, result);
  // No `String()` of it: what a server sent may have a `toString` that is none.
  const { resultType } = result;
  const shown =
    typeof resultType === 'string' ? `resultType "${resultType.slice(0, 64)}"` : 'a resultType that is no text';
  throw new ToolwayError('protocol_error', `the server answered ${method} with ${shown}`, { executed: 'yes' });
};
