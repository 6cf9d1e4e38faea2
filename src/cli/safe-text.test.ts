import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { safeLine, safeText } from './safe-text.ts';

const ESC = '\x1b';
const shows = (code: number): string => `a\\u{${code.toString(16)}}b`;
const around = (codes: number[]): [string, string][] =>
  codes.map((code) => [`a${String.fromCodePoint(code)}b`, shows(code)]);
/** From what a server wrote to what may be seen of it. */
const CORPUS: [string, string][] = [
  // CSI
  [`a${ESC}[31mred${ESC}[0mb`, 'aredb'],
  [`a${ESC}[1;38;2;255;0;0mb`, 'ab'],
  [`a${ESC}[38:2::1:2:3mb`, 'ab'],
  [`a${ESC}[2Jb`, 'ab'],
  [`a${ESC}[3Jb`, 'ab'],
  [`a${ESC}[Hb`, 'ab'],
  [`a${ESC}[1A${ESC}[2Kb`, 'ab'],
  [`a${ESC}[?1049hb`, 'ab'],
  [`a${ESC}[?25lb`, 'ab'],
  [`a${ESC}[?2004hb`, 'ab'],
  [`a${ESC}[>0cb`, 'ab'],
  [`a${ESC}[=5ub`, 'ab'],
  [`a${ESC}[6nb`, 'ab'],
  [`a${ESC}[21tb`, 'ab'],
  [`a${ESC}[!pb`, 'ab'],
  [`a${ESC}[0 qb`, 'ab'],
  [`a${ESC}[8mhidden${ESC}[28mb`, 'ahiddenb'],
  [`a${ESC}[12`, 'a'],
  [`a${ESC}[`, 'a'],
  [`a${ESC}[12\nb`, 'a\nb'],
  [`a${ESC}[1;\x1b[2mb`, 'ab'],
  [`a${ESC}[éb`, 'aéb'],
  ['a\x9b31mb', 'ab'],
  ['a\x9b2Jb', 'ab'],
  ['a\x9b', 'a'],
  // OSC
  [`a${ESC}]0;title\x07b`, 'ab'],
  [`a${ESC}]2;title${ESC}\\b`, 'ab'],
  [`a${ESC}]2;title\x9cb`, 'ab'],
  ['a\x9d2;title\x07b', 'ab'],
  [`a${ESC}]8;;https://evil.example\x07link${ESC}]8;;\x07b`, 'alinkb'],
  [`a${ESC}]8;id=1;https://evil.example${ESC}\\link${ESC}]8;;${ESC}\\b`, 'alinkb'],
  [`a${ESC}]52;c;cm0gLXJmIC8K\x07b`, 'ab'],
  [`a${ESC}]52;c;?${ESC}\\b`, 'ab'],
  [`a${ESC}]4;1;rgb:ff/00/00\x07b`, 'ab'],
  [`a${ESC}]10;?\x07b`, 'ab'],
  [`a${ESC}]1337;File=name=eA==;inline=1:AAAA\x07b`, 'ab'],
  [`a${ESC}]133;A\x07b`, 'ab'],
  [`a${ESC}]777;notify;t;b\x07b`, 'ab'],
  [`a${ESC}]9;4;1;50\x07b`, 'ab'],
  [`a${ESC}]50;#1\x07b`, 'ab'],
  [`a${ESC}]P0000000\x07b`, 'ab'],
  [`a${ESC}]0;title`, 'a'],
  [`a${ESC}]0;title\nb`, 'a\nb'],
  [`a${ESC}]0;one\ntwo\x07b`, 'ab'],
  [`a${ESC}]0;title${ESC}[31mb`, 'ab'],
  [`a${ESC}]0;title\x18b`, 'ab'],
  [`a${ESC}]0;title\x1ab`, 'ab'],
  [`a${ESC}]0;one${ESC}]0;two\x07b`, 'ab'],
  ['a\x9d0;one\x9d0;two\x07b', 'ab'],
  [`a${ESC}]`, 'a'],
  // DCS, APC, PM, SOS
  [`a${ESC}Pq#0;2;0;0;0~-${ESC}\\b`, 'ab'],
  [`a${ESC}P$qm${ESC}\\b`, 'ab'],
  [`a${ESC}P+q544e${ESC}\\b`, 'ab'],
  [`a${ESC}Ptmux;${ESC}${ESC}]52;c;AAAA\x07${ESC}\\b`, 'ab'],
  [`a${ESC}Pq\nsixel\n${ESC}\\b`, 'ab'],
  [`a${ESC}Punfinished`, 'a'],
  ['a\x90qsixel\x9cb', 'ab'],
  [`a${ESC}_Gf=100;AAAA${ESC}\\b`, 'ab'],
  ['a\x9fGf=100;AAAA\x9cb', 'ab'],
  [`a${ESC}^private${ESC}\\b`, 'ab'],
  ['a\x9eprivate\x9cb', 'ab'],
  [`a${ESC}Xstart${ESC}\\b`, 'ab'],
  ['a\x98start\x9cb', 'ab'],
  // the short ones
  [`a${ESC}cb`, 'ab'],
  [`a${ESC}7${ESC}8b`, 'ab'],
  [`a${ESC}=${ESC}>b`, 'ab'],
  [`a${ESC}M${ESC}D${ESC}Eb`, 'ab'],
  [`a${ESC}(0${ESC}(Bb`, 'ab'],
  [`a${ESC}%Gb`, 'ab'],
  [`a${ESC}#8b`, 'ab'],
  [`a${ESC} Fb`, 'ab'],
  [`a${ESC}(`, 'a'],
  [`a${ESC}OAb`, 'ab'],
  ['a\x8fAb', 'ab'],
  [`a${ESC}nb`, 'ab'],
  [`a${ESC}\\b`, 'ab'],
  [`a${ESC}${ESC}[31mb`, 'ab'],
  [`a${ESC}`, 'a'],
  [`a${ESC}\nb`, 'a\nb'],
  [`a${ESC}éb`, 'aéb'],
  // single control characters
  ['a\0b', 'ab'],
  ['a\x07b', 'ab'],
  ['abc\b\b\bxyz', 'abcxyz'],
  ['safe\rEVIL', 'safeEVIL'],
  ['one\r\ntwo', 'one\ntwo'],
  ['a\vb\fc', 'abc'],
  ['a\x0e\x0fb', 'ab'],
  ['a\x05b', 'ab'],
  ['a\x7fb', 'ab'],
  ['a\x85b', 'ab'],
  ['a\x84\x8d\x99b', 'ab'],
  ['a\tb\nc', 'a\tb\nc'],
  // what changes the order of characters
  ...around([0x061c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069]),
  // what cannot be seen
  ...around([0x00ad, 0x034f, 0x115f, 0x1160, 0x17b4, 0x180e, 0x200b, 0x200c, 0x200d, 0x2060, 0x2063, 0x2064]),
  ...around([0x206a, 0x2028, 0x2029, 0x3164, 0xfe00, 0xfe0d, 0xfeff, 0xffa0, 0xfff9, 0x1d173, 0xe0100, 0xe01ef]),
  ...around([0xe0001, 0xe0020, 0xe0041, 0xe007f]),
  // halves of characters
  ['a\ud83db', 'a\ufffdb'],
  ['a\ude00b', 'a\ufffdb'],
  ['a\udb40\x07\udc41b', 'a\ufffd\ufffdb'],
];

describe('text of a server', () => {
  test('the corpus has at least eighty sequences', () => {
    expect(new Set(CORPUS.map(([text]) => text)).size).toBeGreaterThanOrEqual(80);
  });

  test.each(CORPUS.map(([text, safe]) => [JSON.stringify(text), text, safe]))('%s', (_, text, safe) => {
    expect(safeText(text)).toBe(safe);
  });

  test.each(['', 'plain', 'Grüße, 你好, عربى, 🎉 ❤️ 👍🏽', 'e\u0301', '\ufffd', 'tab\tand\nline', '[31m', '\\u{202e}'])(
    '%j is left as it is',
    (text) => {
      expect(safeText(text)).toBe(text);
    },
  );

  /** Weighted towards the characters from which sequences are made. */
  const hostile = fc.array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          ESC,
          '[',
          ']',
          'P',
          '_',
          '^',
          'X',
          '\\',
          '\x07',
          '\x9b',
          '\x9d',
          '\x9c',
          ';',
          '3',
          'm',
          '\n',
        ),
      },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xa0 }).map((code) => String.fromCharCode(code)) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    ),
    { maxLength: 60 },
  );
  const text = hostile.map((parts) => parts.join(''));

  test('whatever it is, no control character but line end and tab comes through', () => {
    fc.assert(
      fc.property(text, (unsafe) => {
        for (const character of safeText(unsafe)) {
          const code = character.codePointAt(0) as number;
          const control = code <= 0x08 || (code >= 0x0b && code <= 0x1f) || (code >= 0x7f && code <= 0x9f);
          const bidi = code === 0x61c || (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e);
          const hidden = (code >= 0x2060 && code <= 0x206f) || (code >= 0xe0000 && code <= 0xe0fff);
          expect(control || bidi || hidden || (code >= 0xd800 && code <= 0xdfff)).toBe(false);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('what is safe stays as it is', () => {
    fc.assert(
      fc.property(text, (unsafe) => {
        expect(safeText(safeText(unsafe))).toBe(safeText(unsafe));
      }),
    );
  });

  test('a line end is never swallowed by a sequence that has no end', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(']0;', 'P', '_', '^', 'X', '[1'),
        fc.stringMatching(/^[a-z0-9;]*$/),
        (start, body) => {
          expect(safeText(`${ESC}${start}${body}\nrm -rf /`)).toMatch(/\nrm -rf \/$/);
        },
      ),
    );
  });

  test.each([
    ['plain text', 'x'.repeat(1_000_000)],
    ['introducers', `${ESC}]`.repeat(500_000)],
    ['introducers of one byte', '\x9d'.repeat(1_000_000)],
    ['one string without an end', `${ESC}]${'x'.repeat(1_000_000)}`],
    ['parameters without an end', `${ESC}[${'1;'.repeat(500_000)}`],
    ['intermediates without an end', `${ESC}(${' '.repeat(1_000_000)}`],
    ['half a terminator, often', `${ESC}]${'x\x1b'.repeat(300_000)}`],
  ])('a megabyte of %s takes time in proportion', (_, long) => {
    const startedAt = performance.now();
    safeText(long);
    // Quadratic work would take minutes.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

describe('one line of a server', () => {
  test('has neither line ends nor tabs', () => {
    expect(safeLine('one\r\n\ntwo\tthree\x1b[31m four')).toBe('one two three four');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (any) => {
        expect(safeLine(any)).not.toMatch(/[\n\t]/);
      }),
    );
  });

  test.each([
    ['short', 5, 'short'],
    ['longer', 5, 'long…'],
    ['x', 1, 'x'],
    ['xy', 1, '…'],
    ['xy', 0, ''],
    ['', 0, ''],
    ['你好吗', 6, '你好吗'],
    ['你好吗', 5, '你好…'],
    ['你好吗', 4, '你…'],
    ['🎉🎉', 3, '🎉…'],
    ['e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301e\u0301'],
    ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
  ])('%j in %i columns is %j', (text, columns, line) => {
    expect(safeLine(text, columns)).toBe(line);
  });
});
