// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the references under test.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeReferences, expand, expandServer, type Lookup } from './expand.ts';

const lookup: Lookup = { env: { A: 'one', EMPTY: '', NESTED: '${A}', 'ProgramFiles(x86)': 'pf' } };
const expanding = (text: string, other: Lookup = lookup) => expand(text, other).catch((error: Error) => error.message);

describe('references', () => {
  test.each([
    ['plain', 'plain'],
    ['$A $ {A}', '$A $ {A}'],
    ['${A}${A}', 'oneone'],
    ['<${env:A}>', '<one>'],
    ['${EMPTY}', ''],
    ['${EMPTY:-x}', 'x'],
    ['${NOPE:-}', ''],
    ['${NOPE:-${A}-${ALSO:-b}}', 'one-b'],
    ['${env:NOPE:-x:y}', 'x:y'],
    ['$${A}', '${A}'],
    ['$$${A}', '$${A}'],
    ['${A}${A}$${', 'oneone${'],
    ['${NOPE:-$${A}', '${A'],
    ['${NESTED}', '${A}'],
    ['${ProgramFiles(x86)}', 'pf'],
  ])('%j becomes %j', async (text, expanded) => {
    expect(await expand(text, lookup)).toBe(expanded);
  });

  test.each([
    ['${NOPE}', 'the variable NOPE is not set'],
    ['${env:NOPE}', 'the variable NOPE is not set'],
    ['${toString}', 'the variable toString is not set'],
    ['${A', '"${" is not closed; a literal one is written "$${"'],
    ['${}', '"${}" does not name a variable'],
    ['${a b}', '"${a b}" does not name a variable'],
    ['${op:secret}', '"${op:secret}": there is no op:, only env:, file:, keychain:, input:'],
    ['${keychain:token}', '"${keychain:token}": keychain: is not available here'],
  ])('%j is an error', async (text, message) => {
    expect(await expanding(text)).toBe(message);
  });

  test('other schemes are resolved by whoever can', async () => {
    const resolve: Lookup['resolve'] = async (scheme, name) => (name === 'gone' ? undefined : `${scheme}<${name}>`);
    expect(await expand('${file:/run/x:y} ${input:id}', { env: {}, resolve })).toBe('file</run/x:y> input<id>');
    expect(await expanding('${file:gone}', { env: {}, resolve })).toBe('${file:gone} was not found');
    expect(await expand('${file:gone:-none}', { env: {}, resolve })).toBe('none');
  });

  test('an escaped text comes back as it was', async () => {
    const tricky = fc.string({ unit: fc.constantFrom('$', '{', '}', ':', '-', 'A', ' ') });
    await fc.assert(
      fc.asyncProperty(tricky, async (text) => {
        expect(await expand(escapeReferences(text), lookup)).toBe(text);
      }),
    );
  });

  test('what a variable holds is not expanded again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom('$', '{', '}', 'A') }), async (value) => {
        expect(await expand('[${A}]', { env: { A: value } })).toBe(`[${value}]`);
      }),
    );
  });
});

describe('a server', () => {
  test('has every text expanded that says where it is, and nothing else', async () => {
    const config = {
      command: '${A}',
      args: ['${A}', 'x'],
      env: { K: '${A}', __proto: 'y' },
      url: 'http://${A}',
      headers: { H: 'Bearer ${A}' },
      cwd: '${A}',
      envFile: '${A}/.env',
      proxy: 'http://${A}',
      tls: { ca: '${A}.pem' },
      group: '${A}',
    };
    expect(await expandServer('s', config, lookup)).toEqual({
      command: 'one',
      args: ['one', 'x'],
      env: { K: 'one', __proto: 'y' },
      url: 'http://one',
      headers: { H: 'Bearer one' },
      cwd: 'one',
      envFile: 'one/.env',
      proxy: 'http://one',
      tls: { ca: 'one.pem' },
      group: '${A}',
    });
    expect(config.args[0]).toBe('${A}');
  });

  test('tells where it was found what stands in for each reference; a default written out is none', async () => {
    const found: unknown[] = [];
    const config = { command: 'x', args: ['${A}', '${NOPE:-${env:A}}'], env: { 'a/b': '<${A}>', K: '${NOPE:-plain}' } };
    await expandServer('s', config, { ...lookup, found: (reference) => void found.push(reference) });
    expect(found).toEqual([
      { name: 'A', value: 'one', path: '/args/0' },
      { name: 'env:A', value: 'one', path: '/args/1' },
      { name: 'A', value: 'one', path: '/env/a~1b' },
    ]);
  });

  test('with unset variables fails once, naming the server and every field', async () => {
    const config = { command: 'x', args: ['ok', '${NOPE}'], env: { 'a/b': '${ALSO}' } };
    const error = await expandServer('files', config, lookup).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'invalid_config', server: 'files', executed: 'no' });
    expect(error.message).toBe('files: args.1: the variable NOPE is not set; env.a~1b: the variable ALSO is not set');
    expect(error.problems).toEqual([
      { path: '/args/1', message: 'the variable NOPE is not set' },
      { path: '/env/a~1b', message: 'the variable ALSO is not set' },
    ]);
  });
});
