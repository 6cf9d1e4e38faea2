import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogMessage, Progress, ServerConfig, TextContent, Toolkit } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { type Launched, launch, program, until } from '../fixtures/servers/launch.ts';

const FASTMCP = program('fastmcp.js');
const textOf = (result: { content: readonly unknown[] }): string => (result.content[0] as TextContent).text;

const overHttp = async (path: string, ...args: string[]): Promise<{ config: ServerConfig; server: Launched }> => {
  const server = await launch([FASTMCP, 'http', ...args]);
  return { config: { url: `${server.origin}${path}` }, server };
};

const LINKS: { name: string; kind: string; start(): Promise<{ config: ServerConfig; server?: Launched }> }[] = [
  {
    name: 'stdio',
    kind: 'stdio',
    start: async () => ({ config: { command: process.execPath, args: [FASTMCP, 'stdio'] } }),
  },
  { name: 'HTTP streaming', kind: 'http', start: () => overHttp('/mcp') },
  { name: 'a URL of SSE, found out by asking', kind: 'sse', start: () => overHttp('/sse') },
];

describe.each(LINKS)('fastmcp over $name', ({ kind, start }) => {
  let toolkit: Toolkit;
  let server: Launched | undefined;
  const logs: LogMessage[] = [];

  beforeAll(async () => {
    const started = await start();
    server = started.server;
    toolkit = await createToolkit({
      connect: 'wait',
      mcpServers: { fast: started.config },
      onLog: (log) => logs.push(log),
      onElicit: () => ({ action: 'accept', content: { sure: true } }),
    });
  });
  afterAll(async () => {
    await toolkit?.close();
    await server?.stop();
  });

  test('is connected in the legacy era', () => {
    expect(toolkit.status().fast).toMatchObject({
      state: 'connected',
      era: 'legacy',
      transport: kind,
      serverInfo: { name: 'fast', version: '4.20.16' },
      instructions: 'Go fast.',
      promptsCount: 1,
      resourcesCount: 1,
    });
  });

  test('tools answer, fail in their own way, and are checked before they are asked', async () => {
    expect(textOf(await toolkit.callTool('fast.shout', { text: 'hey' }))).toBe('HEY');
    const refused = await toolkit.callTool('fast.refuse');
    expect(refused.isError).toBe(true);
    expect(textOf(refused)).toContain('not today');
    await expect(toolkit.callTool('fast.shout', {})).rejects.toMatchObject({ code: 'invalid_arguments' });
    const picture = await toolkit.callTool('fast.picture');
    expect(picture.content[0]).toMatchObject({ type: 'image', mimeType: 'image/png' });
  });

  test('progress and log messages arrive', async () => {
    const seen: Progress[] = [];
    await toolkit.callTool('fast.report', {}, { onProgress: (progress) => seen.push(progress) });
    expect(seen).toEqual([1, 2, 3].map((progress) => ({ progress, total: 3, message: `step ${progress}` })));
    const heard = await until(
      () => logs.find(({ data }) => JSON.stringify(data).includes('about to report')),
      'the log message',
    );
    expect(heard.level).toBe('info');
  });

  test('the user is asked', async () => {
    expect(textOf(await toolkit.callTool('fast.confirm'))).toBe('accept true');
  });

  test('resources, templates, prompts and completions are there', async () => {
    expect((await toolkit.readResource('note://one')).contents[0]?.text).toBe('first note');
    expect((await toolkit.readResource('note://by/Ada')).contents[0]?.text).toBe('notes by Ada');
    const poem = await toolkit.getPrompt('fast.poem', { about: 'rain' });
    expect(poem.messages[0]?.content).toMatchObject({ text: 'A poem about the rain.' });
    const on = { server: 'fast' };
    const about = { name: 'about', value: 'r' };
    expect((await toolkit.complete({ type: 'ref/prompt', name: 'poem' }, about, on)).values).toEqual(['rain', 'river']);
    const author = { name: 'author', value: 'A' };
    const template = { type: 'ref/resource', uri: 'note://by/{author}' } as const;
    expect((await toolkit.complete(template, author, on)).values).toEqual(['Ada', 'Alan']);
  });

  test('an update of a resource and a new tool are noticed', async () => {
    const updates: string[] = [];
    await toolkit.subscribeResource('note://one', ({ uri }) => updates.push(uri));
    await toolkit.callTool('fast.touch');
    await until(() => updates.includes('note://one'), 'the update');
    await toolkit.callTool('fast.offer', { text: 'fresh' });
    await until(async () => (await toolkit.listTools()).some(({ name }) => name === 'fresh'), 'the new tool');
    expect(textOf(await toolkit.callTool('fast.fresh'))).toBe('this is fresh');
  });
});

test('fastmcp without sessions answers as well', async () => {
  const { config, server } = await overHttp('/mcp', '--stateless');
  const toolkit = await createToolkit({ connect: 'wait', mcpServers: { fast: config } });
  try {
    expect(toolkit.status().fast).toMatchObject({ state: 'connected', era: 'legacy', transport: 'http' });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => toolkit.callTool('fast.shout', { text: `a${index}` })),
    );
    expect(answers.map(textOf)).toEqual(Array.from({ length: 20 }, (_, index) => `A${index}`));
  } finally {
    await toolkit.close();
    await server.stop();
  }
});
