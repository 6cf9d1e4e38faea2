import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, folder, type World } from '../../test/fixtures/cli/world.ts';
import { pngOf } from '../../test/fixtures/images.ts';
import { imageProtocol, inlineImage, MAX_INLINE_BYTES } from './inline-image.ts';
import { createStyle } from './style.ts';
import { rowsOf, tableLines } from './table.ts';

const ESC = String.fromCharCode(27);
const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(5_000, 7)]);
const GIF = Buffer.from('GIF89a…');
const answering = (result: object, world: World = {}): World => ({
  env: { NO_COLOR: '1' },
  ...world,
  servers: { adhoc: { tools: [{ name: 'do', inputSchema: {} }], call: async () => result } },
});
const call = (argv: string[], world: World) => cli(['--stdio', 'x', 'call', 'do', ...argv], world);

describe('a table', () => {
  const rows = [
    { id: 1, name: 'one', done: true },
    { id: 200, name: '\u65e5\u672c', note: null },
  ];
  test('has a column for every key, numbers to the right, as wide as the terminal', () => {
    expect(tableLines(rows, 80, createStyle(false))).toEqual([
      ' id  name  done  note',
      '  1  one   true',
      '200  \u65e5\u672c',
    ]);
    const wide = [{ a: 'x'.repeat(100), b: 'y'.repeat(100) }];
    for (const line of tableLines(wide, 40, createStyle(false))) expect(line.length).toBeLessThanOrEqual(40);
  });

  test.each<[string, unknown, boolean]>([
    ['a list of flat objects', rows, true],
    ['an object of one such list', { rows }, true],
    ['an empty list', [], false],
    ['a list of texts', ['a'], false],
    ['objects that hold others', [{ a: { b: 1 } }], false],
    ['two members', { rows, total: 2 }, false],
    ['too many columns', [Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`k${at}`, at]))], false],
  ])('is made of %s: %#', (_, content, isTable) => {
    expect(rowsOf(content) !== undefined).toBe(isTable);
  });

  test('stands in place of the same as JSON, on a terminal alone', async () => {
    const structuredContent = { rows: [{ a: `x${ESC}[2J\u202e` }] };
    const text = JSON.stringify(structuredContent);
    const result = { structuredContent, content: [{ type: 'text', text }] };
    expect((await call([], answering(result, { tty: true }))).out).toBe('a\nx\\u{202e}\n');
    expect((await call([], answering(result))).out).toBe(`${text.replace('\u202e', '\\u{202e}')}\n`);
    const other = { structuredContent, content: [{ type: 'text', text: 'one row' }] };
    expect((await call([], answering(other, { tty: true }))).out).toBe('one row\n');
    expect((await call(['--json'], answering(result, { tty: true }))).json).toMatchObject({ result });
  });
});

describe('an image', () => {
  test.each<[object, string | undefined]>([
    [{ TERM: 'xterm-kitty' }, 'kitty'],
    [{ KITTY_WINDOW_ID: '1' }, 'kitty'],
    [{ TERM_PROGRAM: 'ghostty' }, 'kitty'],
    [{ TERM_PROGRAM: 'iTerm.app' }, 'iterm2'],
    [{ TERM_PROGRAM: 'WezTerm' }, 'iterm2'],
    [{ LC_TERMINAL: 'iTerm2' }, 'iterm2'],
    [{ TERM: 'xterm-kitty', TMUX: '/tmp/x' }, undefined],
    [{ TERM: 'xterm-256color' }, undefined],
    [{ TERM_PROGRAM: 'Apple_Terminal' }, undefined],
  ])('in %j is drawn by %s', (env, protocol) => {
    expect(imageProtocol({ isTty: true }, env as Record<string, string>)).toBe(protocol);
    expect(imageProtocol({ isTty: false }, env as Record<string, string>)).toBeUndefined();
  });

  test('is cut into pieces for kitty, and whole for iTerm2', () => {
    const data = PNG.toString('base64');
    expect(inlineImage(PNG, 'kitty')).toBe(
      `${ESC}_Ga=T,f=100,q=2,m=1;${data.slice(0, 4096)}${ESC}\\${ESC}_Gm=0;${data.slice(4096)}${ESC}\\\n`,
    );
    expect(inlineImage(PNG, 'iterm2')).toBe(`${ESC}]1337;File=inline=1;size=${PNG.length}:${data}\u0007\n`);
  });

  test('is one by its bytes alone, of a format that the terminal knows, and not too large', () => {
    expect(inlineImage(Buffer.from('<svg/>'), 'kitty')).toBeUndefined();
    expect(inlineImage(GIF, 'kitty')).toBeUndefined();
    expect(inlineImage(GIF, 'iterm2')).toContain('1337');
    expect(inlineImage(Buffer.concat([PNG, Buffer.alloc(MAX_INLINE_BYTES)]), 'kitty')).toBeUndefined();
    expect(inlineImage(PNG, undefined)).toBeUndefined();
  });

  const image = { type: 'image', mimeType: 'image/png', data: PNG.toString('base64') };
  test('is drawn where the terminal can, and saved for this user where it cannot', async () => {
    const drawn = await call(
      [],
      answering({ content: [image] }, { tty: true, env: { TERM: 'xterm-kitty', NO_COLOR: '1' } }),
    );
    expect(drawn.out).toContain(`[image image/png, 5.0 kB]\n${ESC}_Ga=T`);
    const { out } = await call([], answering({ content: [image] }));
    const [, path = ''] = /saved as (.*)\n/.exec(out) ?? [];
    expect(readFileSync(path)).toEqual(PNG);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  test('is drawn as a sixel where the terminal is known to take them, or says so', async () => {
    const data = pngOf({ width: 1, height: 1, lines: [[0, 255, 0, 0, 255]] });
    const result = { content: [{ ...image, data: data.toString('base64') }] };
    const drawn = `[image image/png, ${data.length} B]\n${ESC}P0;1;0q"1;1;1;1#0;2;100;0;0#0@-${ESC}\\\n`;
    const out = async (world: World) => (await call([], answering(result, world))).out;
    const env = { TERM: 'xterm', NO_COLOR: '1' };
    expect(await out({ tty: true, env: { ...env, TERM: 'foot' } })).toBe(drawn);
    expect(await out({ tty: true, env, typed: [], answer: `${ESC}[?62;4c` })).toBe(drawn);
    expect(await out({ tty: true, env, typed: [], answer: `${ESC}[?62;22c` })).toContain('saved as');
    expect(await out({ tty: true, env, typed: [] })).toContain('saved as');
    expect(await out({ tty: true, env, answer: `${ESC}[?62;4c` })).toContain('saved as');
    expect(await out({ tty: false, env: { ...env, TERM: 'foot' } })).toContain('saved as');
  });

  test('is saved and not drawn with --save', async () => {
    const cwd = folder();
    const world = answering({ content: [image] }, { tty: true, cwd, env: { TERM: 'xterm-kitty', NO_COLOR: '1' } });
    expect((await call(['--save', 'out'], world)).out).not.toContain(ESC);
    expect(readdirSync(join(cwd, 'out'))).toEqual(['do.png']);
  });
});

describe('--max-output', () => {
  const long = { content: [{ type: 'text', text: `${'x'.repeat(99)}${ESC}[2J` }] };
  test('a longer result goes to a file that is named, a shorter one does not', async () => {
    const cwd = folder();
    const { out } = await call(['--max-output', '99', '--save', 'f'], answering(long, { cwd }));
    expect(out).toBe(`[result 100 B] saved as ${join(cwd, 'f/do.txt')}\n`);
    expect(readFileSync(join(cwd, 'f/do.txt'), 'utf8')).toBe(`${'x'.repeat(99)}\n`);
    expect((await call(['--max-output', '100'], answering(long))).out).toBe(`${'x'.repeat(99)}\n`);
  });

  test('with --json the document says where the result is', async () => {
    const cwd = folder();
    const { json } = await call(['--max-output', '50', '--save', 'f', '--json'], answering(long, { cwd }));
    const resultFile = join(cwd, 'f/do.json');
    expect(json).toMatchObject({
      server: 'adhoc',
      tool: 'do',
      resultFile,
      resultBytes: expect.any(Number),
      attempts: 1,
    });
    expect(json).not.toHaveProperty('result');
    expect(JSON.parse(readFileSync(resultFile, 'utf8'))).toEqual(long);
  });

  test.each(['', 'x', '-1', '1.5'])('%j is no number of bytes', async (bytes) => {
    const outcome = await call([`--max-output=${bytes}`], answering(long));
    expect(outcome).toMatchObject({ code: 2, options: undefined });
  });

  test('holds for read and prompt as well', async () => {
    const cwd = folder();
    const read = { contents: [{ uri: 'a:b', text: 'y'.repeat(30) }] };
    const prompt = { messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'z'.repeat(30) } }] };
    const world: World = { cwd, servers: { adhoc: { read, prompt } } };
    const over = ['--max-output', '20', '--save', 'f', '--stdio', 'x'];
    expect((await cli(['read', 'a:b', ...over], world)).out).toContain('saved as');
    expect((await cli(['prompt', 'adhoc.p', ...over], world)).out).toContain('saved as');
    expect(existsSync(join(cwd, 'f/resource.txt')) && existsSync(join(cwd, 'f/prompt.txt'))).toBe(true);
  });
});

describe('arguments', () => {
  const inputSchema = {
    type: 'object',
    properties: { n: { type: 'number', default: 3 }, list: { type: 'array', default: [1] }, text: { type: 'string' } },
  };
  const world: World = { servers: { adhoc: { tools: [{ name: 'do', inputSchema }] } } };

  test('that were not given have the defaults of the schema', async () => {
    expect((await call(['text=x'], world)).calls[0]?.args).toEqual({ text: 'x', n: 3, list: [1] });
    expect((await call(['n=4', 'list:=null'], world)).calls[0]?.args).toEqual({ n: 4, list: null });
  });

  test('come from stdin with --args -', async () => {
    expect((await call(['--args', '-'], { ...world, stdin: '{"n": 7}' })).calls[0]?.args).toEqual({ n: 7, list: [1] });
  });

  test('that the server refuses are told with the signature as well', async () => {
    const { ToolwayError } = await import('../errors.ts');
    const refuse = () =>
      Promise.reject(new ToolwayError('server_error', 'no', { rpcCode: -32602, executed: 'unknown' }));
    const outcome = await call([], { servers: { adhoc: { tools: [{ name: 'do', inputSchema }], call: refuse } } });
    expect(outcome).toMatchObject({ code: 9, err: expect.stringContaining('Usage: adhoc.do(n?: number') });
  });
});
