import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from './json.ts';
import { MAX_CONFIG_DEPTH } from './parsed-text.ts';

const failure = (text: string) => {
  const parsed = parseJson(text);
  if (parsed.ok) throw new Error(`parsed: ${text}`);
  return `${parsed.place.line}:${parsed.place.column} ${parsed.message}`;
};

describe('JSON for people', () => {
  test('reads whatever JSON.stringify writes, indented or not', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(4), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseJson(text)).toMatchObject({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  test('agrees with JSON.parse on what is JSON', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      '0',
      '01',
      '1.',
      'e5',
      'true',
      'nul',
      ' ',
      '\n',
      '\\u12',
      '\u0001',
      '//',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        let accepts = true;
        try {
          JSON.parse(text);
        } catch {
          accepts = false;
        }
        const parsed = parseJson(text);
        expect(parsed.ok && parsed.liberties.length === 0).toBe(accepts);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['{"a": 1,\n  "b" 2}', '2:7 ":" is expected, not "2"'],
    ['{"a": 1,\n  # servers\n}', '2:3 comments begin with "//" in JSON, not with "#"'],
    ['{"a": 1} /* open', '1:10 this comment is not closed'],
    ['{"a": 1,, }', '1:9 a name in double quotes is expected, not ","'],
    ['{,}', '1:2 a name in double quotes is expected, not ","'],
    ['{"a": ', '1:7 the text ends where a value is expected'],
    ['{"a": "x\ny"}', '1:7 this string is not closed, or has a bad escape or a line break in it'],
    ["{'a': 1}", '1:2 a name in double quotes is expected, not "\'"'],
    ['{} {}', '1:4 the end is expected, not "{"'],
    ['', '1:1 the text ends where a value is expected'],
  ])('says where %j is wrong', (text, message) => {
    expect(failure(text)).toBe(message);
  });

  test('reads over comments and trailing commas, and tells the first of each', () => {
    const text = '// top\n{"a": "// no /* comment", /* b */ "list": [1, 2, ], // more\n "c": {"d": 3,},\n}\n/**/';
    expect(parseJson(text)).toMatchObject({
      ok: true,
      value: { a: '// no /* comment', list: [1, 2], c: { d: 3 } },
      liberties: [
        { message: 'comments are not part of JSON', place: { line: 1, column: 1 } },
        { message: 'a comma before "]" is not part of JSON', place: { line: 2, column: 48 } },
        { message: 'a comma before "}" is not part of JSON', place: { line: 3, column: 14 } },
      ],
    });
  });

  test('a comment of half a million characters is one', () => {
    expect(parseJson(`/*${'*x'.repeat(250_000)}*/ {}`)).toMatchObject({ ok: true, value: {} });
  });

  test('knows the place of each value, and names that are given twice', () => {
    const parsed = parseJson('\uFEFF{\n "a/b": [1,\n   {"c": 2}],\n "a/b": 3 }');
    if (!parsed.ok) throw new Error('not parsed');
    expect(parsed.value).toEqual({ 'a/b': 3 });
    expect(parsed.locate('/a~1b/1/c')).toEqual({ line: 3, column: 5 });
    expect(parsed.locate('/a~1b')).toEqual({ line: 4, column: 2 });
    expect(parsed.locate('/nothing')).toBeUndefined();
    expect(parsed.duplicates).toEqual(['/a~1b']);
  });

  test('stops at its depth, and takes a string of a million characters', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseJson(nested(MAX_CONFIG_DEPTH)).ok).toBe(true);
    expect(failure(nested(MAX_CONFIG_DEPTH + 1))).toContain(`nested deeper than ${MAX_CONFIG_DEPTH}`);
    expect(failure('['.repeat(1_000_000))).toContain('nested deeper');
    expect(parseJson(JSON.stringify({ a: 'x\n'.repeat(500_000) })).ok).toBe(true);
  });

  test('finds a hundred thousand places in a large text', () => {
    const text = `{${Array.from({ length: 100_000 }, (_, at) => `"k${at}": ${at}`).join(',\r\n')}}`;
    const parsed = parseJson(text);
    if (!parsed.ok) throw new Error('not parsed');
    for (let at = 1; at < 100_000; at += 1) expect(parsed.locate(`/k${at}`)?.line).toBe(at + 1);
    expect(parsed.locate('/k99999')).toEqual({ line: 100_000, column: 1 });
  });
});
