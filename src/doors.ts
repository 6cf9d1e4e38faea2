/** What callers give, checked at the door: not all of them are compiled, and models stand behind some. */
import { type ErrorCode, ToolwayError } from './errors.ts';
import type { RequestOptions } from './options.ts';

/** The name or URI of something; `code` is what there is when it is no text. */
export const textOf = (given: unknown, code: ErrorCode): string => {
  if (typeof given === 'string') return given;
  throw new ToolwayError(code, `a name must be a string, not ${kindOf(given)}`, { executed: 'no' });
};

/** The arguments of a tool. */
export const argumentsOf = (given: unknown): Record<string, unknown> => {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as Record<string, unknown>;
  throw new ToolwayError('invalid_arguments', `the arguments must be an object, not ${kindOf(given)}`, {
    executed: 'no',
  });
};

/** How long a caller wants to wait at most. What is no number would be no limit at all. */
export const checkLimits = (given: Pick<RequestOptions, 'timeoutMs' | 'totalTimeoutMs'>): void => {
  checkLimit('timeoutMs', given.timeoutMs);
  checkLimit('totalTimeoutMs', given.totalTimeoutMs);
};

const checkLimit = (name: string, given: unknown): void => {
  if (given === undefined || (typeof given === 'number' && given > 0)) return;
  const shown = typeof given === 'number' ? given : kindOf(given);
  throw new ToolwayError('invalid_arguments', `${name} must be a number above 0, not ${shown}`, { executed: 'no' });
};

const kindOf = (given: unknown): string =>
  given === null ? 'null' : Array.isArray(given) ? 'a list' : given === undefined ? 'undefined' : `a ${typeof given}`;
