/** Corpus C5: what a server can do with nothing but a schema and a value. */
type JsonObject = Record<string, unknown>;

/** A schema that no honest server would send, and values to check against it. */
export interface HostileSchema {
  name: string;
  schema: unknown;
  values: unknown[];
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const record = <T>(count: number, make: (index: number) => T): Record<string, T> =>
  Object.fromEntries(times(count, (index) => [`k${index}`, make(index)]));
const nest = (levels: number, leaf: unknown, wrap: (inner: unknown) => unknown): unknown => {
  let value = leaf;
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
};
const bomb = (levels: number, keyword: string, leaf: JsonObject): JsonObject => ({
  $ref: '#/$defs/k0',
  $defs: {
    ...record(levels, (i) => ({ [keyword]: [{ $ref: `#/$defs/k${i + 1}` }, { $ref: `#/$defs/k${i + 1}` }] })),
    [`k${levels}`]: leaf,
  },
});

/** Backtracking of every kind: nested and overlapping repetition, alternatives, lookaround, back references. */
const linear = [
  '^(a+)+$',
  '(a+)+$',
  '^(a|a)*$',
  '^(a|aa)+$',
  '^(a*)*$',
  '^(.*a){20}$',
  '^([a-zA-Z]+)*$',
  '(x+x+)+y',
  '^(a?){30}a{30}$',
  '^(\\w+\\s?)*$',
  '^(([a-z])+.)+[A-Z]([a-z])+$',
  '(.*)*=.*',
  '^(.|\\n)*$',
  '^(0|1|01)*$',
  '((a{0,5}){0,5})*[c]',
  '^([^@]+@)*$',
  '^(a|b|ab)*c$',
  '(\\d+)*\\.',
  '^\\s*(.*)\\s*$x',
  '^(?:a+){10}$',
  '(a|b|c|d|e)*f',
  '^((ab)*)*$',
  '[\\s\\S]*[\\s\\S]*[\\s\\S]*x',
  '^(-?\\d+,?)+$',
  '^(([^<>]+)|<[^>]*>)*$',
];
const stubborn = ['^(?=a)(a+)+$', '^(?!b)(a|aa)+$', '^(a+)\\1+(a+)+$', '^(?:(?=a)a+)+$', '(?<=a)(a+)+$'];
const texts = [
  'a'.repeat(31),
  `${'a'.repeat(3_000)}!`,
  `${'ab'.repeat(2_000)}!`,
  `${'0'.repeat(5_000)}x`,
  ' '.repeat(5_000),
];

/** More than 200 of them; those with remote references point to `origin`. */
export const hostileSchemas = (origin: string): HostileSchema[] => {
  const list: HostileSchema[] = [];
  const add = (name: string, schema: unknown, ...values: unknown[]): void => void list.push({ name, schema, values });
  const bigArray = times(100_000, (i) => i);
  const bigObject = record(20_000, (i) => i);
  const deepValue = nest(10_000, 'x', (inner) => ({ a: inner }));
  const tree = nest(60, {}, (inner) => ({ a: inner, b: inner })) as JsonObject;

  for (const pattern of linear) {
    add(`pattern ${pattern}`, { type: 'string', pattern }, ...texts);
    add(
      `property pattern ${pattern}`,
      { type: 'object', properties: { a: { pattern } } },
      ...texts.map((a) => ({ a })),
    );
    add(
      `names by ${pattern}`,
      { patternProperties: { [pattern]: false } },
      Object.fromEntries(texts.map((t) => [t, 1])),
    );
    add(`names of ${pattern}`, { propertyNames: { pattern } }, Object.fromEntries(texts.map((t) => [t, 1])));
  }
  for (const pattern of stubborn) add(`stubborn pattern ${pattern}`, { type: 'string', pattern }, ...texts);
  for (const pattern of ['(', '[', '*', '\\', '(?<n>a)(?<n>b)', 'a{2,1}', '(?P<x>a)', '\\u{110000}', '(?<']) {
    add(`broken pattern ${pattern}`, { pattern }, 'a');
  }
  for (const levels of [5, 10, 20, 40, 300]) {
    for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
      add(`bomb 2^${levels} of ${keyword}`, bomb(levels, keyword, { type: 'string' }), 'x', 1, {});
    }
  }
  for (const keyword of ['allOf', 'anyOf', 'oneOf', 'prefixItems']) {
    add(`endless ${keyword}`, { [keyword]: [{ $ref: '#' }, { $ref: '#' }] }, 1, [], tree);
  }
  for (const keyword of [
    'not',
    'if',
    'items',
    'contains',
    'additionalProperties',
    'propertyNames',
    'unevaluatedProperties',
  ]) {
    add(`self in ${keyword}`, { [keyword]: { $ref: '#' } }, 1, bigArray, tree, deepValue);
  }
  const both = {
    anyOf: [{ properties: { a: { $ref: '#' }, b: { $ref: '#' } } }, { additionalProperties: { $ref: '#' } }],
  };
  add('branching recursion', { ...both, type: 'object', minProperties: 1 }, tree, deepValue);
  add('mutual recursion', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }, 1);
  add('dynamic recursion', { $dynamicAnchor: 'n', anyOf: [{ $dynamicRef: '#n' }, { $dynamicRef: '#n' }] }, 1, tree);
  add(
    'ambiguous dynamic',
    { $dynamicRef: '#n', $defs: { a: { $dynamicAnchor: 'n' }, b: { $id: 'x', $dynamicAnchor: 'n' } } },
    1,
  );
  for (const to of [
    `${origin}/s.json`,
    `${origin}/s.json#/a`,
    '//localhost/s',
    'ftp://x/y',
    'file:///etc/passwd',
    'data:application/json,{}',
    '../x',
    'x.json#a',
  ]) {
    add(`remote ${to}`, { $ref: to }, 1);
    add(`remote below id ${to}`, { $id: `${origin}/root.json`, properties: { a: { $ref: to } } }, { a: 1 });
    add(`remote dialect ${to}`, { $schema: to }, 1);
    add(`remote dynamic ${to}`, { items: { $dynamicRef: to } }, [1]);
  }
  for (const root of [false, true, null, undefined, 0, '', 'string', [], [{}], () => 1, 1n, Symbol('s')])
    add(`root ${String(root)}`, root, 1);
  for (const count of [501, 3_000, 20_000]) {
    add(`${count} properties`, { properties: record(count, () => ({ type: 'string' })) }, bigObject);
    add(`${count} alternatives`, { anyOf: times(count, (i) => ({ const: i })) }, -1);
    add(`${count} required`, { required: times(count, (i) => `k${i}`) }, bigObject, {});
    add(`${count} values`, { enum: times(count, (i) => `v${i}`) }, 'x', bigArray);
    add(`${count} dependencies`, { dependencies: record(count, (i) => [`k${i + 1}`]) }, bigObject);
  }
  add(
    '500 properties',
    { properties: record(500, () => ({ type: 'string', maxLength: 3 })), additionalProperties: false },
    bigObject,
    {},
  );
  add('900 rules for each item', { items: { anyOf: times(900, (i) => ({ const: `${i}` })) } }, bigArray);
  add('900 lengths', { allOf: times(900, (i) => ({ maxLength: 5_000_000 + i })) }, 'x'.repeat(5_000_000));
  add('300 times unique', { allOf: times(300, () => ({ uniqueItems: true })) }, bigArray);
  add(
    'unique objects',
    { uniqueItems: true },
    times(20_000, (i) => ({ a: i, b: [i] })),
    bigArray,
    [NaN, NaN],
  );
  add(
    'unique tuples',
    { items: { uniqueItems: true } },
    times(500, () => times(200, (i) => [i])),
  );
  add('every item is wrong', { items: { type: 'string' } }, bigArray);
  add('every property is unknown', { additionalProperties: false }, bigObject);
  add('every item fails 30 ways', { items: { allOf: times(30, () => ({ type: 'string' })) } }, bigArray);
  add('contains nothing', { contains: { anyOf: times(100, (i) => ({ const: -i - 1 })) } }, bigArray);
  add(
    'unevaluated',
    { anyOf: times(30, (i) => ({ properties: { [`k${i}`]: {} } })), unevaluatedProperties: false },
    bigObject,
  );
  for (const levels of [33, 200, 10_000]) {
    add(
      `${levels} levels of items`,
      nest(levels, {}, (items) => ({ items })),
      [[[]]],
    );
    add(
      `${levels} levels of const`,
      { const: nest(levels, 1, (inner) => [inner]) },
      nest(levels, 2, (inner) => [inner]),
    );
    add(`${levels} levels of a default`, { default: nest(levels, 1, (a) => ({ a })) }, 1);
    add(`${levels} levels of nothing known`, { 'x-y': nest(levels, 1, (a) => ({ a })) }, 1);
  }
  add('deep value', { type: 'object', additionalProperties: { $ref: '#' } }, deepValue);
  add('deep value, shallow schema', { type: 'object' }, deepValue);
  add('long description', { description: 'x'.repeat(300 * 1024) }, 1);
  add(
    'long name',
    { properties: { ['x'.repeat(200 * 1024)]: {} }, additionalProperties: false },
    { ['y'.repeat(200 * 1024)]: 1 },
  );
  add(
    '__proto__',
    JSON.parse('{"properties":{"__proto__":{"properties":{"x":{"const":1}}}},"required":["__proto__"]}'),
    JSON.parse('{"__proto__":{"x":1}}'),
  );
  add(
    '__proto__ as $defs',
    JSON.parse('{"$ref":"#/$defs/__proto__","$defs":{"__proto__":{"default":{"x":1}}}}'),
    JSON.parse('{"__proto__":{"x":1}}'),
  );
  add(
    'constructor',
    { properties: { constructor: { properties: { prototype: { default: { x: 1 } } } } } },
    { constructor: { prototype: { x: 1 } } },
  );
  add(
    'code in names',
    { properties: { '"];globalThis.x=1;//': { type: 'string' }, '${globalThis.x=1}': {} }, required: ['`'] },
    { '"];globalThis.x=1;//': 1 },
  );
  add(
    'code in values',
    { enum: ['";globalThis.x=1;"', '\u2028globalThis.x=1'], const: '`$\u007bglobalThis.x=1}' },
    'x',
  );
  add('async', { $async: true, type: 'string' }, 1);
  add('data', { properties: { a: { const: { $data: '1/b' } }, b: {} } }, { a: 1, b: 1 });
  add(
    'getter',
    {
      get type() {
        throw new Error('no');
      },
    },
    1,
  );
  add('duplicate anchors', { anyOf: [{ $anchor: 'a' }, { $anchor: 'a' }] }, 1);
  add('reference to a reference to itself', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } }, 1);
  for (const odd of [
    { type: [] },
    { type: 'any' },
    { enum: {} },
    { required: 'a' },
    { properties: 3 },
    { items: null },
    { anyOf: {} },
    { minLength: '1' },
    { multipleOf: 0 },
    { $ref: {} },
    { $id: 7 },
    { $id: 'http://[' },
    { $defs: [] },
    { if: 1 },
    { maximum: null },
    { $anchor: 1 },
  ]) {
    add(`odd ${JSON.stringify(odd)}`, odd, 1, 'a', {}, []);
  }
  return list;
};
