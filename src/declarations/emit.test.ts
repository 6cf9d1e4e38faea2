import { describe, expect, test } from 'vitest';
import { emitType } from './emit.ts';
import { createNames } from './source.ts';

const emit = (schema: unknown) => emitType(schema, 'T', createNames());
const type = (schema: unknown): string => emit(schema).type.replace(/\s+/g, ' ');

describe('one schema', () => {
  test.each<[unknown, string]>([
    [true, 'unknown'],
    [{}, 'unknown'],
    [false, 'never'],
    [{ type: 'string', minLength: 3 }, 'string'],
    [{ type: 'integer' }, 'number'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ type: 'number', nullable: true }, 'number | null'],
    [{ const: 'a"b\'c' }, `'a"b\\'c'`],
    [{ const: { a: [1, null] } }, '{ a: [1, null] }'],
    [{ enum: ['a', 1, null, 'a'] }, `'a' | 1 | null`],
    [{ enum: [] }, 'never'],
    [{ type: 'array' }, 'unknown[]'],
    [{ items: { type: ['string', 'number'] } }, '(string | number)[]'],
    [{ prefixItems: [{ type: 'string' }, { type: 'number' }], minItems: 1, items: false }, '[string, number?]'],
    [{ prefixItems: [{ type: 'string' }], minItems: 1, items: { type: 'null' } }, '[string, ...null[]]'],
    [{ type: 'array', items: [{ type: 'string' }], additionalItems: false }, '[string?]'],
    [{ type: 'object' }, '{ [key: string]: unknown }'],
    [{ type: 'object', additionalProperties: false }, '{ [key: string]: never; }'],
    [{ additionalProperties: { type: 'number' } }, '{ [key: string]: number; }'],
    [{ patternProperties: { '^a': { type: 'number' } }, additionalProperties: false }, '{ [key: string]: number; }'],
    [
      { properties: { a: { type: 'string' }, 'b-c': {} }, required: ['a', 'd'] },
      `{ a: string; 'b-c'?: unknown; d: unknown; }`,
    ],
    [{ properties: { a: { type: 'string' } }, additionalProperties: true }, '{ a?: string; [key: string]: unknown; }'],
    [{ properties: { a: { description: 'what */ it is' } } }, '{ /** what *\\/ it is */ a?: unknown; }'],
    [{ anyOf: [{ type: 'string' }, { type: 'object' }, {}] }, 'unknown'],
    [{ oneOf: [{ type: 'string' }, { const: 1 }] }, 'string | 1'],
    [{ allOf: [{ properties: { a: {} } }, { properties: { b: {} } }] }, '{ a?: unknown; } & { b?: unknown; }'],
    [
      { properties: { a: {} }, oneOf: [{ required: ['b'] }, { required: ['c'] }] },
      '{ a?: unknown; } & ({ b: unknown; } | { c: unknown; })',
    ],
    [{ allOf: [false, { type: 'string' }] }, 'never'],
    [{ $ref: 'https://example.com/schema' }, 'unknown'],
    [{ $ref: '#/nowhere' }, 'unknown'],
    [{ $ref: '#/%zz' }, 'unknown'],
    [7, 'unknown'],
    [null, 'unknown'],
  ])('%j is %s', (schema, expected) => {
    expect(type(schema)).toBe(expected);
  });
});

describe('references', () => {
  test('a long chain of them is cut short in bounded time, and its types then allow anything', () => {
    const length = 4_000;
    const $defs: Record<string, unknown> = { [`d${length}`]: { type: 'null' } };
    for (let at = 0; at < length; at += 1) {
      $defs[`d${at}`] = { anyOf: [{ $ref: `#/$defs/d${at + 1}` }, { type: 'string' }] };
    }
    const { type: root, declarations } = emit({ properties: { a: { $ref: '#/$defs/d0' } }, $defs });
    expect(root).toContain('a?: TD0');
    expect(declarations[0]).toBe('export type TD0 = TD1 | string;\n');
    expect(declarations.at(-1)).toContain('unknown');
  });

  test('each gets a declaration of its own, however often it is referred to', () => {
    const schema = {
      properties: { a: { $ref: '#/$defs/my-node' }, b: { $ref: '#/$defs/my-node' }, c: { $ref: '#there' } },
      $defs: {
        'my-node': { description: 'A node', properties: { next: { $ref: '#/$defs/my-node' }, up: { $ref: '#' } } },
        x: { $anchor: 'there', type: 'string' },
      },
    };
    const { type, declarations } = emit(schema);
    expect(type).toBe('{\n  a?: TMyNode;\n  b?: TMyNode;\n  c?: TThere;\n}'.replace('TThere', 'TX'));
    expect(declarations).toEqual([
      '/** A node */\nexport type TMyNode = {\n  next?: TMyNode;\n  up?: TRoot;\n};\n',
      'export type TX = string;\n',
      'export type TRoot = {\n  a?: TMyNode;\n  b?: TMyNode;\n  c?: TX;\n};\n',
    ]);
  });

  test.each([
    { $ref: '#' },
    {
      $ref: '#/$defs/a',
      $defs: { a: { $ref: '#/$defs/b' }, b: { anyOf: [{ type: 'string' }, { $ref: '#/$defs/a' }] } },
    },
    { allOf: [{ $ref: '#' }, { type: 'object' }] },
  ])('one that leads back to itself with nothing between is no type: %j', (schema) => {
    const { type, declarations } = emit(schema);
    expect([type, ...declarations].join(' ')).not.toMatch(/(\bT\w+)\b.*=.*\b\1\b/);
  });
});

test('what is too deep or too much allows anything, and takes no time', () => {
  let deep: object = { type: 'string' };
  for (let level = 0; level < 5_000; level += 1) deep = { properties: { a: deep } };
  expect(emit(deep).type.length).toBeLessThan(20_000);
  const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`k${at}`, { type: 'string' }]));
  expect(emit({ properties: wide }).type.split('\n').length).toBeLessThan(600);
});
