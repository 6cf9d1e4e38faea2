import { describe, expect, test } from 'vitest';
import type { ToolwayError } from '../../errors.ts';
import { asksFor } from './accept.ts';
import { formArguments } from './form.ts';
import { preferencesOf } from './prefer.ts';

const schema = {
  type: 'object',
  properties: {
    image: { type: 'string', contentEncoding: 'base64' },
    blob: { anyOf: [{ type: 'string', format: 'byte' }, { type: 'null' }] },
    images: { type: 'array', items: { $ref: '#/$defs/image' } },
    text: { type: 'string' },
    count: { type: ['integer', 'null'] },
    yes: { type: 'boolean' },
    list: { type: 'array', items: { type: 'number' } },
    object: { $ref: '#/$defs/object' },
    loop: { $ref: '#/$defs/loop' },
  },
  $defs: {
    image: { type: 'string', format: 'binary' },
    object: { type: 'object' },
    loop: { $ref: '#/$defs/loop' },
  },
};
const file = (...bytes: number[]): File => new File([new Uint8Array(bytes)], 'f');
const formOf = (...parts: [string, string | File][]): FormData => {
  const form = new FormData();
  for (const [name, value] of parts) form.append(name, value);
  return form;
};
const argumentsOf = (...parts: [string, string | File][]) => formArguments(formOf(...parts), schema);

describe('arguments out of a form', () => {
  test('have files as base64 where the schema says so, whatever it says so with', async () => {
    expect(
      await argumentsOf(['image', file(255, 0)], ['blob', file(1)], ['images', file(2)], ['images', file(3)]),
    ).toEqual({
      image: '/wA=',
      blob: 'AQ==',
      images: ['Ag==', 'Aw=='],
    });
  });

  test('have files as text elsewhere, and refuse those that are none', async () => {
    expect(await argumentsOf(['text', file(104, 105)], ['object', new File(['{"a":1}'], 'a.json')])).toEqual({
      text: 'hi',
      object: { a: 1 },
    });
    const refused = await argumentsOf(['text', file(255)]).catch((error: ToolwayError) => error);
    expect(refused).toMatchObject({ code: 'invalid_arguments', executed: 'no', problems: [{ path: '/text' }] });
  });

  test('have texts as what the schema wants them to be', async () => {
    expect(
      await argumentsOf(
        ['count', '3'],
        ['yes', 'true'],
        ['list', '1'],
        ['list', '2.5'],
        ['object', '{"b":[]}'],
        ['text', '7'],
      ),
    ).toEqual({ count: 3, yes: true, list: [1, 2.5], object: { b: [] }, text: '7' });
    expect(await argumentsOf(['list', '[1,2]'])).toEqual({ list: [1, 2] });
    expect(await argumentsOf(['list', '1'])).toEqual({ list: [1] });
  });

  test('leave as text what does not fit or is not known, for the validation to judge', async () => {
    expect(
      await argumentsOf(['count', 'many'], ['yes', 'perhaps'], ['object', '{'], ['other', '1'], ['loop', 'x']),
    ).toEqual({
      count: 'many',
      yes: 'perhaps',
      object: '{',
      other: '1',
      loop: 'x',
    });
    const proto = await argumentsOf(['__proto__', 'x']);
    expect(Object.getPrototypeOf(proto)).toBe(Object.prototype);
  });

  test('are bounded in number', async () => {
    const many = Array.from({ length: 257 }, (_, index): [string, string] => [`p${index}`, 'x']);
    await expect(argumentsOf(...many)).rejects.toMatchObject({ code: 'invalid_arguments' });
  });
});

describe('what a request asks for', () => {
  test.each([
    ['image/png', true],
    ['image/*', true],
    ['text/html, image/png;q=0.5', true],
    ['*/*', false],
    ['application/json', false],
    ['image/png;q=0', false],
    ['application/json, image/*;q=0.9', false],
    ['application/json;q=0.1, image/*', true],
    ['nonsense', false],
  ])('by Accept: %s', (accept, asked) => {
    expect(asksFor(accept, 'image/png')).toBe(asked);
  });

  test.each([
    [null, { respondAsync: false }],
    ['respond-async', { respondAsync: true }],
    ['Respond-Async, wait=5', { respondAsync: true, waitMs: 5_000 }],
    ['wait="7"; foo', { respondAsync: false, waitMs: 7_000 }],
    ['wait=999999999', { respondAsync: false, waitMs: 86_400_000 }],
    ['wait=-1, handling=strict', { respondAsync: false }],
  ])('by Prefer: %s', (prefer, preferences) => {
    expect(preferencesOf(prefer)).toEqual(preferences);
  });
});
