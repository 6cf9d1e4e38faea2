/** What both APIs of OpenAI take only as text. */

import type { ResultPart } from '../message.ts';
import type { ModelRequest } from '../model.ts';

export const systemOf = ({ system }: ModelRequest): string =>
  system
    .map(({ text }) => text)
    .filter((text) => text.trim() !== '')
    .join('\n\n');

/** The texts of a result. There is no mark for a failure: the text says it. */
export const resultText = ({ content, isError }: ResultPart): string => {
  const text = content.flatMap((part) => (part.type === 'text' && part.text !== '' ? [part.text] : [])).join('\n');
  return isError === true && !/^\s*error/i.test(text) ? `Error: ${text}` : text;
};
