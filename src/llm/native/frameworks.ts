/** What the adapters of frameworks have in common. */
import { ToolwayError } from '../../errors.ts';
import type { MediaPart, TextPart } from '../message.ts';
import { textOf } from './wire-parts.ts';

/** Loads a framework that Toolway does without otherwise. Throws `unsupported` with how to install it. */
export const framework = async <T>(name: string, load: () => Promise<T>): Promise<T> => {
  try {
    return await load();
  } catch (cause) {
    throw new ToolwayError('unsupported', `these tools need the package ${name}: npm install ${name}`, { cause });
  }
};

/** The failure of a call in the words that the model is to read: frameworks show it the message of what is thrown. */
export const toldFailure = (error: ToolwayError, parts: readonly (TextPart | MediaPart)[]): ToolwayError => {
  const { code, executed, retryAfterMs } = error;
  return new ToolwayError(code, textOf(parts), { executed, retryAfterMs, cause: error });
};
