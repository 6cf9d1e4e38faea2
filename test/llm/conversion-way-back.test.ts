/** What a model writes by a rewritten schema becomes what the server expects. */
import { describe, expect, test } from 'vitest';
import { type ConvertedTool, convertTools, lint, profileOf } from '../../src/llm/index.ts';
import type { JsonObject } from '../../src/protocol/types.ts';

const toolOf = (inputSchema: JsonObject, name = 'tool') => ({
  server: 's',
  name,
  qualifiedName: `s.${name}`,
  inputSchema,
});
const convert = async (id: string, inputSchema: JsonObject): Promise<ConvertedTool> => {
  const [tool] = convertTools([toolOf(inputSchema)], await profileOf(id)).tools;
  if (tool === undefined) throw new Error('quarantined');
  return tool;
};
const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more });

test('keys that a provider refuses are renamed, and renamed back', async () => {
  const schema = object(
    { 'filter[id]': { type: 'string' }, filter_id: { type: 'string' }, $top: { type: 'integer' } },
    { required: ['$top'] },
  );
  const tool = await convert('anthropic', schema);
  const [renamed = '', kept, top = ''] = Object.keys(tool.inputSchema.properties as object);
  expect([renamed, kept, top]).toEqual([expect.stringMatching(/^filter_id_[0-9a-v]{8}$/), 'filter_id', 'top']);
  expect(tool.inputSchema.required).toEqual(['top']);
  expect(tool.toArguments({ [renamed]: 'a', filter_id: 'b', top: 1 })).toEqual({
    'filter[id]': 'a',
    filter_id: 'b',
    $top: 1,
  });
});

test('values of an enum that are written as strings are what they were', async () => {
  const tool = await convert('gemini', object({ kind: { enum: [1, 2, 'two', null] }, on: { const: true } }));
  expect(tool.inputSchema.properties).toEqual({
    kind: { anyOf: [{ type: 'string', enum: ['1', '2'] }, { type: 'string', enum: ['two'] }, { type: 'null' }] },
    on: { type: 'string', enum: ['true'] },
  });
  expect(tool.toArguments({ kind: '2', on: 'true' })).toEqual({ kind: 2, on: true });
  expect(tool.toArguments({ kind: 'two' })).toEqual({ kind: 'two' });
  expect(tool.toArguments({ kind: null })).toEqual({ kind: null });
});

test('objects in an enum are written as JSON, and are told apart by it', async () => {
  const tool = await convert('gemini', object({ at: { enum: [{ x: 1 }, { X: 1 }] } }));
  expect(tool.inputSchema.properties).toEqual({ at: { type: 'string', enum: ['{"x":1}', '{"X":1}'] } });
  expect(tool.toArguments({ at: '{"X":1}' })).toEqual({ at: { X: 1 } });
});

test('a value of an enum in another case is the one that is meant, if it is only one', async () => {
  const tool = await convert('anthropic', object({ color: { enum: ['Red', 'blue', 'BLUE'] } }));
  expect(tool.toArguments({ color: 'red' })).toEqual({ color: 'Red' });
  expect(tool.toArguments({ color: 'BLUE' })).toEqual({ color: 'BLUE' });
  expect(tool.toArguments({ color: 'Blue' })).toEqual({ color: 'Blue' });
  expect(tool.toArguments({ color: 'green' })).toEqual({ color: 'green' });
});

describe('where every key is required', () => {
  test('null means absent, unless null was a value before', async () => {
    const tool = await convert(
      'openai-chat-strict',
      object(
        { path: { type: 'string' }, limit: { type: 'integer' }, owner: { type: ['string', 'null'] } },
        { required: ['path'] },
      ),
    );
    expect(tool.strict).toBe(true);
    expect(tool.inputSchema).toEqual({
      type: 'object',
      properties: {
        path: { type: 'string' },
        limit: { type: ['integer', 'null'] },
        owner: { type: ['string', 'null'] },
      },
      required: ['path', 'limit', 'owner'],
      additionalProperties: false,
    });
    expect(tool.toArguments({ path: 'a', limit: null, owner: null })).toEqual({ path: 'a', owner: null });
  });

  test('an object with free keys is a list of keys and values, also further down', async () => {
    const labels = { type: 'object', additionalProperties: { type: 'string', enum: ['on', 'off'] } };
    const tool = await convert(
      'openai-responses-strict',
      object({ items: { type: 'array', items: labels } }, { required: ['items'] }),
    );
    expect(tool.strict).toBe(true);
    expect(tool.toArguments({ items: [[{ key: 'a', value: 'ON' }], [{ key: 'b', value: 'off' }]] })).toEqual({
      items: [{ a: 'on' }, { b: 'off' }],
    });
    expect(tool.toArguments({ items: [{ a: 'on' }] })).toEqual({ items: [{ a: 'on' }] });
  });

  test('the branch that a value fits decides its way', async () => {
    const byId = object(
      { kind: { const: 'id' }, id: { type: 'integer' }, note: { type: 'string' } },
      { required: ['kind', 'id'] },
    );
    const byName = object({ kind: { const: 'name' }, name: { type: ['string', 'null'] } }, { required: ['kind'] });
    const tool = await convert('openai-chat-strict', object({ by: { oneOf: [byId, byName] } }, { required: ['by'] }));
    expect(tool.strict).toBe(true);
    expect(tool.toArguments({ by: { kind: 'id', id: 1, note: null } })).toEqual({ by: { kind: 'id', id: 1 } });
    expect(tool.toArguments({ by: { kind: 'name', name: null } })).toEqual({ by: { kind: 'name', name: null } });
  });

  test('what refers to itself has a way back at every level', async () => {
    const node = object({ name: { type: 'string' }, next: { $ref: '#/$defs/node' } }, { required: ['name'] });
    const tool = await convert('openai-chat-strict', {
      ...object({ list: { $ref: '#/$defs/node' } }),
      $defs: { node },
    });
    expect(tool.strict).toBe(true);
    expect(tool.toArguments({ list: { name: 'a', next: { name: 'b', next: null } } })).toEqual({
      list: { name: 'a', next: { name: 'b' } },
    });
  });

  test('what cannot be said exactly is not strict, and the report says why', async () => {
    const profile = await profileOf('openai-chat-strict');
    const free = toolOf(object({ body: { type: 'object', additionalProperties: true } }), 'free');
    const exact = toolOf(object({ body: { type: 'string' } }), 'exact');
    const { tools, report } = convertTools([free, exact], profile);
    expect(tools.map(({ strict }) => strict)).toEqual([undefined, true]);
    expect(tools[0]?.inputSchema).toEqual(free.inputSchema);
    expect(report.tools[0]?.notStrict).toEqual([
      { path: '/properties/body', keyword: 'type', rule: 'json-text', loss: 'shape' },
    ]);
  });
});

test('no more tools are strict than a provider compiles at once', async () => {
  const profile = await profileOf('anthropic-strict');
  const many = Array.from({ length: 25 }, (_, at) =>
    toolOf(object({ a: { type: 'string' } }, { required: ['a'] }), `t${at}`),
  );
  const optional = toolOf(
    object(Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`k${at}`, { type: 'string' }]))),
    'wide',
  );
  const { tools, report } = convertTools([optional, ...many], profile);
  expect(tools.filter(({ strict }) => strict === true)).toHaveLength(20);
  expect(tools[0]?.strict).toBeUndefined();
  expect(report.tools[0]?.notStrict).toMatchObject([{ keyword: 'optional', rule: 'over-limit' }]);
  expect(report.tools.at(-1)?.notStrict).toMatchObject([{ keyword: 'tools' }]);
});

test('a union at the root becomes one object, and the description says what belongs together', async () => {
  const profile = await profileOf('anthropic');
  const schema = {
    type: 'object',
    oneOf: [
      object({ kind: { const: 'file' }, path: { type: 'string' } }, { required: ['kind', 'path'] }),
      object({ kind: { const: 'url' }, url: { type: 'string' } }, { required: ['kind', 'url'] }),
    ],
  };
  const { tools, report } = convertTools([{ ...toolOf(schema), description: 'Reads.' }], profile);
  expect(tools[0]?.inputSchema).toEqual(
    object(
      { kind: { enum: ['file', 'url'] }, path: { type: 'string' }, url: { type: 'string' } },
      { required: ['kind'] },
    ),
  );
  expect(tools[0]?.description).toBe(
    'Reads.\nGive exactly one of these sets of arguments: (kind = "file", path) or (kind = "url", url).',
  );
  expect(report.tools[0]?.changes).toContainEqual({ path: '', keyword: 'oneOf', rule: 'flatten', loss: 'weaker' });
});

test('a limit that a provider does not read is told in words', async () => {
  const tool = await convert(
    'common',
    object({ name: { type: 'string', description: 'Whose', minLength: 3, pattern: '^a' } }),
  );
  expect(tool.inputSchema.properties).toEqual({
    name: { type: 'string', description: 'Whose\n{minLength: 3, pattern: "^a"}' },
  });
});

test('more tools than a request holds are reported, not left out', async () => {
  const many = Array.from({ length: 129 }, (_, at) => toolOf(object({}), `t${at}`));
  const { tools, report } = convertTools(many, await profileOf('openai-chat'));
  expect(tools).toHaveLength(129);
  expect(report.tooMany).toEqual({ limit: 128, tools: 129 });
});

test('names in use and names of the provider are avoided', async () => {
  const profile = await profileOf('anthropic');
  const { tools } = convertTools([toolOf(object({}), 'tool')], profile, { taken: ['s__tool'] });
  expect(tools[0]?.name).toMatch(/^s__tool_[0-9a-v]{8}$/);
  expect(lint(profile, { name: 'web_search', inputSchema: object({}) })).toMatchObject([{ code: 'name_reserved' }]);
});

test('values of an enum that are not of its type are not offered, in whatever form they are written', async () => {
  const mixed = await convert('gemini', object({ level: { type: 'integer', enum: [1, 'one', 2, null] } }));
  expect(mixed.inputSchema.properties).toEqual({ level: { type: 'string', enum: ['1', '2'] } });
  expect(mixed.toArguments({ level: '2' })).toEqual({ level: 2 });
  const none = await convert('gemini', object({ map: { type: 'object', enum: [null], additionalProperties: true } }));
  expect(none.inputSchema.properties).toEqual({ map: { type: 'object', additionalProperties: true } });
});

test('what can be nothing, once several schemas are joined, is told in the one way in which it is read again', async () => {
  const items = (schema: JsonObject) => ({ type: 'array', items: schema });
  const never = { allOf: [items({ type: 'string' }), items({ type: 'number' })] };
  const tool = await convert('mistral', object({ list: never }));
  expect(tool.inputSchema.properties).toEqual({ list: { type: 'array', items: false } });
  expect((await convert('mistral', tool.inputSchema)).inputSchema).toEqual(tool.inputSchema);
});

test('what is said of objects stays where a value may be of any type', async () => {
  const any = { contains: { type: 'number' }, required: ['id'], propertyNames: { maxLength: 3 } };
  const tool = await convert('openai-responses', object({ any }));
  expect(tool.inputSchema.properties).toEqual({ any });
});

test('a constant that is not among the values beside it is reported, as nothing fits both', async () => {
  const profile = await profileOf('openai-chat');
  const of = (only: number) =>
    convertTools([toolOf(object({ a: { enum: [0, 1], const: only } }))], profile).report.tools;
  expect(of(1)).toEqual([]);
  expect(of(2)[0]?.changes).toEqual([{ path: '/properties/a', keyword: 'enum', rule: 'drop', loss: 'weaker' }]);
});
