import { describe, expect, test } from 'vitest';
import { MAX_CONFIG_DEPTH } from './parsed-text.ts';
import { formatOf, MAX_CONFIG_BYTES, parseText, type TextFormat } from './text.ts';

const parsed = async (text: string, format: TextFormat) => {
  const result = await parseText(text, format);
  if (!result.ok) throw new Error(`${result.place.line}:${result.place.column} ${result.message}`);
  return result;
};
const failure = (text: string, format: TextFormat) =>
  parsed(text, format).then(
    ({ value }) => Promise.reject(new Error(`parsed: ${JSON.stringify(value)}`)),
    (error: Error) => error.message,
  );

/** One configuration, in every format. */
const SAME: [TextFormat, string, place: [line: number, column: number]][] = [
  ['json', '{\n "mcpServers": {\n  "a/b": {"command": "x",\n   "args": ["-y", "z"], "n": 1.5, "on": true}}}', [4, 19]],
  ['yaml', '# servers\nmcpServers:\n  a/b:\n    command: x\n    args: [-y, z]\n    n: 1.5\n    on: true\n', [5, 16]],
  ['toml', '# servers\n[mcpServers."a/b"]\ncommand = "x"\nargs = ["-y", "z"]\nn = 1.5\non = true\n', [4, 15]],
];

describe('a text in every format', () => {
  test.each(SAME)('%s gives the same value, and the place of each part', async (format, text, [line, column]) => {
    const { value, locate, duplicates } = await parsed(text, format);
    expect(value).toEqual({ mcpServers: { 'a/b': { command: 'x', args: ['-y', 'z'], n: 1.5, on: true } } });
    expect(locate('/mcpServers/a~1b/args/1')).toEqual({ line, column });
    expect(locate('/mcpServers/a~1b/nothing')).toBeUndefined();
    expect(locate('')).toBeDefined();
    expect(duplicates).toEqual([]);
  });

  test.each<[TextFormat, string]>([
    ['json', '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'],
    ['yaml', '__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}'],
    ['toml', '[__proto__]\npolluted = 1\n[constructor.prototype]\npolluted = 1'],
    ['toml', '"__proto__".polluted = 1\nconstructor = { prototype.polluted = 1 }'],
  ])('names of prototypes are names like any other: %s', async (format, text) => {
    const { value } = await parsed(text, format);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    expect((value as { polluted?: unknown }).polluted).toBeUndefined();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test.each<[TextFormat, string]>([
    ['json', '{"a": [1,\n  2'],
    ['yaml', 'a: [1,\n  2'],
    ['toml', 'a = [1,\n  2'],
  ])('a list that is not closed has a place: %s', async (format, text) => {
    expect(await failure(text, format)).toMatch(/^2:\d /);
  });

  test.each<[TextFormat, (depth: number) => string]>([
    ['json', (depth) => '['.repeat(depth) + ']'.repeat(depth)],
    ['yaml', (depth) => '['.repeat(depth) + ']'.repeat(depth)],
    ['yaml', (depth) => `${'- '.repeat(depth)}a`],
    ['yaml', (depth) => Array.from({ length: depth }, (_, level) => `${' '.repeat(level)}a:`).join('\n')],
    ['toml', (depth) => `a = ${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}`],
    ['toml', (depth) => `a = ${'{b='.repeat(depth - 1)}1${'}'.repeat(depth - 1)}`],
    ['toml', (depth) => `[${Array.from({ length: depth - 1 }, () => 'a').join('.')}]\nb = 1`],
    ['toml', (depth) => `${Array.from({ length: depth }, () => 'a').join('.')} = 1`],
  ])('%s stops at its depth, however deep it goes', async (format, nested) => {
    expect((await parsed(nested(MAX_CONFIG_DEPTH), format)).value).toBeDefined();
    const message = `nested deeper than ${MAX_CONFIG_DEPTH} levels`;
    for (const depth of [MAX_CONFIG_DEPTH + 1, 1_000]) expect(await failure(nested(depth), format)).toContain(message);
  });

  test.each<[TextFormat, string]>([
    ['json', '['],
    ['yaml', '['],
    ['yaml', '- '],
    ['yaml', '{a: '],
    ['yaml', '? '],
    ['toml', 'a = [['],
    ['toml', '['],
  ])('%s of one megabyte of %j ends in an error, not in a crash', async (format, unit) => {
    expect(await failure(unit.repeat(Math.floor(1_000_000 / unit.length)), format)).not.toBe('');
  });

  test('a text over the limit is refused unread', async () => {
    for (const format of ['json', 'yaml', 'toml'] as const) {
      const long = ' '.repeat(MAX_CONFIG_BYTES + 1);
      expect(await failure(long, format)).toBe(`1:1 longer than ${MAX_CONFIG_BYTES} bytes`);
    }
  });

  test.each([
    ['a.json', 'json'],
    ['A.JSONC', 'json'],
    ['x/.mcp.json', 'json'],
    ['a.yml', 'yaml'],
    ['a.yaml', 'yaml'],
    ['config.toml', 'toml'],
    ['servers', 'json'],
    ['a.constructor', 'json'],
  ])('%s is read as %s', (name, format) => {
    expect(formatOf(name)).toBe(format);
  });
});

describe('YAML', () => {
  test('anchors, merge keys and comments are fine', async () => {
    const text =
      'base: &base {command: x, env: {A: b}}\nmcpServers:\n  one:\n    <<: *base\n    args: [a]\n  two: *base\n';
    const { value, locate } = await parsed(text, 'yaml');
    expect(value).toMatchObject({
      mcpServers: { one: { command: 'x', env: { A: 'b' }, args: ['a'] }, two: { command: 'x' } },
    });
    expect(locate('/mcpServers/one/args')).toEqual({ line: 5, column: 5 });
    expect(locate('/mcpServers/two/env/A')).toEqual({ line: 1, column: 32 });
  });

  test('it is the YAML of 1.2: only true and false are booleans', async () => {
    expect((await parsed('a: yes\nb: on\nc: 010\nd: 2024-01-01\ne: true\nf: ~\n', 'yaml')).value).toEqual({
      a: 'yes',
      b: 'on',
      c: 10,
      d: '2024-01-01',
      e: true,
      f: null,
    });
  });

  test('names that are given twice are told; the last one counts', async () => {
    const { value, duplicates, locate } = await parsed('a: {x: 1}\nb: [{y: 1, y: 2}]\na: {x: 2}\n', 'yaml');
    expect(value).toEqual({ a: { x: 2 }, b: [{ y: 2 }] });
    expect(duplicates).toEqual(['/b/0/y', '/a']);
    expect(locate('/a')).toEqual({ line: 3, column: 1 });
  });

  test.each([
    ['a: b: c', '1:4 nested mappings are not allowed in compact mappings'],
    ['a: 1\n\tb: 2', '2:1 tabs are not allowed as indentation'],
    ['a: !!js/function x', '1:4 unresolved tag: tag:yaml.org,2002:js/function'],
    ['a: 1\n---\nb: 2', '2:1 a second document begins; a configuration is one'],
    ['a: *none', '1:4 there is no anchor &none before this alias'],
    ['a: &a [*a]', `1:1 nested deeper than ${MAX_CONFIG_DEPTH} levels`],
  ])('%j is an error with its place', async (text, message) => {
    expect(await failure(text, 'yaml')).toBe(message);
  });

  test('aliases that blow up are an error at once', async () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const parts = Array.from({ length: 9 }, () => (level === 0 ? 'x' : `*a${level - 1}`));
      return `a${level}: &a${level} [${parts.join(', ')}]`;
    });
    expect(await failure(levels.join('\n'), 'yaml')).toBe('1:1 aliases blow it up more than 100-fold');
  });

  test('an empty text holds nothing', async () => {
    expect((await parsed('# nothing\n', 'yaml')).value).toBeNull();
  });
});

describe('TOML', () => {
  test('tables, lists of tables, dotted and quoted keys', async () => {
    const text =
      'a.b = 1\n[t."x.y"]\nwhen = 1979-05-27T07:32:00Z\n[[rules]]\nid = 1\n[[rules]]\nid = 2\n[rules.sub]\nz = 3\n';
    const { value, locate } = await parsed(text, 'toml');
    expect(value).toEqual({
      a: { b: 1 },
      t: { 'x.y': { when: '1979-05-27T07:32:00Z' } },
      rules: [{ id: 1 }, { id: 2, sub: { z: 3 } }],
    });
    expect(locate('/rules/1/id')).toEqual({ line: 7, column: 1 });
    expect(locate('/rules/1/sub')).toEqual({ line: 8, column: 8 });
    expect(locate('/t/x.y/when')).toEqual({ line: 3, column: 1 });
  });

  test.each([
    ['a = 1\na = 2', '2:1 defining a key multiple times is invalid'],
    ['a = "x', '1:7 unterminated string constant'],
    ['a = 1 2', '1:7 must be a newline'],
    ['a =\n', '2:1 unspecified values are invalid'],
  ])('%j is an error with its place', async (text, message) => {
    expect(await failure(text, 'toml')).toBe(message);
  });
});
