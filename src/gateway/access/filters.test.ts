import { describe, expect, test } from 'vitest';
import { createSees, filtersOf } from './filters.ts';

describe('a filter of tools', () => {
  test('that says nothing filters nothing', () => {
    expect([filtersOf({}), filtersOf({ tools: {} }), filtersOf({ tools: { deny: [] } })]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test.each([
    ['a server', ['files'], { files: true, 'files.read': true, 'files.a.b': true, mail: false, 'mail.send': false }],
    [
      'tools of a server',
      ['files.read_*'],
      { files: true, 'files.read_text': true, 'files.write': false, mail: false },
    ],
    ['servers by a pattern', ['db-*'], { 'db-one': true, 'db-one.query': true, db: false }],
    ['a tool with a dot in its name', ['a.b.c'], { 'a.b.c': true, 'a.b': false }],
    ['nothing', [], { files: false, 'files.read': false }],
    ['all but one server', { deny: ['mail'] }, { files: true, 'files.read': true, mail: false, 'mail.send': false }],
    ['all tools but some', { deny: ['files.rm*'] }, { files: true, 'files.read': true, 'files.rm_all': false }],
    ['every tool of a server, denied', { deny: ['mail.*'] }, { mail: false, 'mail.send': false }],
    [
      'what is denied, though it is allowed',
      { allow: ['files'], deny: ['files.rm'] },
      { files: true, 'files.read': true, 'files.rm': false, mail: false },
    ],
    ['a tool of every server', ['*.search'], { a: true, 'a.search': true, 'a.other': false }],
  ])('%s', (_, tools, expected: Record<string, boolean>) => {
    const sees = createSees(filtersOf({ tools }));
    const seen = Object.keys(expected).map((name) => {
      const dot = name.indexOf('.');
      return [name, dot < 0 ? sees?.(name) : sees?.(name.slice(0, dot), name.slice(dot + 1))];
    });
    expect(Object.fromEntries(seen)).toEqual(expected);
  });
});
