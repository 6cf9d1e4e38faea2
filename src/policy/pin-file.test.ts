import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../canonical.ts';
import type { ServerConfig } from '../options.ts';
import { createFirstSeen } from './first-seen.ts';
import { MAX_PIN_FILE_BYTES, openPinFile } from './pin-file.ts';
import { readPins, writePins } from './pin-format.ts';

const CONFIG: ServerConfig = { command: 'node', args: ['server.js'] };

/** One file in memory, which several programs may open. */
const disk = (text?: string) => {
  const file = { text, writes: 0, broken: undefined as Error | undefined };
  const open = async () => {
    const warnings: string[] = [];
    const pinFile = await openPinFile({
      path: 'pins.json',
      createFirstSeen,
      masked: (text) => text.replaceAll('canary', '***'),
      warn: (server, message) => warnings.push(`${server}: ${message}`),
      files: {
        async read(_path, maxBytes) {
          expect(maxBytes).toBe(MAX_PIN_FILE_BYTES);
          if (file.broken !== undefined) throw file.broken;
          return file.text;
        },
        async write(_path, written) {
          if (file.broken !== undefined) throw file.broken;
          file.writes += 1;
          file.text = written;
        },
      },
    });
    return { ...pinFile, warnings };
  };
  return { file, open };
};
const shelfOf = async (program: Awaited<ReturnType<ReturnType<typeof disk>['open']>>, name = 's', config = CONFIG) => {
  const shelf = program.shelf(name, config);
  await shelf.ready;
  return shelf;
};

test('what one program has seen the next one knows', async () => {
  const { file, open } = disk();
  const first = await open();
  const shelf = await shelfOf(first);
  shelf.set('a', '{"name":"a","title":"A"}');
  shelf.set('b', '{"name":"b"}');
  await first.saved();
  expect(file.writes).toBe(1);
  const second = await shelfOf(await open());
  expect([second.get('a'), second.get('b'), second.get('c')]).toEqual([
    '{"name":"a","title":"A"}',
    '{"name":"b"}',
    undefined,
  ]);
});

test('of a definition that holds a secret the file has the hash, and others as they are', async () => {
  const { file, open } = disk();
  const program = await open();
  const shelf = await shelfOf(program);
  shelf.set('a', '{"name":"a","title":"canary"}');
  shelf.set('b', '{"name":"b"}');
  await program.saved();
  const sha256 = createHash('sha256').update('{"name":"a","title":"canary"}').digest('hex');
  expect(Object.values(JSON.parse(file.text ?? '').launches)).toEqual([{ s: { a: { sha256 }, b: { name: 'b' } } }]);
});

test('the file is keyed by the SHA-256 of how a server is launched, of variables and headers by their names alone', async () => {
  const { file, open } = disk();
  const program = await open();
  const config = { ...CONFIG, cwd: '/w', env: { B: 'secret', A: 'secret' }, headers: { X: 'secret' } };
  (await shelfOf(program, 's', config)).set('a', '{"name":"a"}');
  await program.saved();
  const launch = canonicalJson({ command: 'node', args: ['server.js'], cwd: '/w', env: ['A', 'B'], headers: ['X'] });
  const key = createHash('sha256').update(launch).digest('hex');
  expect(JSON.parse(file.text ?? '')).toEqual({ version: 1, launches: { [key]: { s: { a: { name: 'a' } } } } });
  expect(file.text).not.toContain('secret');
});

test.each<[string, string, ServerConfig, boolean]>([
  ['other values of variables', 's', { ...CONFIG, env: {}, timeoutMs: 1 }, true],
  ['another argument', 's', { ...CONFIG, args: ['other.js'] }, false],
  ['another command', 's', { ...CONFIG, command: 'deno' }, false],
  ['another folder', 's', { ...CONFIG, cwd: '/' }, false],
  ['one more variable', 's', { ...CONFIG, env: { A: '1' } }, false],
  ['another name', 't', CONFIG, false],
])('%s', async (_what, name, config, known) => {
  const { open } = disk();
  const program = await open();
  (await shelfOf(program)).set('a', '{"name":"a"}');
  await program.saved();
  expect((await shelfOf(await open(), name, config)).get('a') !== undefined).toBe(known);
});

test('a server whose link is made by the program is known for its life alone, and it is told of', async () => {
  const { file, open } = disk();
  const program = await open();
  const shelf = await shelfOf(program, 's', { transport: () => Promise.reject() });
  shelf.set('a', '{}');
  await program.saved();
  expect(shelf.get('a')).toBe('{}');
  expect(file.writes).toBe(0);
  expect(program.warnings).toEqual([expect.stringContaining('is not kept')]);
});

describe('two programs at once', () => {
  test('keep what the other has added', async () => {
    const { open } = disk();
    const [one, other] = [await open(), await open()];
    (await shelfOf(one, 'one')).set('a', '{"name":"a"}');
    (await shelfOf(other, 'other')).set('b', '{"name":"b"}');
    await one.saved();
    await other.saved();
    const third = await open();
    expect((await shelfOf(third, 'one')).get('a')).toBe('{"name":"a"}');
    expect((await shelfOf(third, 'other')).get('b')).toBe('{"name":"b"}');
  });
  test('what was seen first stays, unless it was decided on', async () => {
    const { open } = disk();
    const [one, other] = [await open(), await open()];
    const [first, second] = [await shelfOf(one), await shelfOf(other)];
    first.set('a', '{"title":"first"}');
    await one.saved();
    second.set('a', '{"title":"second"}');
    await other.saved();
    expect((await shelfOf(await open())).get('a')).toBe('{"title":"first"}');
    second.set('a', '{"title":"accepted"}');
    await second.saved?.();
    expect((await shelfOf(await open())).get('a')).toBe('{"title":"accepted"}');
  });
});

describe('a file that cannot be used', () => {
  test.each([
    'no JSON',
    '[]',
    '{}',
    '{"version":2,"launches":{}}',
    '{"version":1}',
    '{"version":1,"launches":{"k":[]}}',
    '{"version":1,"launches":{"k":{"s":{"a":"text"}}}}',
  ])('%s: nothing is opened, it is said why, and it stays as it is', async (text) => {
    const { file, open } = disk(text);
    await expect(open()).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringMatching(
        /^the pin file pins\.json cannot be used: no file of pins: .+; it is left as it is/,
      ),
    });
    expect(file).toMatchObject({ text, writes: 0 });
  });

  test('one that may not be read is no empty one', async () => {
    const { file, open } = disk('{"version":1,"launches":{}}');
    file.broken = new Error('EACCES');
    await expect(open()).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('EACCES'),
    });
  });

  test('one that is broken by another program meanwhile is not overwritten', async () => {
    const { file, open } = disk();
    const program = await open();
    const shelf = await shelfOf(program);
    file.text = '{"version":1,';
    shelf.set('a', '{"name":"a"}');
    await expect(shelf.saved?.()).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('pins.json'),
    });
    expect(file).toMatchObject({ text: '{"version":1,', writes: 0 });
    expect(shelf.get('a')).toBe('{"name":"a"}');
    file.text = '{"version":1,"launches":{}}';
    await shelf.saved?.();
    expect((await shelfOf(await open())).get('a')).toBe('{"name":"a"}');
  });

  test('one that cannot be written is told of once, and written when that is possible again', async () => {
    const { file, open } = disk();
    const program = await open();
    const shelf = await shelfOf(program);
    file.broken = new Error('no space');
    shelf.set('a', '{"name":"a"}');
    await program.saved();
    shelf.set('b', '{"name":"b"}');
    await program.saved();
    (await shelfOf(program, 'another')).set('a', '{"name":"a"}');
    await program.saved();
    expect(program.warnings).toEqual(['s: the pin file pins.json could not be written: no space']);
    await expect(shelf.saved?.()).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('no space'),
    });
    file.broken = undefined;
    await shelf.saved?.();
    expect((await shelfOf(await open())).get('a')).toBe('{"name":"a"}');
  });

  test('one that would be too large is not written', async () => {
    const { file, open } = disk();
    const program = await open();
    const shelf = await shelfOf(program);
    shelf.set('a', JSON.stringify({ description: 'x'.repeat(MAX_PIN_FILE_BYTES) }));
    await expect(shelf.saved?.()).rejects.toMatchObject({ code: 'invalid_config', limit: MAX_PIN_FILE_BYTES });
    expect(file.writes).toBe(0);
  });
});

test('names that objects have by nature are names like any other', () => {
  const tools = new Map([
    ['__proto__', '{"name":"__proto__"}'],
    ['constructor', '{"name":"constructor"}'],
  ]);
  const pins = new Map([['k', new Map([['toString', tools]])]]);
  expect(readPins(writePins(pins))).toEqual(pins);
});
