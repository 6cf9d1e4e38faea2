import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type PngParts, pngOf } from '../../../test/fixtures/images.ts';
import { MAX_PIXELS } from './pixels.ts';
import { decodePng } from './png.ts';

const pixelsOf = (parts: PngParts): number[] => [...decodePng(pngOf(parts)).data];

describe('a PNG', () => {
  test.each<[string, PngParts, number[]]>([
    ['RGB with alpha', { width: 1, height: 1, lines: [[0, 1, 2, 3, 4]] }, [1, 2, 3, 4]],
    ['RGB', { width: 1, height: 1, type: 2, lines: [[0, 1, 2, 3]] }, [1, 2, 3, 255]],
    [
      'RGB with a hole',
      { width: 1, height: 1, type: 2, transparency: [0, 1, 0, 2, 0, 3], lines: [[0, 1, 2, 3]] },
      [1, 2, 3, 0],
    ],
    [
      'sixteen bits',
      { width: 1, height: 1, depth: 16, type: 2, lines: [[0, 255, 255, 128, 0, 0, 0]] },
      [255, 128, 0, 255],
    ],
    ['gray with alpha', { width: 1, height: 1, type: 4, lines: [[0, 9, 8]] }, [9, 9, 9, 8]],
    [
      'one bit',
      { width: 3, height: 1, depth: 1, type: 0, lines: [[0, 0b10100000]] },
      [255, 255, 255, 255, 0, 0, 0, 255, 255, 255, 255, 255],
    ],
    [
      'four bits',
      { width: 2, height: 1, depth: 4, type: 0, lines: [[0, 0x1f]] },
      [17, 17, 17, 255, 255, 255, 255, 255],
    ],
    [
      'a palette of two bits, of which one colour is half transparent',
      {
        width: 2,
        height: 1,
        depth: 2,
        type: 3,
        palette: [1, 2, 3, 4, 5, 6],
        transparency: [128],
        lines: [[0, 0b00010000]],
      },
      [1, 2, 3, 128, 4, 5, 6, 255],
    ],
    [
      'the filter of the left',
      { width: 2, height: 1, type: 4, lines: [[1, 250, 1, 10, 1]] },
      [250, 250, 250, 1, 4, 4, 4, 2],
    ],
    [
      'the filter of above',
      {
        width: 1,
        height: 2,
        type: 4,
        lines: [
          [0, 5, 6],
          [2, 1, 1],
        ],
      },
      [5, 5, 5, 6, 6, 6, 6, 7],
    ],
    [
      'the mean filter',
      {
        width: 1,
        height: 2,
        type: 4,
        lines: [
          [0, 5, 6],
          [3, 1, 1],
        ],
      },
      [5, 5, 5, 6, 3, 3, 3, 4],
    ],
    [
      'the filter of Paeth',
      {
        width: 2,
        height: 2,
        type: 0,
        lines: [
          [0, 10, 20],
          [4, 1, 1],
        ],
      },
      [10, 10, 10, 255, 20, 20, 20, 255, 11, 11, 11, 255, 21, 21, 21, 255],
    ],
    [
      'interlaced',
      {
        width: 3,
        height: 2,
        type: 0,
        interlace: 1,
        lines: [
          [0, 1],
          [0, 3],
          [0, 2],
          [0, 4, 5, 6],
        ],
      },
      [1, 2, 3, 4, 5, 6].flatMap((gray) => [gray, gray, gray, 255]),
    ],
  ])('%s', (_, parts, pixels) => {
    expect(pixelsOf(parts)).toEqual(pixels);
  });

  const bomb = deflateSync(Buffer.alloc(200_000_000));
  test.each<[string, PngParts]>([
    ['that inflates to more than its header says', { width: 1, height: 1, lines: bomb }],
    ['that does so interlaced', { width: 1, height: 1, interlace: 1, lines: bomb }],
    ['without pixels', { width: 0, height: 1, lines: [[0]] }],
    ['that ends too early', { width: 2, height: 1, lines: [[0, 1, 2, 3, 4]] }],
    ['of an unknown filter', { width: 1, height: 1, lines: [[5, 1, 2, 3, 4]] }],
    ['of an unknown type', { width: 1, height: 1, type: 5, lines: [[0, 1]] }],
    ['of a depth that its type has not', { width: 1, height: 1, type: 2, depth: 4, lines: [[0, 1, 2, 3]] }],
    ['without its palette', { width: 1, height: 1, type: 3, lines: [[0, 1]] }],
    ['that is not compressed', { width: 1, height: 1, lines: Buffer.from('nonsense') }],
  ])('%s is refused', (_, parts) => {
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decodePng(pngOf(parts))).toThrow();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
  });

  test('of too many pixels is refused before anything is inflated', () => {
    const parts = { width: MAX_PIXELS / 4, height: 5, lines: bomb };
    expect(() => decodePng(pngOf(parts))).toThrow('too many');
  });

  test('cut off anywhere is refused', () => {
    const whole = pngOf({ width: 1, height: 1, lines: [[0, 1, 2, 3, 4]] });
    const end = whole.indexOf('IEND') - 8;
    for (let at = 0; at < end; at += 1) expect(() => decodePng(whole.subarray(0, at)), `${at}`).toThrow();
  });
});
