import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { cli, type FakeServer, folder, type World } from '../../test/fixtures/cli/world.ts';
import { ToolwayError } from '../errors.ts';
import { progressText } from './progress.ts';
import { extensionOf, safeStem } from './save.ts';

const ESC = String.fromCharCode(27);
const inputSchema = {
  type: 'object',
  properties: {
    n: { type: 'number' },
    on: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    box: { type: 'object' },
    text: { type: 'string' },
    maybe: { type: ['integer', 'null'] },
  },
  required: ['n'],
};
const tools = [
  { name: 'do', inputSchema },
  { name: 'do-more', inputSchema: {} },
  { name: 'free', inputSchema: { type: 'object' } },
];
const adhoc = (server: FakeServer = {}): World => ({ servers: { adhoc: { tools, ...server } } });
const call = (argv: string[], world: World = adhoc()) => cli(['--stdio', 'x', 'call', ...argv], world);
const answering = (...content: object[]): World => adhoc({ call: async () => ({ content }) });
const png = Buffer.from('not really a picture');
const image = { type: 'image', mimeType: 'image/png', data: png.toString('base64') };

describe('arguments', () => {
  test.each<[string[], Record<string, unknown>]>([
    [['do', 'n=3'], { n: 3 }],
    [['do', 'n=3', 'on=true', 'text=4', 'maybe=null'], { n: 3, on: true, text: '4', maybe: null }],
    [['do', 'tags=a', 'tags=b'], { tags: ['a', 'b'] }],
    [['do', 'tags=a'], { tags: ['a'] }],
    [['do', 'tags=["a", "b"]'], { tags: ['a', 'b'] }],
    [['do', 'box={"a": 1}'], { box: { a: 1 } }],
    [['do', 'n:=-4', 'box:={"a":null}'], { n: -4, box: { a: null } }],
    [['do', 'text=a=b:=c'], { text: 'a=b:=c' }],
    [['do', 'text=', 'n=1'], { text: '', n: 1 }],
    [['do', '{"n": 1, "text": "x"}', 'n=2'], { n: 2, text: 'x' }],
    [['do', '--args', '{"n": 1}', 'text=x'], { n: 1, text: 'x' }],
    [['do', ''], {}],
    [['do(n: 3, text: 4, on: true, tags: ["a"])'], { n: 3, text: '4', on: true, tags: ['a'] }],
    [["adhoc.do(text: 'a b', n=1)", 'on=false'], { text: 'a b', n: 1, on: false }],
    [['free', 'a=1', 'b=true'], { a: '1', b: 'true' }],
    [['free(a: 1, b: true, c: word, d: "1")'], { a: 1, b: true, c: 'word', d: '1' }],
    [['free', 'a=1', 'a=2'], { a: ['1', '2'] }],
    [['adhoc__do', '--', '-x=1'], { '-x': '1' }],
  ])('%j', async (argv, args) => {
    const { code, calls, err } = await call(argv);
    expect([code, err.replace(/.*has no argument.*\n/, '')]).toEqual([0, '']);
    expect(calls.map((one) => one.args)).toEqual([args]);
  });

  test('come from files and from stdin', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'a.txt'), 'line 1\nline 2\n');
    writeFileSync(join(cwd, 'a.json'), '{"n": 5}');
    const given = async (...argv: string[]) =>
      (await call(argv, { ...adhoc(), cwd, stdin: '{"n": 7}' })).calls[0]?.args;
    expect(await given('do', 'text=@a.txt')).toEqual({ text: 'line 1\nline 2\n' });
    vi.stubEnv('HOME', cwd);
    expect(await given('do', 'text=@~/a.txt')).toEqual({ text: 'line 1\nline 2\n' });
    vi.unstubAllEnvs();
    expect(await given('do', 'text=@-')).toEqual({ text: '{"n": 7}' });
    expect(await given('do', 'box:=@a.json')).toEqual({ box: { n: 5 } });
    expect(await given('do', '--args', '@a.json')).toEqual({ n: 5 });
    expect(await given('do', '--args', '-', 'text=x')).toEqual({ n: 7, text: 'x' });
  });

  test('a name like __proto__ is a name', async () => {
    const { calls } = await call(['free', '__proto__=x']);
    expect(Object.entries(calls[0]?.args as object)).toEqual([['__proto__', 'x']]);
  });

  test.each([
    [['do', 'n=three'], 'n must be number, not "three"'],
    [['do', 'n=1', 'n=2'], 'n must be number, not "1", "2"'],
    [['do', 'n=x', 'on=y'], 'n must be number, not "x"; on must be boolean, not "y"'],
    [['do', 'n:=1', 'n=2'], 'n is given more than once'],
  ])('%j never leaves; the signature says what would', async (argv, message) => {
    const usage =
      'adhoc.do(n: number, on?: boolean, tags?: string[], box?: object, text?: string, maybe?: integer | null)';
    expect(await call(argv)).toMatchObject({
      code: 2,
      out: '',
      calls: [],
      err: `toolway: ${message}\nUsage: ${usage}\n`,
    });
    const { json } = await call([...argv, '--json']);
    const facts = { server: 'adhoc', tool: 'do', message: `adhoc.do: ${message}` };
    expect(json).toEqual({
      error: expect.objectContaining({ code: 'invalid_arguments', executed: 'no', signature: usage, ...facts }),
    });
  });

  test.each([
    [['do', 'n'], '"n" is no argument; write key=value, key:=JSON or key=@file'],
    [['do', '=1'], '"=1" is no argument; write key=value, key:=JSON or key=@file'],
    [['do', 'n:={'], /^n is not JSON: /],
    [['do', '{"n"'], /^the argument is not JSON: /],
    [['do', '--args', '[1]'], '--args must be a JSON object'],
    [['do', 'text=@gone'], /^cannot read "gone": there is no such file; for the text itself, write text:='"@gone"'$/],
  ])('%j is refused before anything starts', async (argv, message) => {
    const { code, err, options } = await call(argv);
    expect([code, options]).toEqual([2, undefined]);
    const said = err.slice('toolway: '.length, -1);
    expect(said).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  test('one that the tool does not know is sent, with a remark', async () => {
    const { err, calls } = await call(['do', 'n=1', 'txt=x']);
    expect(err).toBe('toolway: adhoc.do has no argument txt (did you mean text?)\n');
    expect(calls[0]?.args).toEqual({ n: 1, txt: 'x' });
  });
});

describe('names', () => {
  const two: World = {
    servers: {
      a: { tools },
      b: { tools: [{ name: 'do', inputSchema: {} }] },
      c: { error: new ToolwayError('connect_failed', 'refused', { server: 'c' }) },
    },
  };
  const config = (entries: Record<string, object>) => {
    const cwd = folder();
    writeFileSync(join(cwd, 'c.json'), JSON.stringify({ mcpServers: entries }));
    return { ...two, cwd };
  };
  const calling = (name: string, world: World) => cli(['call', name, '--config', 'c.json'], world);
  const both = { a: { command: 'x' }, b: { command: 'y' } };

  test('part of a name calls nothing', async () => {
    const outcome = await call(['fre']);
    expect(outcome).toMatchObject({ code: 2, calls: [], err: 'toolway: there is no tool "fre"\nDid you mean: free\n' });
  });

  test.each([
    ['odd(n', 'odd(n'],
    ['adhoc.odd(n', 'odd(n'],
    ['do(n: 1)', 'do(n: 1)'],
    ['adhoc__f(x)', 'f(x)'],
  ])('%s: a tool of the whole name comes before a call that is written as one', async (name, tool) => {
    const inputSchema = { type: 'object' };
    const odd = ['do', 'odd', 'odd(n', 'do(n: 1)', 'f(x)'].map((each) => ({ name: each, inputSchema }));
    const { code, calls } = await call([name, 'a=1'], adhoc({ tools: odd }));
    expect([code, calls]).toEqual([0, [expect.objectContaining({ name: `adhoc.${tool}`, args: { a: '1' } })]]);
  });

  test('what is neither a name nor a call is told as a call that is written wrong', async () => {
    const { code, err, calls } = await call(['do(n 1)']);
    expect([code, err, calls]).toEqual([2, expect.stringMatching(/^toolway: ":" is missing/), []]);
  });

  test('a bare name is one tool, however many begin like it', async () => {
    expect((await call(['do'])).calls[0]?.name).toBe('adhoc.do');
  });

  test('a bare name that two servers have is ambiguous, unless they stand in for each other', async () => {
    expect(await calling('do', config(both))).toMatchObject({
      code: 2,
      err: 'toolway: do could be a.do or b.do\n',
      calls: [],
    });
    const group = { a: { command: 'x', group: 'g' }, b: { command: 'y', group: 'g' } };
    expect((await calling('do', config(group))).calls[0]?.name).toBe('a.do');
    expect((await calling('free', config(both))).calls[0]?.name).toBe('a.free');
  });

  test('a server that is not there is its own failure, or is mentioned', async () => {
    const withC = config({ ...both, c: { url: 'http://h' } });
    expect(await calling('c.do', withC)).toMatchObject({ code: 3, err: 'toolway: c: refused\n' });
    expect((await calling('nope', withC)).err).toBe('toolway: there is no tool "nope" (not connected: c)\n');
    expect((await calling('free', withC)).calls[0]?.name).toBe('a.free');
  });

  test.each([
    ['c.do', 'there is no server "c"'],
    ['c__do', 'there is no server "c"'],
    ['c.fre', 'there is no server "c"'],
    ['aa.free', 'there is no server "aa"\nDid you mean: a.free'],
    ['a.zzz', 'there is no tool "a.zzz"'],
  ])('where the server is in no file that is said, else that the tool is none: %s', async (name, message) => {
    const { code, err, calls } = await calling(name, config(both));
    expect({ code, err, calls }).toEqual({ code: 2, err: expect.stringContaining(message), calls: [] });
  });
});

describe('results', () => {
  test('the document of a call', async () => {
    const { json, code } = await call(['do', 'n=1', '--json']);
    expect(code).toBe(0);
    const result = { content: [{ type: 'text', text: '{"n":1}' }] };
    expect(json).toEqual({
      server: 'adhoc',
      tool: 'do',
      result,
      durationMs: expect.any(Number),
      attempts: 1,
      cached: false,
    });
  });

  test('an error of the tool is a result, and exit 5', async () => {
    const world = adhoc({ call: async () => ({ isError: true, content: [{ type: 'text', text: 'no such file' }] }) });
    const remark = 'toolway: the tool answered with an error\n';
    expect(await call(['do'], world)).toMatchObject({ code: 5, out: 'no such file\n', err: remark });
    const { code, json, err } = await call(['do', '--json'], world);
    expect([code, err]).toEqual([5, '']);
    expect(json).toMatchObject({ result: { isError: true, content: [{ type: 'text', text: 'no such file' }] } });
  });

  test('texts are texts, everything else is named, and saved where it is bytes', async () => {
    const { out } = await call(
      ['do'],
      answering(
        { type: 'text', text: `a${ESC}[31mb\n` },
        image,
        { type: 'audio', mimeType: 'audio/wav', data: '' },
        { type: 'resource_link', uri: 'file:///x', name: 'x', mimeType: 'text/plain' },
        { type: 'resource', resource: { uri: 'demo://t', text: 'inside' } },
        { type: 'resource', resource: { uri: 'demo://b', blob: 'AAAA', mimeType: 'a/b' } },
        { type: 'hologram', depth: 3 },
      ),
    );
    expect(out.replace(/saved as \S*toolway-\w+/g, 'saved as TMP').split('\n')).toEqual([
      'ab',
      '[image image/png, 20 B] saved as TMP/do.png',
      '[audio audio/wav, 0 B]',
      '[link x · file:///x · text/plain]',
      '[resource demo://t]',
      'inside',
      '[blob demo://b a/b, 3 B] saved as TMP/b.bin',
      '[{"type":"hologram","depth":3}]',
      '',
    ]);
  });

  test('structured content is printed where there is no text', async () => {
    const structuredContent = { a: 1, evil: `${ESC}[2J\u009b` };
    const world = adhoc({ call: async () => ({ content: [], structuredContent }) });
    const { out } = await call(['do'], world);
    expect(out).toBe('{\n  "a": 1,\n  "evil": "\\u001b[2J\\u009b"\n}\n');
    const both = adhoc({ call: async () => ({ content: [{ type: 'text', text: 'x' }], structuredContent }) });
    expect((await call(['do'], both)).out).toBe('x\n');
  });

  test('--save writes files, and never over one', async () => {
    const cwd = folder();
    const blob = {
      type: 'resource',
      resource: { uri: 'file:///../../etc/passwd.exe?x', blob: image.data, mimeType: 'application/pdf' },
    };
    symlinkSync(join(cwd, 'outside'), join(cwd, 'passwd.pdf'));
    const { out } = await call(['do', '--save', '.'], { ...answering(image, image, blob), cwd });
    expect(
      readdirSync(cwd)
        .filter((name) => name !== '.state')
        .sort(),
    ).toEqual(['do-2.png', 'do.png', 'passwd.pdf', 'x.pdf']);
    expect(readFileSync(join(cwd, 'do-2.png'))).toEqual(png);
    expect(existsSync(join(cwd, 'outside'))).toBe(false);
    expect(out).toContain(`[image image/png, 20 B] saved as ${join(cwd, 'do.png')}\n`);
    await call(['do', '--save', 'new/folder'], { ...answering(image), cwd });
    expect(readdirSync(join(cwd, 'new/folder'))).toEqual(['do.png']);
  });

  test('--save with --json names the files in the document', async () => {
    const cwd = folder();
    const pdf = { type: 'resource', resource: { uri: 'a:b', blob: image.data, mimeType: 'application/pdf' } };
    const world = { ...answering({ type: 'text', text: 'x' }, image, pdf), cwd };
    const { json, out } = await call(['do', '--save', 'out', '--json'], world);
    expect(json).toMatchObject({
      result: { content: [{ text: 'x' }, image, pdf] },
      files: [
        { path: join(cwd, 'out/do.png'), mimeType: 'image/png' },
        { path: join(cwd, 'out/a_b.pdf'), mimeType: 'application/pdf' },
      ],
    });
    expect(out).not.toContain('saved as');
    expect(readFileSync(join(cwd, 'out/do.png'))).toEqual(png);
    expect((await call(['do', '--json'], world)).json).not.toHaveProperty('files');
    const servers = {
      adhoc: {
        read: { contents: [{ uri: 'a:logo.png', blob: image.data, mimeType: 'image/png' }] },
        prompt: { messages: [{ role: 'user' as const, content: image }] },
      },
    } as World['servers'];
    const files = [{ path: join(cwd, 'new/a_logo.png'), mimeType: 'image/png' }];
    const over = ['--save', 'new', '--json', '--stdio', 'x'];
    expect((await cli(['read', 'a:logo.png', ...over], { cwd, servers })).json).toMatchObject({ files });
    const more = [{ path: join(cwd, 'new/prompt.png'), mimeType: 'image/png' }];
    expect((await cli(['prompt', 'adhoc.p', ...over], { cwd, servers })).json).toMatchObject({ files: more });
  });

  test('a folder that --save cannot use is told before anything is sent', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'file'), '');
    for (const argv of [
      ['call', 'do', 'n=1'],
      ['read', 'a:b'],
      ['prompt', 'adhoc.p'],
    ]) {
      const outcome = await cli(['--stdio', 'x', ...argv, '--save', 'file/out'], { ...answering(image), cwd });
      expect(outcome).toMatchObject({ code: 2, calls: [], options: undefined });
      expect(outcome.err).toMatch(/^toolway: --save: .*file/);
    }
  });

  test.each([
    ['../../x', 'x'],
    ['..', 'content'],
    ['.bashrc', 'bashrc'],
    ['a\\b:c*?.png', 'a_b_c'],
    ['CON', '_CON'],
    ['nul.txt', '_nul'],
    [`x${ESC}]0;a`, 'x_0_a'],
    ['ü'.repeat(300), 'content'],
    ['a'.repeat(300), 'a'.repeat(80)],
    ['-rf', 'rf'],
  ])('the name %j becomes the stem %j', (proposed, stem) => {
    expect(safeStem(proposed)).toBe(stem);
  });

  test('extensions come from the media type alone', () => {
    expect(['image/png', 'IMAGE/JPEG; q=1', 'application/x-sh', undefined, 'constructor'].map(extensionOf)).toEqual([
      'png',
      'jpg',
      'bin',
      'bin',
      'bin',
    ]);
  });

  test('--raw prints what came, byte by byte, but not to a terminal', async () => {
    const text = `a${ESC}[31mb`;
    expect((await call(['do', '--raw'], answering({ type: 'text', text }, image))).out).toBe(
      text + png.toString('latin1'),
    );
    const refused = await call(['do', '--raw'], { ...answering({ type: 'text', text }), tty: true });
    expect(refused).toMatchObject({ code: 2, out: '', options: undefined });
  });

  test('--timeout reaches the call', async () => {
    expect((await call(['do', '--timeout', '1500'])).calls[0]?.timeoutMs).toBe(1500);
  });
});

describe('progress', () => {
  const working = adhoc({
    async call(_tool, _args, { onProgress }) {
      onProgress?.({ progress: 1, total: 4, message: `half${ESC}[2J\nway` });
      onProgress?.({ progress: 2, total: 4 });
      await new Promise(setImmediate);
      return { content: [] };
    },
  });

  test('is drawn on a terminal and taken away again', async () => {
    const { err } = await call(['do'], { ...working, tty: true });
    expect(err.startsWith(`\r${ESC}[2K[#####---------------]  25 % 1/4 half way`)).toBe(true);
    expect(err.endsWith(`\r${ESC}[2K`)).toBe(true);
  });

  test('is not drawn in a pipe, nor when quiet', async () => {
    expect((await call(['do'], working)).err).toBe('');
    expect((await call(['do', '--quiet'], { ...working, tty: true })).err).toBe('');
  });

  test.each([
    [{ progress: 3 }, '3'],
    [{ progress: 3, message: 'm' }, '3 m'],
    [{ progress: 9, total: 3 }, '[####################] 100 % 9/3'],
    [{ progress: -1, total: 3 }, '[--------------------]   0 % -1/3'],
    [{ progress: 1, total: 0 }, '1/0'],
  ])('%j is drawn as %j', (progress, text) => {
    expect(progressText(progress)).toBe(text);
  });

  test('stays in its line', () => {
    expect(progressText({ progress: 1, message: 'x'.repeat(500) }, 40).length).toBeLessThan(40);
  });
});

describe('an interrupt', () => {
  test('aborts the call and exits 130', async () => {
    const user = new AbortController();
    let reason: unknown;
    const world = adhoc({
      call: (_tool, _args, { signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            reason = signal.reason;
            reject(new ToolwayError('cancelled', 'the call was cancelled', { executed: 'unknown' }));
          });
          user.abort();
        }),
    });
    expect(await call(['do'], { ...world, signal: user.signal })).toMatchObject({ code: 130, out: '' });
    expect(reason).toBeInstanceOf(DOMException);
  });

  test('ends a wait for a server that never answers', async () => {
    const user = new AbortController();
    const outcome = cli(['--stdio', 'x', 'read', 'x:y', '--json'], {
      servers: {
        adhoc: {
          get read(): never {
            user.abort();
            return new Promise(() => {}) as never;
          },
        },
      },
      signal: user.signal,
    });
    expect(await outcome).toMatchObject({ code: 130, json: { error: { code: 'cancelled' } } });
  });
});
