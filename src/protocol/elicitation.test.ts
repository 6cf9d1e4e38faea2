import { describe, expect, test } from 'vitest';
import { MAX_URL, MAX_URLS, readElicitation, urlElicitations } from './elicitation.ts';
import { fillForm, MAX_FIELDS, MAX_NAME, MAX_OPTIONS, MAX_TEXT, readForm } from './form.ts';
import type { JsonObject } from './types.ts';

const form = (properties: JsonObject, more: JsonObject = {}): ReturnType<typeof readForm> =>
  readForm({ type: 'object', properties, ...more });
const fill = (properties: JsonObject, content: JsonObject, more: JsonObject = {}): unknown =>
  fillForm(form(properties, more), content);
const invalid = (message: string): unknown =>
  expect.objectContaining({ code: -32602, message: expect.stringContaining(message) });

describe('a requested schema', () => {
  test('may have every kind of field that the specification names', () => {
    const { fields } = form({
      text: { type: 'string', title: 'T', description: 'D', minLength: 1, maxLength: 9, format: 'email' },
      number: { type: 'number', minimum: 0, maximum: 1 },
      whole: { type: 'integer' },
      flag: { type: 'boolean' },
      choice: { type: 'string', enum: ['a'] },
      legacy: { type: 'string', enum: ['a'], enumNames: ['A'] },
      titled: { type: 'string', oneOf: [{ const: 'a', title: 'A' }] },
      choices: { type: 'array', items: { type: 'string', enum: ['a'] }, minItems: 0, maxItems: 1 },
      titledChoices: { type: 'array', items: { anyOf: [{ const: 'a', title: 'A' }] } },
    });
    expect([...fields.values()].map(({ kind }) => kind)).toEqual([
      'string',
      'number',
      'number',
      'boolean',
      'choice',
      'choice',
      'choice',
      'choices',
      'choices',
    ]);
  });

  test.each([
    ['requestedSchema is not an object', undefined],
    ['requestedSchema.type is not "object"', { properties: {} }],
    ['requestedSchema.properties is not an object', { type: 'object', properties: [] }],
    ['required is not a list of its properties', { type: 'object', properties: {}, required: ['a'] }],
    ['required is not a list of its properties', { type: 'object', properties: {}, required: 'a' }],
  ])('is refused: %s', (reason, schema) => {
    expect(() => readForm(schema)).toThrow(invalid(reason));
  });

  test.each([
    ['["a"] is not an object', true],
    ['["a"].type is none of', { type: 'object', properties: {} }],
    ['["a"].type is none of', { anyOf: [{ type: 'string' }] }],
    ['["a"].type is none of', { $ref: '#' }],
    ['["a"].type is none of', { type: ['string', 'null'] }],
    ['["a"].items has no list of options', { type: 'array', items: { type: 'object' } }],
    ['["a"].items has no list of options', { type: 'array', items: { type: 'string' } }],
    ['["a"] has no list of options', { type: 'string', enum: [] }],
    ['an option of', { type: 'string', enum: [1] }],
    ['an option of', { type: 'string', oneOf: [{ title: 'A' }] }],
    ['the title of an option', { type: 'string', oneOf: [{ const: 'a', title: {} }] }],
    ['enumNames', { type: 'string', enum: ['a'], enumNames: [{}] }],
    ['["a"].minLength is not a number', { type: 'string', minLength: '1' }],
    ['["a"].maximum is not a number', JSON.parse('{"type":"number","maximum":1e400}')],
    ['["a"].title is not a string', { type: 'string', title: {} }],
  ])('is refused for its field: %s', (reason, property) => {
    expect(() => form({ a: property })).toThrow(invalid(reason));
  });

  test('is held to its limits: fields, options, texts and names', () => {
    const many = (count: number): JsonObject =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, { type: 'boolean' }]));
    const options = (count: number): JsonObject => ({ type: 'string', enum: Array.from({ length: count }, String) });
    const titled = (length: number): JsonObject => ({ type: 'string', title: 'x'.repeat(length) });
    expect(form(many(MAX_FIELDS)).fields.size).toBe(64);
    expect(() => form(many(MAX_FIELDS + 1))).toThrow(invalid('more than 64 properties'));
    form({ a: options(MAX_OPTIONS), b: titled(MAX_TEXT), ['n'.repeat(MAX_NAME)]: titled(0) });
    expect(() => form({ a: options(MAX_OPTIONS + 1) })).toThrow(invalid('more than 1000 options'));
    expect(() => form({ a: titled(MAX_TEXT + 1) })).toThrow(invalid('more than 16384 characters'));
    expect(() => form({ ['n'.repeat(MAX_NAME + 1)]: titled(0) })).toThrow(invalid('more than 256 characters'));
    expect(() => readElicitation({ message: 'x'.repeat(MAX_TEXT + 1) })).toThrow(invalid('message has more'));
  });

  test('is never run as a pattern: what is beyond the subset is left to the server', () => {
    expect(
      fill({ a: { type: 'string', pattern: '^(a+)+$', format: 'regex' } }, { a: `${'a'.repeat(40)}!` }),
    ).toHaveProperty('content');
  });
});

describe('an answer to a form', () => {
  const properties: JsonObject = {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive'], default: 'active' },
    verified: { type: 'boolean', default: true },
    tags: { type: 'array', items: { enum: ['x', 'y'] }, default: ['y'] },
  };
  const defaults = { name: 'John Doe', age: 30, score: 95.5, status: 'active', verified: true, tags: ['y'] };

  test('gets the defaults of all fields left open, required or not (SEP-1034)', () => {
    expect(fill(properties, {})).toEqual({ content: defaults });
    expect(fill(properties, { age: 5, name: undefined })).toEqual({ content: { ...defaults, age: 5 } });
    expect(
      fill(
        {
          n: { type: 'number', default: 0 },
          b: { type: 'boolean', default: false },
          s: { type: 'string', default: '' },
        },
        {},
      ),
    ).toEqual({ content: { n: 0, b: false, s: '' } });
  });

  test('gets no default that breaks its own schema', () => {
    const bad = {
      a: { type: 'integer', default: 1.5 },
      b: { type: 'string', enum: ['x'], default: 'y' },
      c: { type: 'string', default: null },
    };
    expect(fill(bad, {})).toEqual({ content: {} });
    expect(fill(bad, {}, { required: ['a'] })).toEqual({ problems: [{ path: '/a', message: 'is required' }] });
  });

  test.each<[JsonObject, unknown, string | undefined]>([
    [{ type: 'string' }, 5, 'is not a string'],
    [{ type: 'string' }, null, 'is not a string'],
    [{ type: 'string', minLength: 2 }, '😀', 'has fewer than 2 characters'],
    [{ type: 'string', maxLength: 2 }, '😀😀', undefined],
    [{ type: 'string', maxLength: 2 }, 'abc', 'has more than 2 characters'],
    [{ type: 'string', format: 'email' }, 'a@b.example', undefined],
    [{ type: 'string', format: 'email' }, 'a b@c', 'is no email'],
    [{ type: 'string', format: 'uri' }, 'mailto:x@y', undefined],
    [{ type: 'string', format: 'uri' }, '/path', 'is no uri'],
    [{ type: 'string', format: 'date' }, '2024-02-29', undefined],
    [{ type: 'string', format: 'date' }, '2025-02-29', 'is no date'],
    [{ type: 'string', format: 'date' }, '29.2.2024', 'is no date'],
    [{ type: 'string', format: 'date-time' }, '2024-02-29T10:00:00.5+01:00', undefined],
    [{ type: 'string', format: 'date-time' }, '2024-02-29T10:00', 'is no date-time'],
    [{ type: 'number' }, '5', 'is not a number'],
    [{ type: 'number' }, Number.NaN, 'is not a number'],
    [{ type: 'integer' }, 1.5, 'is not a whole number'],
    [{ type: 'integer', minimum: 1 }, 0, 'is less than 1'],
    [{ type: 'number', maximum: 1 }, 1.1, 'is more than 1'],
    [{ type: 'boolean' }, 'true', 'is not true or false'],
    [{ type: 'string', enum: ['a'] }, 'b', 'is none of the options'],
    [{ type: 'string', oneOf: [{ const: 'a' }] }, 'a', undefined],
    [{ type: 'array', items: { enum: ['a', 'b'] } }, 'a', 'is not a list of the options'],
    [{ type: 'array', items: { enum: ['a', 'b'] } }, ['c'], 'is not a list of the options'],
    [{ type: 'array', items: { enum: ['a', 'b'] }, minItems: 1 }, [], 'has fewer than 1 options'],
    [{ type: 'array', items: { enum: ['a', 'b'] }, maxItems: 1 }, ['a', 'b'], 'has more than 1 options'],
  ])('%j given %j: %s', (property, value, message) => {
    const expected = message === undefined ? { content: { a: value } } : { problems: [{ path: '/a', message }] };
    expect(fill({ a: property }, { a: value })).toEqual(expected);
  });

  test('may have more than was asked, in primitive values, unless the schema is closed', () => {
    expect(fill({}, { more: 'x', list: ['y'] })).toEqual({ content: { more: 'x', list: ['y'] } });
    expect(fill({}, { more: { deep: 1 } })).toEqual({
      problems: [{ path: '/more', message: 'is not a primitive value' }],
    });
    expect(fill({}, { more: 'x' }, { additionalProperties: false })).toEqual({
      problems: [{ path: '/more', message: 'is not asked for' }],
    });
  });

  test('fields that are named like parts of a prototype are fields like others', () => {
    const names = ['__proto__', 'constructor', 'hasOwnProperty'];
    const properties = JSON.parse(
      `{${names.map((name) => `"${name}":{"type":"string","default":"d"}`)}}`,
    ) as JsonObject;
    const { content } = fillForm(form(properties, { required: names }), {}) as { content: JsonObject };
    expect(Object.entries(content)).toEqual(names.map((name) => [name, 'd']));
    expect(Object.getPrototypeOf(content)).toBe(Object.prototype);
    const given = fillForm(form(properties), JSON.parse('{"__proto__":"mine"}') as JsonObject);
    expect(JSON.stringify(given)).toContain('"__proto__":"mine"');
  });
});

describe('the mode of an elicitation', () => {
  const requestedSchema = { type: 'object', properties: {} };

  test('is a form when it is missing, and refused when it is unknown', () => {
    const params = { message: 'x', requestedSchema };
    expect(readElicitation(params)).toMatchObject({ mode: 'form', request: params });
    expect(readElicitation({ ...params, mode: null })).toMatchObject({ mode: 'form' });
    expect(() => readElicitation({ ...params, mode: 'voice' })).toThrow(invalid('mode is neither'));
    expect(() => readElicitation({ requestedSchema })).toThrow(invalid('message is not a string'));
  });

  test.each([
    'https://example.com',
    'http://localhost:8080/a?b=c#d',
    'https://example.com:443/',
    'HTTPS://Example.com/x',
    'https://[::1]/',
    'https://xn--e1afmkfd.example/',
  ])('a URL that reads as it resolves is shown as it is: %s', (url) => {
    const params = { mode: 'url', message: 'x', url, elicitationId: 'e' };
    expect(readElicitation(params)).toEqual({ mode: 'url', request: params });
  });

  test.each([
    undefined,
    5,
    '',
    'example.com',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,x',
    'vscode://x',
    'https:',
    'https://',
    'https:example.com',
    'https:///example.com',
    'https://exa\nmple.com',
    'https://example.com/\u202egnp.exe',
    'https://example.com/\u200b',
    'https:\\\\example.com',
    'https://good.example\\@evil.example/',
    'https://good.example@evil.example/',
    'https://user:pass@example.com',
    'http://2130706433/',
    'http://0x7f.1/',
    'https://%65vil.example',
    'https://exämple.com/',
    'https://example.com:99999/',
    ' https://example.com',
    `https://example.com/${'x'.repeat(MAX_URL)}`,
  ])('a URL that could deceive, or is none, is refused: %j', (url) => {
    expect(() => readElicitation({ mode: 'url', message: 'x', url })).toThrow(invalid('url'));
  });

  test('an error −32042 gives all of its URLs or none', () => {
    const good = { mode: 'url', message: 'x', url: 'https://example.com/', elicitationId: 'e' };
    expect(urlElicitations({ elicitations: [good, good] })).toEqual([good, good]);
    expect(urlElicitations({ elicitations: Array.from({ length: MAX_URLS }, () => good) })).toHaveLength(16);
    const bad: unknown[] = [
      undefined,
      null,
      [],
      {},
      { elicitations: {} },
      { elicitations: [] },
      { elicitations: [good, null] },
      { elicitations: [good, { ...good, url: 'file:///x' }] },
      { elicitations: [{ ...good, elicitationId: 5 }] },
      { elicitations: [{ message: 'x', requestedSchema }] },
      { elicitations: Array.from({ length: MAX_URLS + 1 }, () => good) },
    ];
    for (const data of bad) expect(urlElicitations(data)).toEqual([]);
  });
});
