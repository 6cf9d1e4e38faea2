import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { hostileSchemas } from '../../../../test/corpus/hostile-schemas.ts';
import { principal } from '../../../../test/fixtures/gateway-app.ts';
import { bodyOf, restApp } from '../../../../test/fixtures/rest-app.ts';
import { scriptedServer, text } from '../../../../test/fixtures/scripted-server.ts';
import { toolkitOf } from '../../../../test/fixtures/toolkits.ts';
import type { ListedTool } from '../../../api.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { describeSchema } from './describe-schema.ts';
import { openApiDocument } from './document.ts';
import { exampleOf } from './example.ts';

const toolOf = (name: string, inputSchema: unknown, more: object = {}): ListedTool =>
  ({ name, inputSchema, server: 's', qualifiedName: `s.${name}`, fetchedAt: 1, stale: false, ...more }) as ListedTool;
const schemasOf = (document: JsonObject): Record<string, JsonObject> =>
  (document.components as { schemas: Record<string, JsonObject> }).schemas;
const pathsOf = (document: JsonObject) => document.paths as Record<string, { post?: JsonObject; get?: JsonObject }>;

/** Every reference of a document, and whether it resolves within it. */
const danglingIn = (document: JsonObject): string[] => {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { $ref } = value as JsonObject;
    if (typeof $ref === 'string') {
      const [hash, ...steps] = $ref.split('/');
      const target = steps.reduce<unknown>((at, step) => (at as JsonObject | undefined)?.[step], document);
      if (hash !== '#' || target === undefined) found.push($ref);
    }
    for (const child of Object.values(value)) walk(child);
  };
  walk(document);
  return found;
};
const validityOf = async (document: JsonObject): Promise<unknown> => {
  const { valid, errors } = await new Validator({ strict: false }).validate(structuredClone(document));
  return valid ? 'valid' : errors;
};

describe('the description of a schema', () => {
  test('makes a component of every schema that is referred to, whatever the reference is', () => {
    const described = describeSchema(
      {
        $schema: 'http://json-schema.org/draft-07/schema#',
        type: 'object',
        properties: {
          tree: { $ref: '#/definitions/node' },
          self: { $ref: '#' },
          first: { $ref: '#/properties/tree' },
          pair: { type: 'array', items: [{ type: 'string' }, { $ref: '#/definitions/node' }] },
        },
        definitions: { node: { type: 'object', properties: { next: { $ref: '#/definitions/node' } } } },
      },
      'n',
    );
    expect(described).toEqual({
      root: 'n',
      components: {
        n: {
          type: 'object',
          properties: {
            tree: { $ref: '#/components/schemas/n.tree' },
            self: { $ref: '#/components/schemas/n' },
            first: { $ref: '#/components/schemas/n.tree' },
            pair: { type: 'array', prefixItems: [{ type: 'string' }, { $ref: '#/components/schemas/n.node' }] },
          },
        },
        'n.tree': { $ref: '#/components/schemas/n.node' },
        'n.node': { type: 'object', properties: { next: { $ref: '#/components/schemas/n.node' } } },
      },
    });
  });

  test('keeps what readers use and leaves out what could be taken for a reference', () => {
    expect(
      describeSchema(
        {
          type: 'object',
          $id: 'https://example.com/x',
          title: 'T',
          properties: {
            a: { type: 'string', description: 'd', format: 'email', examples: ['x'], pattern: '^a', default: 'a' },
            b: { default: { $ref: 'file:///etc/passwd' }, enum: [{ $ref: 'http://internal/' }] },
            c: { type: 'string', pattern: '(', discriminator: { mapping: { x: 'http://internal/' } } },
          },
          required: ['a'],
        },
        'n',
      ),
    ).toEqual({
      root: 'n',
      components: {
        n: {
          type: 'object',
          title: 'T',
          properties: {
            a: { type: 'string', description: 'd', format: 'email', examples: ['x'], pattern: '^a', default: 'a' },
            b: {},
            c: { type: 'string' },
          },
          required: ['a'],
        },
      },
    });
  });

  test('has an example that fits', () => {
    const schema = {
      type: 'object',
      properties: {
        kind: { enum: ['x', 'y'] },
        at: { type: 'string', format: 'date' },
        list: { type: 'array', items: { anyOf: [{ type: 'integer', minimum: 5 }, { type: 'null' }] } },
        other: { type: 'string' },
      },
      required: ['kind', 'at', 'list'],
    };
    expect(exampleOf(schema, {})).toEqual({ kind: 'x', at: '2026-01-31', list: [5] });
  });
});

describe('the document', () => {
  test('has one operation for each tool, with its schemas, hints and an example', () => {
    const document = openApiDocument([
      toolOf(
        'get weather',
        { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        {
          title: 'Weather',
          description: 'Tells the weather.',
          annotations: { readOnlyHint: true, title: 'x' },
          outputSchema: { type: 'object', properties: { celsius: { type: 'number' } }, required: ['celsius'] },
        },
      ),
    ]);
    expect(pathsOf(document)['/api/tools/s/get%20weather']?.post).toMatchObject({
      operationId: 's__get_x20_weather',
      tags: ['s'],
      summary: 'Weather',
      description: 'Tells the weather.',
      'x-mcp-annotations': { readOnlyHint: true },
      'x-mcp-tool': 'get weather',
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { $ref: '#/components/schemas/s__get_x20_weather.arguments' },
            example: { city: 'text' },
          },
        },
      },
      responses: {
        200: {
          content: { 'application/json': { schema: { $ref: '#/components/schemas/s__get_x20_weather.result' } } },
        },
        default: { $ref: '#/components/responses/Problem' },
      },
    });
    expect(schemasOf(document)['s__get_x20_weather.result']).toMatchObject({ required: ['celsius'] });
  });

  test('is valid and complete in itself for every hostile schema, as arguments and as result', async () => {
    const cases = hostileSchemas('http://127.0.0.1:9').filter(({ schema }) => isJson(schema));
    expect(cases.length).toBeGreaterThan(200);
    const tools = cases.map(({ schema }, index) => toolOf(`t${index}`, schema, { outputSchema: schema }));
    const document = openApiDocument(tools);
    expect(await validityOf(document)).toBe('valid');
    expect(danglingIn(document)).toEqual([]);
    const text = JSON.stringify(document.components);
    expect(text.includes('127.0.0.1:9') || text.includes('/etc/passwd')).toBe(false);
    const meta = new Ajv2020({ strict: false, validateFormats: false, logger: false });
    for (const [name, schema] of Object.entries(schemasOf(document)))
      expect([name, meta.validateSchema(schema)]).toEqual([name, true]);
    const described = Object.values(pathsOf(document)).filter(({ post }) => post?.['x-mcp-tool'] !== undefined);
    expect(described).toHaveLength(tools.length);
    const unchecked = described.filter(({ post }) => post?.['x-toolway-unchecked'] !== undefined);
    expect(unchecked.length).toBeGreaterThan(50);
    expect(unchecked.length).toBeLessThan(described.length);
  }, 60_000);

  test('gives tools names that are their own, and leaves out those that cannot stand in a path', async () => {
    const names = [
      'a b',
      'a_x20_b',
      'a/b',
      'a{b}',
      'ä',
      '__proto__',
      'constructor',
      '..',
      '.',
      '\ud800',
      'x\ny',
      'x'.repeat(300),
    ];
    const document = openApiDocument(names.map((name) => toolOf(name, { type: 'object' })));
    expect(await validityOf(document)).toBe('valid');
    const ids = Object.values(pathsOf(document)).flatMap(({ post, get }) =>
      [post, get].flatMap((one) => one?.operationId ?? []),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect((document.info as JsonObject)['x-toolway-left-out']).toMatchObject(
      ['..', '.', '\ud800', 'x\ny', 'x'.repeat(200)].map((tool) => ({ tool })),
    );
  });

  test('does not grow without end', async () => {
    const properties = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`p${i}`, { type: 'string' }]));
    const tools = Array.from({ length: 2_000 }, (_, i) => toolOf(`t${i}`, { type: 'object', properties }));
    const document = openApiDocument(tools);
    expect(JSON.stringify(document).length).toBeLessThan(12_000_000);
    const last = pathsOf(document)['/api/tools/s/t1999']?.post;
    expect(last?.['x-toolway-unchecked']).toBe('the schemas of all tools together are too large');
  });
});

describe('GET /openapi.json', () => {
  const world = async () => {
    const a = scriptedServer({ echo: () => text('hi'), hidden: () => text('no') });
    const b = scriptedServer({ other: () => text('x') });
    const toolkit = await toolkitOf({ a, b });
    return { a, toolkit, app: restApp(toolkit) };
  };
  const toolsIn = (document: JsonObject): string[] =>
    Object.values(pathsOf(document)).flatMap(({ post }) => (post?.['x-mcp-tool'] as string | undefined) ?? []);

  test('describes what the caller sees, of all servers or of one', async () => {
    const { app } = await world();
    const all = await bodyOf(await app.get('/openapi.json'));
    expect(toolsIn(all)).toEqual(['echo', 'hidden', 'other']);
    expect(pathsOf(all)['/api/batch']).toBeDefined();
    for (const path of ['/openapi.json?server=b', '/api/servers/b/openapi.json']) {
      const one = await bodyOf(await app.get(path));
      expect([toolsIn(one), Object.keys(pathsOf(one))]).toEqual([['other'], ['/api/tools/b/other']]);
    }
    app.as(principal('guest', { sees: (server, tool) => server === 'a' && tool !== 'hidden' }));
    const seen = await bodyOf(await app.get('/openapi.json'));
    expect(toolsIn(seen)).toEqual(['echo']);
    expect(JSON.stringify(seen)).not.toContain('hidden');
    expect((await app.get('/openapi.json?server=b')).status).toBe(404);
  });

  test('is told by its tag whether it changed, and changes with the list of a server', async () => {
    const { app, a } = await world();
    const first = await app.get('/openapi.json');
    const etag = first.headers.get('etag') ?? '';
    expect((await app.get('/openapi.json', { 'if-none-match': etag })).status).toBe(304);
    a.tools.fresh = () => text('new');
    a.latest().say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    await expect
      .poll(async () => toolsIn(await bodyOf(await app.get('/openapi.json', { 'if-none-match': '"other"' }))))
      .toContain('fresh');
    expect((await app.get('/openapi.json', { 'if-none-match': etag })).status).toBe(200);
  });
});

const isJson = (schema: unknown): boolean => {
  try {
    return typeof JSON.stringify(schema) === 'string';
  } catch {
    return false;
  }
};
