/** Bad input against every check at once: whatever arrives, a check answers soundly or throws its one typed error. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import { deeperThan } from './depth.ts';
import { urlElicitations } from './elicitation.ts';
import { checkCompletion, checkPrompt, checkReadResource } from './reading.ts';
import { checkDiscover, checkEmpty, checkInitialize, checkListPage, checkToolResult } from './results.ts';
import { checkInputRequired, checkTask } from './results-on-demand.ts';
import { RpcFault } from './rpc-fault.ts';
import { createServerRequests } from './server-requests.ts';
import type { JsonObject } from './types.ts';

interface Case {
  check: (value: unknown) => unknown;
  /** A sound answer that uses every known field, to be damaged. */
  sound: unknown;
  /** Throws when something of the result has not the type that its declaration promises. */
  use: (result: never) => void;
}

const string = (value: unknown): string => {
  if (typeof value !== 'string') throw new TypeError(`${JSON.stringify(value)} is not a string`);
  return value;
};
const optional = (value: unknown): void => void (value === undefined || string(value));
type Block = { type: string; [key: string]: unknown };
const useBlock = (block: Block): void => {
  string(block.type);
  if (block.type === 'text') string(block.text);
  if (block.type === 'image' || block.type === 'audio') string(block.data) + string(block.mimeType);
  if (block.type === 'resource_link') string(block.uri) + string(block.name);
  if (block.type === 'resource') {
    const { uri, text, blob } = block.resource as JsonObject;
    string(uri) + string(text ?? blob);
  }
  for (const one of (block.annotations as { audience?: unknown[] } | undefined)?.audience ?? []) void one;
};
const blocks = [
  { type: 'text', text: 'x', annotations: { audience: ['user'], priority: 1 }, _meta: {} },
  { type: 'image', data: 'AA==', mimeType: 'image/png' },
  { type: 'audio', data: 'AA==', mimeType: 'audio/wav' },
  { type: 'resource_link', uri: 'a:b', name: 'x' },
  { type: 'resource', resource: { uri: 'a:b', text: 'x', mimeType: 'text/plain' } },
  { type: 'new', anything: [] },
];
const display = { name: 'x', title: 'x', description: 'x', icons: [{ src: 'data:,' }], _meta: { a: 1 } };

const useItem = (item: JsonObject): void => {
  string(item.name);
  for (const key of ['title', 'description', 'mimeType']) optional(item[key]);
  for (const key of ['annotations', '_meta', 'outputSchema', 'execution'])
    if (item[key] !== undefined) Object.keys(item[key] as object);
  for (const argument of (item.arguments as { name: string }[] | undefined) ?? []) string(argument.name);
};
const list = (kind: 'tools' | 'resources' | 'resourceTemplates' | 'prompts', item: JsonObject): Case => ({
  check: (value) => checkListPage(kind, value),
  sound: { [kind]: [item, item], nextCursor: 'x', ttlMs: 5, cacheScope: 'public' },
  use: ({ items, nextCursor, ttlMs, dropped }: ReturnType<typeof checkListPage>) => {
    for (const one of items) useItem(one as JsonObject);
    for (const reason of dropped) string(reason);
    optional(nextCursor);
    if (!(ttlMs >= 0 && ttlMs < 1e9)) throw new RangeError('ttlMs');
  },
});

const cases: Record<string, Case> = {
  'tools/call': {
    check: checkToolResult,
    sound: { content: blocks, isError: false, structuredContent: { a: [1] }, _meta: {} },
    use: ({ content, isError }: { content: Block[]; isError?: boolean }) => {
      for (const block of content) useBlock(block);
      if (isError !== undefined && typeof isError !== 'boolean') throw new TypeError('isError');
    },
  },
  'tools/list': list('tools', {
    ...display,
    inputSchema: { type: 'object' },
    outputSchema: { type: 'array' },
    annotations: { readOnlyHint: true },
    execution: { taskSupport: 'optional' },
  }),
  'resources/list': list('resources', { ...display, uri: 'a:b', mimeType: 'x', size: 3, annotations: {} }),
  'resources/templates/list': list('resourceTemplates', { ...display, uriTemplate: 'a:{b}', mimeType: 'x' }),
  'prompts/list': list('prompts', { ...display, arguments: [{ name: 'x', required: true }] }),
  'resources/read': {
    check: checkReadResource,
    sound: {
      contents: [
        { uri: 'a:b', text: 'x', mimeType: 'x', _meta: {} },
        { uri: 'a:b', blob: 'AA==' },
      ],
    },
    use: ({ contents }: { contents: JsonObject[] }) => {
      for (const one of contents) string(one.uri) + string(one.text ?? one.blob);
      for (const one of contents) optional(one.mimeType);
    },
  },
  'prompts/get': {
    check: checkPrompt,
    sound: { description: 'x', messages: blocks.map((content) => ({ role: 'user', content })) },
    use: ({ description, messages }: { description?: string; messages: { role: string; content: Block }[] }) => {
      optional(description);
      for (const { role, content } of messages) useBlock(content ?? string(role));
    },
  },
  'completion/complete': {
    check: checkCompletion,
    sound: { completion: { values: ['a', 'b'], total: 2, hasMore: false } },
    use: ({ values }: { values: string[] }) => values.forEach(string),
  },
  initialize: {
    check: checkInitialize,
    sound: {
      protocolVersion: 'x',
      capabilities: { tools: { listChanged: true } },
      serverInfo: { ...display, version: '1' },
      instructions: 'x',
    },
    use: (told: ReturnType<typeof checkInitialize>) => {
      string(told.protocolVersion) + string(told.serverInfo.name) + string(told.serverInfo.version);
      for (const value of Object.values(told.capabilities)) Object.keys(value as object);
      for (const value of [told.instructions, told.serverInfo.title, told.serverInfo.description]) optional(value);
    },
  },
  'server/discover': {
    check: checkDiscover,
    sound: {
      supportedVersions: ['x'],
      capabilities: { tools: {} },
      ttlMs: 1,
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'x', version: 'y' } },
    },
    use: (told: ReturnType<typeof checkDiscover>) => {
      told.supportedVersions.forEach(string);
      string(told.serverInfo.name) + string(told.serverInfo.version);
    },
  },
  input_required: {
    check: (value) => checkInputRequired(value),
    sound: { inputRequests: { a: { method: 'roots/list', params: { x: 1 } } }, requestState: 'x' },
    use: ({ inputRequests, requestState }: ReturnType<typeof checkInputRequired>) => {
      optional(requestState);
      for (const [key, { method, params }] of inputRequests) string(key) + string(method) + Object.keys(params);
    },
  },
  'tasks/get': {
    check: (value) => checkTask(value),
    sound: { taskId: 't', status: 'working', statusMessage: 'x', ttl: 5, pollInterval: 5 },
    use: (task: ReturnType<typeof checkTask>) => {
      string(task.taskId) + string(task.status);
      optional(task.statusMessage);
      if (task.pollIntervalMs !== undefined && !(task.pollIntervalMs >= 0)) throw new RangeError('pollIntervalMs');
    },
  },
  ping: { check: (value) => checkEmpty(value), sound: {}, use: (value: object) => void Object.keys(value) },
};

const ODD_JSON = [
  'null',
  'true',
  '0',
  '-0',
  '1e400',
  '9007199254740993',
  '""',
  '"\\ud800"',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '{"a":1,"a":2}',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"toString":1,"length":-1}',
  `${'['.repeat(300)}${']'.repeat(300)}`,
];
const odd = fc.oneof(
  fc.constantFrom(...ODD_JSON).map((json) => JSON.parse(json) as unknown),
  fc.jsonValue(),
);

/** Puts `value` at a place of the tree that `steps` lead to; a step too far takes the place it has reached. */
const damage = (tree: unknown, [step = 0, ...steps]: number[], value: unknown, name: string): unknown => {
  if (typeof tree !== 'object' || tree === null || steps.length === 0) return value;
  const keys = [...Object.keys(tree), name];
  const chosen = keys[step % keys.length] ?? name;
  if (Array.isArray(tree)) return tree.map((one, i) => (String(i) === chosen ? damage(one, steps, value, name) : one));
  const entries = Object.entries(tree).filter(([key]) => key !== chosen);
  return Object.fromEntries([...entries, [chosen, damage((tree as JsonObject)[chosen], steps, value, name)]]);
};
const names = fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'extra');
const damaged = (sound: unknown): fc.Arbitrary<unknown> =>
  fc.oneof(
    odd,
    fc
      .tuple(fc.array(fc.nat(12), { maxLength: 6 }), odd, names)
      .map(([steps, value, name]) => damage(sound, steps, value, name)),
  );

const clean = (): void => {
  expect(({} as JsonObject).polluted).toBeUndefined();
  expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted');
};

describe.each(Object.entries(cases))('%s', (_name, { check, sound, use }) => {
  test('a sound answer is accepted', () => {
    use(check(structuredClone(sound)) as never);
  });

  test('a damaged one is either usable as declared or a protocol_error', () => {
    fc.assert(
      fc.property(damaged(sound), (value) => {
        const before = JSON.stringify(value);
        let checked: unknown;
        try {
          checked = check(value);
        } catch (error) {
          expect(error).toBeInstanceOf(ToolwayError);
          expect(error).toMatchObject({ code: 'protocol_error', executed: 'yes' });
          return;
        } finally {
          expect(JSON.stringify(value)).toBe(before);
        }
        use(checked as never);
      }),
      { numRuns: 1_000 },
    );
    clean();
  });

  test('keys that name the prototype stay plain keys of their own', () => {
    const value = JSON.parse(
      `{"__proto__":{"polluted":1},"constructor":{"polluted":1},${JSON.stringify({ ...(sound as object), x: 1 }).slice(1)}`,
    );
    const checked = check(value) as JsonObject;
    expect(Object.getPrototypeOf(checked)).toBe(Object.prototype);
    expect(checked.polluted).toBeUndefined();
    clean();
  });
});

test('a value 100 000 deep, unknown to the check, costs no stack', () => {
  const deep = JSON.parse(`{"content":[{"type":"x","deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`);
  expect(deeperThan(deep, 64)).toBe(true);
  expect(checkToolResult(deep)).toBe(deep);
});

describe('requests of the server', () => {
  const questions: Record<string, JsonObject> = {
    'elicitation/create': {
      message: 'x',
      requestedSchema: {
        type: 'object',
        required: ['a'],
        properties: {
          a: { type: 'string', minLength: 1, maxLength: 9, format: 'email', default: 'a@b' },
          b: { type: 'integer', minimum: 1, maximum: 3, default: 2 },
          c: { type: 'string', oneOf: [{ const: 'x', title: 'X' }], default: 'x' },
          d: { type: 'array', items: { enum: ['x'] }, minItems: 1, default: ['x'] },
        },
      },
    },
    'sampling/createMessage': {
      maxTokens: 5,
      systemPrompt: 'x',
      stopSequences: ['x'],
      tools: [{ name: 'x', inputSchema: {} }],
      toolChoice: { mode: 'auto' },
      messages: [
        { role: 'user', content: { type: 'text', text: 'x' } },
        { role: 'assistant', content: [{ type: 'tool_use', id: '1', name: 'x', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', toolUseId: '1', content: [{ type: 'text', text: 'x' }] }] },
      ],
    },
    'roots/list': {},
  };
  const signal = new AbortController().signal;

  test.each(Object.keys(questions))(
    'a damaged %s is answered, or refused as invalid; a handler never sees it',
    async (method) => {
      const requests = createServerRequests({
        clock: systemClock,
        server: 's',
        scope: '',
        report: () => {},
        handlers: {
          onElicit: (request) => {
            string(request.message);
            if (request.mode === 'url') string(request.url);
            else
              for (const property of Object.values(request.requestedSchema.properties as JsonObject))
                string((property as JsonObject).type);
            return { action: 'accept', content: { a: 'a@b' } };
          },
          onSample: ({ messages, maxTokens, tools }) => {
            for (const { role, content } of messages)
              for (const block of [content].flat()) string(role) + string((block as Block).type);
            for (const tool of tools ?? []) string(tool.name);
            if (!(maxTokens >= 1)) throw new RangeError('maxTokens');
            return { role: 'assistant', model: 'm', content: { type: 'text', text: 'x' } };
          },
          roots: [{ uri: 'file:///x' }],
        },
      });
      await requests.answer(method, questions[method] ?? {}, { signal });
      await fc.assert(
        fc.asyncProperty(damaged(questions[method]), async (value) => {
          const params = (
            typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { value }
          ) as JsonObject;
          try {
            await requests.answer(method, params, { signal });
          } catch (error) {
            expect(error).toBeInstanceOf(RpcFault);
            // The handler of this test answers one form; another form may be right and this answer wrong for it.
            const answerUnfit = (error as RpcFault).message.includes('no usable answer');
            expect((error as RpcFault).code).toBe(answerUnfit ? -32603 : -32602);
          }
        }),
        { numRuns: 1_000 },
      );
      clean();
    },
  );

  test('anything in a log message or in the data of an error −32042 is survived', () => {
    const levels: string[] = [];
    const requests = createServerRequests({
      clock: systemClock,
      server: 's',
      scope: '',
      report: () => {},
      handlers: { onLog: ({ level }) => void levels.push(level) },
    });
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('level', 'logger', 'data', '__proto__'), odd),
        damaged({ elicitations: [{ mode: 'url', url: 'https://a.example', message: 'x' }] }),
        (params, data) => {
          requests.log(params);
          for (const { url, message } of urlElicitations(data))
            expect(string(url).startsWith('https://') && string(message) !== undefined).toBe(true);
        },
      ),
    );
    expect(levels.length).toBeGreaterThan(0);
    expect(levels.every((level) => level === 'info')).toBe(true);
    clean();
  });
});
