/** The check of definitions: right in what it says, whatever it is given. */
import { expect, test } from 'vitest';
import { type Finding, lint, profileOf, toolProfiles } from '../../src/llm/index.ts';

const codes = (findings: readonly Finding[]): string[] => findings.map(({ code, path }) => `${code} ${path}`);
const lintBy = async (id: string, inputSchema: unknown, name = 'tool'): Promise<Finding[]> =>
  lint(await profileOf(id), { name, inputSchema });
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
const many = (count: number, of: (at: number) => unknown): object =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, of(at)]));

test('a reference is followed as it is written: escaped, encoded, by an anchor', async () => {
  const $defs = { 'a/b c': { type: 'string' }, named: { $anchor: 'here', type: 'string' } };
  for (const $ref of ['#/$defs/a~1b%20c', '#here', '#', '#/$defs/named']) {
    expect(await lintBy('anthropic', object({ a: { $ref } }, { $defs }))).toEqual([]);
  }
  for (const $ref of ['#/$defs/a', 'https://example.org', '#/$defs/%E0%A4%A']) {
    expect(codes(await lintBy('anthropic', object({ a: { $ref } }, { $defs })))).toEqual([
      'reference /properties/a/$ref',
    ]);
  }
});

test('a schema refers to itself where it can be reached from itself, not where its words say so', async () => {
  const closed = { additionalProperties: false };
  const node = (description: string, next: object) => object({ next }, { description, ...closed });
  const root = (A: object, B: object) => object({ a: { $ref: '#/$defs/A' } }, { ...closed, $defs: { A, B } });
  const leaf = { type: 'string' };
  const twice = object({ one: { $ref: '#/$defs/B' }, other: { $ref: '#/$defs/B' } }, closed);
  expect(await lintBy('anthropic-strict', root(node('As #/$defs/A', { $ref: '#/$defs/B' }), leaf))).toEqual([]);
  expect(await lintBy('anthropic-strict', root(twice, leaf))).toEqual([]);
  const found = [{ code: 'reference', path: '', message: 'the schema refers to itself' }];
  expect(await lintBy('anthropic-strict', root(node('', { $ref: '#/$defs/A' }), leaf))).toEqual(found);
  expect(
    await lintBy('anthropic-strict', root(node('', { $ref: '#/$defs/B' }), node('', { $ref: '#/$defs/A' }))),
  ).toEqual(found);
  expect(await lintBy('anthropic-strict', root(node('', { $ref: '#' }), leaf))).toEqual(found);
});

test('a place is a JSON Pointer', async () => {
  expect(codes(await lintBy('anthropic', object({ 'a/b~c': { minimum: '1' } })))).toEqual([
    'property_key /properties/a~1b~0c',
    'malformed /properties/a~1b~0c/minimum',
  ]);
});

test.each(toolProfiles)('for %s what is hostile is found in bounds, and nothing is thrown', async (id) => {
  const ring: Record<string, unknown> = { type: 'object' };
  ring.properties = { again: ring };
  let deep: object = { type: 'string' };
  for (let level = 0; level < 20_000; level += 1) deep = object({ a: deep });
  const names = Object.keys(many(100_000, () => 0));
  const schemas = [
    ring,
    deep,
    object(many(200_000, () => ({ type: 'string' }))),
    object(
      many(100_000, () => true),
      { required: names },
    ),
    object({}, { required: names }),
    object({ a: { enum: names, type: 'number' } }),
    object({ ['k'.repeat(1_000_000)]: { $ref: 'x'.repeat(1_000_000), ['y'.repeat(1_000_000)]: 1 } }),
    object({ a: { $ref: '#/$defs/k0' } }, { $defs: many(5_000, (at) => ({ $ref: `#/$defs/k${at + 1}` })) }),
    JSON.parse('{"type":"object","properties":{"__proto__":{"type":"nonsense"},"a":{"minimum":1e400}}}'),
  ];
  for (const schema of schemas) {
    const found = await lintBy(id, schema, 'n'.repeat(1_000_000));
    expect(found.length).toBeGreaterThan(0);
    expect(JSON.stringify(found).length).toBeLessThan(100_000);
  }
});
