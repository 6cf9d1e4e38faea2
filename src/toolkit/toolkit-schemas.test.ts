import { describe, expect, test } from 'vitest';
import { type ScriptedServer, scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, failure } from '../../test/fixtures/toolkits.ts';
import type { JsonObject } from '../protocol/types.ts';

/** Takes the worker a good part of the time that it may. */
const heavy = (number: number): JsonObject => ({
  type: 'object',
  properties: Object.fromEntries(
    Array.from({ length: 450 }, (_, i) => [
      `p${i}`,
      { type: 'string', pattern: `^([a-z]{1,30}${number}_${i}){1,30}$` },
    ]),
  ),
});
/** Takes longer than that for `EVIL`, and next to no time for other values. */
const slow: JsonObject = { type: 'object', properties: { a: { type: 'string', pattern: '^(?=.)(a+)+$' } } };
const EVIL = { a: `${'a'.repeat(60)}!` };

const called = (server: ScriptedServer): unknown[] => server.peers.flatMap((peer) => peer.requests('tools/call'));
/** A server with as many heavy schemas. */
const heavyServer = (count: number): ScriptedServer => {
  const names = Array.from({ length: count }, (_, index) => `t${index}`);
  const server = scriptedServer(Object.fromEntries(names.map((name) => [name, () => text(name)])));
  for (const [index, name] of names.entries()) server.definitions[name] = { inputSchema: heavy(index) };
  return server;
};

describe('a call whose schemas are not compiled yet', () => {
  test('ends at its deadline, and is not sent', async () => {
    const server = heavyServer(2);
    const { toolkit, clock } = await clockedToolkitOf({ s: server });
    const outcome = failure(toolkit.callTool('s.t1', {}, { timeoutMs: 200 }));
    await clock.advance(199);
    expect(toolkit.calls()).toMatchObject([{ state: 'queued' }]);
    await clock.advance(1);
    expect(toolkit.calls()).toEqual([]);
    expect(await outcome).toMatchObject({ code: 'timeout', limit: 200, executed: 'no' });
    await expect(toolkit.callTool('s.t1')).resolves.toEqual(text('t1'));
    expect(called(server)).toHaveLength(1);
  });

  test('hears its signal and cancel(id) at once', async () => {
    const server = heavyServer(2);
    const { toolkit, clock } = await clockedToolkitOf({ s: server });
    const controller = new AbortController();
    const outcomes = [
      failure(toolkit.callTool('s.t1', {}, { signal: controller.signal })),
      failure(toolkit.callTool('s.t1')),
    ];
    await clock.settle();
    controller.abort();
    expect(toolkit.cancel(toolkit.calls()[1]?.id ?? '')).toBe(true);
    await clock.settle();
    expect(toolkit.calls()).toEqual([]);
    for (const outcome of outcomes) expect(await outcome).toMatchObject({ code: 'cancelled', executed: 'no' });
    expect(called(server)).toEqual([]);
  });

  test('waits for them alone, whatever else its server and others have', async () => {
    const evil = heavyServer(8);
    const server = scriptedServer({ own: () => text('own'), other: () => text('other') });
    server.definitions.own = { inputSchema: { properties: { a: { pattern: '^a+$' } } } };
    // A schema that cannot be used says so when it was its turn.
    for (const index of [0, 1, 2, 3, 4, 5]) {
      const pattern = `^(${index}`;
      evil.definitions[`t${index}`] = {
        inputSchema: { ...heavy(index), properties: { ...(heavy(index).properties as JsonObject), z: { pattern } } },
      };
    }
    const { toolkit } = await clockedToolkitOf({ evil });
    let refused = 0;
    toolkit.on('warning', () => {
      refused += 1;
    });
    await toolkit.addServer('good', server.config);
    await toolkit.callTool('good.own', { a: 'aaa' });
    expect(refused).toBeLessThan(3);
    await toolkit.callTool('evil.t7');
    expect(refused).toBeLessThan(5);
  });
});

describe('a call whose values are checked for long', () => {
  test('ends at its deadline while its arguments are, and is not sent', async () => {
    const server = scriptedServer({ tool: () => text('') });
    server.definitions.tool = { inputSchema: slow };
    const { toolkit, clock } = await clockedToolkitOf({ s: server });
    await toolkit.callTool('s.tool', { a: 'b!' }).catch(() => {});
    const outcome = failure(toolkit.callTool('s.tool', EVIL, { timeoutMs: 100 }));
    await clock.advance(100);
    expect(toolkit.calls()).toEqual([]);
    expect(await outcome).toMatchObject({ code: 'timeout', executed: 'no' });
    expect(called(server)).toEqual([]);
  });

  test('ends at its deadline while its result is, and says that it ran', async () => {
    const server = scriptedServer({ tool: ({ a }) => ({ content: [], structuredContent: { a } }) });
    server.definitions.tool = { outputSchema: slow };
    const { toolkit, clock } = await clockedToolkitOf({ s: server });
    await toolkit.callTool('s.tool', { a: 'aa' });
    const outcome = failure(toolkit.callTool('s.tool', EVIL, { timeoutMs: 100 }));
    await clock.settle();
    await clock.advance(100);
    expect(toolkit.calls()).toEqual([]);
    expect(await outcome).toMatchObject({ code: 'timeout', executed: 'yes' });
  });
});
