import { expect, test } from 'vitest';
import { termsOf } from './terms.ts';

test.each([
  ['readFile', ['read', 'file']],
  ['read_file', ['read', 'file']],
  ['files.read-text_file', ['file', 'read', 'text', 'file']],
  ['HTTPServer', ['http', 'server']],
  ['sha256Sum', ['sha256', 'sum']],
  ['queries, statuses, address, bus, shoes, keys', ['query', 'statuse', 'address', 'bus', 'shoes', 'key']],
  ['The file, the WHOLE file.', ['the', 'file', 'the', 'whole', 'file']],
  ['Straße ﬁle', ['straße', 'file']],
  ['検索 files', ['検', '索', 'file']],
  ['__proto__ a.b', ['proto', 'a', 'b']],
  ['\u202e \u0000 !?', []],
])('%j', (text, terms) => {
  expect(termsOf(text)).toEqual(terms);
});

test('what is too long for a word is none', () => {
  expect(termsOf(`${'x'.repeat(65)} ${'y'.repeat(64)}`)).toEqual(['y'.repeat(64)]);
});
