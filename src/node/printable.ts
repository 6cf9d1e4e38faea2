import { stripVTControlCharacters } from 'node:util';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** What a server wrote, fit for an error message: no terminal control, and not longer than `maxChars`. */
export const printable = (text: string, maxChars: number): string => {
  const plain = stripVTControlCharacters(text.slice(0, 4 * maxChars)).replace(CONTROL, '');
  return plain.length > maxChars ? `${plain.slice(0, maxChars)}…` : plain;
};
