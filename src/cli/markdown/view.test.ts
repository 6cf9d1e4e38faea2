import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, folder, type World } from '../../../test/fixtures/cli/world.ts';

const ESC = String.fromCharCode(27);
const MARKDOWN = '# Result\n\n- *one*\n- two';
const SHOWN = '  # Result\n\n  • *one*\n  • two\n';
const NOTES = 'a note:\n  kept as it is';

const text = (value: string) => ({ content: [{ type: 'text', text: value }] });
const answering = (result: object, world: World = {}): World => ({
  tty: true,
  columns: 60,
  ...world,
  env: { NO_COLOR: '1', TERM: 'xterm', ...world.env },
  servers: { adhoc: { tools: [{ name: 'do', inputSchema: {} }], call: async () => result } },
});
const call = async (result: object, argv: string[] = [], world: World = {}) =>
  (await cli(['--stdio', 'x', 'call', 'do', ...argv], answering(result, world))).out;
const read = async (contents: object, argv: string[] = [], world: World = {}) => {
  const servers = { adhoc: { read: { contents: [{ uri: 'a:b', ...contents }] } } };
  return (await cli(['--stdio', 'x', 'read', 'a:b', ...argv], { ...answering({}, world), servers })).out;
};

describe('text that is clearly Markdown', () => {
  test('is rendered on a terminal', async () => {
    expect(await call(text(MARKDOWN))).toBe(SHOWN);
    expect(await call(text(NOTES))).toBe(`${NOTES}\n`);
  });

  test('is printed as it came into a pipe, with --json, --raw and --format text', async () => {
    const world: World = { tty: false };
    expect(await call(text(MARKDOWN), [], world)).toBe(`${MARKDOWN}\n`);
    expect(await call(text(MARKDOWN), ['--raw', '--format', 'markdown'], world)).toBe(MARKDOWN);
    expect(await call(text(MARKDOWN), ['--format', 'text'])).toBe(`${MARKDOWN}\n`);
    const json = await call(text(MARKDOWN), ['--json', '--format', 'markdown']);
    expect(JSON.parse(json)).toMatchObject({ result: text(MARKDOWN) });
  });

  test('and any other is rendered everywhere with --format markdown', async () => {
    expect(await call(text(MARKDOWN), ['--format', 'markdown'], { tty: false })).toBe(SHOWN);
    expect(await call(text('*a*\nb'), ['--format', 'markdown'])).toBe('  *a*\n  b\n');
  });

  test('has colours and links where they are wanted, links on a terminal alone', async () => {
    const linked = text('# A\n\n- [b](https://c.example/)\n- d');
    const world = (more: object, tty = true): World => ({ tty, env: { NO_COLOR: '', ...more } });
    const coloured = await call(linked, [], world({}));
    expect(coloured).toContain(`${ESC}[1mA${ESC}[22m`);
    expect(coloured).toContain(`${ESC}]8;;https://c.example/${ESC}\\`);
    expect(await call(linked)).toContain(`${ESC}]8;;https://c.example/${ESC}\\b${ESC}]8;;`);
    expect(await call(linked, [], world({ TERM: 'dumb' }))).toContain('• b (https://c.example/)');
    expect(await call(linked, ['--format', 'markdown'], world({ FORCE_COLOR: '1' }, false))).not.toContain(']8;;');
  });

  test('is rendered in prompts and embedded resources as well', async () => {
    const prompt = { messages: [{ role: 'user' as const, content: { type: 'text' as const, text: MARKDOWN } }] };
    const world: World = { ...answering({}), servers: { adhoc: { prompt } } };
    expect((await cli(['--stdio', 'x', 'prompt', 'adhoc.p'], world)).out).toBe(`user:\n${SHOWN}`);
    const resource = { uri: 'a:b', mimeType: 'text/markdown', text: '*x*' };
    expect(await call({ content: [{ type: 'resource', resource }] })).toBe('[resource a:b text/markdown]\n  *x*\n');
  });

  test.each(['', 'html', 'TEXT'])('%j is no format', async (format) => {
    const outcome = await cli(['--stdio', 'x', 'call', 'do', `--format=${format}`], answering(text(MARKDOWN)));
    expect(outcome).toMatchObject({ code: 2, options: undefined });
    expect(outcome.err).toContain('--format must be auto, text or markdown');
  });
});

describe('a resource', () => {
  test('is rendered when it is declared to be Markdown, whatever it looks like', async () => {
    expect(await read({ mimeType: 'text/markdown', text: 'a\nb' })).toBe('  a b\n');
    expect(await read({ mimeType: 'Text/Markdown; charset=utf-8', text: 'a\nb' })).toBe('  a b\n');
    expect(await read({ uri: 'file:///README.md', text: 'a\nb' })).toBe('  a b\n');
  });

  test('is not when it is declared to be something else', async () => {
    expect(await read({ mimeType: 'text/plain', text: MARKDOWN })).toBe(`${MARKDOWN}\n`);
    expect(await read({ uri: 'file:///x.md', mimeType: 'text/plain', text: MARKDOWN })).toBe(`${MARKDOWN}\n`);
    expect(await read({ text: MARKDOWN })).toBe(SHOWN);
  });

  test('is text though it is a blob, unless it is none or is to be saved', async () => {
    const blob = (text: string | Buffer) => ({ mimeType: 'text/markdown', blob: Buffer.from(text).toString('base64') });
    expect(await read(blob('*grün*'))).toBe('  *grün*\n');
    expect(await read(blob(Buffer.from([0xff, 0xfe])))).toContain('saved as');
    expect(await read(blob('*a*'), [], { tty: false })).toContain('saved as');
    expect(await read(blob('*a*'), ['--format', 'text'])).toContain('saved as');
    const cwd = folder();
    expect(await read(blob('*a*'), ['--save', 'f'], { cwd })).toContain('saved as');
    expect(readFileSync(join(cwd, 'f/a_b.md'), 'utf8')).toBe('*a*');
  });
});

describe('--max-output', () => {
  test('counts what came, and a file holds what came', async () => {
    const cwd = folder();
    const bytes = Buffer.byteLength(MARKDOWN) + 1;
    expect(await call(text(MARKDOWN), ['--max-output', String(bytes)])).toBe(SHOWN);
    expect(await call(text(MARKDOWN), ['--max-output', String(bytes - 1), '--save', 'f'], { cwd })).toContain(
      'saved as',
    );
    expect(readFileSync(join(cwd, 'f/do.txt'), 'utf8')).toBe(`${MARKDOWN}\n`);
  });

  test('saves a file once', async () => {
    const cwd = folder();
    const audio = { type: 'audio', mimeType: 'audio/wav', data: 'AAAA' };
    const result = { content: [{ type: 'text', text: MARKDOWN }, audio] };
    const out = await call(result, ['--max-output', '10000', '--save', 'f'], { cwd });
    expect(out).toBe(`${SHOWN}[audio audio/wav, 3 B] saved as ${join(cwd, 'f/do.wav')}\n`);
    expect(existsSync(join(cwd, 'f')) && readdirSync(join(cwd, 'f'))).toEqual(['do.wav']);
  });
});
