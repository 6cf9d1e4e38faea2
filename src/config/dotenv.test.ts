// biome-ignore-all lint/suspicious/noTemplateCurlyInString: nothing in these files is expanded.
import { expect, test } from 'vitest';
import { parseDotenv } from './dotenv.ts';

test.each([
  ['A=1', { A: '1' }],
  ['export A=1\r\n  B = two words  \r\n', { A: '1', B: 'two words' }],
  ['# A=0\nA=1 # one\n\nno assignment\nB=2', { A: '1', B: '2' }],
  ["A=\"x # y\\nz\"\nB='x\\ny'\nC=`it's`", { A: 'x # y\nz', B: 'x\\ny', C: "it's" }],
  ['KEY="-----BEGIN\nabc\n-----END"\nB=1', { KEY: '-----BEGIN\nabc\n-----END', B: '1' }],
  ['A=\nB=""', { A: '', B: '' }],
  ['A=${HOME}\nB=$A', { A: '${HOME}', B: '$A' }],
  ['A=1\nA=2', { A: '2' }],
  ['A=a=b&c', { A: 'a=b&c' }],
  ['', {}],
])('%j', (text, variables) => {
  expect(Object.fromEntries(parseDotenv(text))).toEqual(variables);
});

test('a million characters take no time, whatever they are', () => {
  for (const unit of ['A', '"', ' ', 'A="', "A='\\", 'A =', '\n']) {
    const started = performance.now();
    parseDotenv(`A=${unit.repeat(1_000_000 / unit.length)}`);
    expect(performance.now() - started).toBeLessThan(2_000);
  }
});

test('names of prototypes are names like any other', () => {
  expect(parseDotenv('__proto__=1').get('__proto__')).toBe('1');
});
