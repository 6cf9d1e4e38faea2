/** What callers are told of values that do not fit a tool's schemas. */
import { type Problem, ToolwayError } from '../errors.ts';

export const badArguments = (problems: Problem[]): ToolwayError =>
  new ToolwayError('invalid_arguments', `the arguments do not fit the tool's schema: ${describe(problems)}`, {
    executed: 'no',
    problems,
  });

export const missingStructure = (): ToolwayError =>
  new ToolwayError('protocol_error', 'the result has no structuredContent, though the tool declares an output schema', {
    executed: 'yes',
  });

export const badStructure = (problems: Problem[]): ToolwayError =>
  new ToolwayError('protocol_error', `structuredContent does not fit the tool's output schema: ${describe(problems)}`, {
    executed: 'yes',
    problems,
  });

const describe = (problems: Problem[]): string =>
  problems
    .slice(0, 5)
    .map(({ path, message }) => (path === '' ? message : `${path} ${message}`))
    .join('; ');
