import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ToolwayError } from '../errors.ts';
import { createMask, type Mask } from './masking.ts';

const SECRET = 'p@ss w/ö+rd"1';
const of = (...secrets: string[]): Mask => {
  const mask = createMask();
  for (const secret of secrets) mask.add(secret);
  return mask;
};
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('a secret is masked', () => {
  test.each([
    ['as it is', SECRET],
    ['in base64', base64(SECRET)],
    ['in base64url', Buffer.from(SECRET).toString('base64url')],
    ['URL-encoded', encodeURIComponent(SECRET)],
    ['URL-encoded in small letters', encodeURIComponent(SECRET).toLowerCase()],
    ['in a path', encodeURI(SECRET)],
    ['in a form', new URLSearchParams({ k: SECRET }).toString()],
    ['in JSON', JSON.stringify({ k: SECRET })],
  ])('%s', (_way, text) => {
    const masked = of(SECRET).text(`before ${text} after`);
    expect(masked).toMatch(/^before .*\*\*\*.* after$/);
    for (const part of [SECRET, 'ss%20w', 'ss w', base64(SECRET).slice(4, 12)]) expect(masked).not.toContain(part);
  });

  test('in base64 wherever it stands in what was encoded', () => {
    const mask = of('a-long-secret');
    for (const user of ['', 'a', 'ab', 'abc', 'abcd']) {
      const told = base64(`${user}:a-long-secret:x`);
      const masked = mask.text(told);
      expect(masked).toContain('***');
      const rest = Buffer.from(masked.replaceAll('***', 'AAAA'), 'base64').toString();
      expect(rest).not.toContain('long');
    }
  });

  test('every time', () => {
    expect(of('secret').text('secret, secret; Xsecretsecret')).toBe('***, ***; X******');
  });

  test('whatever characters it is made of', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, unit: 'binary' }), fc.string(), fc.string(), (secret, before, after) => {
        const mask = of(secret);
        expect(mask.text(`${before}${secret}${after}`)).toContain('***');
        expect(mask.text(secret)).toBe('***');
      }),
    );
  });

  test('whole, also where another one is its beginning', () => {
    expect(of('secret', 'secret-and-more').text('secret-and-more')).toBe('***');
    expect(of('secret-and-more', 'secret').text('secret-and-more')).toBe('***');
  });
});

describe('a mask', () => {
  test('leaves values of less than 6 characters alone', () => {
    const mask = of('12345', '');
    expect(mask.text('12345 are 5')).toBe('12345 are 5');
    mask.add('123456');
    expect(mask.text('12345 123456')).toBe('12345 ***');
  });

  test('knows the latest 1 000 values', () => {
    const mask = createMask();
    for (let n = 0; n < 1_001; n += 1) mask.add(`secret-${n}-`);
    expect(mask.text('secret-0- secret-1- secret-1000-')).toBe('secret-0- *** ***');
  });

  test('keeps a value that is added again', () => {
    const mask = createMask({ maxSecrets: 2 });
    for (const secret of ['first!', 'second', 'first!', 'third!']) mask.add(secret);
    expect(mask.text('first! second third!')).toBe('*** second ***');
  });

  test('goes through objects and lists, keys too, and gives them back as they are where there is nothing to mask', () => {
    const mask = of('secret');
    expect(mask.value({ a: [1, 'a secret', { b: 'secret' }], secret: null })).toEqual({
      a: [1, 'a ***', { b: '***' }],
      '***': null,
    });
    const clean = { a: [1, { b: 'x' }], c: new Date(0), d: undefined };
    expect(mask.value(clean)).toBe(clean);
  });

  test('ends with what is endless', () => {
    const round: Record<string, unknown> = { a: 'secret' };
    round.self = round;
    let deep: unknown = 'secret';
    for (let n = 0; n < 1_000; n += 1) deep = [deep];
    const mask = of('secret');
    expect(mask.value(round)).toEqual({ a: '***', self: '[…]' });
    expect(JSON.stringify(mask.value(deep))).not.toContain('secret');
  });

  test('does not throw where what it is given throws', () => {
    const hostile = {
      get a() {
        throw new Error('secret');
      },
    };
    const mask = of('secret');
    expect(mask.value({ hostile, b: 1 })).toEqual({ hostile: '***', b: 1 });
    expect(mask.value(new ToolwayError('internal', 'x', { cause: hostile }))).toMatchObject({
      message: 'x',
      cause: '***',
    });
  });

  test('masks an error of ours: message, facts, JSON and causes', () => {
    const cause = Object.assign(new TypeError('bad header "secret"'), { code: 'EHEADER', args: ['secret'] });
    const facts = { server: 'a', tool: 't', stderr: 'key=secret', data: { k: 'secret' }, exitCode: 1, cause };
    const masked = of('secret').value(new ToolwayError('server_exited', 'died: secret', facts));
    expect(masked).toBeInstanceOf(ToolwayError);
    expect(masked.message).toBe('a.t: died: ***');
    expect(masked).toMatchObject({ code: 'server_exited', stderr: 'key=***', data: { k: '***' }, exitCode: 1 });
    expect(masked.cause).toMatchObject({
      name: 'TypeError',
      message: 'bad header "***"',
      code: 'EHEADER',
      args: ['***'],
    });
    expect((masked.cause as Error).stack).toMatch(/^TypeError: bad header "\*\*\*"\n\s+at /);
    expect(JSON.stringify(masked) + String(masked.stack) + String((masked.cause as Error).stack)).not.toContain(
      'secret',
    );
  });

  test('masks errors inside errors', () => {
    const inner = new AggregateError([new Error('one secret'), new Error('two')], 'both', { cause: 'secret' });
    const masked = of('secret').value(new Error('outer', { cause: inner }));
    const cause = masked.cause as AggregateError;
    expect(cause).toMatchObject({ name: 'AggregateError', message: 'both', cause: '***' });
    expect(cause.errors.map((error: Error) => error.message)).toEqual(['one ***', 'two']);
  });

  test('gives an error without a secret back as it is', () => {
    const error = new ToolwayError('timeout', 'late', { server: 'a', cause: new Error('x', { cause: { y: 1 } }) });
    expect(of('secret').value(error)).toBe(error);
    expect(createMask().value(error)).toBe(error);
  });
});
