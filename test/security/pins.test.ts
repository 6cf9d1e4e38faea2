/** S15, F18: a tool is held to the definition first seen. */
import { expect, test } from 'vitest';
import type { ToolkitEvents } from '../../src/events.ts';
import type { JsonObject } from '../../src/protocol/types.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import { type ScriptedServer, scriptedServer, text } from '../fixtures/scripted-server.ts';
import { clockedToolkitOf, failure, toolkitOf } from '../fixtures/toolkits.ts';

const DEFINITION: JsonObject = {
  title: 'Send',
  description: 'Sends a letter',
  inputSchema: { type: 'object', properties: { to: { type: 'string' } } },
  outputSchema: { type: 'object', properties: { id: { type: 'string' } } },
  annotations: { title: 'Send', readOnlyHint: false },
  _meta: { vendor: 'a' },
};

const postOffice = (): ScriptedServer => {
  const server = scriptedServer({
    send: () => ({ ...text('sent'), structuredContent: { id: '1' } }),
    other: () => text('other'),
  });
  server.definitions.send = structuredClone(DEFINITION);
  return server;
};
const sendsOf = (server: ScriptedServer): number => server.peers.flatMap((peer) => peer.requests('tools/call')).length;
const announce = (server: ScriptedServer): void =>
  server.latest().say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
const reconnect = async (server: ScriptedServer, clock: FakeClock): Promise<void> => {
  server.latest().hangUp();
  await clock.advance(1_000);
};

const flips: [field: string, path: string, change: (definition: JsonObject) => void][] = [
  ['title', '/title', (definition) => Object.assign(definition, { title: 'Senf' })],
  ['description', '/description', (definition) => Object.assign(definition, { description: 'Sends a letter.' })],
  [
    'inputSchema',
    '/inputSchema/properties/to/type',
    ({ inputSchema }) => {
      (inputSchema as { properties: { to: JsonObject } }).properties.to.type = 'strinh';
    },
  ],
  [
    'outputSchema',
    '/outputSchema/properties/id/type',
    ({ outputSchema }) => {
      (outputSchema as { properties: { id: JsonObject } }).properties.id.type = 'strinh';
    },
  ],
  [
    'annotations',
    '/annotations/readOnlyHint',
    ({ annotations }) => Object.assign(annotations as JsonObject, { readOnlyHint: true }),
  ],
  ['_meta', '/_meta/vendor', ({ _meta }) => Object.assign(_meta as JsonObject, { vendor: 'b' })],
  ['a field that was not there', '/_meta/more', ({ _meta }) => Object.assign(_meta as JsonObject, { more: 1 })],
  ['a field that is gone', '/title', (definition) => void delete definition.title],
];

test.each(flips)(
  'S15 one change in %s: the next call after list_changed fails, and nothing is sent',
  async (_field, path, change) => {
    const server = postOffice();
    const toolkit = await toolkitOf({ s: server });
    await toolkit.callTool('s.send', { to: 'a' });
    change(server.definitions.send as JsonObject);
    announce(server);
    const error = await failure(toolkit.callTool('s.send', { to: 'a' }));
    expect(error).toMatchObject({ code: 'tool_changed', executed: 'no', server: 's', tool: 'send' });
    expect(error.message).toContain(path);
    expect(error.message).toContain('acceptTool("s.send")');
    expect(error.problems?.map((problem) => problem.path)).toEqual([path]);
    expect(await toolkit.callTool('s.other')).toMatchObject(text('other'));
    expect(sendsOf(server)).toBe(2);
  },
);

test('S15 a change that comes with another connection is found before any call', async () => {
  const server = postOffice();
  const { toolkit, clock } = await clockedToolkitOf({ s: server });
  Object.assign(server.definitions.send as JsonObject, { description: 'Sends a letter to everybody' });
  await reconnect(server, clock);
  expect(await failure(toolkit.callTool('s.send'))).toMatchObject({ code: 'tool_changed', executed: 'no' });
  expect(server.peers).toHaveLength(2);
  expect(sendsOf(server)).toBe(0);
});

test('S15 a call that was let through and waits for the connection is compared again before it is sent', async () => {
  const server = postOffice();
  const { toolkit, clock } = await clockedToolkitOf({ s: server });
  Object.assign(server.definitions.send as JsonObject, { title: 'Other' });
  server.latest().hangUp();
  const calls = [toolkit.callTool('s.send'), toolkit.callTool('s.send')].map(failure);
  await clock.advance(1_000);
  for (const error of await Promise.all(calls)) expect(error.code).toBe('tool_changed');
  expect(sendsOf(server)).toBe(0);
});

test('keys in another order are no change', async () => {
  const server = postOffice();
  const drifts: unknown[] = [];
  const toolkit = await toolkitOf({ s: server });
  toolkit.on('tool_drift', (drift) => drifts.push(drift));
  server.definitions.send = Object.fromEntries(Object.entries(DEFINITION).reverse()) as JsonObject;
  server.definitions.send.inputSchema = { properties: { to: { type: 'string' } }, type: 'object' };
  announce(server);
  expect(await toolkit.callTool('s.send', { to: 'a' })).toMatchObject(text('sent'));
  expect(drifts).toEqual([]);
});

test('a change is told once, with what was and what is, and SHA-256 of both', async () => {
  const server = postOffice();
  const drifts: ToolkitEvents['tool_drift'][] = [];
  const toolkit = await toolkitOf({ s: server });
  toolkit.on('tool_drift', (drift) => drifts.push(drift));
  Object.assign(server.definitions.send as JsonObject, { description: 'Sends a letter, with a copy to us' });
  for (let time = 0; time < 3; time += 1) {
    announce(server);
    await failure(toolkit.callTool('s.send'));
  }
  const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
  expect(drifts).toEqual([
    {
      server: 's',
      scope: '',
      tool: 'send',
      blocked: true,
      diff: [{ path: '/description', before: '"Sends a letter"', after: '"Sends a letter, with a copy to us"' }],
      before: hash,
      after: hash,
    },
  ]);
  expect(drifts[0]?.before).not.toBe(drifts[0]?.after);
});

test('acceptTool lets the present definition through, until the next change', async () => {
  const server = postOffice();
  const toolkit = await toolkitOf({ s: server });
  const definition = server.definitions.send as JsonObject;
  definition.title = 'Post';
  announce(server);
  await failure(toolkit.callTool('s.send'));
  await toolkit.acceptTool('s.send');
  expect(await toolkit.callTool('send')).toMatchObject(text('sent'));
  definition.title = 'Send';
  announce(server);
  expect((await failure(toolkit.callTool('s.send'))).code).toBe('tool_changed');
  await toolkit.acceptTool('send');
  expect(await toolkit.callTool('s.send')).toMatchObject(text('sent'));
});

test('acceptTool takes what was last told, and no later change that nobody has seen', async () => {
  const server = postOffice();
  const toolkit = await toolkitOf({ s: server });
  const definition = server.definitions.send as JsonObject;
  definition.title = 'Seen';
  announce(server);
  await failure(toolkit.callTool('s.send'));
  definition.title = 'Unseen';
  announce(server);
  await toolkit.acceptTool('s.send');
  expect((await failure(toolkit.callTool('s.send'))).problems).toEqual([
    { path: '/title', message: 'was "Seen", is "Unseen"' },
  ]);
});

test('acceptTool with the hash of what was shown takes that, and nothing that it has become since', async () => {
  const server = postOffice();
  const toolkit = await toolkitOf({ s: server });
  const shown: (string | undefined)[] = [];
  toolkit.on('tool_drift', ({ after }) => shown.push(after));
  const definition = server.definitions.send as JsonObject;
  for (const title of ['Shown', 'Later']) {
    definition.title = title;
    await toolkit.reconnect('s');
  }
  const [first, second] = shown;
  expect(shown).toHaveLength(2);
  const refused = { code: 'tool_changed', executed: 'no', server: 's', tool: 'send' };
  expect(await failure(toolkit.acceptTool('s.send', { hash: first }))).toMatchObject(refused);
  expect(await failure(toolkit.callTool('s.send'))).toMatchObject(refused);
  await toolkit.acceptTool('s.send', { hash: second });
  expect(await toolkit.callTool('s.send')).toMatchObject(text('sent'));
});

test('acceptTool of an unknown tool or server fails', async () => {
  const toolkit = await toolkitOf({ s: postOffice() });
  expect((await failure(toolkit.acceptTool('s.nothing'))).code).toBe('unknown_tool');
  expect((await failure(toolkit.acceptTool('nothing'))).code).toBe('unknown_tool');
});

test('a definition that comes back to what it was is let through again once it has been read', async () => {
  const server = postOffice();
  const { toolkit, clock } = await clockedToolkitOf({ s: server });
  (server.definitions.send as JsonObject).title = 'Other';
  announce(server);
  await failure(toolkit.callTool('s.send'));
  (server.definitions.send as JsonObject).title = 'Send';
  announce(server);
  await clock.advance(5_000);
  expect(await toolkit.callTool('s.send')).toMatchObject(text('sent'));
});

test('a tool that leaves the list and returns changed is the same tool, changed', async () => {
  const server = postOffice();
  const toolkit = await toolkitOf({ s: server });
  const { send } = server.tools;
  delete server.tools.send;
  announce(server);
  expect((await failure(toolkit.callTool('s.send'))).code).not.toBe('tool_changed');
  server.tools.send = send as never;
  (server.definitions.send as JsonObject).title = 'Other';
  announce(server);
  await toolkit.listTools();
  expect((await failure(toolkit.callTool('s.send'))).code).toBe('tool_changed');
});

test('pins: warn tells of a change and lets calls through', async () => {
  const server = postOffice();
  server.config.pins = 'warn';
  const drifts: boolean[] = [];
  const { toolkit, clock } = await clockedToolkitOf({ s: server });
  toolkit.on('tool_drift', ({ blocked }) => drifts.push(blocked));
  (server.definitions.send as JsonObject).title = 'Other';
  await reconnect(server, clock);
  expect(await toolkit.callTool('s.send')).toMatchObject(text('sent'));
  expect(drifts).toEqual([false]);
});

test('pins: off looks at nothing', async () => {
  const server = postOffice();
  const drifts: unknown[] = [];
  const { toolkit, clock } = await clockedToolkitOf({ s: server }, { pins: 'off' });
  toolkit.on('tool_drift', (drift) => drifts.push(drift));
  (server.definitions.send as JsonObject).title = 'Other';
  await reconnect(server, clock);
  expect(await toolkit.callTool('s.send')).toMatchObject(text('sent'));
  expect(drifts).toEqual([]);
});

test('a server may say otherwise than its toolkit', async () => {
  const strict = postOffice();
  strict.config.pins = 'block';
  const loose = postOffice();
  const { toolkit, clock } = await clockedToolkitOf({ strict, loose }, { pins: 'off' });
  for (const server of [strict, loose]) {
    (server.definitions.send as JsonObject).title = 'Other';
    await reconnect(server, clock);
  }
  expect((await failure(toolkit.callTool('strict.send'))).code).toBe('tool_changed');
  expect(await toolkit.callTool('loose.send')).toMatchObject(text('sent'));
});

test('a caller that writes into a listed definition changes nothing for the comparison', async () => {
  const server = postOffice();
  const { toolkit, clock } = await clockedToolkitOf({ s: server });
  const [listed] = await toolkit.listTools();
  Object.assign(listed?.inputSchema as JsonObject, { additionalProperties: false });
  server.definitions.send = structuredClone(DEFINITION);
  await reconnect(server, clock);
  expect(await toolkit.callTool('s.send')).toMatchObject(text('sent'));
});

test('a server that says "changed" without end is read once for each call at most', async () => {
  const server = postOffice();
  const toolkit = await toolkitOf({ s: server });
  const readings = (): number => server.latest().requests('tools/list').length;
  const before = readings();
  for (let time = 0; time < 50; time += 1) announce(server);
  await Promise.all(Array.from({ length: 20 }, () => toolkit.callTool('s.other')));
  expect(readings() - before).toBe(1);
});

test('F18 of two tools of one name the first is kept, and neither is approved by itself', async () => {
  const server = postOffice();
  const other = postOffice();
  other.config.autoApprove = ['*'];
  const warnings: { message: string; tool?: unknown }[] = [];
  const logger = {
    debug() {},
    info() {},
    error() {},
    warn: (message: string, facts?: JsonObject) => void warnings.push({ message, tool: facts?.tool }),
  };
  const connect = server.config.transport as () => unknown;
  server.config.transport = (() => {
    const made = connect();
    server.latest().on('tools/list', () => ({
      tools: [
        { name: 'send', title: 'first', inputSchema: { type: 'object' } },
        { name: 'send', title: 'second', inputSchema: { type: 'object' } },
      ],
    }));
    return made;
  }) as never;
  server.config.autoApprove = ['*'];
  const toolkit = await toolkitOf({ s: server, t: other }, { logger, policy: { default: 'ask' } });
  expect((await toolkit.listTools({ server: 's' })).map(({ title }) => title)).toEqual(['first']);
  expect(await toolkit.callTool('t.send')).toMatchObject(text('sent'));
  expect((await failure(toolkit.callTool('s.send'))).code).toBe('denied');
  expect(warnings).toEqual([
    { message: 'the server lists two tools of this name: the first one is used', tool: 'send' },
  ]);
});

test('2 000 tools of 20 servers are pinned in no time that anybody notices', async () => {
  const { createPins } = await import('../../src/server/pins.ts');
  const { createFirstSeen } = await import('../../src/policy/first-seen.ts');
  const tools = Array.from({ length: 2_000 }, (_, index) => ({
    ...DEFINITION,
    name: `tool-${index}`,
    description: 'What it does, in as many words as such things have. '.repeat(10),
    inputSchema: DEFINITION.inputSchema as JsonObject,
  }));
  const started = performance.now();
  for (let server = 0; server < 20; server += 1) {
    const pins = createPins({ server: `s${server}`, blocks: true, firstSeen: createFirstSeen(), onDrift() {} });
    expect(await pins.see(tools as never)).toBeUndefined();
  }
  expect(performance.now() - started).toBeLessThan(3_000);
});
