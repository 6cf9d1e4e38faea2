/** Checks a tool's arguments against its input schema before anything is sent, and its structured result against its output schema. */
import type { Call } from '../call.ts';
import { type Problem, ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import type { Check } from '../schema/validator.ts';
import type { Middleware } from './middleware.ts';

/** The checks that a call is under; compiled on the way when they are not yet. */
export interface ToolChecks {
  readonly ready: boolean;
  readonly compiled: Promise<void>;
  readonly input?: Check;
  readonly output?: Check;
}

/** `checksOf` gives the checks of a call's tool, if its definition is known. */
export const validate =
  (checksOf: (call: Call) => ToolChecks | undefined): Middleware =>
  (next) =>
  async (call) => {
    const checks = checksOf(call);
    if (checks === undefined) return next(call);
    if (!checks.ready) await checks.compiled;
    const { input, output } = checks;
    if (input !== undefined) {
      const found = input(call.params.arguments);
      const problems = found instanceof Promise ? await found : found;
      if (problems !== undefined) throw badArguments(problems);
    }
    const result = await next(call);
    if (output !== undefined && result.isError !== true) await checkStructured(output, result);
    return result;
  };

const checkStructured = (output: Check, result: JsonObject): void | Promise<void> => {
  if (result.structuredContent === undefined) {
    throw new ToolwayError(
      'protocol_error',
      'the result has no structuredContent, though the tool declares an output schema',
      {
        executed: 'yes',
      },
    );
  }
  const found = output(result.structuredContent);
  if (found instanceof Promise) return found.then(throwIfBroken);
  throwIfBroken(found);
};

const throwIfBroken = (problems: Problem[] | undefined): void => {
  if (problems === undefined) return;
  throw new ToolwayError(
    'protocol_error',
    `structuredContent does not fit the tool's output schema: ${describe(problems)}`,
    {
      executed: 'yes',
      problems,
    },
  );
};

const badArguments = (problems: Problem[]): ToolwayError =>
  new ToolwayError('invalid_arguments', `the arguments do not fit the tool's schema: ${describe(problems)}`, {
    executed: 'no',
    problems,
  });

const describe = (problems: Problem[]): string =>
  problems
    .slice(0, 5)
    .map(({ path, message }) => (path === '' ? message : `${path} ${message}`))
    .join('; ');
