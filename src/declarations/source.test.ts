import { expect, test } from 'vitest';
import { createNames, docComment, propertyName, stringLiteral, typeName } from './source.ts';

test('a string literal is ASCII, and ends where it ends', () => {
  expect(stringLiteral(`it's "so"\\\n\u2028\u202e${'`'}\${x}`)).toBe(`'it\\'s "so"\\\\\\n\\u2028\\u202e${'`'}\${x}'`);
  expect(propertyName('a_$1')).toBe('a_$1');
  expect(propertyName('a-b')).toBe(`'a-b'`);
  expect(propertyName('1')).toBe(`'1'`);
  expect(propertyName('')).toBe(`''`);
});

test.each([
  ['*/ alert(1) /*', '/** *\\/ alert(1) /* */\n'],
  ['a\u202eb\u001b[2Jc\u2028d', '/** a\\u{202e}bc\\u{2028}d */\n'],
  ['  ', ''],
  [7, ''],
  ['one\ntwo  \n\nthree\r*/', '/**\n * one\n * two\n *\n * three*\\/\n */\n'],
])('the comment for %j', (text, comment) => {
  expect(docComment(text, '')).toBe(comment);
});

test('a comment is no longer than a page', () => {
  expect(docComment('x'.repeat(100_000), '').length).toBeLessThan(5_000);
});

test.each([
  [['files', 'read_text-file'], 'FilesReadTextFile'],
  [['s', '日本'], 'S'],
  [['1st', 'constructor'], 'T1stConstructor'],
  [['', '*/'], 'T'],
])('%j is the type %s', (words, name) => {
  expect(typeName(...words)).toBe(name);
});

test('no name is given twice', () => {
  const unique = createNames();
  expect(['A', 'A', 'A2', 'A', 'A2'].map(unique)).toEqual(['A', 'A2', 'A22', 'A3', 'A23']);
});
