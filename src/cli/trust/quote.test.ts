import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quote } from './quote.ts';

test.each([
  ['plain', '"plain"'],
  ['', '""'],
  [' two  words ', '" two  words "'],
  ['"; rm -rf ~; "', '"\\"; rm -rf ~; \\""'],
  ['C:\\new', '"C:\\\\new"'],
  ['a\nb\r\tc', '"a\\nb\\r\\tc"'],
  ['\u001b[2J\u001b]0;x\u0007', '"\\u{1b}[2J\\u{1b}]0;x\\u{07}"'],
  ['\u009b2J\u007f\0', '"\\u{9b}2J\\u{7f}\\u{00}"'],
  ['safe\u202egpj.exe', '"safe\\u{202e}gpj.exe"'],
  ['a\u200bb\u2060\u00adc\ufeff', '"a\\u{200b}b\\u{2060}\\u{ad}c\\u{feff}"'],
  ['a\u00a0b\u3000c\u2028d', '"a\\u{a0}b\\u{3000}c\\u{2028}d"'],
  ['\u2800\u3164\u115f', '"\\u{2800}\\u{3164}\\u{115f}"'],
  ['\u{e0041}\u{e007f}', '"\\u{e0041}\\u{e007f}"'],
  ['\ud800', '"\\u{d800}"'],
  ['\ufe0f', '"\\u{fe0f}"'],
  ['\u0301x', '"\\u{301}x"'],
  ['e\u0301', '"e\u0301"'],
  [`e${'\u0301'.repeat(40)}`, `"e\u0301\u0301${'\\u{301}'.repeat(38)}"`],
  ['grüße 漢字 мир 😀', '"grüße 漢字 мир 😀"'],
])('%j is shown as %s', (text, shown) => {
  expect(quote(text)).toBe(shown);
});

test('two texts are never shown alike, and nothing that is shown is unseen', () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 });
  fc.assert(
    fc.property(text, text, (one, other) => {
      expect(quote(one)).not.toMatch(/[\p{C}\p{DI}\u2800]|(?! )\p{Z}/u);
      if (one !== other) expect(quote(one)).not.toBe(quote(other));
    }),
    { numRuns: 2_000 },
  );
});

test('64 KiB are shown in full', () => {
  expect(quote(`${'a'.repeat(65_536)}\u202e`)).toBe(`"${'a'.repeat(65_536)}\\u{202e}"`);
});
