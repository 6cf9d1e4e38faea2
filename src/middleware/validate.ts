/** Checks a tool's arguments against its input schema before anything is sent, and its structured result against its output schema. */
import type { Call } from '../call.ts';
import type { JsonObject } from '../protocol/types.ts';
import type { Check } from '../schema/validator.ts';
import type { CallFn } from './middleware.ts';
import { badArguments, badStructure, missingStructure } from './misfits.ts';

/** The checks that a call is under; compiled on the way when they are not yet. */
export interface ToolChecks {
  readonly ready: boolean;
  readonly compiled: Promise<void>;
  readonly input?: Check;
  readonly output?: Check;
}

/** Takes a call down the rest of the road under the checks of its tool. */
export const validated = async (call: Call, checks: ToolChecks, next: CallFn): Promise<JsonObject> => {
  if (!checks.ready) await checks.compiled;
  const { input, output } = checks;
  if (input !== undefined) {
    const found = input(call.params.arguments);
    const problems = found instanceof Promise ? await found : found;
    if (problems !== undefined) throw badArguments(problems);
  }
  const result = await next(call);
  if (output === undefined || result.isError === true) return result;
  const { structuredContent } = result;
  if (structuredContent === undefined) throw missingStructure();
  const found = output(structuredContent);
  const problems = found instanceof Promise ? await found : found;
  if (problems !== undefined) throw badStructure(problems);
  return result;
};
