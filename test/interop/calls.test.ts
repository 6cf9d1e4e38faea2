/** Many calls at once, and servers that stand in for each other, with servers by other authors. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CallToolResult, TextContent, Toolkit } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { installed } from '../fixtures/servers/launch.ts';

const run = (name: string, ...args: string[]) => ({
  command: process.execPath,
  args: [installed(`@modelcontextprotocol/${name}/dist/index.js`), ...args],
});
const textOf = (result: CallToolResult | undefined): string =>
  (result?.content[0] as TextContent | undefined)?.text ?? '';

let home: string;
let toolkit: Toolkit;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'toolway-interop-'));
  const memory = (name: string) => ({
    ...run('server-memory'),
    env: { MEMORY_FILE_PATH: join(home, `${name}.jsonl`) },
    group: 'memory',
    autoReconnect: false,
  });
  toolkit = await createToolkit({
    connect: 'wait',
    mcpServers: { everything: run('server-everything', 'stdio'), first: memory('first'), second: memory('second') },
  });
});
afterAll(async () => {
  await toolkit?.close();
  await rm(home, { recursive: true, force: true });
});

test('tryCall tells what became of a call', async () => {
  const done = await toolkit.tryCall('everything.get-sum', { a: 19, b: 23 });
  expect(done).toMatchObject({ success: true, serverUsed: 'everything', attempts: 1, cached: false });
  expect(textOf(done.result)).toContain('42');
  expect(await toolkit.tryCall('everything.get-sum', { a: 'x', b: 1 })).toMatchObject({
    success: false,
    error: { code: 'invalid_arguments', executed: 'no' },
  });
});

test('a batch over two servers answers in order', async () => {
  const calls = Array.from({ length: 60 }, (_, index) =>
    index % 3 === 2
      ? { server: 'second', tool: 'search_nodes', arguments: { query: 'nothing' } }
      : { name: 'everything.echo', arguments: { message: `number ${index}` } },
  );
  const outcomes = await toolkit.batch(calls, { concurrency: 8 });
  expect(outcomes.map(({ success, serverUsed }) => [success, serverUsed])).toEqual(
    calls.map((_, index) => [true, index % 3 === 2 ? 'second' : 'everything']),
  );
  for (const [index, { result }] of outcomes.entries()) {
    if (index % 3 !== 2) expect(textOf(result)).toBe(`Echo: number ${index}`);
  }
});

test('queued calls are sent together and answered each', async () => {
  const results = await Promise.all([1, 2, 3].map((b) => toolkit.queue('get-sum', { a: 40, b })));
  expect(results.map((result) => textOf(result).match(/\d+(?=\.?$)/)?.[0])).toEqual(['41', '42', '43']);
});

test('a broadcast reaches every server that has the tool', async () => {
  const outcomes = await toolkit.broadcast('read_graph');
  expect(Object.keys(outcomes)).toEqual(['first', 'second']);
  for (const { result } of Object.values(outcomes)) {
    expect(result?.structuredContent).toEqual({ entities: [], relations: [] });
  }
});

test('when the process of one member of a group has died, the other one answers', async () => {
  const { pid } = toolkit.status().first ?? {};
  process.kill(pid ?? 0, 'SIGKILL');
  await expect.poll(() => toolkit.status().first?.connected).toBe(false);
  expect(await toolkit.tryCall('first.read_graph')).toMatchObject({ success: true, serverUsed: 'second' });
  expect(await toolkit.tryCall('read_graph')).toMatchObject({ success: true, serverUsed: 'second' });
  const named = await toolkit.tryCall('first.read_graph', {}, { fallback: ['everything', 'second'] });
  expect(named).toMatchObject({ success: true, serverUsed: 'second' });
  const kept = await toolkit.callTool('first.read_graph', {}, { fallback: [() => ({ content: [] })] });
  expect(kept.content).not.toEqual([]);
  const own = await toolkit.callTool('first.no_such', {}, { fallback: () => ({ content: [] }) });
  expect(own.content).toEqual([]);
});
