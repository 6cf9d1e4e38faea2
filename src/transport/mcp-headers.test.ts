import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject, Tool } from '../protocol/types.ts';
import { encodeHeaderValue, isAnnotated } from './mcp-headers.ts';
import { checkHeaderAnnotations, paramHeaders } from './param-headers.ts';

const decode = (value: string): string => {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(value)?.[1];
  return encoded === undefined ? value : Buffer.from(encoded, 'base64').toString();
};

describe('values in headers', () => {
  test.each([
    ['us-west1', 'us-west1'],
    ['', ''],
    ['us west 1', 'us west 1'],
    ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
    [' padded ', '=?base64?IHBhZGRlZCA=?='],
    [' leading', '=?base64?IGxlYWRpbmc=?='],
    ['trailing ', '=?base64?dHJhaWxpbmcg?='],
    ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
    ['line1\r\nX-Evil: 1', '=?base64?bGluZTENClgtRXZpbDogMQ==?='],
    ['a\0b', '=?base64?YQBi?='],
    ['\tindented', '=?base64?CWluZGVudGVk?='],
    ['a\tb', '=?base64?YQli?='],
    ['\x7f', '=?base64?fw==?='],
    ['é', '=?base64?w6k=?='],
    ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
    ['=?base64?not closed', '=?base64?not closed'],
    ['=?BASE64?x?=', '=?BASE64?x?='],
  ])('%j travels as %s', (value, header) => {
    expect(encodeHeaderValue(value)).toBe(header);
  });

  test('whatever it is, it is visible ASCII on the way and the same at the other end', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (value) => {
        const header = encodeHeaderValue(value);
        expect(header).toMatch(/^(?! )[\x20-\x7e]*(?<! )$/);
        expect(decode(header)).toBe(value);
      }),
    );
  });
});

const tool = (inputSchema: JsonObject): Tool => ({ name: 't', inputSchema });
const mirrored = (inputSchema: JsonObject, args: JsonObject) => paramHeaders(inputSchema, args, encodeHeaderValue);
const withProperty = (property: JsonObject): Tool => tool({ type: 'object', properties: { value: property } });

describe('annotated parameters', () => {
  const schema = {
    type: 'object',
    properties: {
      region: { type: 'string', 'x-mcp-header': 'Region' },
      priority: { type: 'integer', 'x-mcp-header': 'Priority' },
      verbose: { type: 'boolean', 'x-mcp-header': 'Verbose' },
      where: { type: 'object', properties: { city: { type: 'string', 'x-mcp-header': 'City' } } },
      query: { type: 'string' },
    },
  };

  test('are mirrored, each as text, wherever properties lead to them', () => {
    expect(
      mirrored(schema, { region: 'us-west1', priority: 42, verbose: false, where: { city: 'Łódź' }, query: 'no' }),
    ).toEqual({
      'Mcp-Param-Region': 'us-west1',
      'Mcp-Param-Priority': '42',
      'Mcp-Param-Verbose': 'false',
      'Mcp-Param-City': '=?base64?xYHDs2TFug==?=',
    });
  });

  test('are left out when absent, null, or nothing that fits in a header', () => {
    expect(mirrored(schema, {})).toEqual({});
    expect(mirrored(schema, { region: null, priority: 2 ** 53, verbose: {}, where: ['city'] })).toEqual({});
    expect(mirrored(schema, { region: '', priority: 1.5, where: null })).toEqual({ 'Mcp-Param-Region': '' });
  });

  test('are read from the arguments alone, not from what every object has', () => {
    const inherited = {
      type: 'object',
      properties: { constructor: { type: 'object', properties: { name: { type: 'string', 'x-mcp-header': 'N' } } } },
    };
    expect(mirrored(inherited, {})).toEqual({});
  });

  test('are looked for only where a tool names them', () => {
    expect(isAnnotated(withProperty({ type: 'string' }))).toBe(false);
    expect(isAnnotated(tool(schema))).toBe(true);
  });

  test.each<[string, Tool]>([
    ['plain schemas', withProperty({ type: 'string' })],
    ['annotated ones', tool(schema)],
    ['a parameter of that name', tool({ type: 'object', properties: { 'x-mcp-header': { type: 'string' } } })],
    [
      'plain data of that name',
      withProperty({ type: 'object', default: { 'x-mcp-header': '' }, enum: [{ 'x-mcp-header': 1 }] }),
    ],
    ['no schema at all', { name: 't' } as unknown as Tool],
  ])('%s are usable', (_what, usable) => {
    expect(checkHeaderAnnotations(usable)).toBeUndefined();
  });

  test.each<[string, Tool, RegExp]>([
    ['an empty name', withProperty({ type: 'string', 'x-mcp-header': '' }), /no HTTP token/],
    ['a name that is no text', withProperty({ type: 'string', 'x-mcp-header': 5 }), /no HTTP token/],
    ['a name of null', withProperty({ type: 'string', 'x-mcp-header': null }), /no HTTP token/],
    ['a space', withProperty({ type: 'string', 'x-mcp-header': 'My Region' }), /no HTTP token/],
    ['a colon', withProperty({ type: 'string', 'x-mcp-header': 'Region:Primary' }), /no HTTP token/],
    ['letters outside ASCII', withProperty({ type: 'string', 'x-mcp-header': 'Région' }), /no HTTP token/],
    ['a tab', withProperty({ type: 'string', 'x-mcp-header': 'Region\t1' }), /no HTTP token/],
    ['a line break', withProperty({ type: 'string', 'x-mcp-header': 'A\r\nX-Evil' }), /no HTTP token/],
    ['an object', withProperty({ type: 'object', 'x-mcp-header': 'Data' }), /string, integer and boolean/],
    [
      'an array',
      withProperty({ type: 'array', items: { type: 'string' }, 'x-mcp-header': 'Items' }),
      /string, integer and boolean/,
    ],
    ['null', withProperty({ type: 'null', 'x-mcp-header': 'Nil' }), /string, integer and boolean/],
    ['number', withProperty({ type: 'number', 'x-mcp-header': 'N' }), /string, integer and boolean/],
    ['several types', withProperty({ type: ['string', 'null'], 'x-mcp-header': 'N' }), /string, integer and boolean/],
    ['no type', withProperty({ 'x-mcp-header': 'N' }), /string, integer and boolean/],
    ['the root', tool({ type: 'string', 'x-mcp-header': 'Root' }), /no chain of properties/],
    ...['items', 'additionalProperties', 'not', 'if', 'then', 'else', 'contains', 'propertyNames'].map(
      (keyword): [string, Tool, RegExp] => [
        keyword,
        withProperty({ [keyword]: { type: 'string', 'x-mcp-header': 'A' } }),
        /no chain of properties/,
      ],
    ),
    ...['oneOf', 'anyOf', 'allOf', 'prefixItems'].map((keyword): [string, Tool, RegExp] => [
      keyword,
      tool({ [keyword]: [{ properties: { a: { type: 'string', 'x-mcp-header': 'A' } } }] }),
      /no chain of properties/,
    ]),
    ...['$defs', 'definitions', 'patternProperties', 'dependentSchemas'].map((keyword): [string, Tool, RegExp] => [
      keyword,
      tool({ [keyword]: { enum: { type: 'string', 'x-mcp-header': 'A' } } }),
      /no chain of properties/,
    ]),
  ])('%s makes a tool unusable', (_what, unusable, reason) => {
    expect(checkHeaderAnnotations(unusable)).toMatch(reason);
    expect(mirrored(unusable.inputSchema, { value: 'x' })).toEqual({});
  });

  test.each([
    ['Region', 'Region'],
    ['MyField', 'myfield'],
  ])('the names %s and %s in one schema make a tool unusable', (one, other) => {
    const properties = {
      a: { type: 'string', 'x-mcp-header': one },
      b: { type: 'object', properties: { c: { type: 'string', 'x-mcp-header': other } } },
    };
    expect(checkHeaderAnnotations(tool({ type: 'object', properties }))).toContain('property "b.c"');
  });

  test('a schema of any depth is answered', () => {
    let nested: JsonObject = { type: 'string' };
    for (let i = 0; i < 5_000; i += 1) nested = { type: 'object', properties: { a: nested } };
    expect(checkHeaderAnnotations(tool(nested))).toMatch(/deeper than 64/);
  });
});
