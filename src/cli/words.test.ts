import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitWords } from './words.ts';

describe('a line of words', () => {
  test.each<[string, string[]]>([
    ['', []],
    ['  ', []],
    ['a b', ['a', 'b']],
    [' a\t b\n', ['a', 'b']],
    [`'a b' c`, ['a b', 'c']],
    [`"a b"c'd e'`, ['a bcd e']],
    [`''`, ['']],
    [`a "" b`, ['a', '', 'b']],
    [`'a\\b' "a\\b"`, ['a\\b', 'a\\b']],
    [`"a\\"b" "\\$x" "\\\\" "\\n"`, ['a"b', '$x', '\\', '\\n']],
    [`a\\ b \\'`, ['a b', "'"]],
    [`a\\\nb "c\\\nd"`, ['ab', 'cd']],
    ['a && b | c; $(d) `e` $F *.js ~ #x', ['a', '&&', 'b', '|', 'c;', '$(d)', '`e`', '$F', '*.js', '~', '#x']],
    ['npx -y "@scope/pkg" --path=\'/a b\'', ['npx', '-y', '@scope/pkg', '--path=/a b']],
  ])('%j', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  test.each([`'a`, `"a`, `a"b c`, 'a\\', `"a\\`, `'a\\'b'`])('%j is not finished', (line) => {
    expect(() => splitWords(line)).toThrow(expect.objectContaining({ code: 'invalid_arguments', executed: 'no' }));
  });

  test('agrees with a POSIX shell where a shell does nothing but split', () => {
    const chars = fc.constantFrom('a', 'b', ' ', '\t', "'", '"', '\\', 'c');
    const lines = fc.sample(fc.string({ unit: chars, maxLength: 14 }), 400).filter((line) => {
      try {
        splitWords(line);
        return true;
      } catch {
        return false;
      }
    });
    const script = lines.map((line) => `printf '[%s]' x ${line}\nprintf '\\n--\\n'\n`).join('');
    const { stdout } = spawnSync('/bin/sh', ['-f'], { input: script, encoding: 'utf8' });
    const expected = lines.map((line) => `${['x', ...splitWords(line)].map((word) => `[${word}]`).join('')}\n--\n`);
    expect(stdout).toBe(expected.join(''));
  });
});
