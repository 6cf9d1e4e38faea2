import { describe, expect, test } from 'vitest';
import { lookOf, takenFor, twinsAmong } from './lookalikes.ts';
import { unseenInName, unseenPlaces } from './unseen.ts';

describe('what a name looks like', () => {
  test.each([
    ['delete_file', 'delete_file'],
    ['dеlеtе_filе', 'delete_file'],
    ['dele\u200bte', 'delete'],
    ['pay\u{e0041}', 'pay'],
    ['ｄｅｌｅｔｅ', 'delete'],
    ['𝐝elete', 'delete'],
    ['Ρay', 'Pay'],
    ['a‑b', 'a-b'],
  ])('%j looks like %s', (name, look) => {
    expect(lookOf(name)).toBe(look);
    expect(takenFor(name)).toBe(name === look ? undefined : look);
  });

  test.each(['読む', 'öffnen', 'поиск'])('%s is taken for no other name', (name) => {
    expect(takenFor(name)).toBeUndefined();
  });

  test('names that look like one another know of each other', () => {
    const twins = twinsAmong(['pay', 'read', 'pаy', 'Pay', 'rеad', 'other', 'pay']);
    expect([...twins].sort()).toEqual(
      [
        ['Pay', 'pay'],
        ['pay', 'pаy'],
        ['pаy', 'pay'],
        ['read', 'rеad'],
        ['rеad', 'read'],
      ].sort(),
    );
  });
});

describe('what cannot be seen', () => {
  test.each([
    ['a\u200bb', 'U+200B'],
    ['a\u202eb', 'U+202E'],
    ['a\u{e0041}', 'U+E0041'],
    ['a\0', 'U+0000'],
    ['a\n', 'U+000A'],
    ['\ud800', 'U+D800'],
    ['a\u200db', 'U+200D'],
    ['read_file', undefined],
    ['öffnen', undefined],
  ])('in the name %j: %s', (name, found) => {
    expect(unseenInName(name)).toBe(found);
  });

  test('is found wherever a definition has text, in keys too', () => {
    const places = unseenPlaces({
      description: 'Reads.\u{e0049}\u{e0067}',
      inputSchema: { properties: { 'a/b\u2066': { enum: ['x', 'y\u00ad'] } } },
    });
    expect(places).toEqual([
      '/description (U+E0049)',
      '/inputSchema/properties/a~1b (U+2066)',
      '/inputSchema/properties/a~1b/enum/1 (U+00AD)',
    ]);
  });

  test('is not what ordinary text is made of', () => {
    expect(unseenPlaces({ description: 'Line\r\n\tnext 👨‍👩‍👧 ❤️ می‌خواهم', n: 1, none: null })).toEqual([]);
  });

  test('is told of five places at most, and of a long path its beginning', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`${n}`.repeat(200), '\u200b']));
    const places = unseenPlaces(many);
    expect(places).toHaveLength(5);
    for (const place of places) expect(place.length).toBeLessThan(120);
  });
});
