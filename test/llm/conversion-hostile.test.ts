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
];

describe.each(profiles)('for $id', (profile) => {
  test.each(schemas)('a schema that %s', (_name, schema) => {
    const from = performance.now();
    const { tools, report } = convertTools([toolOf(schema)], profile);
    expect(performance.now() - from).toBeLessThan(3_000);
    const [tool] = tools;
    if (tool === undefined) {
      expect(report.tools[0]?.quarantined?.message).toEqual(expect.any(String));
      return;
    }
    expect(lint(tool.strict === true ? profile : (profile.strict?.fallback ?? profile), tool)).toEqual([]);
    expect(() => tool.toArguments({ a: [1, { b: null }] })).not.toThrow();
    expect(JSON.stringify(report).length).toBeLessThan(100_000);
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
