import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FIXTURES, type World } from '../../test/fixtures/faults/worlds.ts';
import { failure } from '../../test/fixtures/toolkits.ts';
import type { Toolkit } from '../api.ts';
import { createEmitter } from '../events.ts';
import { createToolkit as createBrowserToolkit } from '../index.ts';
import { createToolkit } from '../node/index.ts';
import type { ServerConfig, ToolkitOptions } from '../options.ts';
import { walkList } from '../protocol/lists.ts';
import type { FilePort } from '../runtime.ts';
import type { Catalog } from '../server/catalog.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { MAX_CATALOGUE_BYTES, openCatalogueFile } from './catalogue-file.ts';

let folder = '';
let catalogueFile = '';
const toolkits: Toolkit[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolway-catalogue-'));
  catalogueFile = join(folder, 'state', 'catalogue.json');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(toolkits.splice(0).map((toolkit) => toolkit.close({ drainMs: 0 })));
  rmSync(folder, { recursive: true });
});

const stdio = (): Promise<World> => FIXTURES[1]?.start() as Promise<World>;
const toolkitOn = async (mcpServers: Record<string, ServerConfig>, options: ToolkitOptions = {}) => {
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
  const toolkit = await createToolkit({ connect: 'lazy', catalogueFile, logger, mcpServers, ...options });
  toolkits.push(toolkit);
  return { toolkit, warnings };
};
/** An earlier run, which has read the lists. */
const firstRun = async (mcpServers: Record<string, ServerConfig>): Promise<void> => {
  const { toolkit } = await toolkitOn(mcpServers, { connect: 'wait' });
  await toolkit.close();
};

describe('the lists of an earlier run', () => {
  test('are shown without a connection, as old as they are; a call connects, and they are fresh', async () => {
    const world = await stdio();
    const before = Date.now();
    await firstRun({ s: world.config });
    const after = Date.now();
    const { toolkit } = await toolkitOn({ s: world.config });
    const listed = [...(await toolkit.listTools()), ...(await toolkit.listTools({ server: 's' }))];
    expect(listed.map(({ name }) => name)).toContain('echo');
    expect(await toolkit.listResources()).toEqual([]);
    for (const { stale, fetchedAt } of listed) {
      expect(stale).toBe(true);
      expect(fetchedAt).toBeGreaterThanOrEqual(before);
      expect(fetchedAt).toBeLessThanOrEqual(after);
    }
    expect(toolkit.status().s).toMatchObject({ state: 'disconnected', toolsCount: listed.length / 2 });
    expect(world.starts()).toHaveLength(1);

    await toolkit.callTool('s.echo', { value: 1 });
    expect(world.starts()).toHaveLength(2);
    for (const { stale, fetchedAt } of await toolkit.listTools()) {
      expect(stale).toBe(false);
      expect(fetchedAt).toBeGreaterThanOrEqual(after);
    }
  });

  test('say which server a bare name means, and no other one is started; for a name that they lack all are', async () => {
    const [one, other] = [await stdio(), await stdio()];
    const { args = [] } = other.config;
    writeFileSync(join(args[2] as string, 'tools'), '[{"name":"extra","inputSchema":{"type":"object"}}]');
    const servers = {
      one: { ...one.config, disabledTools: ['count'] },
      other: { ...other.config, disabledTools: ['echo'] },
    };
    await firstRun(servers);
    const { toolkit } = await toolkitOn(servers);
    await toolkit.callTool('echo', { value: 1 });
    expect([one.starts().length, other.starts().length]).toEqual([2, 1]);
    expect(await failure(toolkit.callTool('no-such-tool'))).toMatchObject({ code: 'unknown_tool' });
    expect([one.starts().length, other.starts().length]).toEqual([2, 2]);
  });

  test('stand in for a server that cannot be reached', async () => {
    const world = await stdio();
    await firstRun({ s: world.config });
    const { toolkit } = await toolkitOn({ s: { ...world.config } }, { connect: 'eager' });
    expect((await toolkit.listTools()).every(({ stale }) => !stale)).toBe(true);
    await toolkit.close();
    const gone = { ...world.config, connectTimeoutMs: 1 };
    const { toolkit: without } = await toolkitOn({ s: gone }, { connect: 'wait' });
    const listed = await without.listTools();
    expect([listed.length > 0, listed.every(({ stale }) => stale)]).toEqual([true, true]);
  });

  test('belong to what is launched and its name', async () => {
    const world = await stdio();
    await firstRun({ s: world.config });
    const { args = [] } = world.config;
    const { toolkit } = await toolkitOn({ s: { ...world.config, args: [...args, '--other'] }, t: world.config });
    expect(toolkit.status().s?.toolsCount).toBe(0);
    expect(toolkit.status().t?.toolsCount).toBe(0);
  });
});

describe('the file', () => {
  test('is for its user alone, whole, and without secrets', async () => {
    const world = await stdio();
    await firstRun({ s: { ...world.config, env: { TOKEN: 'canary-secret' } } });
    expect(statSync(catalogueFile).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'state'))).toEqual(['catalogue.json']);
    const text = readFileSync(catalogueFile, 'utf8');
    expect(text).toContain('"echo"');
    expect(text).not.toContain('canary');
  });

  test.each([
    ['is cut off', '{"toolway":"catalogue","version":1,"serv'],
    ['is another one', '{"mcpServers":{}}'],
    ['is of another version', '{"toolway":"catalogue","version":2,"servers":{}}'],
    ['is no object', 'null'],
  ])('that %s is told, and neither used nor touched', async (_, text) => {
    const world = await stdio();
    catalogueFile = join(folder, 'catalogue.json');
    writeFileSync(catalogueFile, text);
    const { toolkit, warnings } = await toolkitOn({ s: world.config }, { connect: 'wait' });
    expect(warnings.filter((warning) => warning.includes(catalogueFile))).toHaveLength(1);
    expect((await toolkit.listTools()).length).toBeGreaterThan(0);
    await toolkit.close();
    expect(readFileSync(catalogueFile, 'utf8')).toBe(text);
  });

  test('may lie: what is no list, and what is no tool, is not taken for one', async () => {
    const world = await stdio();
    await firstRun({ s: world.config });
    const kept = JSON.parse(readFileSync(catalogueFile, 'utf8'));
    const [key = ''] = Object.keys(kept.servers);
    const fetchedAt = 1;
    let deep: unknown = {};
    for (let depth = 0; depth < 200; depth += 1) deep = { deep };
    kept.servers[key].lists = {
      tools: {
        fetchedAt,
        items: [null, 5, { name: 7 }, { name: 'deep', inputSchema: deep }, { name: 'good', inputSchema: {} }],
      },
      resources: { fetchedAt: 'x', items: [] },
      prompts: { fetchedAt, items: 'many' },
    };
    writeFileSync(catalogueFile, JSON.stringify(kept));
    const { toolkit } = await toolkitOn({ s: world.config });
    expect((await toolkit.listTools()).map(({ name }) => name)).toEqual(['good']);
    expect(toolkit.status().s).toMatchObject({ resourcesCount: 0, promptsCount: 0 });
  });

  test('is an option for Node', async () => {
    expect(await failure(createBrowserToolkit({ catalogueFile: 'x' }))).toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('toolway/node'),
    });
    expect(await failure(createToolkit({ catalogueFile: '' }))).toMatchObject({ code: 'invalid_config' });
  });
});

describe('writing', () => {
  /** Servers with a list of one tool each; the file is in memory. */
  const world = async (text?: string) => {
    const clock = createFakeClock();
    const state = { text, writes: 0, fails: false, warnings: [] as string[] };
    const files: FilePort = {
      read: async () => state.text,
      async write(_path, written) {
        if (state.fails) throw new Error('the disk is full');
        state.writes += 1;
        state.text = written;
      },
    };
    const events = createEmitter(() => {});
    events.on('warning', ({ message }) => state.warnings.push(message));
    const masked = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('canary', '***'));
    const open = () => openCatalogueFile({ path: 'c', files, clock, walkList, events, masked });
    const file = await open();
    const add = async (command: string, description: string, name = 's') => {
      const tools = { items: [{ name: 'tool', description, inputSchema: { type: 'object' } }], fetchedAt: Date.now() };
      const catalog = {
        onread: undefined,
        known: (kind: string) => (kind === 'tools' ? tools : undefined),
        restore: vi.fn(),
      } as unknown as Catalog;
      await file.attach({ name, config: { command }, catalog });
      return { catalog, tools };
    };
    const kept = (): string[] => Object.keys(JSON.parse(state.text ?? '{"servers":{}}').servers);
    return { clock, state, file, add, kept };
  };

  test('comes a second after the first of a burst of news, and at the end', async () => {
    const { clock, state, file, add } = await world();
    const { catalog, tools } = await add('a', 'old');
    for (let news = 0; news < 5; news += 1) {
      catalog.onread?.(true);
      await clock.advance(190);
    }
    expect(state.writes).toBe(0);
    await clock.advance(100);
    expect(state.writes).toBe(1);
    tools.fetchedAt = 1;
    catalog.onread?.(false);
    await clock.advance(10_000);
    expect([state.writes, clock.pendingTimers]).toEqual([1, 0]);
    await file.close();
    await file.close();
    expect([state.writes, state.text?.includes('"fetchedAt":1,')]).toEqual([2, true]);
  });

  test('leaves what other programs have written meanwhile', async () => {
    const one = await world();
    await one.add('a', 'of a').then(({ catalog }) => catalog.onread?.(true));
    const other = await world();
    await other.add('b', 'of b').then(({ catalog }) => catalog.onread?.(true));
    await other.file.close();
    one.state.text = other.state.text;
    await one.file.close();
    expect(one.kept()).toHaveLength(2);
  });

  test('keeps accounts at the same place apart, which their names tell', async () => {
    const before = await world();
    for (const name of ['work', 'home']) (await before.add('a', `of ${name}`, name)).catalog.onread?.(true);
    await before.file.close();
    const after = await world(before.state.text);
    for (const name of ['work', 'home', 'other']) {
      const { restore } = (await after.add('a', '', name)).catalog;
      const items = expect.arrayContaining([expect.objectContaining({ description: `of ${name}` })]);
      if (name === 'other') expect(restore).not.toHaveBeenCalled();
      else expect(restore).toHaveBeenCalledWith('tools', items, expect.any(Number));
    }
  });

  test('tells no secret that a server tells in its lists', async () => {
    const { file, state, add } = await world();
    (await add('a', 'for postgres://me:canary@db')).catalog.onread?.(true);
    await file.close();
    expect(state.text).toContain('for postgres://me:***@db');
  });

  test('that fails is told once, and nothing more is kept', async () => {
    const { clock, state, add } = await world();
    state.fails = true;
    const { catalog } = await add('a', '');
    for (let news = 0; news < 3; news += 1) {
      catalog.onread?.(true);
      await clock.advance(2_000);
    }
    expect(state.warnings).toHaveLength(1);
  });

  test('leaves out what was written longest ago where all of it is too much', async () => {
    const { file, state, add, kept } = await world();
    let now = 0;
    vi.spyOn(Date, 'now').mockImplementation(() => {
      now += 1;
      return now;
    });
    const much = 'x'.repeat(Math.floor(MAX_CATALOGUE_BYTES / 3));
    for (const command of ['a', 'b', 'c', 'd']) {
      const { catalog } = await add(command, much);
      catalog.onread?.(true);
      await file.close();
    }
    expect(state.text?.length).toBeLessThanOrEqual(MAX_CATALOGUE_BYTES);
    expect(kept()).toHaveLength(2);
  });
});
