/** Images as sixels. Loaded with the first image that may be drawn so. */
import type { Screen } from '../screen.ts';
import { within } from '../within.ts';
import { sixelTerminal } from './ask.ts';
import { encodeSixel } from './encode.ts';
import { paletteOf } from './palette.ts';
import type { Pixels } from './pixels.ts';
import { fitInto } from './scale.ts';

/** The most that is drawn, in pixels: what is more takes long to send, and to show. */
const MAX_WIDTH = 1_600;
const MAX_HEIGHT = 1_200;
/** Decoding and drawing end by force after that, and the image is saved. */
const MAX_TIME_MS = 5_000;
const COLUMNS_WITHOUT_WIDTH = 80;

export interface SixelOptions {
  screen: Screen;
  columns: number | undefined;
  env: Readonly<Record<string, string | undefined>>;
}

/** The sequence that draws the image no wider than the terminal; none where it cannot, or the image cannot be decoded within the limits. */
export const drawSixel = async (
  bytes: Buffer,
  kind: 'png' | 'jpeg',
  { screen, columns = COLUMNS_WITHOUT_WIDTH, env }: SixelOptions,
): Promise<string | undefined> => {
  const terminal = await sixelTerminal(screen, env);
  if (terminal === undefined) return undefined;
  const decode = kind === 'png' ? (await import('./png.ts')).decodePng : (await import('./jpeg.ts')).decodeJpeg;
  const maxWidth = Math.min(MAX_WIDTH, columns * terminal.columnWidth);
  try {
    return within(MAX_TIME_MS, () => sequenceOf(decode(bytes), maxWidth));
  } catch {
    // Damaged, too large, or too slow: it is saved as it came.
    return undefined;
  }
};

const sequenceOf = (image: Pixels, maxWidth: number): string => {
  const { width, height, data } = fitInto(image, maxWidth, MAX_HEIGHT);
  return `${encodeSixel(width, height, paletteOf({ width, height, data }))}\n`;
};
