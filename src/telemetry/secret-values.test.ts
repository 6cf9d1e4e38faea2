import { describe, expect, test } from 'vitest';
import type { ServerConfig } from '../options.ts';
import { secretValues } from './secret-values.ts';

const of = (config: ServerConfig): string[] => secretValues(config, []).filter((value) => value !== '');

describe('secrets of a configuration are', () => {
  test.each([
    'Authorization',
    'Cookie',
    'X-Api-Key',
    'api_key',
    'apiKey',
    'GITHUB_TOKEN',
    'OPENAI_API_KEY',
    'AWS_SECRET_ACCESS_KEY',
    'DB_PASSWORD',
    'Proxy-Authorization',
    'KEY',
    'GITHUB_PAT',
    'SENTRY_DSN',
  ])('the value of %s', (name) => {
    expect(of({ env: { [name]: 'value-1' } })).toEqual(['value-1']);
    expect(of({ headers: { [name]: 'value-1' } })).toEqual(['value-1']);
  });

  test.each([
    'MAX_TOKENS',
    'TOKEN_URL',
    'TOKEN_LIMIT',
    'LOG_LEVEL',
    'Accept',
    'MONKEY',
    'PATTERN',
    'KEYBOARD',
    'AUTHOR',
  ])('not the value of %s', (name) => {
    expect(of({ env: { [name]: 'value-1' } })).toEqual([]);
  });

  test('what follows the scheme of an authorization, and the password of a basic one', () => {
    const pair = Buffer.from('me:pass-word').toString('base64');
    expect(of({ headers: { Authorization: 'Bearer abc.def' } })).toEqual(['abc.def']);
    expect(of({ headers: { authorization: `Basic ${pair}` } })).toEqual([pair, 'me:pass-word', 'pass-word']);
    expect(of({ headers: { authorization: 'Basic §' } })).toEqual(['§']);
  });

  test('each cookie, and each long line of a key', () => {
    expect(of({ headers: { Cookie: 'a=first-1; b=second' } })).toEqual(['a=first-1; b=second', 'first-1', 'second']);
    const key = 'short\nMIIEvQIBADANBgkq';
    expect(of({ env: { PRIVATE_KEY: key } })).toEqual([key, 'MIIEvQIBADANBgkq']);
  });

  test('passwords and secret parameters in URLs, wherever the URL stands', () => {
    const url = 'https://me:pa%40ss-1@h.example/x?api_key=k-1&page=2';
    const found = ['pa%40ss-1', 'pa@ss-1', 'k-1'];
    expect(of({ url })).toEqual(found);
    expect(of({ env: { UPSTREAM: url } })).toEqual(found);
    expect(of({ args: ['--upstream', url] })).toEqual(found);
    expect(of({ args: [`--upstream=${url}`] })).toEqual(found);
    expect(of({ url: 'https://me:%zz@h.example/' })).toEqual(['%zz']);
    expect(of({ url: 'no url ?token=x' })).toEqual([]);
  });

  test('options whose name says so', () => {
    const args = ['run', '--token', 'abc-1', '--api-key=def-1', '--password', '--verbose', '--port', '80'];
    expect(of({ args })).toEqual(['abc-1', 'def-1']);
  });
});

describe('what came from a reference is a secret', () => {
  const from = (name: string, path: string): string[] =>
    secretValues({}, [{ name, value: 'value-1', path }]).slice(0, 1);

  test.each([
    ['ANYTHING', '/env/X'],
    ['env:ANYTHING', '/headers/X'],
    ['file:/run/x', '/env/X'],
    ['MY_TOKEN', '/args/0'],
    ['keychain:x', '/args/1'],
    ['file:/run/x', '/args/1'],
    ['input:x', '/url'],
  ])('%s in %s', (name, path) => expect(from(name, path)).toEqual(['value-1']));

  test.each([
    ['HOME', '/env/X'],
    ['env:PATH', '/env/PATH'],
    ['XDG_STATE_HOME', '/env/X'],
    ['PROJECT_DIR', '/args/0'],
    ['HOST', '/url'],
  ])('but not %s in %s', (name, path) => expect(from(name, path)).toEqual([]));
});
