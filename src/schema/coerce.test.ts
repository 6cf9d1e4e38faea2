import { describe, expect, test } from 'vitest';
import { coerce } from './coerce.ts';
import { signature, typeName } from './signature.ts';

const root = {
  $defs: { size: { type: 'integer' }, loop: { $ref: '#/$defs/loop' }, 'a/b': { enum: ['x', 2] } },
};

describe('a text becomes what the schema asks for', () => {
  test.each<[unknown, string[], unknown]>([
    [{ type: 'string' }, ['3'], '3'],
    [{ type: 'string' }, ['null'], 'null'],
    [{ type: 'number' }, ['3'], 3],
    [{ type: 'number' }, ['-1.5e3'], -1500],
    [{ type: 'number' }, ['.5'], 0.5],
    [{ type: 'integer' }, ['+7'], 7],
    [{ type: 'boolean' }, ['true'], true],
    [{ type: 'boolean' }, ['false'], false],
    [{ type: 'null' }, ['null'], null],
    [{ type: 'object' }, ['{"a": [1]}'], { a: [1] }],
    [{ properties: {} }, ['{"a": 1}'], { a: 1 }],
    [{ type: 'array', items: { type: 'number' } }, ['1', '2'], [1, 2]],
    [{ type: 'array', items: { type: 'number' } }, ['[1, 2]'], [1, 2]],
    [{ type: 'array', items: { type: 'string' } }, ['1'], ['1']],
    [{ type: 'array' }, ['a', 'b'], ['a', 'b']],
    [{ items: { type: 'boolean' } }, ['true'], [true]],
    [{ type: 'array', items: { type: 'array', items: { type: 'number' } } }, ['[1]', '[2]'], [[1], [2]]],
    [{ type: ['integer', 'null'] }, ['null'], null],
    [{ type: ['integer', 'string'] }, ['3'], 3],
    [{ type: ['integer', 'string'] }, ['x'], 'x'],
    [{ anyOf: [{ type: 'boolean' }, { type: 'number' }] }, ['2'], 2],
    [{ oneOf: [{ type: 'array', items: { type: 'number' } }, { type: 'string' }] }, ['x'], 'x'],
    [{ allOf: [{ description: 'x' }, { type: 'number' }] }, ['2'], 2],
    [{ enum: ['a', 2, null] }, ['2'], 2],
    [{ enum: ['a', 2, null] }, ['a'], 'a'],
    [{ const: 5 }, ['5'], 5],
    [{ $ref: '#/$defs/size' }, ['5'], 5],
    [{ $ref: '#/$defs/a~1b' }, ['2'], 2],
    [{ $ref: '#/$defs/loop' }, ['5'], '5'],
    [{ $ref: '#/constructor' }, ['5'], '5'],
    [{ $ref: 'https://example.com/schema' }, ['5'], '5'],
    [{}, ['5'], '5'],
    [true, ['{"a": 1}'], '{"a": 1}'],
  ])('%j of %j', (schema, texts, value) => {
    expect(coerce(texts, schema, root)).toEqual({ ok: true, value });
  });

  test.each<[unknown, string[], string]>([
    [{ type: 'number' }, ['three'], 'number'],
    [{ type: 'number' }, [''], 'number'],
    [{ type: 'number' }, ['0x10'], 'number'],
    [{ type: 'number' }, ['1e999'], 'number'],
    [{ type: 'number' }, ['12345678901234567890'], 'number'],
    [{ type: 'integer' }, ['9007199254740993'], 'integer'],
    [{ type: 'integer' }, ['1.5'], 'integer'],
    [{ type: 'boolean' }, ['yes'], 'boolean'],
    [{ type: 'object' }, ['[1]'], 'object'],
    [{ type: 'object' }, ['{'], 'object'],
    [{ type: 'string' }, ['a', 'b'], 'string'],
    [{ type: 'array', items: { type: 'number' } }, ['1', 'x'], 'number[]'],
    [{ enum: ['a', 'b'] }, ['c'], '"a" | "b"'],
    [{ anyOf: [{ type: 'integer' }, { type: 'null' }] }, ['x'], 'integer | null'],
  ])('%j is not %j', (schema, texts, expected) => {
    expect(coerce(texts, schema, root)).toEqual({ ok: false, expected });
  });
});

describe('a tool as one line', () => {
  test('names required arguments first, and every type', () => {
    const inputSchema = {
      type: 'object',
      properties: {
        head: { type: 'number' },
        path: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' } },
        either: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'number' }] } },
        mode: { enum: ['a', 'b'] },
        any: {},
        ref: { $ref: '#/$defs/x' },
      },
      required: ['path', 'ref'],
      $defs: { x: { type: 'boolean' } },
    };
    expect(signature({ name: 'read', inputSchema })).toBe(
      'read(path: string, ref: boolean, head?: number, tags?: string[], either?: (string | number)[], mode?: "a" | "b", any?: any)',
    );
  });

  test.each([
    [{}, 't()'],
    [null, 't()'],
    [{ properties: [], required: 'x' }, 't()'],
    [{ properties: { a: null } }, 't(a?: any)'],
  ])('bears the schema %j', (inputSchema, line) => {
    expect(signature({ name: 't', inputSchema: inputSchema as never })).toBe(line);
  });

  test('ends where a schema does not', () => {
    const wide: Record<string, unknown> = {};
    wide.anyOf = [{ $ref: '#' }, { $ref: '#' }, { type: 'string' }];
    expect(typeName(wide, wide)).toBe('any | string');
    expect(typeName({ enum: Array.from({ length: 1000 }, (_, at) => at) }, {})).toBe('0 | 1 | 2 | 3 | 4 | 5 | …');
  });
});
