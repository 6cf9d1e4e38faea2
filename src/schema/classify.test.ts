import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../protocol/types.ts';
import { classify, MAX_COMPILED_SIZE, MAX_SCHEMA_CHARS } from './classify.ts';

const kindOf = (schema: unknown): string => classify(schema).kind;
const reasonOf = (schema: unknown): string => {
  const classified = classify(schema);
  return classified.kind === 'refused' ? classified.reason : `not refused but ${classified.kind}`;
};
const properties = (count: number, property: unknown = {}): JsonObject => ({
  type: 'object',
  properties: Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, property])),
});
const nested = (levels: number, leaf: unknown = {}): JsonObject => {
  let schema = leaf;
  for (let level = 0; level < levels; level += 1) schema = { items: schema };
  return schema as JsonObject;
};
const bomb = (levels: number): JsonObject => {
  const $defs: JsonObject = { [`d${levels}`]: { type: 'string' } };
  for (let level = 0; level < levels; level += 1) {
    const $ref = `#/$defs/d${level + 1}`;
    $defs[`d${level}`] = { anyOf: [{ $ref }, { $ref }] };
  }
  return { $ref: '#/$defs/d0', $defs };
};

describe('simple', () => {
  test.each<[string, JsonObject]>([
    ['an empty schema', {}],
    ['no type', { properties: { a: { type: 'string' } } }],
    [
      'type arrays and nullable',
      { properties: { a: { type: ['string', 'null'] }, b: { type: 'string', nullable: true } } },
    ],
    ['an array at the root', { type: 'array', items: { type: 'string' } }],
    [
      'annotations nobody knows',
      { 'x-mcp-header': 'H', enumNames: ['a'], deprecated: true, foo: { pattern: '(a+)+$' } },
    ],
    ['a format', { properties: { a: { type: 'string', format: 'uri' } } }],
    ['a shared definition', { properties: { a: { $ref: '#/$defs/x' }, b: { $ref: '#/$defs/x' } }, $defs: { x: {} } }],
    ['an anchor', { properties: { a: { $ref: '#x' } }, $defs: { x: { $anchor: 'x', type: 'string' } } }],
    ['a pointer into an unknown keyword', { $ref: '#/components/schemas/A', components: { schemas: { A: {} } } }],
    ['an escaped pointer', { $ref: '#/$defs/a~1b%20c', $defs: { 'a/b c': {} } }],
    ['an embedded id', { $id: 'https://a.test/root', $ref: 'part', $defs: { p: { $id: 'part', type: 'string' } } }],
    ['a property called $ref', { properties: { $ref: { type: 'string' }, pattern: { type: 'string' } } }],
    ['a pattern that only a definition has which nobody uses', { $defs: { a: { pattern: 'a' } } }],
  ])('%s', (_, schema) => {
    expect(classify(schema)).toMatchObject({ kind: 'simple' });
  });

  test.each([
    'https://json-schema.org/draft/2020-12/schema',
    'https://json-schema.org/draft/2019-09/schema',
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft-07/schema',
    'http://json-schema.org/draft-06/schema#',
    'http://json-schema.org/draft-04/schema#',
  ])('the dialect %s', ($schema) => {
    expect(kindOf({ $schema, type: 'object' })).toBe('simple');
  });
});

describe('careful', () => {
  test.each<[string, JsonObject]>([
    ['a pattern', { properties: { a: { pattern: '^a$' } } }],
    ['patterns for names', { patternProperties: { '^a': {} } }],
    ['a pattern behind a reference', { $ref: '#/$defs/a', $defs: { a: { pattern: 'a' } } }],
    ['a reference to itself', { properties: { next: { $ref: '#' } } }],
    ['a dynamic reference to itself', { $dynamicAnchor: 'n', properties: { next: { $dynamicRef: '#n' } } }],
    [
      'a recursive reference',
      { $schema: 'https://json-schema.org/draft/2019-09/schema', items: { $recursiveRef: '#' } },
    ],
    ['a bomb', bomb(20)],
    ['a long chain', chain(200)],
    ['more nodes than are compiled in place', properties(MAX_COMPILED_SIZE / 2, { type: 'string' })],
  ])('%s', (_, schema) => {
    expect(classify(schema)).toMatchObject({ kind: 'careful' });
  });
});

function chain(length: number): JsonObject {
  const entries = Array.from({ length }, (_, index) => [`d${index}`, { $ref: `#/$defs/d${index + 1}` }]);
  return { $ref: '#/$defs/d0', $defs: Object.fromEntries([...entries, [`d${length}`, { type: 'string' }]]) };
}

describe('refused', () => {
  test.each<[unknown, string]>([
    [undefined, 'missing'],
    [null, 'null'],
    [false, 'false'],
    [true, 'true'],
    ['{}', '{}'],
    [[], 'an array'],
  ])('%j as a root', (schema, what) => {
    expect(reasonOf(schema)).toBe(`the schema is ${what}, not an object`);
  });

  test.each<[string, unknown, RegExp]>([
    ['33 levels', nested(33), /more than 32 levels/],
    ['10 000 levels', nested(10_000), /nested deeper than 128 levels/],
    ['501 properties', properties(501), /more than 500 properties/],
    ['3 000 properties', properties(3_000), /more than 500 properties/],
    ['1 001 subschemas', { anyOf: Array.from({ length: 1_000 }, () => ({})) }, /more than 1000 subschemas/],
    ['1 001 definitions', { $defs: { ...Array.from({ length: 1_000 }, () => ({})) } }, /more than 1000 subschemas/],
    ['more than 256 KiB', { description: 'x'.repeat(MAX_SCHEMA_CHARS) }, /larger than 256 KiB/],
    ['a remote reference', { $ref: 'https://a.test/s.json' }, /not part of the schema and is not fetched/],
    ['a relative remote reference', { $ref: 'other.json#/a' }, /not part of the schema/],
    ['a file', { $ref: 'file:///etc/passwd' }, /not part of the schema/],
    ['the metaschema', { $ref: 'http://json-schema.org/draft-07/schema#' }, /not part of the schema/],
    ['a reference to nothing', { $ref: '#/$defs/a' }, /does not exist/],
    ['a reference to something inherited', { $ref: '#/constructor' }, /does not exist/],
    ['a reference that is badly escaped', { $ref: '#/%E0%A4%A' }, /badly escaped/],
    ['a reference that is no string', { $ref: 1 }, /not a string/],
    ['a dialect nobody knows', { $schema: 'https://a.test/dialect' }, /dialect .* not known/],
    ['a dialect that is no string', { $schema: 7 }, /dialect 7 is not known/],
    ['a dialect further down', { properties: { a: { $schema: 'x:y' } } }, /dialect/],
    ['a schema that consists of itself', { $ref: '#' }, /without end/],
    [
      'alternatives that consist of it',
      { properties: { a: { anyOf: [{}, { $ref: '#/properties/a' }] } } },
      /without end/,
    ],
    ['two schemas of one name', { anyOf: [{ $anchor: 'a' }, { $anchor: 'a' }] }, /two schemas/],
    ['two schemas of one id', { anyOf: [{ $id: 'x:a' }, { $id: 'x:a' }] }, /two schemas/],
    [
      'a dynamic reference with several meanings',
      { $dynamicRef: '#n', $defs: { a: { $dynamicAnchor: 'n', $id: 'x:a' }, b: { $dynamicAnchor: 'n' } } },
      /only known later/,
    ],
    [
      'a type nobody knows',
      { properties: { a: { type: 'strng' } } },
      /\/properties\/a\/type: is not one or several of/,
    ],
    ['required as in draft-03', { properties: { a: { required: true } } }, /required: is not an array of strings/],
    ['an empty enum', { enum: [] }, /at least one value/],
    ['a negative length', { minLength: -1 }, /whole number/],
    ['a multiple of nothing', { multipleOf: 0 }, /above 0/],
    ['properties that are an array', { properties: [] }, /is not an object/],
    ['a subschema that is a number', { items: 3 }, /neither an object nor a boolean/],
    ['something that is not JSON', { const: () => 1 }, /function, which is not JSON/],
  ])('%s', (_, schema, reason) => {
    expect(reasonOf(schema)).toMatch(reason);
  });

  test('the limits themselves are allowed', () => {
    expect(kindOf(nested(32))).toBe('simple');
    expect(kindOf(properties(500))).toBe('careful');
    expect(kindOf({ anyOf: Array.from({ length: 999 }, () => ({})) })).toBe('careful');
  });

  test('a schema that shares its parts 2^60 times is as large as its text', () => {
    let shared: JsonObject = {};
    for (let level = 0; level < 30; level += 1) shared = { anyOf: [shared, shared] };
    expect(reasonOf(shared)).toMatch(/larger than 256 KiB/);
  });
});

describe('what the engines get', () => {
  const normalOf = (schema: JsonObject): JsonObject => {
    const classified = classify(schema);
    if (classified.kind === 'refused') throw new Error(classified.reason);
    return classified.schema;
  };

  test.each<[string, JsonObject, JsonObject]>([
    [
      'annotations are gone',
      { title: 'T', $comment: 'c', default: 1, type: 'string', $async: true },
      { type: 'string' },
    ],
    ['nullable adds a type', { type: 'string', nullable: true }, { type: ['string', 'null'] }],
    ['nullable alone means nothing', { nullable: true }, {}],
    [
      'old tuples',
      { items: [{ type: 'null' }], additionalItems: false },
      { prefixItems: [{ type: 'null' }], items: false },
    ],
    ['old bounds', { minimum: 1, exclusiveMinimum: true }, { exclusiveMinimum: 1 }],
    ['old bounds that are off', { maximum: 1, exclusiveMaximum: false }, { maximum: 1 }],
    [
      'old dependencies',
      { dependencies: { a: ['b'], c: { type: 'object' } } },
      { dependentRequired: { a: ['b'] }, dependentSchemas: { c: { type: 'object' } } },
    ],
    [
      'references are numbered',
      { items: { $ref: '#/x' }, x: { type: 'null' } },
      { items: { $ref: '#/$defs/0' }, $defs: { 0: { type: 'null' } } },
    ],
    [
      'draft-07 ignores what stands beside a reference',
      {
        $schema: 'http://json-schema.org/draft-07/schema#',
        $ref: '#/definitions/a',
        type: 'null',
        definitions: { a: true },
      },
      {},
    ],
    ['a reference to false', { $ref: '#/$defs/no', $defs: { no: false } }, { allOf: [false] }],
    [
      'a draft-07 reference to false',
      { $schema: 'http://json-schema.org/draft-07/schema#', $ref: '#/definitions/no', definitions: { no: false } },
      { not: {} },
    ],
  ])('%s', (_, schema, normal) => {
    expect(normalOf(schema)).toEqual(normal);
  });
});
