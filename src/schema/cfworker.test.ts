import { describe, expect, test } from 'vitest';
import type { Problem } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import { createInterpretingValidator } from './cfworker.ts';
import { MAX_INTERPRETED_NODES } from './survey.ts';
import { isRefusal } from './validator.ts';

const check = async (schema: JsonObject, value: unknown): Promise<Problem[] | undefined> => {
  const compiled = await createInterpretingValidator().compile(schema);
  if (isRefusal(compiled)) throw new Error(compiled.reason);
  return compiled(value);
};
const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
};

describe('messages are those of Node', () => {
  test.each<[JsonObject, unknown, Problem[]]>([
    [{ type: 'string' }, 1, [{ path: '', message: 'must be a string, got 1' }]],
    [{ required: ['a', 'b'] }, { a: 1 }, [{ path: '', message: 'missing required property "b"' }]],
    [
      { properties: { path: {}, 'a/b': {} }, additionalProperties: false },
      { pth: 1, 'a/c': 2 },
      [
        { path: '/pth', message: 'unknown property "pth" (did you mean "path"?)' },
        { path: '/a~1c', message: 'unknown property "a/c" (did you mean "a/b"?)' },
      ],
    ],
    [{ items: { enum: ['a', 'b'] } }, ['a', 'c'], [{ path: '/1', message: 'must be "a" or "b", got "c"' }]],
    [{ prefixItems: [{}], items: false }, [1, 2], [{ path: '', message: 'must have at most 1 item, got 2' }]],
    [{ minimum: 3 }, 1, [{ path: '', message: 'must be >= 3, got 1' }]],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 1, [{ path: '', message: 'must be a string or null, got 1' }]],
    [
      { uniqueItems: true },
      [{ a: 1 }, 2, { a: 1 }],
      [{ path: '', message: 'must not repeat items, but items 0 and 2 are equal' }],
    ],
    [
      { dependentRequired: { a: ['b'] } },
      { a: 1 },
      [{ path: '', message: 'missing property "b", which "a" requires' }],
    ],
    [{ properties: { a: false } }, { a: 1 }, [{ path: '/a', message: 'is not allowed here' }]],
    [
      { contains: { type: 'string' } },
      [1],
      [{ path: '', message: 'must contain items of the required form in the required number' }],
    ],
    [
      { propertyNames: { maxLength: 1 } },
      { ab: 1 },
      [{ path: '', message: expect.stringContaining('name of a property') as string }],
    ],
    [
      { $ref: '#/$defs/a', $defs: { a: { properties: { x: { const: 1 } } } } },
      { x: 2 },
      [{ path: '/x', message: 'must be 1, got 2' }],
    ],
  ])('%j and %j', async (schema, value, problems) => {
    expect(await check(schema, value)).toEqual(problems);
  });
});

test('the schema is not touched', async () => {
  const schema = deepFreeze({
    $id: 'https://a.test/',
    properties: { a: { $ref: '#/$defs/x' } },
    $defs: { x: { type: 'string' } },
  });
  expect(await check(schema, { a: 1 })).toHaveLength(1);
});

describe('patterns are not checked, and never make a schema stricter', () => {
  test.each<[JsonObject, unknown]>([
    [{ pattern: '^a$' }, 'b'],
    [{ not: { pattern: '^a$' } }, 'b'],
    [{ not: { $ref: '#/$defs/p' }, $defs: { p: { items: { pattern: 'a' } } } }, ['b']],
    [{ oneOf: [{ pattern: '^a$' }, { type: 'string' }] }, 'b'],
    [{ if: { pattern: '^a$' }, else: false }, 'b'],
    [{ patternProperties: { '^x-': {} }, additionalProperties: false }, { 'x-a': 1 }],
    [{ anyOf: [{ patternProperties: { '^x-': {} } }], unevaluatedProperties: false }, { 'x-a': 1 }],
    [{ contains: { pattern: 'a' }, maxContains: 1 }, ['a', 'b']],
  ])('%j', async (schema, value) => {
    expect(await check(schema, value)).toBeUndefined();
  });

  test('what stands beside a pattern is', async () => {
    expect(
      await check({ type: 'object', properties: { a: { type: 'string', pattern: '(a+)+$' } } }, { a: 1 }),
    ).toHaveLength(1);
  });
});

describe('a check that would take too long says so', () => {
  const told = (reason: string): unknown => [
    { path: '', message: expect.stringMatching(`could not be checked: .*${reason}`) },
  ];

  test('too many steps', async () => {
    const half = { $ref: '#/$defs/b' };
    const bomb = {
      $ref: '#/$defs/a',
      $defs: { a: { items: { $ref: '#/$defs/a' }, allOf: Array.from({ length: 99 }, () => half) }, b: {} },
    };
    const value = Array.from({ length: 5_000 }, () => []);
    expect(await check(bomb, value)).toEqual(told('steps'));
  });

  test('too many values', async () => {
    expect(
      await check(
        { type: 'array' },
        Array.from({ length: MAX_INTERPRETED_NODES }, () => 1),
      ),
    ).toEqual(told('too large'));
  });

  test('not JSON', async () => {
    expect(await check({}, { a: () => 1 })).toEqual(told('not JSON'));
    expect(await check({}, Number.NaN)).toEqual(told('not JSON'));
  });
});

test('an ordinary long list is within the budget', async () => {
  const item = {
    type: 'object',
    properties: { id: { type: 'integer' }, name: { type: 'string', maxLength: 40 } },
    required: ['id'],
  };
  const list = Array.from({ length: 4_000 }, (_, id) => ({ id, name: `name ${id}` }));
  expect(await check({ type: 'array', items: item }, list)).toBeUndefined();
});

test('undefined properties are absent, as they are on the wire', async () => {
  const schema = { properties: { a: { type: 'string' } }, additionalProperties: false };
  expect(await check(schema, { a: undefined, b: undefined })).toBeUndefined();
});

test('a refusal has a reason', async () => {
  expect(await createInterpretingValidator().compile({ $ref: 'https://a.test/' })).toEqual({
    reason: expect.stringContaining('not fetched'),
  });
});
