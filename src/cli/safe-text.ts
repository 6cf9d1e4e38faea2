/**
 * The one way by which text of a server reaches the terminal. What could move the cursor, write the clipboard, change
 * the order of characters or hide them is dropped or shown; nothing else is touched.
 */
import { safeText } from '../declarations/safe-text.ts';

export { safeText };

/** As `safeText`, in one line: line ends and tabs become spaces. What is wider than `maxWidth` columns ends in `…`. */
export const safeLine = (text: string, maxWidth = Number.POSITIVE_INFINITY): string => {
  const line = safeText(text).replace(/[\n\t]+/g, ' ');
  // But for wide ones and those made wide, no character has fewer units than columns.
  return line.length <= maxWidth && !isWide.test(line) ? line : cut(line, maxWidth);
};

/** Two columns in a terminal (Unicode Standard Annex 11, W and F, in rough ranges), or none. */
const isWide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const isCombining = /[\p{Mn}\p{Me}]/u;

/** Columns of one code point. */
const columnsOf = (character: string): number => (isWide.test(character) ? 2 : isCombining.test(character) ? 0 : 1);

const isPlain = /^[\n\x20-\x7e]*$/;
/** Several of these, or one behind another, make one character. */
const joins = /[\p{M}\p{Emoji_Modifier}\p{Regional_Indicator}\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]/u;
let segmenter: Intl.Segmenter | undefined;

/** What a person sees as characters (Unicode Standard Annex 29), each with the columns that it takes. */
export function* charactersOf(text: string): Generator<[character: string, columns: number]> {
  if (isPlain.test(text)) {
    for (const character of text) yield [character, 1];
    return;
  }
  if (!joins.test(text)) {
    for (const character of text) yield [character, columnsOf(character)];
    return;
  }
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  for (const { segment } of segmenter.segment(text)) {
    // Flags, skin tones and the selector of emoji style make one character of several.
    let columns = 0;
    for (const point of segment) columns += columnsOf(point);
    yield [segment, isWide.test(segment) || segment.includes('\ufe0f') ? 2 : columns];
  }
}

/** Columns that a line takes, which has passed `safeLine`. */
export const widthOf = (line: string): number => {
  let width = 0;
  for (const [, columns] of charactersOf(line)) width += columns;
  return width;
};

const cut = (line: string, maxWidth: number): string => {
  let width = 0;
  let kept = '';
  /** What is left where an ellipsis has to follow. */
  let short = '';
  for (const [character, columns] of charactersOf(line)) {
    width += columns;
    if (width > maxWidth) return maxWidth < 1 ? '' : `${short}…`;
    kept += character;
    if (width < maxWidth) short = kept;
  }
  return line;
};
