/** Schemas that are meant to do harm: the work is bounded, nothing is thrown, and what cannot be used is reported. */
import { describe, expect, test } from 'vitest';
import { type ConvertibleTool, convertTools, lint, profileOf, toolProfiles } from '../../src/llm/index.ts';
import type { JsonObject } from '../../src/protocol/types.ts';

const profiles = await Promise.all(toolProfiles.map((id) => profileOf(id)));
const toolOf = (inputSchema: unknown): ConvertibleTool =>
  ({ server: 's', name: 'tool', qualifiedName: 's.tool', inputSchema }) as ConvertibleTool;

const nested = (levels: number): JsonObject => {
  let schema: JsonObject = { type: 'string' };
  for (let level = 0; level < levels; level += 1) schema = { type: 'object', properties: { a: schema } };
  return schema;
};
const many = (count: number, of: (at: number) => unknown): JsonObject =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, of(at)]));
const ring: JsonObject = { type: 'object', properties: {} };
(ring.properties as JsonObject).again = ring;

const TEXT: JsonObject = { type: 'string' };
const object = (properties: object, more: object = {}): JsonObject => ({ type: 'object', properties, ...more });
const listOf = <T>(count: number, of: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => of(at));
const numbers = (count: number): number[] => listOf(count, (at) => at);
const words = (count: number, stem: string): string[] => listOf(count, (at) => `${stem}${at}`);

/** Written out, each level doubles what is below it. */
const exploding: JsonObject = {
  type: 'object',
  properties: { a: { $ref: '#/$defs/k30' } },
  $defs: many(31, (at) =>
    at === 0
      ? { type: 'string' }
      : { type: 'array', prefixItems: [{ $ref: `#/$defs/k${at - 1}` }, { $ref: `#/$defs/k${at - 1}` }] },
  ),
};
const unions = (levels: number): JsonObject => ({
  type: 'object',
  properties: {
    a: {
      type: 'object',
      allOf: Array.from({ length: levels }, (_, at) => ({
        anyOf: Array.from({ length: levels }, (_, to) => ({ properties: { [`p${at}_${to}`]: { type: 'string' } } })),
      })),
    },
  },
});

const schemas: [name: string, schema: unknown][] = [
  ['is null', null],
  ['is a list', []],
  ['is a text', 'object'],
  ['is missing', undefined],
  ['is deep', nested(60)],
  ['is too deep', nested(5_000)],
  ['holds itself', ring],
  ['has 5 000 properties', { type: 'object', properties: many(5_000, () => ({ type: 'string' })) }],
  ['has 50 000 properties', { type: 'object', properties: many(50_000, () => ({ type: 'string' })) }],
  ['has an enum of 30 000 values', { type: 'object', properties: { a: { enum: Object.keys(many(30_000, () => 0)) } } }],
  ['grows when it is written out', exploding],
  ['has unions of unions', unions(40)],
  ['has a union of 500', { type: 'object', anyOf: Array.from({ length: 500 }, (_, at) => ({ required: [`k${at}`] })) }],
  ['refers to itself only', { $ref: '#' }],
  [
    'refers in a circle',
    { type: 'object', allOf: [{ $ref: '#/$defs/a' }], $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
  ],
  ['refers to the world', { type: 'object', properties: { a: { $ref: 'https://example.org/schema' } } }],
  ['refers into nothing', { type: 'object', properties: { a: { $ref: '#/$defs/%E0%A4%A' } } }],
  [
    'calls a key __proto__',
    JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}},"required":["__proto__"]}'),
  ],
  [
    'calls a definition __proto__',
    JSON.parse(
      '{"type":"object","properties":{"a":{"$ref":"#/$defs/__proto__"}},"$defs":{"__proto__":{"type":"string"}}}',
    ),
  ],
  [
    'has keywords of the wrong form',
    { type: 'object', properties: [], required: 'all', anyOf: {}, items: 7, enum: {}, $defs: 1 },
  ],
  ['has a bad pattern', { type: 'object', properties: { a: { type: 'string', pattern: '(((' } } }],
  ['has a bad key pattern', { type: 'object', patternProperties: { '(a+)+$': { type: 'string' } } }],
  ['takes nothing', { not: {} }],
  ['joins two large enums', object({ a: { allOf: [{ enum: numbers(30_000) }, { enum: numbers(30_000).reverse() }] } })],
  [
    'has branches of large enums',
    object({ a: { oneOf: listOf(60, (at) => ({ enum: [at, ...words(900, `v${at}_`)] })) } }),
  ],
  ['has an enum of 85 000 numbers', object({ a: { enum: numbers(85_000) } })],
  ['has an enum of numbers and texts', object({ a: { enum: numbers(20_000).map((at) => (at % 2 ? at : `${at}`)) } })],
  ['wants the same 28 000 keys twice', { type: 'object', anyOf: listOf(2, () => ({ required: words(28_000, 'r') })) }],
  ['joins 3 900 objects', object({ a: { allOf: listOf(3_900, (at) => object({ [`p${at}`]: TEXT })) } })],
  ['joins 3 900 limits of one key', object({ a: { allOf: listOf(3_900, (at) => object({ p: { minLength: at } })) } })],
  [
    'joins 3 900 descriptions',
    object({ a: { allOf: listOf(3_900, (at) => ({ description: `${'x'.repeat(80)}${at}` })) } }),
  ],
  ['joins 3 900 things that are not', object({ a: { allOf: listOf(3_900, (at) => ({ not: { const: at } })) } })],
  [
    'leads from reference to reference',
    object(
      { a: { $ref: '#/$defs/k0' } },
      { $defs: { ...many(3_000, (at) => ({ $ref: `#/$defs/k${at + 1}` })), k3000: TEXT } },
    ),
  ],
  [
    'calls 2 500 definitions the same',
    object(
      many(2_500, (at) => ({ $ref: `#/$defs/k${at}/properties/a` })),
      { $defs: many(2_500, () => object({ a: TEXT })) },
    ),
  ],
  [
    'joins itself with itself',
    object(
      { a: { $ref: '#/$defs/a' }, b: { anyOf: [{ $ref: '#/$defs/a' }, TEXT] } },
      { $defs: { a: { allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }] } } },
    ),
  ],
  [
    'has a key of 250 000 characters',
    object({ ['k'.repeat(250_000)]: object(many(1_900, () => ({ ...TEXT, $comment: 'x', minLength: 1 }))) }),
  ],
  ['has a keyword of 250 000 characters', object({ a: { ...TEXT, ['k'.repeat(250_000)]: 1 } })],
  ['has 7 000 odd keys', object(Object.fromEntries(words(7_000, '$ ').map((key) => [key, TEXT])))],
  ['has a pattern of 400 000 characters', object({ a: { ...TEXT, pattern: '(a+)+'.repeat(80_000) } })],
  ['has a description of 400 000 characters', object({ a: { ...TEXT, description: '\u202e'.repeat(400_000) } })],
  [
    'has numbers that JSON cannot say',
    JSON.parse(
      '{"type":"object","properties":{"a":{"maximum":1e400},"b":{"enum":[1e400,1]},"c":{"const":1e400},"d":{"type":"number","default":1e400,"examples":[{"x":-1e400}]},"e":{"oneOf":[{"const":1e400},{"const":2}]},"f":{"allOf":[{"maximum":1e400},{"maximum":3}]}}}',
    ),
  ],
  [
    'has limits that are none',
    object({
      a: { ...TEXT, minLength: -1, maxLength: 1.5 },
      b: { type: 'array', minItems: 1e308 },
      c: { multipleOf: 0 },
    }),
  ],
  [
    'says __proto__ wherever it can',
    JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"object","properties":{"__proto__":{"type":"string"}}},"constructor":{"type":"string"},"toString":{"enum":["__proto__"]}},"required":["__proto__","constructor"],"patternProperties":{"__proto__":{"type":"string"}},"dependentSchemas":{"__proto__":{"required":["a"]}},"dependentRequired":{"__proto__":["a"]},"$defs":{"__proto__":{"type":"string"}}}',
    ),
  ],
  [
    'is true and false',
    object({
      a: true,
      b: false,
      c: { items: false },
      d: { anyOf: [true, false] },
      e: { allOf: [false] },
      f: { not: true },
      h: { prefixItems: [true, false] },
    }),
  ],
  [
    'has two definitions of one $id',
    object({ a: { $ref: 'b' } }, { $defs: { b: { $id: 'b', ...TEXT }, c: { $id: 'b' } } }),
  ],
  [
    'has an $id that hides what it refers to',
    object({ a: { $ref: '#/$defs/x' } }, { $id: '#', $defs: { x: { $id: 'http://evil/#', $ref: '#' } } }),
  ],
  [
    'refers to what is only known later',
    object(
      { a: { $dynamicRef: '#n' } },
      { $defs: { n: { $dynamicAnchor: 'n', ...object({ b: { $dynamicRef: '#n' } }) } } },
    ),
  ],
];

describe.each(profiles)('for $id', (profile) => {
  test.each(schemas)('a schema that %s', (_name, schema) => {
    const { tools, report } = convertTools([toolOf(schema)], profile);
    expect(JSON.stringify(report).length).toBeLessThan(120_000);
    const [tool] = tools;
    if (tool === undefined) {
      expect(report.tools[0]?.quarantined?.message).toEqual(expect.any(String));
      return;
    }
    expect(lint(tool.strict === true ? profile : (profile.strict?.fallback ?? profile), tool)).toEqual([]);
    expect(() => tool.toArguments({ a: [1, { b: null }] })).not.toThrow();
    // What is not in the schema any more is said in at most this much more.
    expect(JSON.stringify(tool).length).toBeLessThan(2_000_000);
    expect(JSON.parse(JSON.stringify(tool.inputSchema))).toEqual(tool.inputSchema);
  });

  test('the good tools beside a bad one are there', () => {
    const good = { ...toolOf({ type: 'object' }), name: 'good', qualifiedName: 's.good' };
    const { tools, report } = convertTools([toolOf({ type: 'string' }), good], profile);
    expect(tools.map(({ qualifiedName }) => qualifiedName)).toEqual(['s.good']);
    expect(report.tools.find(({ qualifiedName }) => qualifiedName === 's.tool')?.quarantined?.code).toBe('root_type');
  });

  test('a description of a million characters is cut where the provider has a limit', () => {
    const description = '🙂'.repeat(500_000);
    const { tools } = convertTools([{ ...toolOf({ type: 'object' }), description }], profile);
    expect(tools[0]?.description?.length).toBeLessThanOrEqual(profile.descriptionChars ?? description.length);
    expect(tools[0]?.description).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
  });
});

test('a schema that grows when it is written out is cut off, and the rest of it stays', async () => {
  const { tools, report } = convertTools([toolOf(exploding)], await profileOf('mistral'));
  expect(tools).toHaveLength(1);
  expect(report.tools[0]?.changes.some(({ rule, loss }) => rule === 'unroll' && loss === 'shape')).toBe(true);
});

test('arguments that are too deep to be read are handed on as they are', async () => {
  const { tools } = convertTools(
    [toolOf({ type: 'object', properties: { a: { $ref: '#' } } })],
    await profileOf('anthropic'),
  );
  let deep: JsonObject = {};
  for (let level = 0; level < 50_000; level += 1) deep = { a: deep };
  expect(tools[0]?.toArguments(deep)).toBe(deep);
});

test('a prototype is never reached by what a model writes', async () => {
  const schema = { type: 'object', properties: { map: { type: 'object', additionalProperties: { type: 'string' } } } };
  const { tools } = convertTools([toolOf(schema)], await profileOf('openai-chat-strict'));
  const args = tools[0]?.toArguments({ map: [{ key: '__proto__', value: 'x' }] });
  expect(Object.keys(args?.map as object)).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(args?.map)).toBe(Object.prototype);
});

test('what a schema asks for in vain is not asked for again and again', async () => {
  // Each level is looked at twice by each level above it.
  const both = object({ x: { $ref: '#/$defs/both' } });
  const schema = object(
    { a: { anyOf: [{ $ref: '#/$defs/twice' }, TEXT] } },
    {
      $defs: {
        twice: { allOf: [{ $ref: '#/$defs/both' }, { $ref: '#/$defs/both' }] },
        both: { ...both, properties: { x: { $ref: '#/$defs/twice' } } },
      },
    },
  );
  let value: JsonObject = {};
  for (let level = 0; level < 60; level += 1) value = { x: value };
  for (const profile of profiles) {
    const [tool] = convertTools([toolOf(schema)], profile).tools;
    expect(tool?.toArguments({ a: value })).toEqual({ a: value });
  }
});

test('a way back that was too long for one call is there for the next', async () => {
  const branch = (at: number) =>
    object({ kind: { const: `Kind${at}` }, id: { enum: numbers(500) } }, { required: ['kind'] });
  const schema = object({ a: { type: 'array', items: { anyOf: listOf(60, branch) } } });
  const [tool] = convertTools([toolOf(schema)], await profileOf('gemini')).tools;
  const item = { kind: 'Kind59', id: '7' };
  const many = { a: listOf(20_000, () => item) };
  expect(tool?.toArguments(many)).toBe(many);
  expect(tool?.toArguments({ a: [item] })).toEqual({ a: [{ kind: 'Kind59', id: 7 }] });
});
