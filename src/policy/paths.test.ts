import { describe, expect, test } from 'vitest';
import { liesWithin, meanings } from './paths.ts';

describe('a path certainly lies in a folder', () => {
  const inside: [path: string, folder: string][] = [
    ['/allowed/x', '/allowed'],
    ['/allowed/x', '/allowed/'],
    ['/allowed', '/allowed'],
    ['/allowed//x', '/allowed'],
    ['/allowed/./x', '/allowed'],
    ['/allowed/a/../x', '/allowed'],
    ['/allowed/...', '/allowed'],
    ['/allowed/a%20b', '/allowed'],
    ['/other/../allowed/x', '/allowed'],
    ['/x', '/'],
    ['file:///allowed/x', '/allowed'],
    ['file://localhost/allowed/a%20b', '/allowed'],
    ['file:///C:/allowed/x', 'C:\\allowed'],
    ['C:\\Allowed\\x', 'c:/allowed'],
    ['\\\\srv\\share\\x', '\\\\srv\\share'],
    ['src/x', 'src'],
    ['./src/x', 'src'],
    ['src/x', '.'],
    ['../x', '..'],
    ['https://API.example/v1/x', 'https://api.example/v1'],
  ];
  test.each(inside)('%s in %s', (path, folder) => {
    expect(liesWithin(path, folder, false)).toBe(true);
    expect(liesWithin(path, folder, true)).toBe(true);
  });
});

describe('a path may lie elsewhere', () => {
  const outside: [path: string, folder: string][] = [
    ['/allowed/../x', '/allowed'],
    ['/allowed/a/../../x', '/allowed'],
    ['/allowed/..', '/allowed'],
    ['/allowedx', '/allowed'],
    ['/x', '/allowed'],
    ['/', '/allowed'],
    ['', '/allowed'],
    ['/allowed\\..\\..\\x', '/allowed'],
    ['/allowed/..\\x', '/allowed'],
    ['/allowed/%2e%2e/x', '/allowed'],
    ['/allowed/%2E./x', '/allowed'],
    ['/allowed%2f..%2fx', '/allowed'],
    ['/allowed/..%5cx%', '/allowed'],
    ['/allowed/..\0/x', '/allowed'],
    ['/x\0/allowed', '/allowed'],
    ['//allowed/x', '/allowed'],
    ['file:///allowed/%2e%2e/x', '/allowed'],
    ['file://elsewhere/allowed/x', '/allowed'],
    ['https://allowed/x', '/allowed'],
    ['allowed/x', '/allowed'],
    ['~/allowed/x', '/allowed'],
    ['../allowed/x', '/allowed'],
    ['../x', '.'],
    ['a/../../x', '.'],
    ['../../x', '..'],
    ['/src/x', 'src'],
    ['c:x', 'c:/'],
    ['d:/allowed/x', 'c:/allowed'],
    ['\\\\?\\c:\\other', 'c:/allowed'],
    ['https://api.example/v1/../admin', 'https://api.example/v1'],
    ['https://api.example@evil/v1', 'https://api.example/v1'],
    ['/Allowed/x', '/allowed'],
    ['/allowed./x', '/allowed'],
  ];
  test.each(outside)('%s is not certainly in %s', (path, folder) => {
    expect(liesWithin(path, folder, false)).toBe(false);
  });
});

describe('a path possibly lies in a folder', () => {
  const possible: [path: string, folder: string][] = [
    ['/x/../secret/key', '/secret'],
    ['/secret%2fkey', '/secret'],
    ['/%73ecret/key', '/secret'],
    ['\\secret\\key', '/secret'],
    ['//secret/key', '/secret'],
    ['/secret/key\0.txt', '/secret'],
    ['../../secret/key', '/secret'],
    ['~/key', '/home/me'],
    ['\\\\?\\C:\\Secret\\key', 'c:/secret'],
    ['file:///secret/key', '/secret'],
    ['/SECRET/key', '/secret'],
    ['/secret/key', '/Secret'],
    ['/se\u0301cret', '/s\u00e9cret'],
    ['/sec\u200bret/key', '/secret'],
    ['/secret./key', '/secret'],
    ['/secret /key', '/secret'],
    ['c:/secret::$INDEX_ALLOCATION/key', 'c:/secret'],
  ];
  test.each(possible)('%s in %s', (path, folder) => {
    expect(liesWithin(path, folder, true)).toBe(true);
  });

  test.each([
    ['/x/key', '/secret'],
    ['README.md', '/secret'],
    ['/secrets', '/secret'],
    ['/secret.txt', '/secret'],
    ['/.secret', '/secret'],
  ])('%s not in %s', (path, folder) => {
    expect(liesWithin(path, folder, true)).toBe(false);
  });
});

describe('a text means', () => {
  const texts: [text: string, meanings: string[]][] = [
    ['plain text. with dots... and 50%', ['plain text. with dots... and 50%']],
    ['/a/../b', ['/a/../b', '/b']],
    ['/a/b/..', ['/a/b/..', '/a/']],
    ['/a/..\\b', ['/a/..\\b', '/b']],
    ['https://h/a/%2e%2e/b', ['https://h/a/%2e%2e/b', 'https://h/b']],
    ['/a\0/../b', ['/a\0/../b', '/a', '/b']],
    ['../a', ['../a', '../a']],
  ];
  test.each(texts)('%j', (text, expected) => {
    expect(meanings(text)).toEqual(expected);
  });
});

test('a long hostile path is read in no time', () => {
  const started = performance.now();
  for (const step of ['../', '%2e%2e%2f', '..\\', '/', '~'])
    liesWithin(`/allowed/${step.repeat(100_000)}`, '/allowed', true);
  expect(performance.now() - started).toBeLessThan(2_000);
});
