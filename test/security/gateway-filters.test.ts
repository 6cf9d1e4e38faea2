/** S26: what exists for a key, of tools, resources, templates and prompts, is the same on every face of the gateway. */
import { afterAll, describe, expect, test } from 'vitest';
import type { Grant } from '../../src/gateway/access/options.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import { gatewayHandlers } from '../../src/gateway/handlers.ts';
import { createTestServer, createTestToolkit } from '../../src/testing/index.ts';
import { eventsOf } from '../fixtures/modern-posts.ts';

const offered = (name: string) =>
  createTestServer({
    tools: { one: () => 'ran', two: () => 'ran' },
    resources: { [`${name}:///open/x`]: { text: 'open' }, [`${name}:///shut/y`]: { text: 'shut' } },
    resourceTemplates: {
      [`${name}:///open/t/{id}`]: { read: () => 'open' },
      [`${name}:///shut/t/{id}`]: { read: () => 'shut' },
    },
    prompts: { greet: { get: () => 'hello' }, part: { get: () => 'bye' } },
    complete: () => ['done'],
  });
const servers = { a: offered('a'), b: offered('b') };

interface Seen {
  tools: string[];
  resources: string[];
  templates: string[];
  prompts: string[];
}
const TOOLS = ['a.one', 'a.two', 'b.one', 'b.two'];
const PROMPTS = ['a.greet', 'a.part', 'b.greet', 'b.part'];
const RESOURCES = ['a:///open/x', 'a:///shut/y', 'b:///open/x', 'b:///shut/y'];
const TEMPLATES = ['a:///open/t/{id}', 'a:///shut/t/{id}', 'b:///open/t/{id}', 'b:///shut/t/{id}'];
const of = (server: string, all: string[]): string[] => all.filter((name) => name.startsWith(server));

const GRANTS: Record<string, [Grant, Seen]> = {
  everything: [{}, { tools: TOOLS, resources: RESOURCES, templates: TEMPLATES, prompts: PROMPTS }],
  'a server': [
    { tools: ['a'] },
    { tools: of('a', TOOLS), resources: of('a', RESOURCES), templates: of('a', TEMPLATES), prompts: of('a', PROMPTS) },
  ],
  'a server by its star': [
    { tools: ['a.*'] },
    { tools: of('a', TOOLS), resources: of('a', RESOURCES), templates: of('a', TEMPLATES), prompts: of('a', PROMPTS) },
  ],
  'tools alone': [
    { tools: ['a.one', 'b.t*'] },
    { tools: ['a.one', 'b.two'], resources: [], templates: [], prompts: [] },
  ],
  'a server but for a tool': [
    { tools: { allow: ['a'], deny: ['a.two'] } },
    { tools: ['a.one'], resources: of('a', RESOURCES), templates: of('a', TEMPLATES), prompts: of('a', PROMPTS) },
  ],
  'all but a server': [
    { tools: { deny: ['b'] }, resources: ['b', 'a'], prompts: ['*'] },
    { tools: of('a', TOOLS), resources: of('a', RESOURCES), templates: of('a', TEMPLATES), prompts: of('a', PROMPTS) },
  ],
  'a tool, and resources by their URI': [
    { tools: ['a.one'], resources: ['b.b:///open/*'] },
    { tools: ['a.one'], resources: ['b:///open/x'], templates: ['b:///open/t/{id}'], prompts: [] },
  ],
  'all but some resources and prompts': [
    { resources: { deny: ['*.*:///shut/*'] }, prompts: { deny: ['*.part', 'b'] } },
    {
      tools: TOOLS,
      resources: RESOURCES.filter((uri) => uri.includes('open')),
      templates: TEMPLATES.filter((uri) => uri.includes('open')),
      prompts: ['a.greet'],
    },
  ],
  'no resources': [
    { tools: ['a', 'b'], resources: [], prompts: ['b.greet'] },
    { tools: TOOLS, resources: [], templates: [], prompts: ['b.greet'] },
  ],
  'a prompt alone': [
    { tools: [], prompts: ['a.greet'] },
    { tools: [], resources: [], templates: [], prompts: ['a.greet'] },
  ],
  nothing: [{ tools: [] }, { tools: [], resources: [], templates: [], prompts: [] }],
};

const toolkit = await createTestToolkit({
  ...gatewayHandlers,
  connect: 'wait',
  mcpServers: { a: servers.a.config, b: servers.b.config },
});
const keyOf = (name: string): string => `key-of-${name.replaceAll(/[^a-z]/g, '-')}`;
const nameOf = (name: string): string => name.replaceAll(/[^a-z]/g, '-');
const gateway = createGateway(toolkit, {
  access: {
    apiKeys: Object.entries(GRANTS).map(([name, [grant]]) => ({ ...grant, name: nameOf(name), key: keyOf(name) })),
  },
});
afterAll(async () => {
  await gateway.close();
  await toolkit.close({ drainMs: 0 });
});

const ask = async (who: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> =>
  gateway.fetch(
    new Request(`http://localhost${path}`, {
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'x-api-key': keyOf(who), ...(body && { 'content-type': 'application/json' }), ...headers },
    }),
    { peerAddress: '127.0.0.1' },
  );
type Json = Record<string, unknown>;
const jsonOf = async (response: Promise<Response>): Promise<Json> => (await response).json() as Promise<Json>;
const listOf = (value: unknown): Json[] => (value ?? []) as Json[];

/** One request of MCP, in either era; its result, or undefined for an error. */
type Speak = (who: string, path: string, method: string, params?: Json) => Promise<Json | undefined>;
const legacy: Speak = async (who, path, method, params = {}) => {
  const headers = { accept: 'application/json', 'mcp-protocol-version': '2025-11-25' };
  const { result } = await jsonOf(ask(who, path, { jsonrpc: '2.0', id: 1, method, params }, headers));
  return result as Json | undefined;
};
const modern: Speak = async (who, path, method, params = {}) => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
  };
  const name = params.name ?? params.uri;
  const headers = {
    accept: 'application/json',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(name !== undefined && { 'mcp-name': String(name) }),
  };
  const message = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } };
  return (await jsonOf(ask(who, path, message, headers))).result as Json | undefined;
};

const qualified = (name: string): [server: string, name: string] => name.split('.') as [string, string];

describe.each(Object.entries(GRANTS))('a key for %s', (who, [, seen]) => {
  const isSeen = (server: string): boolean =>
    [...seen.tools, ...seen.resources, ...seen.templates, ...seen.prompts].some((name) => name.startsWith(server));

  test('has its servers, its lists, its search and its description', async () => {
    const status = await jsonOf(ask(who, '/api/servers'));
    expect(listOf(status.servers).map(({ name }) => name)).toEqual(['a', 'b'].filter(isSeen));
    const tools = listOf((await jsonOf(ask(who, '/api/tools'))).tools);
    expect(tools.map(({ qualifiedName }) => qualifiedName)).toEqual(seen.tools);
    const found = listOf((await jsonOf(ask(who, '/api/tools/search?q=one+two'))).tools);
    expect(found.map(({ qualifiedName }) => qualifiedName).sort()).toEqual(seen.tools);
    const { resources, resourceTemplates } = await jsonOf(ask(who, '/api/resources'));
    expect(listOf(resources).map(({ uri }) => uri)).toEqual(seen.resources);
    expect(listOf(resourceTemplates).map(({ uriTemplate }) => uriTemplate)).toEqual(seen.templates);
    const { prompts } = await jsonOf(ask(who, '/api/prompts'));
    expect(listOf(prompts).map(({ qualifiedName }) => qualifiedName)).toEqual(seen.prompts);
    const { paths } = (await jsonOf(ask(who, '/openapi.json'))) as { paths: Json };
    const described = Object.keys(paths).filter((path) => /^\/api\/tools\/[ab]\//.test(path));
    expect(described).toEqual(seen.tools.map((name) => `/api/tools/${name.replace('.', '/')}`));
  });

  test('calls, reads and fills in over HTTP what it has, and nothing else', async () => {
    for (const name of TOOLS) {
      const { status } = await ask(who, `/api/tools/${name.replace('.', '/')}`, {});
      expect([name, status]).toEqual([name, seen.tools.includes(name) ? 200 : 403]);
    }
    for (const uri of [...RESOURCES, ...TEMPLATES.map((one) => one.replace('{id}', '7'))]) {
      const has = seen.resources.includes(uri) || seen.templates.includes(uri.replace('7', '{id}'));
      const path = `/api/resources/read?uri=${encodeURIComponent(uri)}`;
      expect([uri, (await ask(who, path)).status]).toEqual([uri, has ? 200 : 404]);
      expect([uri, (await ask(who, `${path}&server=${uri[0]}`)).status]).toEqual([uri, has ? 200 : 404]);
    }
    for (const name of PROMPTS) {
      const { status } = await ask(who, `/api/prompts/${name.replace('.', '/')}`, {});
      expect([name, status]).toEqual([name, seen.prompts.includes(name) ? 200 : 404]);
    }
  });

  test.each([
    ['legacy', legacy],
    ['modern', modern],
  ])('has the same in the %s era, at all servers and at one', async (_, speak) => {
    const places = [
      { path: '/mcp', served: 'ab' },
      ...['a', 'b'].map((served) => ({ path: `/mcp/${served}`, served })),
    ];
    for (const { path, served } of places) {
      if (served !== 'ab' && !isSeen(served)) {
        expect(await speak(who, path, 'tools/list')).toBeUndefined();
        continue;
      }
      const here = (names: string[]): string[] => names.filter((name) => served.includes(name[0] ?? '?'));
      const named = (name: string): string => (served === 'ab' ? name.replace('.', '__') : (qualified(name)[1] ?? ''));
      const list = async (method: string, kind: string, field: string): Promise<unknown[]> =>
        listOf((await speak(who, path, method))?.[kind]).map((one) => one[field]);
      expect(await list('tools/list', 'tools', 'name')).toEqual(here(seen.tools).map(named));
      expect(await list('resources/list', 'resources', 'uri')).toEqual(here(seen.resources));
      expect(await list('resources/templates/list', 'resourceTemplates', 'uriTemplate')).toEqual(here(seen.templates));
      expect(await list('prompts/list', 'prompts', 'name')).toEqual(here(seen.prompts).map(named));
      for (const uri of here(RESOURCES))
        expect([uri, (await speak(who, path, 'resources/read', { uri })) !== undefined]).toEqual([
          uri,
          seen.resources.includes(uri),
        ]);
      for (const name of here(PROMPTS)) {
        const got = await speak(who, path, 'prompts/get', { name: named(name) });
        expect([name, got !== undefined]).toEqual([name, seen.prompts.includes(name)]);
        const ref = { type: 'ref/prompt', name: named(name) };
        const completed = await speak(who, path, 'completion/complete', { ref, argument: { name: 'x', value: '' } });
        expect([name, completed !== undefined]).toEqual([name, seen.prompts.includes(name)]);
      }
      // A URI of nobody whom it sees is asked of whoever is left, if that is one alone.
      for (const uri of here(TEMPLATES).filter((one) => isSeen(one[0] ?? ''))) {
        const ref = { type: 'ref/resource', uri };
        const completed = await speak(who, path, 'completion/complete', { ref, argument: { name: 'id', value: '' } });
        expect([uri, completed !== undefined]).toEqual([uri, seen.templates.includes(uri)]);
      }
    }
  });

  test('subscribes to what it has', async () => {
    const notifications = {
      resourceSubscriptions: RESOURCES.filter((uri) => isSeen(uri[0] ?? '')),
      resourcesListChanged: true,
      promptsListChanged: true,
      toolsListChanged: true,
    };
    const method = 'subscriptions/listen';
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
    };
    const headers = { accept: 'text/event-stream', 'mcp-protocol-version': '2026-07-28', 'mcp-method': method };
    const response = await ask(
      who,
      '/mcp',
      { jsonrpc: '2.0', id: 1, method, params: { notifications, _meta } },
      headers,
    );
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const first = eventsOf(new TextDecoder().decode((await reader.read()).value))[0] as {
      params: { notifications: Json };
    };
    await reader.cancel();
    const { resourceSubscriptions, ...kinds } = first.params.notifications;
    expect(resourceSubscriptions ?? []).toEqual(seen.resources);
    const offers = [...seen.resources, ...seen.templates].length > 0;
    expect(kinds).toEqual({
      ...(seen.tools.length > 0 && { toolsListChanged: true }),
      ...(offers && { resourcesListChanged: true }),
      ...(seen.prompts.length > 0 && { promptsListChanged: true }),
    });
  });
});

test.each([
  'b:///open/../shut/y',
  'b:///open/%2e%2e/shut/y',
  'b:///open/%2E./shut/y',
  'b:///open/..%2fshut/y',
  'b:///open/..\\shut/y',
  'b:///open/%252e%252e/shut/y',
  'b:///open/./../shut/y',
])('S26 a URI that may lead elsewhere, %s, fits no pattern', async (uri) => {
  const path = `/api/resources/read?server=b&uri=${encodeURIComponent(uri)}`;
  expect((await ask('a tool, and resources by their URI', path)).status).toBe(404);
  expect((await ask('all but some resources and prompts', path)).status).toBe(404);
});

test('events, and changes of lists in a session, are of what a key has', async () => {
  const hear = async (who: string): Promise<() => string[]> => {
    const reader = ((await ask(who, '/api/events')).body as ReadableStream<Uint8Array>).getReader();
    let said = '';
    const read = async (): Promise<void> => {
      for (let next = await reader.read(); !next.done; next = await reader.read())
        said += new TextDecoder().decode(next.value);
    };
    void read();
    return () => [...said.matchAll(/^event: (\w+_changed)$/gm)].map(([, name]) => name ?? '');
  };
  const hearSession = async (who: string): Promise<() => string[]> => {
    const headers = { accept: 'application/json, text/event-stream' };
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const hello = await ask(who, '/mcp', { jsonrpc: '2.0', id: 1, method: 'initialize', params }, headers);
    const session = {
      'mcp-session-id': hello.headers.get('mcp-session-id') ?? '',
      'mcp-protocol-version': '2025-11-25',
    };
    const stream = await ask(who, '/mcp', undefined, { accept: 'text/event-stream', ...session });
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
    let said = '';
    const read = async (): Promise<void> => {
      for (let next = await reader.read(); !next.done; next = await reader.read())
        said += new TextDecoder().decode(next.value);
    };
    void read();
    return () => [...said.matchAll(/notifications\/(\w+)\/list_changed/g)].map(([, kind]) => `${kind}_changed`);
  };
  const all = [await hear('a server'), await hearSession('a server')];
  const some = [await hear('tools alone'), await hearSession('tools alone')];
  servers.a.setResource('a:///open/new', { text: 'new' });
  servers.a.setPrompt('new', { get: () => 'new' });
  for (const heard of all)
    await expect
      .poll(heard, { timeout: 5_000 })
      .toEqual(expect.arrayContaining(['resources_changed', 'prompts_changed']));
  servers.a.setTool('new', () => 'new');
  for (const heard of [...all, ...some]) await expect.poll(heard, { timeout: 5_000 }).toContain('tools_changed');
  for (const heard of some) expect(new Set(heard())).toEqual(new Set(['tools_changed']));
});
