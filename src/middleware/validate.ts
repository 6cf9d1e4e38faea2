/** Checks a tool's arguments against its input schema before anything is sent, and its structured result against its output schema. */
import type { Call } from '../call.ts';
import type { Executed } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import type { Check } from '../schema/validator.ts';
import type { CallFn } from './middleware.ts';
import { badArguments, badStructure, missingStructure } from './misfits.ts';

/** The checks that a call is under; compiled on the way when they are not yet. */
export interface ToolChecks {
  readonly ready: boolean;
  readonly compiled: Promise<void>;
  /** Puts that before what nobody waits for. */
  hurry?(): void;
  readonly input?: Check;
  readonly output?: Check;
}

/** Waits on behalf of a call, under its limits; `executed` is what is to be said of it when it ends there. */
export type WaitFor = <T>(call: Call, shared: Promise<T>, executed?: Executed) => Promise<T>;

/** Takes calls down the rest of the road under the checks of their tools. What needs no waiting costs none. */
export const validation =
  (waitFor: WaitFor) =>
  async (call: Call, checks: ToolChecks, next: CallFn): Promise<JsonObject> => {
    if (!checks.ready) {
      checks.hurry?.();
      await waitFor(call, checks.compiled);
    }
    const { input, output } = checks;
    if (input !== undefined) {
      const found = input(call.params.arguments);
      const problems = found instanceof Promise ? await waitFor(call, found) : found;
      if (problems !== undefined) throw badArguments(problems);
    }
    const result = await next(call);
    if (output === undefined || result.isError === true) return result;
    const { structuredContent } = result;
    if (structuredContent === undefined) throw missingStructure();
    const found = output(structuredContent);
    const problems = found instanceof Promise ? await waitFor(call, found, 'yes') : found;
    if (problems !== undefined) throw badStructure(problems);
    return result;
  };
