/** The colours that stand for all of an image: median cut (Heckbert 1982) over colours of five bits a channel. */
import type { Pixels } from './pixels.ts';

export type Colour = readonly [red: number, green: number, blue: number];

/** What is less opaque is not drawn. */
const LEAST_ALPHA = 128;
const BINS = 1 << 15;

export interface Palette {
  colours: Colour[];
  /** The colour of each pixel; -1 where nothing is drawn. */
  indexes: Int16Array;
}

/** Colours of an image that look the same, how many pixels have them, and what these sum up to. */
interface Bin {
  bin: number;
  count: number;
  sums: [number, number, number];
}

const binOf = (data: Uint8Array, at: number): number =>
  (((data[at] as number) >> 3) << 10) | (((data[at + 1] as number) >> 3) << 5) | ((data[at + 2] as number) >> 3);
const levelOf = ({ bin }: Bin, channel: number): number => (bin >> (10 - channel * 5)) & 31;

/** At most `most` colours, and which of them each pixel has. */
export const paletteOf = ({ data, width, height }: Pixels, most = 256): Palette => {
  const bins = new Map<number, Bin>();
  const pixels = width * height;
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const at = pixel * 4;
    if ((data[at + 3] as number) < LEAST_ALPHA) continue;
    const bin = binOf(data, at);
    let found = bins.get(bin);
    if (found === undefined) {
      found = { bin, count: 0, sums: [0, 0, 0] };
      bins.set(bin, found);
    }
    found.count += 1;
    found.sums[0] += data[at] as number;
    found.sums[1] += data[at + 1] as number;
    found.sums[2] += data[at + 2] as number;
  }
  const boxes = cut([...bins.values()], most);
  const colourOfBin = new Int16Array(BINS);
  for (const [colour, box] of boxes.entries()) for (const { bin } of box) colourOfBin[bin] = colour;
  const indexes = new Int16Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const at = pixel * 4;
    indexes[pixel] = (data[at + 3] as number) < LEAST_ALPHA ? -1 : (colourOfBin[binOf(data, at)] as number);
  }
  return { colours: boxes.map(meanOf), indexes };
};

interface Box {
  bins: Bin[];
  /** The channel in which its colours differ most. */
  channel: number;
  /** How much would be gained by cutting it. */
  weight: number;
}

const boxOf = (bins: Bin[]): Box => {
  const pixels = bins.reduce((sum, { count }) => sum + count, 0);
  const ranges = [0, 1, 2].map((channel) => {
    let low = 31;
    let high = 0;
    for (const bin of bins) {
      low = Math.min(low, levelOf(bin, channel));
      high = Math.max(high, levelOf(bin, channel));
    }
    return high - low;
  });
  const range = Math.max(...ranges);
  return { bins, channel: ranges.indexOf(range), weight: range * pixels };
};

const cut = (bins: Bin[], most: number): Bin[][] => {
  if (bins.length === 0) return [];
  const boxes = [boxOf(bins)];
  while (boxes.length < most) {
    const heaviest = boxes.reduce((best, box) => (box.weight > best.weight ? box : best));
    if (heaviest.weight === 0) break;
    const sorted = heaviest.bins.sort((a, b) => levelOf(a, heaviest.channel) - levelOf(b, heaviest.channel));
    const half = sorted.reduce((sum, { count }) => sum + count, 0) / 2;
    let at = 0;
    for (let sum = 0; sum < half && at < sorted.length - 1; at += 1) sum += sorted[at]?.count ?? 0;
    const middle = Math.max(1, at);
    boxes.splice(boxes.indexOf(heaviest), 1, boxOf(sorted.slice(0, middle)), boxOf(sorted.slice(middle)));
  }
  return boxes.map((box) => box.bins);
};

const meanOf = (bins: readonly Bin[]): Colour => {
  const pixels = bins.reduce((sum, { count }) => sum + count, 0);
  const mean = (channel: 0 | 1 | 2): number =>
    Math.round(bins.reduce((sum, { sums }) => sum + sums[channel], 0) / pixels);
  return [mean(0), mean(1), mean(2)];
};
