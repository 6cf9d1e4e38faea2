import { describe, expect, test, vi } from 'vitest';
import { scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../../test/fixtures/toolkits.ts';

const offering = (...uris: string[]) => {
  const server = scriptedServer({ say: () => text('said') });
  server.capabilities = { tools: {}, resources: {} };
  server.resources = uris.map((uri) => ({ uri, name: uri }));
  return server;
};

describe('a server that is disabled', () => {
  test('ends its link and its calls, keeps its place, and comes back when it is enabled', async () => {
    const first = scriptedServer({ say: () => text('said'), wait: () => undefined });
    const toolkit = await toolkitOf({ first, second: scriptedServer({}) });
    const waiting = failure(toolkit.callTool('first.wait'));
    await vi.waitFor(() => expect(toolkit.calls()).toMatchObject([{ state: 'handed_over' }]));
    await toolkit.disableServer('first');
    expect((await waiting).code).toBe('outcome_unknown');
    expect(toolkit.status().first?.state).toBe('disabled');
    expect(Object.keys(toolkit.status())).toEqual(['first', 'second']);
    expect(await toolkit.listTools()).toEqual([]);
    expect((await failure(toolkit.callTool('first.say'))).code).toBe('not_connected');

    await toolkit.enableServer('first');
    expect(toolkit.status().first?.state).toBe('connected');
    expect(await toolkit.callTool('first.say')).toEqual(text('said'));
    expect(first.peers).toHaveLength(2);
    expect(Object.keys(toolkit.status())).toEqual(['first', 'second']);
  });

  test('is disabled once, and enabled once, however often that is said', async () => {
    const server = scriptedServer({});
    const toolkit = await toolkitOf({ s: server });
    await toolkit.enableServer('s');
    expect(server.peers).toHaveLength(1);
    await Promise.all([toolkit.disableServer('s'), toolkit.disableServer('s')]);
    await Promise.all([toolkit.enableServer('s'), toolkit.enableServer('s')]);
    expect(server.peers).toHaveLength(2);
    expect((await failure(toolkit.disableServer('t'))).code).toBe('unknown_server');
  });
});

describe('the server of a resource', () => {
  test('is the one that lists it, or the first that does of those that are named', async () => {
    const toolkit = await toolkitOf({ a: offering('u:1', 'u:2'), b: offering('u:2', 'u:3') });
    expect(await toolkit.findResource('u:3')).toBe('b');
    expect((await failure(toolkit.findResource('u:2'))).code).toBe('ambiguous_resource');
    expect(await toolkit.findResource('u:2', { servers: ['b', 'a'] })).toBe('a');
    expect(await toolkit.findResource('u:2', { servers: ['b'] })).toBe('b');
    expect((await failure(toolkit.findResource('u:1', { servers: [] }))).code).toBe('unknown_resource');
  });
});
