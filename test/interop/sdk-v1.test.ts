import { afterEach, expect, test } from 'vitest';
import type { Progress, TextContent, Toolkit, ToolkitOptions } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { until } from '../fixtures/servers/launch.ts';
import { type Stateful, type StatefulOptions, startStateful } from '../fixtures/servers/sdk-v1.ts';

const open: { toolkit?: Toolkit; server: Stateful }[] = [];
afterEach(async () => {
  for (const { toolkit, server } of open.splice(0)) {
    await toolkit?.close({ drainMs: 0 });
    await server.stop();
  }
});

const setUp = async (options: ToolkitOptions = {}, serverOptions?: StatefulOptions) => {
  const server = await startStateful(serverOptions);
  const toolkit = await createToolkit({ connect: 'wait', mcpServers: { s: { url: server.url } }, ...options });
  open.push({ toolkit, server });
  return { toolkit, server };
};
const textOf = (result: { content: readonly unknown[] }): string => (result.content[0] as TextContent).text;
const standbyStreams = (server: Stateful) =>
  server.seen.filter(({ method, headers }) => method === 'GET' && headers['last-event-id'] === undefined);
const resumptions = (server: Stateful) =>
  server.seen.filter(({ method, headers }) => method === 'GET' && headers['last-event-id'] !== undefined);

test('a session is used by every request, named with its revision, and ended on close', async () => {
  const { toolkit, server } = await setUp();
  expect(toolkit.status().s).toMatchObject({ era: 'legacy', protocolVersion: '2025-11-25', transport: 'http' });
  await toolkit.callTool('s.echo', { text: 'hi' });
  const [id] = server.sessions.keys();
  const later = server.seen.slice(server.seen.findIndex(({ body }) => body?.method === 'initialize') + 1);
  expect(later.length).toBeGreaterThan(2);
  for (const { headers } of later) {
    expect(headers['mcp-session-id']).toBe(id);
    expect(headers['mcp-protocol-version']).toBe('2025-11-25');
  }
  await toolkit.close();
  expect(server.seen.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'mcp-session-id': id } });
  expect(server.sessions.size).toBe(0);
});

test('a server that answers in JSON alone is understood as well', async () => {
  const { toolkit } = await setUp({}, { json: true });
  expect(textOf(await toolkit.callTool('s.echo', { text: 'json' }))).toBe('json');
});

test('a call succeeds though the server has forgotten the session', async () => {
  const { toolkit, server } = await setUp();
  const [before] = server.sessions.keys();
  server.forget();
  expect(textOf(await toolkit.callTool('s.echo', { text: 'once' }))).toBe('once');
  expect(server.effects).toEqual(['echo once']);
  expect(server.count('initialize')).toBe(2);
  expect([...server.sessions.keys()]).not.toContain(before);
});

test('fifty calls that lose their session share one handshake, and each runs once', async () => {
  const { toolkit, server } = await setUp();
  server.forget();
  const words = Array.from({ length: 50 }, (_, index) => `w${index}`);
  const answers = await Promise.all(words.map((text) => toolkit.callTool('s.echo', { text })));
  expect(answers.map(textOf)).toEqual(words);
  expect(server.count('initialize')).toBe(2);
  expect([...server.effects].sort()).toEqual(words.map((word) => `echo ${word}`).sort());
});

test('a server that comes back on the same address is found with one handshake', async () => {
  const { toolkit, server } = await setUp();
  await server.stop();
  const again = await startStateful({ port: server.port });
  open.push({ server: again });
  await until(() => again.seen.length > 0, 'the client has noticed, and looks for its GET stream');
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => toolkit.callTool('s.echo', { text: `${index}` })),
  );
  expect(answers).toHaveLength(50);
  expect(again.count('initialize')).toBe(1);
  expect(again.effects).toHaveLength(50);
});

test('a session that was opened again has the subscriptions and the log level of the one before', async () => {
  const { toolkit, server } = await setUp({ onLog: () => {} });
  const updates: string[] = [];
  await toolkit.subscribeResource('test://one', ({ uri }) => updates.push(uri), { server: 's' });
  await until(() => [...server.sessions.values()].every(({ level }) => level === 'info'), 'the level is set');
  server.forget();
  await toolkit.callTool('s.echo', { text: 'x' });
  const session = await until(
    () =>
      [...server.sessions.values()].find(({ subscribed, level }) => subscribed.has('test://one') && level === 'info'),
    'the new session knows what is wanted',
  );
  await until(() => standbyStreams(server).length === 2, 'the new session has its stream');
  await until(async () => {
    await session.server.sendResourceUpdated({ uri: 'test://one' });
    return updates.includes('test://one');
  }, 'an update in the new session');
});

test('the server asks back in the course of a call, and the call goes on', async () => {
  const { toolkit } = await setUp({
    onElicit: (_request, { call, server }) => ({
      action: 'accept',
      content: { colour: `blue for ${server}.${call?.tool}` },
    }),
    onSample: ({ messages }) => ({ role: 'assistant', model: 'm', content: messages[0]?.content }),
  });
  expect(JSON.parse(textOf(await toolkit.callTool('s.ask')))).toEqual({
    action: 'accept',
    content: { colour: 'blue for s.ask' },
  });
  expect(JSON.parse(textOf(await toolkit.callTool('s.sample', { text: 'say it' })))).toMatchObject({
    role: 'assistant',
    model: 'm',
    content: { type: 'text', text: 'say it' },
  });
});

test('a capability without a handler is not declared, so the server is refused', async () => {
  const { toolkit, server } = await setUp();
  const { body } = server.seen.find(({ body }) => body?.method === 'initialize') ?? {};
  expect(body?.params?.capabilities).toEqual({});
  expect((await toolkit.callTool('s.ask').catch((error) => error)).code).toBe('server_error');
});

test('progress comes in order and before the result', async () => {
  const { toolkit } = await setUp();
  const seen: Progress[] = [];
  const result = await toolkit.callTool('s.steps', {}, { onProgress: (progress) => seen.push(progress) });
  expect(seen.map(({ progress }) => progress)).toEqual([1, 2, 3]);
  expect(textOf(result)).toBe('stepped');
});

test('a stream that the server closes in the middle of a call is taken up where it ended', async () => {
  const { toolkit, server } = await setUp();
  const seen: number[] = [];
  const result = await toolkit.callTool('s.drop-stream', {}, { onProgress: ({ progress }) => seen.push(progress) });
  expect(textOf(result)).toBe('resumed');
  expect(seen).toEqual([1, 2, 3]);
  expect(server.effects).toEqual(['drop-stream']);
  expect(resumptions(server).length).toBeGreaterThan(0);
});

test('a connection that is cut in the middle of a call is taken up, and the call runs once', async () => {
  const { toolkit, server } = await setUp();
  const call = toolkit.callTool('s.hold');
  await until(() => server.effects.includes('hold') && toolkit.calls()[0]?.state === 'answering', 'the call is held');
  server.cut();
  await until(() => resumptions(server).length > 0, 'the stream is resumed');
  server.release();
  expect(textOf(await call)).toBe('held');
  expect(server.effects).toEqual(['hold']);
});

test('a cut connection without an event store leaves the outcome unknown, and nothing is sent again', async () => {
  const { toolkit, server } = await setUp({}, { resumable: false });
  const call = toolkit.callTool('s.hold').catch((error) => error);
  await until(() => server.effects.includes('hold'), 'the call is held');
  server.cut();
  expect(await call).toMatchObject({ code: 'outcome_unknown', executed: 'unknown', server: 's', tool: 'hold' });
  expect(textOf(await toolkit.callTool('s.echo', { text: 'next' }))).toBe('next');
  expect(server.effects).toEqual(['hold', 'echo next']);
});

test('an aborted call is aborted at the server', async () => {
  const { toolkit, server } = await setUp();
  const abort = new AbortController();
  const call = toolkit.callTool('s.wait-for-abort', {}, { signal: abort.signal }).catch((error) => error);
  await until(() => server.effects.includes('wait-for-abort'), 'the call runs');
  abort.abort();
  expect(await call).toMatchObject({ code: 'cancelled', executed: 'unknown' });
  await until(() => server.effects.includes('aborted'), 'the server heard of it');
});

test('a new tool is announced on the GET stream and can be called', async () => {
  const { toolkit, server } = await setUp();
  let changes = 0;
  toolkit.on('tools_changed', () => {
    changes += 1;
  });
  await until(() => standbyStreams(server).length > 0, 'the GET stream is open');
  await server.offer('fresh');
  await until(() => changes > 0, 'the change is heard');
  expect((await toolkit.listTools()).map(({ name }) => name)).toContain('fresh');
  expect(textOf(await toolkit.callTool('s.fresh', { text: 'new' }))).toBe('new');
});
