import { describe, expect, test } from 'vitest';
import { contextOf, principal } from '../../../test/fixtures/gateway-app.ts';
import { type ScriptedServer, scriptedServer, text } from '../../../test/fixtures/scripted-server.ts';
import { toolkitOf } from '../../../test/fixtures/toolkits.ts';
import type { Toolkit } from '../../api.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { Caller } from '../principal.ts';
import { readServedName, servedName } from './served-names.ts';
import { createSurfaces } from './surface.ts';

const alice: Caller = { principal: principal('alice') };
const names = ({ tools }: Record<string, unknown>): string[] => (tools as { name: string }[]).map(({ name }) => name);
const tooled = (...tools: string[]): ScriptedServer =>
  scriptedServer(Object.fromEntries(tools.map((name) => [name, () => text(name)])));

/** A toolkit of which it is counted how often its tools are listed. */
const counted = (toolkit: Toolkit): { toolkit: Toolkit; lists: () => number } => {
  let lists = 0;
  return {
    lists: () => lists,
    toolkit: {
      ...toolkit,
      listTools(...given) {
        lists += 1;
        return toolkit.listTools(...given);
      },
    },
  };
};

describe('served names', () => {
  test('are the names of server and tool, which can be read back', async () => {
    for (const tool of ['t', '_t', '__t', 't__u', 't.u', 'x'.repeat(94)]) {
      const name = await servedName('server', tool);
      expect(name).toBe(`server__${tool}`);
      expect(readServedName(name)).toEqual({ server: 'server', name: tool });
    }
  });

  test('are aliases where the name would not be one, all different', async () => {
    const odd = ['ü', 'ö', 'a b', 'a/b', '', 'x'.repeat(200), `${'x'.repeat(200)}y`, 'x..0123456789abcdef'];
    const aliases = await Promise.all(odd.map((tool) => servedName('server', tool)));
    expect(new Set(aliases).size).toBe(odd.length);
    expect(aliases).not.toContain('server__x..0123456789abcdef');
    for (const alias of aliases) {
      expect(alias).toMatch(/^[A-Za-z0-9_.-]{1,128}$/);
      expect(readServedName(alias)).toBe('alias');
    }
  });

  test('without a server or without a tool are none', () => {
    for (const name of ['', 'tool', '__tool', 'server__']) expect(readServedName(name)).toBeUndefined();
  });
});

describe('a surface', () => {
  test('makes a list once, for as long as nothing changes', async () => {
    const server = tooled('one');
    const { toolkit, lists } = counted(await toolkitOf({ s: server }));
    const clock = createFakeClock();
    const surface = createSurfaces(contextOf(toolkit, { clock })).choose(alice);
    const first = await surface.list('tools', alice);
    expect(await surface.list('tools', alice)).toBe(first);
    expect(lists()).toBe(1);
    await clock.advance(1_000);
    await surface.list('tools', alice);
    expect(lists()).toBe(2);
  });

  test('lists anew what a server has lost or won, at once', async () => {
    const toolkit = await toolkitOf({ s: tooled('one'), t: tooled('two') });
    const surface = createSurfaces(contextOf(toolkit, { clock: createFakeClock() })).choose(alice);
    expect(names(await surface.list('tools', alice))).toEqual(['s__one', 't__two']);
    await toolkit.disableServer('s');
    expect(names(await surface.list('tools', alice))).toEqual(['t__two']);
    await toolkit.enableServer('s');
    expect(names(await surface.list('tools', alice))).toEqual(['s__one', 't__two']);
  });

  test('gives each caller what it sees, and a resource of two servers to the first that it sees', async () => {
    const [s, t] = [tooled('one', 'two'), tooled('one')];
    for (const server of [s, t]) {
      server.capabilities = { tools: {}, resources: {} };
      server.resources = [{ uri: 'x://same', name: server === s ? 'of s' : 'of t' }];
    }
    const toolkit = await toolkitOf({ s, t });
    const surfaces = createSurfaces(contextOf(toolkit));
    const surface = surfaces.choose(alice);
    const narrow: Caller = { principal: principal('n', { sees: (server, tool) => server === 't' || tool === 'two' }) };
    expect(names(await surface.list('tools', narrow))).toEqual(['s__two', 't__one']);
    const { resources } = await surface.list('resources', alice);
    expect(resources).toEqual([{ uri: 'x://same', name: 'of s' }]);
    expect((await surface.list('resources', narrow)).resources).toEqual([{ uri: 'x://same', name: 'of t' }]);
  });

  test('gives a schema without a type the one that it has to have', async () => {
    const server = tooled('one');
    server.definitions.one = { inputSchema: { properties: { a: {} } } };
    const toolkit = await toolkitOf({ s: server });
    const { tools } = await createSurfaces(contextOf(toolkit)).choose(alice).list('tools', alice);
    expect(tools).toEqual([{ name: 's__one', inputSchema: { type: 'object', properties: { a: {} } } }]);
  });

  test('of one server is for those who see it', async () => {
    const toolkit = await toolkitOf({ s: tooled('one') });
    const surfaces = createSurfaces(contextOf(toolkit));
    expect(names(await surfaces.choose(alice, { server: 's' }).list('tools', alice))).toEqual(['one']);
    expect(surfaces.choose(alice, { server: 's' })).toBe(surfaces.choose(alice, { names: 'plain' }));
    const blind: Caller = { principal: principal('b', { sees: () => false }) };
    expect(() => surfaces.choose(blind, { server: 's' })).toThrow(expect.objectContaining({ code: 'unknown_server' }));
    expect(() => surfaces.choose(alice, { server: 'x' })).toThrow(expect.objectContaining({ code: 'unknown_server' }));
    expect(() => surfaces.choose(blind, { names: 'plain' })).toThrow('this one has none');
    expect(() => surfaces.choose(alice, { names: 'odd' })).toThrow('names can be "plain"');
  });

  test('says what its servers offer, and takes one that is not there for able to do anything', async () => {
    const server = tooled('one');
    const gone = { transport: () => Promise.reject(new Error('gone')) };
    const toolkit = await toolkitOf({ s: server }, { mcpServers: { gone } });
    const surfaces = createSurfaces(contextOf(toolkit));
    expect((await surfaces.choose(alice, { server: 's' }).about(alice)).capabilities).toEqual({
      tools: { listChanged: true },
    });
    expect(Object.keys((await surfaces.choose(alice).about(alice)).capabilities)).toEqual([
      'tools',
      'resources',
      'prompts',
      'completions',
      'logging',
    ]);
  });
});
