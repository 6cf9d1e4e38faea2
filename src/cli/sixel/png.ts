/** PNG (W3C, third edition) as pixels. What it inflates to is known from its header, and nothing more is inflated. */
import { inflateSync } from 'node:zlib';
import { MAX_PIXELS, type Pixels } from './pixels.ts';

const SIGNATURE_BYTES = 8;
/** Type, length and checksum of a chunk. */
const FRAME_BYTES = 12;
const GRAY = 0;
const RGB = 2;
const PALETTE = 3;
/** Samples of a pixel by colour type, and the depths that it may have. */
const KINDS: Readonly<Record<number, { samples: number; depths: readonly number[] }>> = {
  [GRAY]: { samples: 1, depths: [1, 2, 4, 8, 16] },
  [RGB]: { samples: 3, depths: [8, 16] },
  [PALETTE]: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

/** Where the pixels of a pass begin, and how far they are apart. */
type Pass = readonly [x: number, y: number, stepX: number, stepY: number];
const WHOLE: readonly Pass[] = [[0, 0, 1, 1]];
const ADAM7: readonly Pass[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

interface Chunks {
  header: Buffer;
  palette: Buffer | undefined;
  transparency: Buffer | undefined;
  data: Buffer;
}

/** Throws an `Error` for what is no PNG, is damaged, or has more than `MAX_PIXELS`. */
export const decodePng = (bytes: Buffer): Pixels => {
  const { header, palette, transparency, data } = chunksOf(bytes);
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const [depth = 0, type = 0, compression, filtering, interlace = 2] = header.subarray(8);
  const kind = KINDS[type];
  const isKnown = kind?.depths.includes(depth) && compression === 0 && filtering === 0 && interlace < 2;
  if (!kind || !isKnown || width === 0 || height === 0) throw new Error('an unknown kind of PNG');
  if (width * height > MAX_PIXELS) throw new Error(`${width} × ${height} pixels are too many`);
  if (type === PALETTE && palette === undefined) throw new Error('no palette');

  const passes = (interlace === 0 ? WHOLE : ADAM7).map(([x, y, stepX, stepY]) => {
    const columns = Math.max(0, Math.ceil((width - x) / stepX));
    const rowBytes = Math.ceil((columns * kind.samples * depth) / 8);
    const rows = columns === 0 ? 0 : Math.max(0, Math.ceil((height - y) / stepY));
    return { x, y, stepX, stepY, columns, rows, rowBytes };
  });
  const size = passes.reduce((sum, { rows, rowBytes }) => sum + rows * (rowBytes + 1), 0);
  const raw = inflateSync(data, { maxOutputLength: size });
  if (raw.length < size) throw new Error('the image ends too early');

  const image: Pixels = { width, height, data: new Uint8Array(width * height * 4) };
  const pixelBytes = Math.max(1, (kind.samples * depth) >> 3);
  const put = painter(image.data, { type, depth, samples: kind.samples, palette, transparency });
  let at = 0;
  for (const { x, y, stepX, stepY, columns, rows, rowBytes } of passes) {
    let above: Uint8Array = new Uint8Array(rowBytes);
    for (let row = 0; row < rows; row += 1) {
      const line = raw.subarray(at + 1, at + 1 + rowBytes);
      unfilter(raw[at] ?? 0, line, above, pixelBytes);
      const start = ((y + row * stepY) * width + x) * 4;
      for (let column = 0; column < columns; column += 1) put(line, column, start + column * stepX * 4);
      above = line;
      at += rowBytes + 1;
    }
  }
  return image;
};

const chunksOf = (bytes: Buffer): Chunks => {
  let header: Buffer | undefined;
  let palette: Buffer | undefined;
  let transparency: Buffer | undefined;
  const data: Buffer[] = [];
  for (let at = SIGNATURE_BYTES; at + FRAME_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (body.length < length || type === 'IEND') break;
    if (type === 'IHDR' && length === 13) header ??= body;
    else if (type === 'PLTE') palette ??= body;
    else if (type === 'tRNS') transparency ??= body;
    else if (type === 'IDAT') data.push(body);
    at += FRAME_BYTES + length;
  }
  if (header === undefined) throw new Error('no header');
  return { header, palette, transparency, data: Buffer.concat(data) };
};

/** Takes the filter off a line, in its place (section 9). */
const unfilter = (filter: number, line: Uint8Array, above: Uint8Array, pixelBytes: number): void => {
  if (filter > 4) throw new Error('an unknown filter');
  if (filter === 0) return;
  for (let at = 0; at < line.length; at += 1) {
    const left = at < pixelBytes ? 0 : (line[at - pixelBytes] as number);
    const up = above[at] as number;
    const corner = at < pixelBytes ? 0 : (above[at - pixelBytes] as number);
    const guess = filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : paeth(left, up, corner);
    line[at] = (line[at] as number) + guess;
  }
};

const paeth = (left: number, up: number, corner: number): number => {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
};

interface Colours {
  type: number;
  depth: number;
  samples: number;
  palette: Buffer | undefined;
  transparency: Buffer | undefined;
}

/** Puts the pixel of a column of a line into the image. */
const painter = (
  into: Uint8Array,
  { type, depth, samples, palette, transparency }: Colours,
): ((line: Uint8Array, column: number, at: number) => void) => {
  const most = 2 ** depth - 1;
  const sample = (line: Uint8Array, index: number): number => {
    if (depth === 8) return line[index] as number;
    if (depth === 16) return (line[index * 2] as number) * 256 + (line[index * 2 + 1] as number);
    const bit = index * depth;
    return ((line[bit >> 3] as number) >> (8 - depth - (bit & 7))) & most;
  };
  const byte = (value: number): number => (depth === 8 ? value : Math.round((value * 255) / most));
  /** The colour that is transparent. */
  const hole = (index: number): number =>
    transparency !== undefined && transparency.length >= index * 2 + 2 ? transparency.readUInt16BE(index * 2) : -1;
  const holes = type === GRAY ? [hole(0)] : type === RGB ? [hole(0), hole(1), hole(2)] : [];

  return (line, column, at) => {
    const first = column * samples;
    const values = [sample(line, first)];
    for (let more = 1; more < samples; more += 1) values.push(sample(line, first + more));
    const [a = 0, b = 0, c = 0, d = most] = values;
    if (type === PALETTE) {
      for (let part = 0; part < 3; part += 1) into[at + part] = palette?.[a * 3 + part] ?? 0;
      into[at + 3] = transparency?.[a] ?? 255;
      return;
    }
    const isGray = samples < 3;
    into[at] = byte(a);
    into[at + 1] = byte(isGray ? a : b);
    into[at + 2] = byte(isGray ? a : c);
    const alpha = samples === 2 ? b : d;
    const isHole = holes.length > 0 && holes.every((value, index) => value === values[index]);
    into[at + 3] = isHole ? 0 : byte(alpha);
  };
};
