/** What the adapters of frameworks have in common. */
import { ToolwayError } from '../../errors.ts';
import type { MediaPart, TextPart } from '../message.ts';
import { textOf } from './wire-parts.ts';

/**
 * What is thrown where a framework is not installed, with how to install it. Each `await import()` of one stands in
 * a `try`: by that, bundlers know that it may be missing.
 */
export const missingFramework = (name: string, cause: unknown): ToolwayError =>
  new ToolwayError('unsupported', `these tools need the package ${name}: npm install ${name}`, { cause });

/** The failure of a call in the words that the model is to read: frameworks show it the message of what is thrown. */
export const toldFailure = (error: ToolwayError, parts: readonly (TextPart | MediaPart)[]): ToolwayError => {
  const { code, executed, retryAfterMs } = error;
  return new ToolwayError(code, textOf(parts), { executed, retryAfterMs, cause: error });
};
