import { afterEach, expect, test } from 'vitest';
import type { ServerConfig, TextContent, Toolkit, ToolkitOptions } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { until } from '../fixtures/servers/launch.ts';
import { startSocketServer } from '../fixtures/servers/websocket.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const setUp = async (
  era: 'legacy' | 'modern',
  config: Partial<ServerConfig> = {},
  options: ToolkitOptions = {},
): Promise<{ server: Awaited<ReturnType<typeof startSocketServer>>; toolkit: Toolkit }> => {
  const server = await startSocketServer(era);
  closers.push(server.stop);
  const toolkit = await createToolkit({
    connect: 'wait',
    mcpServers: { s: { url: server.url, ...config } },
    ...options,
  });
  closers.push(() => toolkit.close({ drainMs: 0 }));
  return { server, toolkit };
};
const textOf = (result: { content: readonly unknown[] }): string => (result.content[0] as TextContent).text;

test('a legacy server over a WebSocket answers, many calls at once', async () => {
  const { toolkit, server } = await setUp('legacy', { headers: { authorization: 'Bearer secret' } });
  expect(toolkit.status().s).toMatchObject({ state: 'connected', era: 'legacy', transport: 'websocket' });
  expect(server.upgrades[0]).toMatchObject({ protocol: 'mcp', headers: { authorization: 'Bearer secret' } });
  const words = Array.from({ length: 50 }, (_, index) => `w${index}`);
  const answers = await Promise.all(words.map((text) => toolkit.callTool('s.echo', { text })));
  expect(answers.map(textOf)).toEqual(words);
  await toolkit.close();
  await until(() => server.open() === 0, 'the connection is closed');
});

test('progress, questions and new tools cross the same socket', async () => {
  const { toolkit } = await setUp('legacy', {}, { onElicit: () => ({ action: 'accept', content: { name: 'Ada' } }) });
  const seen: number[] = [];
  await toolkit.callTool('s.steps', {}, { onProgress: ({ progress }) => seen.push(progress) });
  expect(seen).toEqual([1, 2, 3]);
  expect(JSON.parse(textOf(await toolkit.callTool('s.ask')))).toEqual({ action: 'accept', content: { name: 'Ada' } });
  await toolkit.callTool('s.offer', { text: 'fresh' });
  await until(async () => (await toolkit.listTools()).some(({ name }) => name === 'fresh'), 'the new tool');
});

test('an aborted call is aborted at the server', async () => {
  const { toolkit, server } = await setUp('legacy');
  const abort = new AbortController();
  const call = toolkit.callTool('s.wait-for-abort', {}, { signal: abort.signal }).catch((error) => error);
  await until(() => server.effects.includes('wait-for-abort'), 'the call runs');
  abort.abort();
  expect(await call).toMatchObject({ code: 'cancelled', executed: 'unknown' });
  await until(() => server.effects.includes('aborted'), 'the server heard of it');
});

test('a socket that breaks in a call leaves its outcome unknown, and the next call has a new one', async () => {
  const { toolkit, server } = await setUp('legacy');
  await expect(toolkit.callTool('s.hang-up')).rejects.toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
  expect(textOf(await toolkit.callTool('s.echo', { text: 'back' }))).toBe('back');
  expect(server.effects).toEqual(['hang-up', 'echo']);
  expect(server.upgrades).toHaveLength(2);
});

test('a modern server over a WebSocket is recognised, asks through its results and announces changes', async () => {
  const { toolkit } = await setUp(
    'modern',
    {},
    {
      onElicit: ({ requestedSchema }) => {
        const [field] = Object.keys((requestedSchema as { properties: object }).properties);
        return { action: 'accept', content: { [String(field)]: 'mine' } };
      },
    },
  );
  expect(toolkit.status().s).toMatchObject({ era: 'modern', protocolVersion: '2026-07-28', transport: 'websocket' });
  expect(textOf(await toolkit.callTool('s.ask'))).toBe('état 2 {"size":{"action":"accept","content":{"size":"mine"}}}');
  const updates: string[] = [];
  await toolkit.subscribeResource('test://one', ({ uri }) => updates.push(uri));
  await toolkit.callTool('s.touch', { text: 'test://one' });
  await until(() => updates.includes('test://one'), 'the update');
});

test('a modern call is cancelled by a notification, since its socket is shared', async () => {
  const { toolkit, server } = await setUp('modern');
  const abort = new AbortController();
  const call = toolkit.callTool('s.wait-for-abort', {}, { signal: abort.signal }).catch((error) => error);
  await until(() => server.effects.includes('wait-for-abort'), 'the call runs');
  abort.abort();
  expect(await call).toMatchObject({ code: 'cancelled' });
  await until(() => server.effects.includes('aborted'), 'the server heard of it');
});
