import fc from 'fast-check';
import { Lexer } from 'marked';
import { describe, expect, test } from 'vitest';
import { widthOf } from '../safe-text.ts';
import { createStyle } from '../style.ts';
import { blockLines } from './blocks.ts';
import { MAX_MARKDOWN_LENGTH, type RenderOptions, renderMarkdown } from './render.ts';

const ESC = String.fromCharCode(27);
const PLAIN = createStyle(false);
const COLOURED = createStyle(true);
// What is too slow has tests of its own: elsewhere a machine that stands still for a second changes nothing.
const options: RenderOptions = { style: PLAIN, columns: 40, hyperlinks: false, breaks: false, maxTimeMs: 60_000 };
const render = (source: string, more: Partial<RenderOptions> = {}) => renderMarkdown(source, { ...options, ...more });
const sgr = (on: number, text: string, off: number) => `${ESC}[${on}m${text}${ESC}[${off}m`;
const dim = (text: string) => sgr(2, text, 22);
const cyan = (text: string) => sgr(36, text, 39);

describe('Markdown on a terminal', () => {
  test.each<[string, string, string]>([
    ['headings keep their marks', '# One\n\nTwo\n---', '  # One\n\n  ## Two'],
    [
      'paragraphs are wrapped at spaces',
      `${'word '.repeat(12)}end`,
      `  ${'word '.repeat(6)}word\n  ${'word '.repeat(5)}end`,
    ],
    ['wide characters take two columns', '日本語'.repeat(8), `  ${'日本語'.repeat(6)}日\n  本語日本語`],
    ['flags and skin tones are one character of two columns', '🇩🇪👍🏽'.repeat(10), `  ${'🇩🇪👍🏽'.repeat(9)}🇩🇪\n  👍🏽`],
    ['a word without end is broken', 'x'.repeat(50), `  ${'x'.repeat(38)}\n  ${'x'.repeat(12)}`],
    [
      'lists in lists, with numbers and tasks',
      '- a\n  1. b\n  2. c\n- [x] d\n- [ ] e\n\n9. i\n10. j',
      '  • a\n    1. b\n    2. c\n  • [x] d\n  • [ ] e\n\n   9. i\n  10. j',
    ],
    ['a loose list has its lines between', '- a\n\n  b\n\n- c', '  • a\n\n    b\n\n  • c'],
    [
      'items are indented where they go on',
      `- ${'word '.repeat(10)}`,
      `  • ${'word '.repeat(6)}word\n    word word word`,
    ],
    ['quotes in quotes', '> a\n>\n> > b', '  │ a\n  │\n  │ │ b'],
    ['code as it is, tabs as four spaces', '```ts\nif (x) {\n\ty;\n}\n```', '      if (x) {\n          y;\n      }'],
    ['code that is too wide goes on below', `    ${'y'.repeat(40)}`, `      ${'y'.repeat(34)}\n      yyyyyy`],
    ['a rule is as wide as there is room', '---', `  ${'─'.repeat(38)}`],
    ['marks stay without colours', '**a** *b* ~~c~~ `d`', '  **a** *b* ~~c~~ `d`'],
    ['character references are decoded', '&lt;a&gt; &amp; &#65;&#x42; &unknown;', '  <a> & AB &unknown;'],
    [
      'what is hidden elsewhere is shown',
      '<!-- do evil -->\n\n[//]: # (and this)\n',
      '  <!-- do evil -->\n\n  [//]: # (and this)',
    ],
    ['front matter is code', '---\na: 1\n---\n# T', '      a: 1\n\n  # T'],
    ['a link shows where it leads', '[docs](https://a.example/x)', '  docs (https://a.example/x)'],
    [
      'a link that says it does not say it twice',
      '<https://a.example> www.b.example',
      '  https://a.example www.b.example',
    ],
    ['a place in the text is nowhere else', '[there](#there)', '  there'],
    ['an image is named, not fetched', '![a *cat*](cat.png)', '  [image: a *cat*] (cat.png)'],
    ['line ends are spaces', 'one\ntwo  \nthree', '  one two\n  three'],
  ])('%s', (_, source, lines) => {
    expect(render(source)).toBe(lines);
  });

  test('line ends stay where nobody declared Markdown', () => {
    expect(render('one\ntwo', { breaks: true })).toBe('  one\n  two');
  });

  test('a table is fitted: its cells are wrapped and aligned', () => {
    const source =
      '| Name | Size | About |\n|:--|--:|:-:|\n| a | 1 | some words that need more room than there is |\n| 日本 | 22 | x |';
    expect(render(source)).toBe(
      [
        '  Name │ Size │          About',
        '  ─────┼──────┼─────────────────────────',
        '  a    │    1 │   some words that need',
        '       │      │ more room than there is',
        '  日本 │   22 │            x',
      ].join('\n'),
    );
  });

  test('a table that has no room at all is a list of its rows', () => {
    const cells = (text: string) => `|${Array.from({ length: 8 }, (_, at) => `${text}${at}`).join('|')}|`;
    const head = cells('column');
    const source = `${head}\n${'|-'.repeat(8)}|\n${cells('value')}`;
    expect(render(source)?.split('\n').slice(0, 2)).toEqual(['  column0: value0', '  column1: value1']);
    expect(render(`${head}\n${'|-'.repeat(8)}|`)).toContain('column7:');
  });

  test('colours, where they are wanted', () => {
    const coloured = (source: string) => render(source, { style: COLOURED });
    expect(coloured('# A')).toBe(`  ${dim('#')} ${sgr(1, 'A', 22)}`);
    expect(coloured('**a** *b* ~~c~~ `d`')).toBe(
      `  ${sgr(1, 'a', 22)} ${sgr(3, 'b', 23)} ${sgr(9, 'c', 29)} ${cyan('d')}`,
    );
    expect(coloured('> a')).toBe(`  ${dim('│')} a`);
    expect(coloured('    x')).toBe(`      ${cyan('x')}`);
  });

  test('links of the terminal lead where their text says', () => {
    const linked = (source: string) => render(source, { hyperlinks: true, columns: 80 });
    const link = (to: string, text: string) => `${ESC}]8;;${to}${ESC}\\${text}${ESC}]8;;${ESC}\\`;
    const to = 'https://evil.example/';
    expect(linked(`[https://good.example/](${to})`)).toBe(`  ${link(to, 'https://good.example/')} (${link(to, to)})`);
    expect(linked('me@a.example')).toBe(`  ${link('mailto:me@a.example', 'me@a.example')}`);
    // A Cyrillic letter in the name of the host.
    expect(linked('<https://g\u043eod.example/>')).toContain(
      `(${link('https://xn--god-sed.example/', 'https://xn--god-sed.example/')})`,
    );
  });
});

describe('hostile Markdown', () => {
  test.each([
    '[a](javascript:alert(1))',
    '[a](file:///etc/passwd)',
    '[a](data:text/html,x)',
    '[a](vscode://x)',
    '[a](/relative)',
    `[a](https://x.example/${'y'.repeat(2_000)})`,
  ])('%j is no link of the terminal, and its address is visible', (source) => {
    const rendered = render(source, { hyperlinks: true, columns: 300 });
    expect(rendered).not.toContain(ESC);
    expect(rendered).toMatch(/a \(\S+\)$/);
  });

  test.each<[string, string]>([
    ['&#27;[2J&#x1b;]0;x&#7;&#155;31m', ''],
    ['`a&#27;[2J`', 'a&#27;[2J'],
    [`a${ESC}]8;;https://evil.example${ESC}\\b`, 'ab'],
    [`[a](https://x.example/${ESC}]0;t\u0007)`, 'https://x.example/'],
    ['[a](https://x.example/&#27;&#7;)', 'https://x.example/'],
    ['&#x202e;abc', '\\u{202e}abc'],
    [`\`\`\`\n${ESC}[2J\u009b2J\n\`\`\``, ''],
    [`| a |\n|---|\n| &#27;c&#155;2J |`, ''],
    [`![&#27;c](a&#27;c)`, ''],
    ['<b &#27;[2J>', '<b'],
  ])('%j passes nothing on that a terminal obeys', (source, shown) => {
    const rendered = render(source, { columns: 100 }) ?? '';
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(rendered.match(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/g)).toBeNull();
    expect(rendered).toContain(shown);
  });

  test('every leaf is made safe where it is written, whatever was done before', () => {
    const evil = `a${ESC}[2J\u009b2J\u202eb`;
    const source = `# ${evil}\n\n\`${evil}\` **${evil}** [${evil}](https://x.example/${evil})\n\n    ${evil}\n\n<div>${evil}\n\n![${evil}](u)`;
    const view = { style: PLAIN, plain: true, hyperlinks: true, breaks: false };
    const lines = blockLines(new Lexer().lex(source), 100, view).join('\n').replace(OURS, '');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(lines).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    expect(lines.match(/a\\u\{202e\}b/g)?.length).toBeGreaterThanOrEqual(6);
  });

  const OURS = new RegExp(
    `${ESC}\\[(?:1|2|3|4|9|22|23|24|29|36|39)m|${ESC}\\]8;;(?:(?:https?:|mailto:)[!-~]{1,1000})?${ESC}\\\\`,
    'g',
  );
  const marks = fc.constantFrom(
    ...[
      '# ',
      '- ',
      '> ',
      '\n',
      '\n\n',
      '    ',
      '```\n',
      '`',
      '**',
      '*',
      '_',
      '~~',
      '[',
      ']',
      '(',
      ')',
      '|',
      '|-|\n',
      '1. ',
    ],
    ...[
      '<',
      '>',
      '&#27;',
      '&#155;',
      '&#10;',
      ESC,
      '\u009b',
      '\u0007',
      ']8;;',
      'https://a.example',
      'a@b.example',
      '\\',
      ' ',
    ],
    ...['日本', '👍🏽', '\u0301', 'toolway> ', 'word', '---\n', '[ ] ', '!'],
  );
  test('whatever it is, only our own sequences come out, no line is too wide, and none begins where ours do', () => {
    fc.assert(
      fc.property(fc.array(marks, { maxLength: 60 }), fc.integer({ min: 20, max: 60 }), (parts, columns) => {
        const rendered = render(parts.join(''), { style: COLOURED, hyperlinks: true, columns }) ?? '';
        const text = rendered.replace(OURS, '');
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
        expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
        for (const line of text.split('\n')) {
          expect(line === '' || line.startsWith('  ')).toBe(true);
          expect(widthOf(line)).toBeLessThanOrEqual(columns);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('nothing that a server wrote is dim, red, green or yellow: that is how Toolway itself speaks', () => {
    const source = '# a\n\n> **b** `c`\n\n- *d* ~~e~~ [f](https://x.example)\n\n| g |\n|---|\n| h |\n\n<i>\n\n    j\n';
    const rendered = render(source, { style: COLOURED }) ?? '';
    expect(rendered).not.toMatch(new RegExp(`${ESC}\\[3[123]m`));
    for (const [, text] of rendered.matchAll(new RegExp(`${ESC}\\[2m(.*?)${ESC}\\[22m`, 'g')))
      expect(text).toMatch(/^[#│─┼ ]*$/);
  });

  const N = 100_000;
  test.each<[string, string]>([
    ['brackets', '['.repeat(N)],
    ['images', '!['.repeat(N / 2)],
    ['asterisks', '*'.repeat(N)],
    ['asterisks in words', 'a**b*c'.repeat(N / 6)],
    ['underscores in words', 'a__b'.repeat(N / 4)],
    ['backticks', '`'.repeat(N)],
    ['quotes in quotes', '>'.repeat(N)],
    ['lists in lists', '- '.repeat(N / 2)],
    ['numbered lists in lists', '1. '.repeat(N / 3)],
    ['lazy lines', `- a\n${'b\n'.repeat(N / 2)}`],
    ['half an address', `${'a'.repeat(N)}@`],
    ['emphasis in emphasis', `${'**a *b '.repeat(2_000)}x${' b*c**'.repeat(2_000)}`],
    ['a definition used often', `[a]: http://${'x'.repeat(N / 2)}\n\n${'[a]'.repeat(N / 6)}`],
    ['accents', `a${'\u0301'.repeat(N)}`],
    ['emoji', '👍🏽'.repeat(N / 4)],
  ])('%s without end do not hold the terminal', (_, source) => {
    const startedAt = performance.now();
    render(source, { style: COLOURED, hyperlinks: true, maxTimeMs: 1_000 });
    // The bound is one second; without it some of these take minutes.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test('what takes too long, is too long, too large, or nested too deeply is printed as it is', () => {
    expect(render('a__b'.repeat(N / 4), { maxTimeMs: 20 })).toBeUndefined();
    expect(render('a'.repeat(MAX_MARKDOWN_LENGTH))).toBeDefined();
    expect(render('a'.repeat(MAX_MARKDOWN_LENGTH + 1))).toBeUndefined();
    expect(render('>'.repeat(N))).toBeUndefined();
    expect(render('---\n\n# a\n\n'.repeat(20_000), { columns: 400 })).toBeUndefined();
    expect(render('a', { columns: 19 })).toBeUndefined();
    const table = (rows: number) => `${'|a'.repeat(500)}|\n${'|-'.repeat(500)}|\n${'|\n'.repeat(rows)}`;
    expect(render(table(10))).toBeDefined();
    // Each of its rows would have as many cells as the head: this one is not even read.
    const startedAt = performance.now();
    expect(render(table(50_000), { maxTimeMs: 60_000 })).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test('what is nested deeply stays within the width, and nothing of it is lost', () => {
    const deep = Array.from({ length: 30 }, (_, at) => `${'  '.repeat(at)}- item${at}`).join('\n');
    const rendered = render(deep) ?? '';
    for (let at = 0; at < 30; at += 1) expect(rendered).toContain(`item${at}`);
    for (const line of rendered.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(40);
    expect(render(`${'**a *b '.repeat(12)}x${' b*c**'.repeat(12)}`)).toContain('x');
  });
});
