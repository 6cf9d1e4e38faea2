/** Sixel graphics (DEC VT330/VT340 Programmer Reference Manual, chapter 14). */
import type { Palette } from './palette.ts';

const ESC = String.fromCharCode(27);
const BAND_ROWS = 6;
/** The character for no pixel; each of its six lower bits is one. */
const EMPTY = 63;
/** A longer run is written with its length. */
const LONGEST_PLAIN_RUN = 3;

const percent = (level: number): number => Math.round((level * 100) / 255);

/** The sequence that draws the image where the cursor stands. Pixels that are not drawn stay what they were. */
export const encodeSixel = (width: number, height: number, { colours, indexes }: Palette): string => {
  const parts = [`${ESC}P0;1;0q"1;1;${width};${height}`];
  for (const [at, colour] of colours.entries()) parts.push(`#${at};2;${colour.map(percent).join(';')}`);
  for (let top = 0; top < height; top += BAND_ROWS) {
    const columns = new Map<number, Uint8Array>();
    for (let row = 0; row < Math.min(BAND_ROWS, height - top); row += 1) {
      for (let x = 0; x < width; x += 1) {
        const colour = indexes[(top + row) * width + x] as number;
        if (colour < 0) continue;
        let bits = columns.get(colour);
        if (bits === undefined) {
          bits = new Uint8Array(width);
          columns.set(colour, bits);
        }
        bits[x] = (bits[x] as number) | (1 << row);
      }
    }
    parts.push([...columns].map(([colour, bits]) => `#${colour}${runs(bits)}`).join('$'), '-');
  }
  return `${parts.join('')}${ESC}\\`;
};

const runs = (bits: Uint8Array): string => {
  let text = '';
  for (let at = 0; at < bits.length; ) {
    let end = at + 1;
    while (end < bits.length && bits[end] === bits[at]) end += 1;
    const character = String.fromCharCode(EMPTY + (bits[at] as number));
    const isRest = end === bits.length && bits[at] === 0;
    if (!isRest) text += end - at > LONGEST_PLAIN_RUN ? `!${end - at}${character}` : character.repeat(end - at);
    at = end;
  }
  return text;
};
