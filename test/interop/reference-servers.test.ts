import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Root, TextContent, Toolkit } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { installed, until } from '../fixtures/servers/launch.ts';

const run = (name: string, ...args: string[]) => ({
  command: process.execPath,
  args: [installed(`@modelcontextprotocol/${name}/dist/index.js`), ...args],
});
const textOf = (result: { content: readonly unknown[] }): string => (result.content[0] as TextContent).text;

let home: string;
let toolkit: Toolkit;
let roots: Root[];

beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'toolway-interop-')));
  for (const folder of ['files', 'rooted', 'later']) await mkdir(join(home, folder));
  roots = [{ uri: pathToFileURL(join(home, 'rooted')).href, name: 'rooted' }];
  toolkit = await createToolkit({
    connect: 'wait',
    mcpServers: {
      files: run('server-filesystem', join(home, 'files')),
      rooted: { ...run('server-filesystem', join(home, 'files')), roots: () => roots },
      memory: { ...run('server-memory'), env: { MEMORY_FILE_PATH: join(home, 'memory.jsonl') } },
      thinking: run('server-sequential-thinking'),
    },
  });
});

afterAll(async () => {
  await toolkit?.close();
  await rm(home, { recursive: true, force: true });
});

test('three servers by other authors are connected side by side', () => {
  const status = toolkit.status();
  expect(Object.values(status).map(({ state }) => state)).toEqual(Array(4).fill('connected'));
  expect(status.files?.serverInfo?.name).toBe('secure-filesystem-server');
  expect(status.memory?.serverInfo?.name).toBe('memory-server');
  expect(status.thinking?.serverInfo?.name).toBe('sequential-thinking-server');
  expect(new Set(Object.values(status).map(({ era }) => era))).toEqual(new Set(['legacy']));
});

describe('server-filesystem', () => {
  test('writes, edits, reads and lists inside its folder', async () => {
    const path = join(home, 'files', 'note.txt');
    await toolkit.callTool('files.write_file', { path, content: 'one\ntwo — zwei\n' });
    expect(await readFile(path, 'utf8')).toBe('one\ntwo — zwei\n');
    await toolkit.callTool('files.edit_file', { path, edits: [{ oldText: 'one', newText: 'eins' }] });
    expect(textOf(await toolkit.callTool('files.read_text_file', { path }))).toBe('eins\ntwo — zwei\n');
    expect(textOf(await toolkit.callTool('files.list_directory', { path: join(home, 'files') }))).toContain(
      '[FILE] note.txt',
    );
    const tree = await toolkit.callTool('files.directory_tree', { path: join(home, 'files') });
    expect(JSON.parse(textOf(tree))).toContainEqual({ name: 'note.txt', type: 'file' });
  });

  test('its structured content passes the check of its output schema', async () => {
    const { structuredContent } = await toolkit.callTool('files.list_allowed_directories');
    expect(structuredContent).toEqual({ content: `Allowed directories:\n${join(home, 'files')}` });
  });

  test('a binary file comes as media', async () => {
    const path = join(home, 'files', 'pixel.png');
    await writeFile(path, Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]));
    const { content } = await toolkit.callTool('files.read_media_file', { path });
    expect(content[0]).toMatchObject({ type: 'image', mimeType: 'image/png', data: 'iVBORwECAw==' });
  });

  test('a path outside is the tool’s refusal, not an exception', async () => {
    await writeFile(join(home, 'secret.txt'), 'secret');
    for (const path of [join(home, 'secret.txt'), join(home, 'files', '..', 'secret.txt')]) {
      const result = await toolkit.callTool('files.read_text_file', { path });
      expect(result.isError).toBe(true);
      expect(textOf(result)).toContain('Access denied');
    }
  });

  test('the roots of the client decide, and follow their change', async () => {
    const allowed = async () => textOf(await toolkit.callTool('rooted.list_allowed_directories'));
    await until(async () => (await allowed()) === `Allowed directories:\n${join(home, 'rooted')}`, 'the root is used');
    roots = [{ uri: pathToFileURL(join(home, 'later')).href }];
    await toolkit.server('rooted').rootsChanged();
    await until(
      async () => (await allowed()) === `Allowed directories:\n${join(home, 'later')}`,
      'the new root is used',
    );
  });
});

test('server-memory keeps a graph that outlives its process', async () => {
  const entities = [
    { name: 'Ada', entityType: 'person', observations: ['wrote the first program'] },
    { name: 'Engine', entityType: 'machine', observations: [] },
  ];
  await toolkit.callTool('memory.create_entities', { entities });
  await toolkit.callTool('memory.create_relations', {
    relations: [{ from: 'Ada', to: 'Engine', relationType: 'programs' }],
  });
  await toolkit.reconnect('memory');
  const graph = await toolkit.callTool('memory.read_graph');
  expect(graph.structuredContent).toMatchObject({
    entities,
    relations: [{ from: 'Ada', to: 'Engine', relationType: 'programs' }],
  });
  const found = await toolkit.callTool('memory.search_nodes', { query: 'program' });
  expect(found.structuredContent).toMatchObject({ entities: [{ name: 'Ada' }] });
});

test('server-sequential-thinking counts its thoughts, and a bare name finds it', async () => {
  const think = await toolkit.tool('sequentialthinking');
  expect(think.definition.server).toBe('thinking');
  for (const thoughtNumber of [1, 2]) {
    const result = await think({ thought: 'hm', nextThoughtNeeded: true, thoughtNumber, totalThoughts: 2 });
    expect(result.structuredContent).toMatchObject({ thoughtNumber, thoughtHistoryLength: thoughtNumber });
  }
  await expect(think({ thought: 'hm' })).rejects.toMatchObject({ code: 'invalid_arguments' });
});
