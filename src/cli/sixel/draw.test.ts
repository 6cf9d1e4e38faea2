import { encode } from 'jpeg-js';
import { describe, expect, test } from 'vitest';
import { pngOf } from '../../../test/fixtures/images.ts';
import type { Screen } from '../screen.ts';
import { sixelTerminal } from './ask.ts';
import { drawSixel } from './draw.ts';
import { encodeSixel } from './encode.ts';
import { decodeJpeg } from './jpeg.ts';
import { paletteOf } from './palette.ts';
import type { Pixels } from './pixels.ts';
import { fitInto } from './scale.ts';

const ESC = String.fromCharCode(27);
const RED = [255, 0, 0, 255];
const BLUE = [0, 0, 255, 255];
const NONE = [0, 0, 0, 0];
const image = (width: number, ...pixels: number[][]): Pixels => ({
  width,
  height: pixels.length / width,
  data: Uint8Array.from(pixels.flat()),
});
const screenOf = (answer: string | undefined, interactive = true) => {
  const asked: string[] = [];
  const terminal = {
    query: async (question: string, _: RegExp, waitMs: number) => {
      asked.push(`${question.replaceAll(ESC, 'ESC')} ${waitMs}`);
      return answer;
    },
  };
  return { asked, screen: { interactive, terminal: async () => terminal } as unknown as Screen };
};
const FOOT = { env: { TERM: 'foot' }, screen: screenOf(undefined).screen };

describe('a sixel', () => {
  test('has its size, its colours in percent, and a band of six rows for each colour', () => {
    const { width, height, data } = image(2, ...Array.from({ length: 8 }, () => [RED, BLUE]).flat());
    expect(encodeSixel(width, height, paletteOf({ width, height, data }))).toBe(
      `${ESC}P0;1;0q"1;1;2;8#0;2;0;0;100#1;2;100;0;0#1~$#0?~-#1B$#0?B-${ESC}\\`,
    );
  });

  test('counts long runs, and draws nothing where the image is transparent', () => {
    const row = [...Array.from({ length: 5 }, () => RED), NONE, NONE];
    const pixels = image(7, ...row);
    expect(encodeSixel(7, 1, paletteOf(pixels))).toBe(`${ESC}P0;1;0q"1;1;7;1#0;2;100;0;0#0!5@-${ESC}\\`);
  });

  test('has at most 256 colours, each near to what it stands for', () => {
    const colours = Array.from({ length: 4_096 }, (_, at) => [
      (at & 15) * 17,
      ((at >> 4) & 15) * 17,
      (at >> 8) * 17,
      255,
    ]);
    const pixels = image(64, ...colours);
    const palette = paletteOf(pixels);
    expect(palette.colours).toHaveLength(256);
    for (const [at, colour] of colours.entries()) {
      const near = palette.colours[palette.indexes[at] ?? -1] ?? [];
      for (const part of [0, 1, 2]) expect(Math.abs((near[part] ?? 999) - (colour[part] ?? 0))).toBeLessThan(64);
    }
  });

  test('is made smaller in its proportions, never larger, and of means', () => {
    expect(fitInto(image(2, RED, BLUE, RED, BLUE), 1, 9)).toEqual(image(1, [128, 0, 128, 255]));
    expect(fitInto(image(2, RED, NONE, RED, NONE), 1, 9)).toEqual(image(1, [255, 0, 0, 128]));
    expect(fitInto(image(1, RED), 100, 100)).toEqual(image(1, RED));
    const { width, height } = fitInto({ width: 100, height: 50, data: new Uint8Array(20_000) }, 90, 10);
    expect([width, height]).toEqual([20, 10]);
  });
});

describe('an image', () => {
  const png = pngOf({
    width: 40,
    height: 1,
    type: 2,
    lines: [[0, ...Array.from({ length: 40 }, () => [9, 9, 9]).flat()]],
  });
  test('is drawn as wide as the terminal at most', async () => {
    expect(await drawSixel(png, 'png', { ...FOOT, columns: 100 })).toContain('q"1;1;40;1');
    expect(await drawSixel(png, 'png', { ...FOOT, columns: 2 })).toContain('q"1;1;16;1');
  });

  test('may be a JPEG', async () => {
    const { data } = encode({ width: 8, height: 8, data: Buffer.alloc(256, 200) }, 90);
    expect(await drawSixel(data, 'jpeg', { ...FOOT, columns: 80 })).toMatch(/q"1;1;8;8#0;2;\d+;\d+;\d+#0!8~-/);
    const size = data.indexOf(Buffer.from([0xff, 0xc0])) + 5;
    data.writeUInt16BE(60_000, size);
    data.writeUInt16BE(60_000, size + 2);
    expect(() => decodeJpeg(data)).toThrow('maxResolutionInMP');
    expect(await drawSixel(data, 'jpeg', { ...FOOT, columns: 80 })).toBeUndefined();
  });

  test.each(['png', 'jpeg'] as const)('that is damaged is not drawn: %s', async (kind) => {
    expect(await drawSixel(png.subarray(0, 40), kind, { ...FOOT, columns: 80 })).toBeUndefined();
  });
});

describe('a terminal', () => {
  test.each<[Record<string, string>, string | undefined, number | undefined]>([
    [{ TERM: 'foot-extra' }, undefined, 8],
    [{ TERM: 'mlterm' }, undefined, 8],
    [{ TERM: 'xterm-256color' }, `${ESC}[6;20;10t${ESC}[?62;4;22c`, 10],
    [{ TERM: 'xterm-256color', WT_SESSION: 'x' }, `${ESC}[?61;4;6;7c`, 8],
    [{ TERM: 'screen-256color', TERM_PROGRAM: 'tmux', TMUX: 'x' }, `${ESC}[?1;2;4c`, 8],
    [{ TERM: 'xterm-256color' }, `${ESC}[?64;1;14;40c`, undefined],
    [{ TERM: 'xterm-256color' }, undefined, undefined],
  ])('%j that answers %j has columns of %s pixels', async (env, answer, columnWidth) => {
    const known = await sixelTerminal(screenOf(answer).screen, env);
    expect(known?.columnWidth).toBe(columnWidth);
  });

  test('is asked once, for the size of a character and what it can, and waited for 200 ms', async () => {
    const { screen, asked } = screenOf(`${ESC}[?4c`);
    const env = { TERM: 'xterm' };
    expect(await Promise.all([sixelTerminal(screen, env), sixelTerminal(screen, env)])).toHaveLength(2);
    expect(asked).toEqual(['ESC[16tESC[c 200']);
  });

  test.each<[string, Record<string, string>, boolean]>([
    ['is known', { TERM: 'foot' }, true],
    ['cannot', { TERM: 'alacritty' }, true],
    ['cannot', { TERM: 'linux' }, true],
    ['is dumb', { TERM: 'dumb' }, true],
    ['stands behind GNU screen', { TERM: 'xterm', STY: '1' }, true],
    ['has nobody who types', { TERM: 'xterm' }, false],
  ])('that %s is not asked: %j', async (_, env, interactive) => {
    const { screen, asked } = screenOf(`${ESC}[?4c`, interactive);
    await sixelTerminal(screen, env);
    expect(asked).toEqual([]);
  });
});
