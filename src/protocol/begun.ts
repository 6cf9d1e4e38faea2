/** What a failure means for a call that its server has begun. */
import { type ErrorFacts, ToolwayError } from '../errors.ts';

/**
 * The failure of a call whose server had answered before, with a question or a task. That nothing was done may be true of
 * the last message, which never left or was refused; of the call it can no longer be said.
 */
export const begun = (thrown: unknown, facts: ErrorFacts = {}): ToolwayError => {
  const error = ToolwayError.from(thrown, { ...facts, executed: 'unknown' });
  if (error.executed !== 'no') return error;
  return error.mapped(<T>(part: T) => (typeof part === 'string' ? part : { ...part, executed: 'unknown' }) as T);
};
