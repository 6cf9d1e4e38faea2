import { describe, expect, test, vi } from 'vitest';
import { gated, named, type PlugServer, plugServer, said } from '../../test/fixtures/calls.ts';
import { text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, failure, toolkitOf } from '../../test/fixtures/toolkits.ts';
import { ToolwayError } from '../errors.ts';

const GROUP = { group: 'docs' };
const input = (server: PlugServer, properties: object): PlugServer => {
  server.definitions.who = { inputSchema: { type: 'object', properties } };
  return server;
};
/** Two members of a group whose tools take input as said. */
const pair = async (first: object, second: object) => {
  const [a, b] = [input(named('a', GROUP), first), input(named('b', GROUP), second)];
  return { a, b, toolkit: await toolkitOf({ a, b }) };
};

describe('T28: a call that another member of the group may take', () => {
  test('does not where the outcome is unknown, and not where the tool takes other input', async () => {
    const a: PlugServer = plugServer(
      {
        who: () => {
          queueMicrotask(() => a.unplug());
          return undefined;
        },
      },
      GROUP,
    );
    const b = named('b', GROUP);
    const toolkit = await toolkitOf({ a, b });
    expect(await failure(toolkit.callTool('a.who'))).toMatchObject({ code: 'outcome_unknown', server: 'a' });
    expect(b.had()).toEqual([]);
    expect(said(await toolkit.callTool('a.who'))).toBe('b');
    const other = await pair({ n: { type: 'number' } }, { n: { type: 'string' } });
    other.a.unplug();
    const error = await failure(other.toolkit.callTool('a.who', {}, { timeoutMs: 30 }));
    expect(error).toMatchObject({ code: 'connect_timeout', server: 'a' });
    expect(other.b.had()).toEqual([]);
  });
});

describe('within a group', () => {
  test('another member answers when a server was lost, and itself when it is back', async () => {
    const { a, toolkit } = await pair({ n: { type: 'number' } }, { n: { type: 'number' } });
    expect(said(await toolkit.callTool('a.who'))).toBe('a');
    a.unplug();
    expect(await toolkit.tryCall('a.who')).toMatchObject({ success: true, serverUsed: 'b' });
    a.plug();
    await toolkit.reconnect('a');
    expect(said(await toolkit.callTool('a.who'))).toBe('a');
  });

  test('the order of keys does not make schemas different', async () => {
    const [x, y] = [{ type: 'string', description: 'x' }, { type: 'number' }];
    const { a, toolkit } = await pair({ x, y }, { y, x: { description: 'x', type: 'string' } });
    a.unplug();
    expect(said(await toolkit.callTool('a.who'))).toBe('b');
  });

  test('servers of other groups and of none do not answer, nor does any where the call says so', async () => {
    const [a, b, c] = [named('a', GROUP), named('b', { group: 'other' }), named('c')];
    const { toolkit, clock } = await clockedToolkitOf({ a, b, c, d: named('d', GROUP) });
    a.unplug();
    await toolkit.batch([]);
    expect(said(await toolkit.callTool('a.who'))).toBe('d');
    const own = failure(toolkit.callTool('a.who', {}, { fallback: false, timeoutMs: 50 }));
    await clock.advance(50);
    expect(await own).toMatchObject({ code: 'connect_timeout', server: 'a' });
    expect([b.had(), c.had()]).toEqual([[], []]);
  });

  test('a call waits as any other while no member is there, and goes to the first that comes', async () => {
    const [a, b] = [named('a', GROUP), named('b', GROUP)];
    const toolkit = await toolkitOf({ a, b });
    a.unplug();
    b.unplug();
    const call = toolkit.callTool('a.who');
    await vi.waitFor(() => expect(toolkit.calls()).toMatchObject([{ server: 'a', state: 'queued' }]));
    a.plug();
    await toolkit.reconnect('a');
    expect(said(await call)).toBe('a');
  });

  test('a call leaves the line of a server that is lost for a member that is there', async () => {
    const { server, open } = gated();
    Object.assign(server.config, GROUP, { maxConcurrency: 1 });
    const b = plugServer({ wait: () => text('b') }, GROUP);
    const toolkit = await toolkitOf({ a: server, b });
    const first = failure(toolkit.callTool('a.wait'));
    const second = toolkit.callTool('a.wait');
    await vi.waitFor(() => expect([open.length, toolkit.status().a?.queued]).toEqual([1, 1]));
    server.unplug();
    expect(said(await second)).toBe('b');
    await first;
  });

  test('arguments that do not fit are refused once: the others would refuse them as well', async () => {
    const { a, b, toolkit } = await pair({ n: { type: 'number' } }, { n: { type: 'number' } });
    const heard: string[] = [];
    toolkit.on('tool_call_error', ({ server }) => void heard.push(server));
    const error = await failure(toolkit.callTool('a.who', { n: 'x' }));
    expect(error).toMatchObject({ code: 'invalid_arguments', server: 'a', problems: [{ path: '/n' }] });
    expect([error.cause, heard, a.had(), b.had()]).toEqual([undefined, ['a'], [], []]);
  });

  test('a refusal is the last word', async () => {
    const { b, toolkit } = await pair({}, {});
    toolkit.use((next) => (call) => {
      if (call.server === 'a') throw new ToolwayError('denied', 'no', { executed: 'no' });
      return next(call);
    });
    expect(await failure(toolkit.callTool('a.who'))).toMatchObject({ code: 'denied', server: 'a' });
    expect(b.had()).toEqual([]);
  });

  test('members come before a fallback function, and names replace them', async () => {
    const c = named('c');
    const [a, b] = [named('a', GROUP), named('b', GROUP)];
    const toolkit = await toolkitOf({ a, b, c });
    a.unplug();
    expect(said(await toolkit.callTool('a.who', {}, { fallback: () => text('kept') as never }))).toBe('b');
    expect(said(await toolkit.callTool('a.who', {}, { fallback: ['c'] }))).toBe('c');
    expect(b.had()).toHaveLength(1);
  });

  test('a bare name means the first member that is connected, in configuration order', async () => {
    const [a, b, c] = [named('a', GROUP), named('b', GROUP), named('c', GROUP)];
    const toolkit = await toolkitOf({ a, b, c });
    expect(said(await toolkit.callTool('who'))).toBe('a');
    a.unplug();
    expect(said(await toolkit.callTool('who'))).toBe('b');
    b.unplug();
    expect(said(await toolkit.callTool('who'))).toBe('c');
    a.plug();
    await toolkit.reconnect('a');
    expect(said(await toolkit.callTool('who'))).toBe('a');
  });

  test('a bare name needs no equal input: it names no server', async () => {
    const { a, toolkit } = await pair({ n: { type: 'number' } }, { n: { type: 'string' } });
    a.unplug();
    expect(said(await toolkit.callTool('who', { n: 'x' }))).toBe('b');
  });
});
