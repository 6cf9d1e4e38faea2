import { describe, expect, test } from 'vitest';
import { ToolwayError } from '../errors.ts';
import { MAX_TTL_MS } from './answer.ts';
import { checkCompletion, checkPrompt, checkReadResource, MAX_COMPLETIONS } from './reading.ts';
import { checkEmpty, checkListPage, checkToolResult, MAX_DROPPED } from './results.ts';
import { checkInputRequired, checkTask } from './results-on-demand.ts';

const refusal = (check: () => unknown): ToolwayError => {
  try {
    check();
  } catch (error) {
    if (error instanceof ToolwayError) return error;
    throw error;
  }
  throw new Error('the value was accepted');
};
const text = { type: 'text', text: 'hi' };

describe('a result of tools/call', () => {
  test('is the object of the server itself, unknown keys and unknown blocks included', () => {
    const result = {
      content: [
        text,
        { type: 'hologram', beam: 3 },
        { ...text, extra: 1, annotations: { audience: ['user'], mood: 'x' } },
      ],
      isError: true,
      structuredContent: [1, null],
      _meta: { trace: 1 },
      futureKey: {},
    };
    expect(checkToolResult(result)).toBe(result);
  });

  test.each([{ structuredContent: { a: 1 } }, { content: null, structuredContent: { a: 1 } }])(
    'without content gets an empty list: %j',
    (result) => {
      expect(checkToolResult(result)).toEqual({ content: [], structuredContent: { a: 1 } });
    },
  );

  test('names the path of what is wrong, and says that the tool has run', () => {
    const error = refusal(() => checkToolResult({ content: [text, { type: 'text', text: 5 }] }));
    expect(error.code).toBe('protocol_error');
    expect(error.executed).toBe('yes');
    expect(error.message).toBe(
      'the server answered tools/call with an unusable result: content[1].text is not a string',
    );
  });

  test.each([
    ['it is not an object', null],
    ['it is not an object', [text]],
    ['it is not an object', 'done'],
    ['content is not an array', { content: 'hi' }],
    ['isError is not a boolean', { content: [], isError: 'yes' }],
    ['content[0] is not an object', { content: ['hi'] }],
    ['content[0].type is not a string', { content: [{ text: 'hi' }] }],
    ['content[0].type is not a string', { content: [{ type: { toString: 1 } }] }],
    ['content[0].data is not a string', { content: [{ type: 'image', mimeType: 'image/png' }] }],
    ['content[0].mimeType is not a string', { content: [{ type: 'audio', data: 'AA==' }] }],
    ['content[0].uri is not a string', { content: [{ type: 'resource_link', name: 'x' }] }],
    ['content[0].name is not a string', { content: [{ type: 'resource_link', uri: 'a:b' }] }],
    ['content[0].resource is not an object', { content: [{ type: 'resource' }] }],
    ['content[0].resource.uri is not a string', { content: [{ type: 'resource', resource: { text: 'x' } }] }],
    ['content[0].resource has neither text nor blob', { content: [{ type: 'resource', resource: { uri: 'a:b' } }] }],
    [
      'content[0].resource.blob is not a string',
      { content: [{ type: 'resource', resource: { uri: 'a:b', blob: 1 } }] },
    ],
    ['content[0].annotations is not an object', { content: [{ ...text, annotations: 'x' }] }],
    ['content[0].annotations.audience is not an array', { content: [{ ...text, annotations: { audience: 'user' } }] }],
    ['content[0]._meta is not an object', { content: [{ ...text, _meta: 1 }] }],
  ])('is refused: %s', (reason, result) => {
    expect(refusal(() => checkToolResult(result)).message).toContain(reason);
  });

  test('bad base64 is left to those who decode it', () => {
    expect(checkToolResult({ content: [{ type: 'image', data: '%%%', mimeType: 'image/png' }] }).content).toHaveLength(
      1,
    );
  });

  test('10 000 blocks are read, and the bad one among them is named', () => {
    const content: unknown[] = Array.from({ length: 10_000 }, () => text);
    expect(checkToolResult({ content }).content).toBe(content);
    content[9_999] = {};
    expect(refusal(() => checkToolResult({ content })).message).toContain('content[9999].type');
  });
});

describe('a page of a list', () => {
  const tool = { name: 'a', inputSchema: {} };

  test('keeps the objects of the server, also a tool whose schema has no type', () => {
    const page = checkListPage('tools', { tools: [tool], futureKey: 1 });
    expect(page).toEqual({ items: [tool], dropped: [], ttlMs: 0, cacheScope: 'private' });
    expect(page.items[0]).toBe(tool);
  });

  test('loses malformed entries alone, and says why', () => {
    const page = checkListPage('tools', {
      tools: [
        { name: 5, inputSchema: {} },
        tool,
        { name: 'b' },
        'c',
        { name: '', inputSchema: {} },
        { ...tool, description: 5 },
      ],
    });
    expect(page.items).toEqual([tool]);
    expect(page.dropped).toEqual([
      'tools[0].name is not a string',
      'tools[2].inputSchema is not an object ("b")',
      'tools[3] is not an object',
      'tools[4].name is empty',
      'tools[5].description is not a string ("a")',
    ]);
  });

  test('describes at most 100 dropped entries and counts the others', () => {
    const { dropped } = checkListPage('tools', { tools: Array.from({ length: 5_000 }, () => 0) });
    expect(dropped).toHaveLength(MAX_DROPPED + 1);
    expect(dropped.at(-1)).toBe('and 4900 more');
  });

  test('takes null for "not given", in a copy that has the rest', () => {
    const given = JSON.parse(
      '{"name":"a","inputSchema":{"type":"object"},"title":null,"outputSchema":null,"x":null,"__proto__":{"y":1}}',
    );
    const [item] = checkListPage('tools', { tools: [given] }).items;
    expect(Object.keys(item ?? {})).toEqual(['name', 'inputSchema', 'x', '__proto__']);
    expect(Object.keys(given)).toHaveLength(6);
    expect(Object.getPrototypeOf(item)).toBe(Object.prototype);
  });

  test.each([
    ['resources', { resources: [{ uri: 'a:b', name: 'x' }, { uri: 'a:c' }, { uri: 'a:d', name: 'y', size: 'big' }] }],
    [
      'resourceTemplates',
      { resourceTemplates: [{ uriTemplate: 'a:{b}', name: 'x' }, { uriTemplate: 1, name: 'y' }, {}] },
    ],
    [
      'prompts',
      {
        prompts: [
          { name: 'x', arguments: [{ name: 'y' }] },
          { name: 'z', arguments: [{}] },
          { name: 'z', arguments: {} },
        ],
      },
    ],
  ] as const)('%s are held to their own fields', (kind, value) => {
    const { items, dropped } = checkListPage(kind, value);
    expect(items).toHaveLength(1);
    expect(dropped).toHaveLength(2);
  });

  test('the empty string is a cursor, null and nothing are the end', () => {
    expect(checkListPage('tools', { tools: [], nextCursor: '' }).nextCursor).toBe('');
    expect(checkListPage('tools', { tools: [], nextCursor: null })).not.toHaveProperty('nextCursor');
    expect(checkListPage('tools', { tools: null })).not.toHaveProperty('nextCursor');
    expect(refusal(() => checkListPage('tools', { tools: [], nextCursor: 2 })).message).toContain('nextCursor');
  });

  test.each([
    ['{"tools":[],"ttlMs":5000,"cacheScope":"public"}', 5000, 'public'],
    ['{"tools":[],"ttlMs":-1,"cacheScope":"PUBLIC"}', 0, 'private'],
    ['{"tools":[],"ttlMs":1e400}', 0, 'private'],
    ['{"tools":[],"ttlMs":"9"}', 0, 'private'],
    ['{"tools":[],"ttlMs":1e15,"cacheScope":"public"}', MAX_TTL_MS, 'public'],
  ])('%s is kept for %d ms, %s', (json, ttlMs, cacheScope) => {
    expect(checkListPage('tools', JSON.parse(json))).toMatchObject({ ttlMs, cacheScope });
  });

  test('without its list is refused, by the name of the method', () => {
    const error = refusal(() => checkListPage('resourceTemplates', { resources: [] }));
    expect(error.message).toContain('resources/templates/list');
    expect(error.message).toContain('resourceTemplates is not an array');
  });
});

describe('the other answers', () => {
  test('contents of a resource are text or blob; a null beside is taken off', () => {
    const whole = {
      contents: [
        { uri: 'a:b', text: '' },
        { uri: 'a:c', blob: 'AA==', extra: 1 },
      ],
    };
    expect(checkReadResource(whole)).toBe(whole);
    const odd = { contents: [whole.contents[0], { uri: 'a:d', text: 'x', blob: null, mimeType: null }], ttlMs: 1 };
    expect(checkReadResource(odd)).toEqual({ contents: [whole.contents[0], { uri: 'a:d', text: 'x' }], ttlMs: 1 });
    expect(refusal(() => checkReadResource({ contents: [{ uri: 'a:b' }] })).message).toContain(
      'contents[0] has neither',
    );
    expect(refusal(() => checkReadResource({})).message).toContain('contents is not an array');
  });

  test('messages of a prompt have a role and one block', () => {
    const prompt = { messages: [{ role: 'user', content: text }], extra: 1 };
    expect(checkPrompt(prompt)).toBe(prompt);
    expect(checkPrompt({ ...prompt, description: null })).toEqual(prompt);
    const bad: [unknown, string][] = [
      [{ messages: [5] }, 'messages[0] is not an object'],
      [{ messages: [{ role: 'system', content: text }] }, 'messages[0].role is neither'],
      [{ messages: [{ role: 'user', content: 'hi' }] }, 'messages[0].content is not an object'],
      [{ messages: [{ role: 'user', content: { type: 'text' } }] }, 'messages[0].content.text is not a string'],
      [{ ...prompt, description: 5 }, 'description is not a string'],
    ];
    for (const [value, reason] of bad) expect(refusal(() => checkPrompt(value)).message).toContain(reason);
  });

  test('completions beyond 100 are cut and announced', () => {
    expect(checkCompletion({ completion: { values: ['a'], total: 3, hasMore: false } })).toEqual({
      values: ['a'],
      total: 3,
      hasMore: false,
    });
    const many = checkCompletion({ completion: { values: Array.from({ length: 101 }, String), hasMore: false } });
    expect(many.values).toHaveLength(MAX_COMPLETIONS);
    expect(many.hasMore).toBe(true);
    expect(refusal(() => checkCompletion({ completion: { values: ['a', 1] } })).message).toContain('values[1]');
    expect(refusal(() => checkCompletion({ completion: { values: [], total: '1' } })).message).toContain('total');
    expect(refusal(() => checkCompletion({})).message).toContain('completion is not an object');
  });

  test('required input is read by its keys, and the state is kept as it is', () => {
    const value = JSON.parse(
      '{"inputRequests":{"__proto__":{"method":"roots/list"},"b":{"method":"ping","params":{"x":1}}},"requestState":""}',
    );
    const { inputRequests, requestState } = checkInputRequired(value);
    expect([...inputRequests]).toEqual([
      ['__proto__', { method: 'roots/list', params: {} }],
      ['b', { method: 'ping', params: { x: 1 } }],
    ]);
    expect(requestState).toBe('');
    expect(checkInputRequired({ inputRequests: {} })).toEqual({ inputRequests: new Map() });
    expect(checkInputRequired({ requestState: 's' }).inputRequests.size).toBe(0);
  });

  test.each([
    [{}, 'neither inputRequests nor requestState'],
    [{ inputRequests: null, requestState: null }, 'neither inputRequests nor requestState'],
    [{ inputRequests: [] }, 'inputRequests is not an object'],
    [{ inputRequests: { a: 1 } }, 'inputRequests["a"] is not an object'],
    [{ inputRequests: { a: {} } }, 'inputRequests["a"].method is not a string'],
    [{ inputRequests: { a: { method: 'x', params: [] } } }, 'inputRequests["a"].params is not an object'],
    [{ requestState: { a: 1 } }, 'requestState is not a string'],
  ])('required input %j is refused: %s', (value, reason) => {
    expect(refusal(() => checkInputRequired(value, 'prompts/get')).message).toContain(
      `prompts/get with an unusable result: `,
    );
    expect(refusal(() => checkInputRequired(value)).message).toContain(reason);
  });

  test('a task of either kind looks the same afterwards', () => {
    const same = { taskId: 't', status: 'working', ttlMs: null, pollIntervalMs: 500, createdAt: 'x' };
    expect(checkTask(same)).toEqual(same);
    expect(checkTask({ taskId: 't', status: 'working', ttl: null, pollInterval: 500, createdAt: 'x' })).toEqual(same);
    expect(
      checkTask({ task: { taskId: 't', status: 'working', ttl: null, pollInterval: 500, createdAt: 'x' } }),
    ).toEqual(same);
    const odd = JSON.parse('{"taskId":"t","status":"failed","ttlMs":-1,"pollIntervalMs":1e400,"statusMessage":7}');
    expect(checkTask(odd)).toEqual({ taskId: 't', status: 'failed' });
    expect(refusal(() => checkTask({ taskId: 't', status: 'done' })).message).toContain('status is none of working');
    expect(refusal(() => checkTask({ taskId: '', status: 'working' })).message).toContain('taskId');
  });

  test('an empty answer may be empty in any way an object or null can be', () => {
    expect(checkEmpty({ a: 1 })).toEqual({ a: 1 });
    expect(checkEmpty(null)).toEqual({});
    expect(refusal(() => checkEmpty('pong')).message).toContain('ping');
  });
});
