import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Problem } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import { createInterpretingValidator } from '../schema/cfworker.ts';
import { isRefusal, type Validator } from '../schema/validator.ts';
import { createAjvValidator } from './schema-engine.ts';

/** Written as a constant because linters take objects with such a key for promises. */
const THEN = 'then';
const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';
const engines: [string, Validator][] = [
  ['ajv', createAjvValidator()],
  ['the interpreter', createInterpretingValidator()],
];
afterAll(async () => {
  for (const [, engine] of engines) await engine.close();
});

const problemsOf = async (engine: Validator, schema: JsonObject, value: unknown): Promise<Problem[] | undefined> => {
  const check = await engine.compile(schema);
  if (isRefusal(check)) throw new Error(check.reason);
  return check(value);
};

/** Schema, values that fit, values that do not. */
type Row = [name: string, schema: JsonObject, good: unknown[], bad: unknown[]];

const shared: Row[] = [
  ['no type', { properties: { a: { type: 'string' } }, required: ['a'] }, [{ a: '' }, 5, null, []], [{}, { a: 1 }]],
  ['type arrays', { type: ['string', 'null'] }, ['x', null], [1, {}, true]],
  ['nullable', { type: 'string', nullable: true }, ['x', null], [1]],
  ['integers', { type: 'integer' }, [1, -1, 1.0, 1e20], [1.5, '1', true]],
  ['numbers that float', { multipleOf: 0.01 }, [19.99, 4.02, 0.07], [0.005]],
  ['bounds', { minimum: 1, exclusiveMaximum: 3 }, [1, 2.9, 'x'], [0.9, 3]],
  ['characters, not units', { minLength: 2, maxLength: 2 }, ['ab', '😀😀'], ['😀', 'abc']],
  ['enum', { enum: ['a', 1, null, { x: [1] }] }, ['a', 1, null, { x: [1] }], ['1', { x: [2] }, undefined]],
  ['const', { const: { a: [1, { b: null }] } }, [{ a: [1, { b: null }] }], [{ a: [1] }, null]],
  ['closed objects', { properties: { a: {} }, additionalProperties: false }, [{}, { a: 1 }], [{ b: 1 }]],
  ['open objects with a rule', { additionalProperties: { type: 'number' } }, [{ x: 1 }], [{ x: 'a' }]],
  [
    'names with <',
    { properties: { 'a<b>': { type: 'number' } }, required: ['a<b>'] },
    [{ 'a<b>': 1 }],
    [{}, { 'a<b>': '' }],
  ],
  ['names in Unicode', { properties: { 名前: { type: 'number' } } }, [{ 名前: 1 }], [{ 名前: 'x' }]],
  ['names with / and ~', { properties: { 'a/b~c%': { type: 'number' } } }, [{ 'a/b~c%': 1 }], [{ 'a/b~c%': 'x' }]],
  [
    'names of prototypes',
    { properties: { constructor: { type: 'string' }, toString: { type: 'string' } } },
    [{}, { constructor: 'x' }],
    [{ constructor: 1 }],
  ],
  [
    'required prototypes',
    { required: ['constructor', '__proto__'] },
    [JSON.parse('{"constructor":1,"__proto__":2}')],
    [{}],
  ],
  [
    'annotations',
    { type: 'string', 'x-mcp-header': 'A', enumNames: ['a'], examples: [1], format: 'email' },
    ['not an email'],
    [1],
  ],
  ['lists', { type: 'array', items: { type: 'object', required: ['id'] }, minItems: 1 }, [[{ id: 1 }]], [[], [{}], {}]],
  [
    'unique items',
    { uniqueItems: true },
    [[1, '1', { a: 1 }, [1]], 'aa'],
    [
      [1, 1],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
  ],
  ['contains', { contains: { type: 'number' } }, [['a', 1]], [['a'], []]],
  ['contains in an empty list after a full one', { items: { contains: { const: 1 } } }, [[[1]]], [[[1], []]]],
  ['names of properties', { propertyNames: { maxLength: 2 } }, [{ ab: 1 }], [{ abc: 1 }]],
  ['any of', { anyOf: [{ type: 'string' }, { type: 'null' }] }, ['a', null], [1]],
  ['one of', { oneOf: [{ type: 'number' }, { type: 'integer' }] }, [1.5], [1, 'a']],
  ['all of, not', { allOf: [{ minimum: 1 }, { not: { const: 2 } }] }, [1, 3], [0, 2]],
  [
    'conditions',
    { if: { required: ['a'] }, [THEN]: { required: ['b'] }, else: { required: ['c'] } },
    [{ a: 1, b: 1 }, { c: 1 }],
    [{ a: 1 }, {}],
  ],
  ['counts of properties', { minProperties: 1, maxProperties: 2 }, [{ a: 1 }], [{}, { a: 1, b: 1, c: 1 }]],
  [
    'a tree',
    { type: 'object', properties: { kids: { type: 'array', items: { $ref: '#' } } } },
    [{ kids: [{ kids: [] }] }],
    [{ kids: [{ kids: [1] }] }],
  ],
  ['a property of false', { properties: { a: false } }, [{}], [{ a: 1 }]],
];

const only2020: Row[] = [
  ['$defs', { $ref: '#/$defs/a', $defs: { a: { type: 'string' } } }, ['x'], [1]],
  [
    'references beside other keywords',
    { $ref: '#/$defs/a', maxLength: 1, $defs: { a: { type: 'string' } } },
    ['x'],
    [1, 'xy'],
  ],
  ['$anchor', { $ref: '#a', $defs: { x: { $anchor: 'a', type: 'string' } } }, ['x'], [1]],
  ['tuples', { prefixItems: [{ type: 'number' }], items: false }, [[1], []], [['a'], [1, 2]]],
  ['counted contains', { contains: { const: 1 }, minContains: 2, maxContains: 3 }, [[1, 1]], [[1], [1, 1, 1, 1]]],
  ['dependentRequired', { dependentRequired: { a: ['b'] } }, [{ b: 1 }, { a: 1, b: 1 }], [{ a: 1 }]],
  [
    'unevaluated properties',
    { allOf: [{ properties: { a: {} } }], unevaluatedProperties: false },
    [{ a: 1 }],
    [{ b: 1 }],
  ],
  [
    'a dynamic tree',
    { $dynamicAnchor: 'n', properties: { k: { $dynamicRef: '#n' } }, type: 'object' },
    [{ k: {} }],
    [{ k: 1 }],
  ],
];

const onlyDraft07: Row[] = [
  ['definitions', { $ref: '#/definitions/a', maxLength: 1, definitions: { a: { type: 'string' } } }, ['x', 'xy'], [1]],
  ['old tuples', { items: [{ type: 'number' }], additionalItems: false }, [[1], []], [['a'], [1, 2]]],
  [
    'dependencies',
    { dependencies: { a: ['b'], c: { required: ['d'] } } },
    [{ b: 1 }, { a: 1, b: 1 }, { c: 1, d: 1 }],
    [{ a: 1 }, { c: 1 }],
  ],
  [
    'ids as anchors',
    { properties: { a: { $ref: '#x' } }, definitions: { q: { $id: '#x', type: 'string' } } },
    [{ a: '' }],
    [{ a: 1 }],
  ],
];

const rows: Row[] = [
  ...[...shared, ...only2020].map(([name, schema, ...values]): Row => [`${name} (2020-12)`, schema, ...values]),
  ...[...shared, ...onlyDraft07].map(
    ([name, schema, ...values]): Row => [`${name} (draft-07)`, { $schema: DRAFT_07, ...schema }, ...values],
  ),
];

describe.each(engines)('%s', (_, engine) => {
  test.each(rows)('%s', async (_name, schema, good, bad) => {
    for (const value of good) expect(await problemsOf(engine, schema, value), JSON.stringify(value)).toBeUndefined();
    for (const value of bad) {
      const problems = await problemsOf(engine, schema, value);
      expect(problems?.length, JSON.stringify(value)).toBeGreaterThan(0);
    }
  });
});

const names = fc.constantFrom('a', 'b', 'id', 'constructor', '__proto__', 'x/y');
const leaves = fc.oneof(
  fc.constantFrom<JsonObject>(
    { type: 'string' },
    { type: 'number' },
    { type: 'integer' },
    { type: ['boolean', 'null'] },
  ),
  fc.record({ type: fc.constant('string'), minLength: fc.nat(3), maxLength: fc.nat(6) }),
  fc.record({ minimum: fc.integer({ min: -5, max: 5 }), multipleOf: fc.constantFrom(1, 2, 0.5) }),
  fc.record({ enum: fc.uniqueArray(fc.constantFrom<unknown>('a', 1, null, true, [1]), { minLength: 1 }) }),
  fc.record({ type: fc.constant('string'), nullable: fc.boolean(), title: fc.constant('t') }),
);
const schemas = fc.letrec<{ node: JsonObject }>((tie) => {
  const list = fc.array(tie('node'), { minLength: 1, maxLength: 3 });
  return {
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaves,
      fc.record(
        {
          type: fc.constant('object'),
          properties: fc.dictionary(names, tie('node'), { maxKeys: 3 }),
          required: fc.uniqueArray(names, { maxLength: 2 }),
          additionalProperties: fc.oneof(fc.boolean(), tie('node')),
          minProperties: fc.nat(2),
        },
        { requiredKeys: ['properties'] },
      ),
      fc.record({ items: tie('node'), maxItems: fc.nat(3), uniqueItems: fc.boolean() }, { requiredKeys: ['items'] }),
      fc.record({ contains: tie('node') }),
      fc.record({ anyOf: list }),
      fc.record({ allOf: list }),
      fc.record({ oneOf: list }),
      fc.record({ not: tie('node') }),
      fc.record({ if: tie('node'), [THEN]: tie('node') }),
      fc.record({ type: fc.constant('string'), pattern: fc.constantFrom('^a', 'b$', '^[a-z]{1,2}$') }),
      fc.record({
        patternProperties: fc.dictionary(fc.constantFrom('^a', 'd$'), tie('node')),
        additionalProperties: fc.boolean(),
      }),
    ),
  };
}).node;
const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>('', 'a', 'ab', 'xyzzy', 0, 1, 2.5, -3, true, null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 3 }),
  ),
})).value;

const hasPattern = (schema: JsonObject): boolean => /"pattern(Properties)?":/.test(JSON.stringify(schema));

test('both engines accept the same values of schemas without patterns', async () => {
  const [[, ajv], [, interpreter]] = engines as [[string, Validator], [string, Validator]];
  await fc.assert(
    fc.asyncProperty(
      schemas.filter((schema) => !hasPattern(schema)),
      values,
      async (schema, value) => {
        const [one, other] = [await problemsOf(ajv, schema, value), await problemsOf(interpreter, schema, value)];
        expect(other === undefined, JSON.stringify({ one, other })).toBe(one === undefined);
      },
    ),
    { numRuns: 1_000 },
  );
}, 60_000);

test('where there are patterns, the interpreter accepts whatever ajv accepts', async () => {
  const [[, ajv], [, interpreter]] = engines as [[string, Validator], [string, Validator]];
  await fc.assert(
    fc.asyncProperty(schemas.filter(hasPattern), values, async (schema, value) => {
      if ((await problemsOf(ajv, schema, value)) !== undefined) return;
      expect(await problemsOf(interpreter, schema, value)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
}, 60_000);
