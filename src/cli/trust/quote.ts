/** Text between quotes in which nothing can hide: whatever is not plainly seen is written out. */

/** Controls, format characters, private and unassigned ones, lone surrogates, spaces that are no space, what is invisible by definition, blanks. */
const HIDDEN = /[\p{C}\p{DI}\u2800]|(?! )\p{Z}/gu;
/** Marks that sit on nothing, or in heaps. */
const LOOSE = /(?<![\p{L}\p{M}])\p{M}|(?<=\p{M}\p{M})\p{M}/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const written = (character: string): string =>
  SHORT[character] ?? `\\u{${character.codePointAt(0)?.toString(16).padStart(2, '0')}}`;

/** A text in which every character that could hide, or hide others, is written as `\u{…}`. */
export const shown = (text: string): string => text.replace(LOOSE, written).replace(HIDDEN, written);

/** The same in double quotes: where it begins and ends is plain, however many spaces it has. */
export const quote = (text: string): string => `"${shown(text.replace(/["\\]/g, '\\$&'))}"`;
