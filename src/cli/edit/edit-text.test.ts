import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dialectNamed, PLAIN } from '../../config/dialects.ts';
import { parseText, type TextFormat } from '../../config/text.ts';
import { addServer, namesIn, removeServer } from './edit-text.ts';
import type { Entry } from './entry.ts';

const as = (format: TextFormat, dialect = PLAIN) => ({ file: `file.${format}`, format, dialect });
const entry: Entry = { command: 'npx', args: ['-y', 'some server', '.'], env: { TOKEN: '${TOKEN}', EMPTY: '' } };
const add = (text: string, format: TextFormat, name = 'new', dialect = PLAIN) =>
  addServer(text, { name, entry }, as(format, dialect));
const lines = (...all: string[]) => `${all.join('\n')}\n`;

/** Every member of a JSON object, with comments and layouts in all places. */
const jsonText = fc
  .record({
    names: fc.uniqueArray(fc.constantFrom('a', 'b', 'my server', 'é', '__proto__'), { maxLength: 3 }),
    comments: fc.array(fc.constantFrom('', ' // {"x": 1,}', '\n    /* , } */', ' /* " */', '\n\n    // last'), {
      minLength: 9,
      maxLength: 9,
    }),
    trailing: fc.boolean(),
    layout: fc.constantFrom('lines', 'line', 'tabs'),
    after: fc.boolean(),
    bom: fc.boolean(),
    crlf: fc.boolean(),
    end: fc.boolean(),
  })
  .map(({ names, comments, trailing, layout, after, bom, crlf, end }) => {
    const at = (index: number) => (layout === 'line' ? '' : (comments[index] ?? ''));
    const unit = layout === 'tabs' ? '\t' : '  ';
    const gap = layout === 'line' ? ' ' : `\n${unit}${unit}`;
    const members = names.map((name, index) => {
      const comma = index < names.length - 1 || trailing ? ',' : '';
      return `${gap}${JSON.stringify(name)}: { "command": "x", "args": ["}", "{"] }${at(index)}${at(index).includes('//') ? '\n' : ''}${comma}${at(index + 3)}`;
    });
    const close = layout === 'line' ? ' ' : `\n${unit}`;
    const servers = names.length === 0 ? '{}' : `{${at(6)}${members.join('')}${close}}`;
    const outer = layout === 'line' ? '' : `\n${unit}`;
    const text = `{${at(7)}${outer}"mcpServers": ${servers}${after ? `,${outer}"policy": {}` : ''}${layout === 'line' ? '' : '\n'}}${at(8)}${end ? '\n' : ''}`;
    return (bom ? '\ufeff' : '') + (crlf ? text.replaceAll('\n', '\r\n') : text);
  });

const yamlText = fc
  .record({
    names: fc.uniqueArray(fc.constantFrom('a', 'b', '"my server"', 'c: d'), { maxLength: 3 }),
    bodies: fc.array(
      fc.constantFrom(
        ['command: x', 'args: [a, "#"]'],
        ['command: x # why', 'env:', '  A: |', '    # no comment', '    text', '  # about env'],
        ['url: http://h', '', '# headers: {}'],
        ['env:', '  A: |+', '    text', '', ''],
      ),
      { minLength: 3, maxLength: 3 },
    ),
    root: fc.constantFrom('mcpServers:', 'servers:   # all of them', '"mcp_servers":'),
    before: fc.constantFrom('', '# top\n\n', '---\n', 'policy: { default: ask }\n'),
    after: fc.constantFrom('', '\n# the end\n', 'pins: warn\n', '\n\nlimits:\n  maxTools: 5\n', '  # more\n'),
    width: fc.constantFrom(2, 4),
    bom: fc.boolean(),
    crlf: fc.boolean(),
    chop: fc.boolean(),
  })
  .map(({ names, bodies, root, before, after, width, bom, crlf, chop }) => {
    const pad = ' '.repeat(width);
    const indented = (body: readonly string[]) => body.map((line) => (line === '' ? '' : pad + pad + line));
    const servers = names.flatMap((name, index) => [
      `${pad}${name.includes(': ') ? JSON.stringify(name) : name}:`,
      ...indented(bodies[index] ?? []),
    ]);
    const head = names.length === 0 ? root.replace(':', ': {}') : root;
    const text = `${before}${[head, ...servers].join('\n')}\n${after}`;
    const whole = chop ? text.replace(/\n+$/, '') : text;
    return (bom ? '\ufeff' : '') + (crlf ? whole.replaceAll('\n', '\r\n') : whole);
  });

const tomlText = fc
  .record({
    blocks: fc.array(
      fc.constantFrom(
        '[mcp_servers.a]\ncommand = "x" # why\nargs = [\n  "[", # one\n  "b",\n]',
        '[mcp_servers.b.env]\n# its variables\nA = "1"',
        '[other]\nkey = 1',
        '# alone\n\n',
        '[mcp_servers."c d"]\nurl = "http://h"',
        '[[list]]\na = 1',
      ),
      { maxLength: 5 },
    ),
    gap: fc.constantFrom('\n', '\n\n', '\n\n\n'),
    end: fc.constantFrom('', '\n', '\n\n'),
    bom: fc.boolean(),
    crlf: fc.boolean(),
  })
  .map(({ blocks, gap, end, bom, crlf }) => {
    const text = `model = "o4"\n${[...new Set(blocks)].join(gap)}${end}`;
    return (bom ? '\ufeff' : '') + (crlf ? text.replaceAll('\n', '\r\n') : text);
  });

describe('a server that is put in and taken out again leaves no trace', () => {
  test.each([
    ['json', jsonText],
    ['yaml', yamlText],
    ['toml', tomlText],
  ] as const)('in %s', async (format, texts) => {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const before = await parseText(text, format);
        fc.pre(before.ok);
        const edited = await add(text, format);
        expect(await namesIn(edited, as(format))).toContain('new');
        expect(await removeServer(edited, 'new', as(format))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['json', jsonText],
    ['yaml', yamlText],
    ['toml', tomlText],
  ] as const)(
    'every server of a text in %s can be taken out, and no comment elsewhere with it',
    async (format, texts) => {
      await fc.assert(
        fc.asyncProperty(texts, async (text) => {
          fc.pre((await parseText(text, format)).ok);
          let left = text;
          for (const name of await namesIn(text, as(format))) left = await removeServer(left, name, as(format));
          expect(await namesIn(left, as(format))).toEqual([]);
          for (const comment of ['# top', '# the end', '# alone'])
            expect(left.includes(comment)).toBe(text.includes(comment));
        }),
        { numRuns: 150 },
      );
    },
  );
});

describe('how a server is written', () => {
  test('JSON: as its neighbours are, behind their comments', async () => {
    const text = lines(
      '{',
      '\t// mine',
      '\t"mcpServers": {',
      '\t\t"a": { "command": "x" } // the first',
      '\t\t// the end of the list',
      '\t},',
      '\t"policy": {}',
      '}',
    );
    expect(await add(text, 'json')).toBe(
      lines(
        '{',
        '\t// mine',
        '\t"mcpServers": {',
        '\t\t"a": { "command": "x" }, // the first',
        '\t\t// the end of the list',
        '\t\t"new": {',
        '\t\t\t"command": "npx",',
        '\t\t\t"args": ["-y", "some server", "."],',
        '\t\t\t"env": {',
        '\t\t\t\t"TOKEN": "${TOKEN}",',
        '\t\t\t\t"EMPTY": ""',
        '\t\t\t}',
        '\t\t}',
        '\t},',
        '\t"policy": {}',
        '}',
      ),
    );
  });

  test.each<[TextFormat, string, string]>([
    ['json', '', '{\n  "mcpServers": {\n    "new": {\n'],
    ['json', '{}', '{\n  "mcpServers": {\n    "new": {\n'],
    ['json', '{"servers":{}}', '{"servers":{"new": { "command": "npx", '],
    ['json', '{"mcpServers": {"a": {"url": "http://h"}}}', '{"a": {"url": "http://h"}, "new": { "command": "npx", '],
    [
      'yaml',
      '',
      'mcpServers:\n  new:\n    command: npx\n    args: ["-y", "some server", "."]\n    env:\n      TOKEN: "${TOKEN}"\n      EMPTY: ""\n',
    ],
    ['yaml', 'servers: {}\n', 'servers:\n  new:\n    command: npx\n'],
    ['yaml', '# nothing yet\n', '# nothing yet\nmcpServers:\n  new:\n'],
    ['yaml', 'servers: { a: { url: "http://h" } }', '{ a: { url: "http://h" }, new: { command: npx, args: ["-y", '],
    ['yaml', '{"servers": {"a": {"command": "x"}}}', '{"a": {"command": "x"}, new: { command: npx'],
    ['yaml', 'pins: warn\n', 'pins: warn\nmcpServers:\n  new:\n    command: npx\n'],
    [
      'toml',
      '',
      '[mcpServers.new]\ncommand = "npx"\nargs = ["-y", "some server", "."]\nenv = { TOKEN = "${TOKEN}", EMPTY = "" }\n',
    ],
    ['toml', '[mcp_servers.a]\nurl = "http://h"\n', 'url = "http://h"\n\n[mcp_servers.new]\ncommand = "npx"\n'],
    [
      'toml',
      'servers = { a = { url = "http://h" } }\n',
      '{ a = { url = "http://h" }, new = { command = "npx", args = ',
    ],
  ])('%s: %j', async (format, text, part) => {
    const edited = await add(text, format);
    expect(edited).toContain(part);
    expect(await parseText(edited, format)).toMatchObject({ ok: true });
  });

  test.each<TextFormat>(['json', 'yaml', 'toml'])(
    '%s: whatever a text may hold comes back as it was',
    async (format) => {
      const hostile = [
        '',
        ' ',
        '#',
        'a: b',
        'yes',
        'null',
        '~',
        '1.0',
        '0x1',
        '- x',
        '"',
        "'",
        '\\',
        '\n',
        '\r\n',
        '\t',
        '\u0007',
        '\u007f',
        '\u0085',
        '\u202e',
        '\u200b',
        '\u2028',
        '\ufeff',
        '${A}',
        '$${A}',
        '%',
        '@',
        '`',
        '&a',
        '*a',
        '!x',
        '|',
        '>',
        '{',
        ']',
        ',',
        '\u{1f600}',
      ];
      const wild: Entry = {
        command: 'x',
        args: hostile,
        env: Object.fromEntries(hostile.filter(Boolean).map((text) => [text, text])),
      };
      const edited = await addServer('', { name: 'a: "b"', entry: wild }, as(format));
      const parsed = await parseText(edited, format);
      expect(parsed.ok && JSON.parse(JSON.stringify(parsed.value))).toEqual({ mcpServers: { 'a: "b"': wild } });
    },
  );

  test.each<[TextFormat, string, string]>([
    [
      'json',
      '{"mcpServers": {"a": {"command": "x"}, "b": {"command": "y"}}} // end',
      '{"mcpServers": {"a": { "url": "http://h" }, "b": {"command": "y"}}} // end',
    ],
    [
      'yaml',
      'mcpServers:\n  a:\n    command: x\n  # about b\n  b:\n    command: y\n',
      'mcpServers:\n  a:\n    url: "http://h"\n  # about b\n  b:\n    command: y\n',
    ],
    [
      'toml',
      '[mcp_servers.a]\ncommand = "x"\n\n# b\n[mcp_servers.b]\ncommand = "y"\n',
      '\n# b\n[mcp_servers.b]\ncommand = "y"\n\n[mcp_servers.a]\nurl = "http://h"\n',
    ],
  ])('%s: one entry in the place of another', async (format, text, result) => {
    const change = { name: 'a', entry: { url: 'http://h' } };
    await expect(addServer(text, change, as(format))).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('has a server "a" already'),
    });
    expect(await addServer(text, { ...change, replace: true }, as(format))).toBe(result);
  });

  test('a host is written to where it looks', async () => {
    const vscode = await add('{\n  "editor.tabSize": 2\n}\n', 'json', 'new', dialectNamed('vscode'));
    expect(JSON.parse(vscode)).toEqual({ 'editor.tabSize': 2, servers: { new: entry } });
    const nested = '{"mcp": {"servers": {"a": {"command": "x"}}}}';
    expect(JSON.parse(await add(nested, 'json', 'new', dialectNamed('vscode'))).mcp.servers).toEqual({
      a: { command: 'x' },
      new: entry,
    });
    expect(await add('model = "o4"\n', 'toml', 'new', dialectNamed('codex'))).toContain('[mcp_servers.new]');
  });
});

describe('a text that cannot be changed safely is left as it is', () => {
  test.each<[TextFormat, string, string]>([
    ['yaml', 'base: &base { a: { command: x } }\nmcpServers: *base\n', 'cannot be changed safely'],
    ['yaml', 'mcpServers:\n  ? a\n  : command: x\n  ? c\n', 'cannot be changed safely'],
    ['yaml', 'mcpServers:\n', '/mcpServers holds no servers'],
    ['json', '{"mcpServers": [], "servers": null}', '/mcpServers holds no servers'],
    ['json', '[]', 'holds no configuration'],
    ['json', '// nothing', 'the text ends where a value is expected'],
    ['toml', 'mcpServers = 5\n', '/mcpServers holds no servers'],
  ])('%s: %j', async (format, text, message) => {
    await expect(addServer(text, { name: 'b', entry }, as(format))).rejects.toThrow(message);
  });

  test('what others refer to is not taken away', async () => {
    const text = 'mcpServers:\n  a: &a\n    command: x\n  b:\n    <<: *a\n';
    await expect(removeServer(text, 'a', as('yaml'))).rejects.toMatchObject({ code: 'invalid_config' });
    expect(await removeServer(text, 'b', as('yaml'))).toBe('mcpServers:\n  a: &a\n    command: x\n');
  });

  test('a text with a mistake is refused with its place', async () => {
    await expect(add('{"mcpServers": {,}}', 'json')).rejects.toThrow(
      'file.json:1:17: a name in double quotes is expected',
    );
  });
});

test.each<[string, string, string]>([
  [
    'the first',
    '{"mcpServers": {\n  // about a\n  "a": {}, // a\n  // about b\n  "b": {} // b\n}}',
    '{"mcpServers": {\n  // about a\n  // about b\n  "b": {} // b\n}}',
  ],
  [
    'the last',
    '{"mcpServers": {\n  "a": {}, // a\n  // about b\n  "b": {} // b\n}}',
    '{"mcpServers": {\n  "a": {} // a\n  // about b\n}}',
  ],
  ['one that is given twice', '{"mcpServers": {"b": 1, "a": {}, "b": {}}}', '{"mcpServers": {"a": {}}}'],
  ['the only one', '{"mcpServers": {\n  "b": {}\n}}', '{"mcpServers": {}}'],
])('JSON: %s is taken out with what stands on its line', async (which, text, result) => {
  expect(await removeServer(text, which === 'the first' ? 'a' : 'b', as('json'))).toBe(result);
});

test('YAML: comments inside of a server stay with it, and go with it', async () => {
  const text = lines(
    'mcpServers:',
    '  a:',
    '    command: x # why',
    '    # args: [later]',
    '',
    '  # b is switched off',
    '',
    '# the rest',
    'pins: warn',
  );
  const edited = await addServer(text, { name: 'new', entry: { command: 'z' } }, as('yaml'));
  expect(edited).toBe(text.replace('switched off\n', 'switched off\n  new:\n    command: z\n'));
  expect(await removeServer(edited, 'a', as('yaml'))).toBe(
    lines('mcpServers:', '', '  # b is switched off', '  new:', '    command: z', '', '# the rest', 'pins: warn'),
  );
});
