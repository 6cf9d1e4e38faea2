import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FormArgument, parseFunctionForm } from './function-form.ts';

describe('a call as people write calls', () => {
  test.each<[string, FormArgument[]]>([
    ['s.t()', []],
    ['s.t( )', []],
    ['s.t(a: 1)', [{ key: 'a', word: '1' }]],
    [
      's.t(a: 1, b: "x y")',
      [
        { key: 'a', word: '1' },
        { key: 'b', value: 'x y' },
      ],
    ],
    [
      "s.t(b='x', c=true)",
      [
        { key: 'b', value: 'x' },
        { key: 'c', word: 'true' },
      ],
    ],
    [`s.t(a: 'it\\'s "so"')`, [{ key: 'a', value: `it's "so"` }]],
    ['s.t(a: "\\u0041\\n")', [{ key: 'a', value: 'A\n' }]],
    [
      's.t(a: [1, {"b": "]"}], c: {"d": ")"})',
      [
        { key: 'a', value: [1, { b: ']' }] },
        { key: 'c', value: { d: ')' } },
      ],
    ],
    [
      's.t(a: hello world, b: http://h/x?y=1)',
      [
        { key: 'a', word: 'hello world' },
        { key: 'b', word: 'http://h/x?y=1' },
      ],
    ],
    ['s.t("my key": -1.5e3,)', [{ key: 'my key', word: '-1.5e3' }]],
    [' s.t (\n  a: 1\n) ', [{ key: 'a', word: '1' }]],
  ])('%s', (text, args) => {
    expect(parseFunctionForm(text)).toEqual({ name: 's.t', args });
  });

  test.each(['s.t', '(a: 1)', 'tool'])('%s is a plain name', (text) => {
    expect(parseFunctionForm(text)).toBeUndefined();
  });

  test.each([
    ['s.t(1)', 'a name is missing (arguments are written name: value) at column 5'],
    ['s.t(a)', '":" is missing (arguments are written name: value) at column 6'],
    ['s.t(a: )', 'a value is missing at column 8'],
    ['s.t(a: 1', '"," or ")" is missing at column 9'],
    ['s.t(a: "x)', 'a string that is not closed at column 8'],
    ['s.t(a: "\\q")', 'a string with a bad escape at column 8'],
    ['s.t(a: {b: 1})', 'bad JSON at column 8'],
    ['s.t(a: [1)', 'bad JSON at column 8'],
    ['s.t(a: 1) x', 'text after ")" at column 11'],
    ['s.t(a: 1 b: 2)', '"," or ")" is missing at column 11'],
  ])('%s is wrong', (text, message) => {
    expect(() => parseFunctionForm(text)).toThrow(message);
  });

  test('any JSON arguments survive', () => {
    const key = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.oneof(fc.string(), fc.array(fc.jsonValue()), fc.dictionary(key, fc.jsonValue()))),
        (args) => {
          const text = Object.entries(args).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
          const form = parseFunctionForm(`t(${text.join(', ')})`);
          const read = (form?.args ?? []).map((one) => [one.key, 'value' in one ? one.value : undefined]);
          expect(read).toEqual(Object.entries(JSON.parse(JSON.stringify(args))));
        },
      ),
    );
  });

  test('nonsense ends in an answer or a usage error', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('(', ')', '{', '"', "'", '\\', ',', ':', 'a', ' ', '=', '[') }),
        (text) => {
          try {
            parseFunctionForm(`t(${text}`);
          } catch (error) {
            expect(error).toMatchObject({ code: 'invalid_arguments' });
          }
        },
      ),
    );
  });
});
