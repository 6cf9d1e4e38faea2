import { describe, expect, test, vi } from 'vitest';
import { scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, failure, toolkitOf } from '../../test/fixtures/toolkits.ts';
import type { Toolkit } from '../api.ts';
import { serverAlias } from '../config/alias.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import type { JsonObject } from '../protocol/types.ts';
import type { FakeClock } from '../testing/fake-clock.ts';
import type { Transport } from '../transport/transport.ts';

const echo = () => scriptedServer({ echo: () => text('hi') });
/** Counts the links that are open. */
const counted = (): { config: ServerConfig; open: () => number; made: () => number } => {
  const server = echo();
  const make = server.config.transport as () => Transport;
  let open = 0;
  const transport = () => {
    const link = make();
    open += 1;
    const { close } = link;
    link.close = async () => {
      open -= 1;
      await close.call(link);
    };
    return link;
  };
  return { config: { transport, era: 'legacy' }, open: () => open, made: () => server.peers.length };
};

describe('servers that are added', () => {
  test('at the same time under one name: the first one is, the other is refused, and no link is left behind', async () => {
    const toolkit = await toolkitOf({});
    const [one, other] = [counted(), counted()];
    const first = toolkit.addServer('a', one.config);
    expect(await failure(toolkit.addServer('a', other.config))).toMatchObject({ code: 'invalid_config', server: 'a' });
    await first;
    expect([one.made(), other.made()]).toEqual([1, 0]);
    await toolkit.close();
    expect(one.open()).toBe(0);
  });

  test('under the name of one that was just removed wait until nothing of that is left', async () => {
    const one = counted();
    const toolkit = await toolkitOf({}, { mcpServers: { a: one.config } });
    let gone = (): void => {};
    const make = one.config.transport as () => Transport;
    const held = new Promise<void>((resolve) => {
      gone = resolve;
    });
    one.config.transport = () => {
      const link = make();
      const { close } = link;
      link.close = () => held.then(() => close.call(link));
      return link;
    };
    await toolkit.addServer('b', one.config);
    const removed = toolkit.removeServer('b');
    const other = counted();
    const added = toolkit.addServer('b', other.config);
    await new Promise((resolve) => setImmediate(resolve));
    expect([toolkit.status().b, other.made()]).toEqual([undefined, 0]);
    gone();
    await removed;
    await added;
    expect([one.open(), other.open()]).toEqual([1, 1]);
  });

  test('while the toolkit closes are refused', async () => {
    const toolkit = await toolkitOf({});
    const late = counted();
    const adding = failure(toolkit.addServer('late', late.config));
    const closed = toolkit.close({ drainMs: 0 });
    expect(await adding).toMatchObject({ code: 'closed', executed: 'no' });
    await closed;
    expect([late.made(), Object.keys(toolkit.status())]).toEqual([0, []]);
  });
});

describe('a call of a server that is removed', () => {
  test('while it waits for its turn ends with it, and does not go to the one that takes its name', async () => {
    const [server, other] = [scriptedServer({ work: () => undefined }), scriptedServer({ work: () => text('other') })];
    const toolkit = await toolkitOf({}, { mcpServers: { s: { ...server.config, maxConcurrency: 1 } } });
    const calls = [failure(toolkit.callTool('s.work')), failure(toolkit.callTool('s.work'))];
    await expect.poll(() => server.latest().requests('tools/call').length).toBe(1);
    await toolkit.removeServer('s');
    await toolkit.addServer('s', other.config);
    expect(await Promise.all(calls)).toMatchObject([
      { code: 'outcome_unknown', executed: 'unknown' },
      { code: 'closed', executed: 'no' },
    ]);
    expect(other.latest().requests('tools/call')).toEqual([]);
  });
});

describe('a call of a server that is removed ends with it', () => {
  /** Removes the server of the one call that is under way. */
  const removeUnder = async (toolkit: Toolkit, clock: FakeClock): Promise<void> => {
    await clock.settle();
    expect(toolkit.calls()).toHaveLength(1);
    await toolkit.removeServer('s');
    await clock.settle();
    expect(toolkit.calls()).toEqual([]);
  };

  test('while it waits for the rate, or for an answer, and no timer is left', async () => {
    const server = scriptedServer({ work: () => text('') }, { rateLimit: { perSecond: 0.01, burst: 1 } });
    const { toolkit, clock } = await clockedToolkitOf({ s: server });
    await toolkit.callTool('s.work');
    const waits = failure(toolkit.callTool('s.work'));
    await removeUnder(toolkit, clock);
    expect(await waits).toMatchObject({ code: 'closed', executed: 'no', server: 's', tool: 'work' });
    await toolkit.close();
    expect(clock.pendingTimers).toBe(0);
  });

  test('while it waits until it may be sent again', async () => {
    const server = scriptedServer({ work: () => text('') });
    const make = server.config.transport as () => Transport;
    const transport = (): Transport => {
      const link = make();
      const { send } = link;
      link.send = (message) => {
        const { id, method } = message as { id?: number; method?: string };
        if (method !== 'tools/call') return send.call(link, message);
        const facts = { executed: 'no', retryAfterMs: 8_000 } as const;
        return Promise.reject(new ToolwayError('rate_limited', `not now, ${id}`, facts));
      };
      return link;
    };
    const { toolkit, clock } = await clockedToolkitOf({}, { mcpServers: { s: { transport } } });
    const waits = failure(toolkit.callTool('s.work'));
    await removeUnder(toolkit, clock);
    expect(await waits).toMatchObject({ code: 'closed', executed: 'no' });
    await toolkit.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('of two servers that come to one name', () => {
  test.each([[0], [1]])('the later one is left out, and that is told (order %i)', async (order) => {
    const alias = await serverAlias('a b');
    const servers = [scriptedServer({ who: () => text('first') }), scriptedServer({ who: () => text('second') })];
    const names = order === 0 ? ['a b', alias] : [alias, 'a b'];
    const warn = vi.fn();
    const mcpServers = Object.fromEntries(names.map((name, index) => [name, servers[index]?.config ?? {}]));
    const toolkit = await toolkitOf({}, { mcpServers, logger: { debug() {}, info() {}, warn, error() {} } });
    expect(Object.keys(toolkit.status())).toEqual([alias]);
    expect(await toolkit.callTool(`${alias}.who`)).toEqual(text('first'));
    expect(warn.mock.calls.map(([said]) => said)).toEqual([
      expect.stringContaining(`"${names[1]}" is left out: it would be called "${alias}"`),
    ]);
  });
});

test('a server that is added and cannot be reached is in, until it is removed', async () => {
  const toolkit = await toolkitOf({});
  const config: ServerConfig = {
    transport: () => {
      throw new ToolwayError('connect_failed', 'nobody is there', { executed: 'no', permanent: true });
    },
  };
  expect(await failure(toolkit.addServer('far', config))).toMatchObject({ code: 'connect_failed', server: 'far' });
  expect(toolkit.status().far).toMatchObject({ state: 'failed', lastError: { code: 'connect_failed' } });
  expect(await failure(toolkit.addServer('far', config))).toMatchObject({ code: 'invalid_config' });
  await toolkit.removeServer('far');
  expect(toolkit.status()).toEqual({});
});

describe('what is no configuration', () => {
  test.each([[null], ['text'], [5], [[]]])('%j fails that server alone', async (bad) => {
    const toolkit = await toolkitOf({ good: echo() }, { mcpServers: { bad: bad as never } });
    expect(toolkit.status().bad).toMatchObject({ state: 'failed', lastError: { code: 'invalid_config' } });
    expect(await toolkit.callTool('good.echo')).toEqual(text('hi'));
    expect(await failure(toolkit.addServer('x', bad as never))).toMatchObject({ code: 'invalid_config' });
  });
});

test.each<[object, string | undefined]>([
  [{ command: 'x' }, 'stdio'],
  [{ url: 'https://x.test/mcp' }, 'http'],
  [{ url: 'wss://x.test/mcp' }, 'websocket'],
  [{}, undefined],
])('a definition %j that cannot be used tells the transport that was meant', async (place, transport) => {
  const toolkit = await toolkitOf({}, { mcpServers: { s: { ...place, timeoutMs: 'abc' as never } } });
  expect(toolkit.status().s).toMatchObject({ state: 'failed', lastError: { code: 'invalid_config' } });
  expect(toolkit.status().s?.transport).toBe(transport);
});

test.each([
  [-32002, 'unknown_resource'],
  [-32602, 'unknown_resource'],
  [-32603, 'server_error'],
])('a resource that the only server answers with %i is %s', async (rpcCode, code) => {
  const server = echo();
  server.capabilities = { tools: {}, resources: {} };
  const toolkit = await toolkitOf({ s: server });
  server.latest().on('resources/read', () => ({ error: { code: rpcCode, message: 'not here', data: { n: 1 } } }));
  for (const wanted of [{}, { server: 's' }]) {
    const error = await failure(toolkit.readResource('a:b', wanted));
    expect(error).toMatchObject({ code, rpcCode, server: 's', data: { n: 1 } });
    expect(error.message).toContain('not here');
    if (code === 'unknown_resource') {
      expect(error.message).toMatch(/^s: there is no resource "a:b": (?!s:)/);
      expect(error.cause).toMatchObject({ code: 'server_error', rpcCode });
    }
  }
});

describe('what is no name and no arguments', () => {
  test.each([[undefined], [null], [5], [{}]])('%j is refused with a code', async (given) => {
    const toolkit = await toolkitOf({ s: echo() });
    const bad = given as never;
    expect(await failure(toolkit.callTool(bad))).toMatchObject({ code: 'unknown_tool', executed: 'no' });
    expect(await failure(toolkit.tool(bad))).toMatchObject({ code: 'unknown_tool', executed: 'no' });
    expect(await failure(toolkit.getPrompt(bad))).toMatchObject({ code: 'unknown_prompt', executed: 'no' });
    expect(await failure(toolkit.readResource(bad))).toMatchObject({ code: 'unknown_resource', executed: 'no' });
    expect(await failure(toolkit.subscribeResource(bad, () => {}))).toMatchObject({ code: 'unknown_resource' });
  });

  test.each([[null], ['text'], [5], [[]]])('%j is no set of arguments', async (given) => {
    const toolkit = await toolkitOf({ s: echo() });
    for (const name of ['s.echo', 'echo', 's.unknown'])
      expect(await failure(toolkit.callTool(name, given as never))).toMatchObject({
        code: 'invalid_arguments',
        executed: 'no',
      });
  });

  test('a completion has to say of which server', async () => {
    const toolkit = await toolkitOf({ s: echo() });
    const complete = toolkit.complete as (...given: unknown[]) => Promise<unknown>;
    const ask = [
      { type: 'ref/prompt', name: 'p' },
      { name: 'a', value: '' },
    ];
    for (const options of [undefined, {}, null])
      expect(await failure(complete(...ask, options))).toMatchObject({ code: 'unknown_server', executed: 'no' });
  });
});

describe('a server that refuses the protocol', () => {
  const refusing = (code: number, data?: JsonObject) => {
    const server = scriptedServer({}, { retryDelayMs: 1 });
    const make = server.config.transport as () => Transport;
    server.config.transport = () => {
      const transport = make();
      for (const method of ['server/discover', 'initialize'])
        server.latest().on(method, () => ({ error: { code, message: 'no', ...(data === undefined ? {} : { data }) } }));
      return transport;
    };
    return server;
  };

  test('for there is no revision in common is not asked again', async () => {
    const server = refusing(-32022, { supported: ['2031-01-01'] });
    const toolkit = await toolkitOf({ s: server });
    expect(toolkit.status().s).toMatchObject({ state: 'failed', lastError: { code: 'unsupported', rpcCode: -32022 } });
    expect(await failure(toolkit.callTool('s.x'))).toMatchObject({ code: 'unsupported', executed: 'no' });
    expect(server.peers).toHaveLength(1);
  });

  test.each([
    ['modern', -32601],
    ['modern', -32022],
    ['legacy', -32601],
    ['legacy', -32022],
  ] as const)('in the %s era, which is pinned, by %i is not asked again', async (era, code) => {
    const server = refusing(code);
    server.config.era = era;
    const toolkit = await toolkitOf({ s: server });
    expect(await failure(toolkit.callTool('s.x'))).toMatchObject({ code: 'unsupported', rpcCode: code, server: 's' });
    expect(server.peers).toHaveLength(1);
  });
});

test('the end of a connection is told, with its cause where it ended by itself', async () => {
  const server = echo();
  const toolkit = await toolkitOf({ s: server });
  const told: unknown[] = [];
  toolkit.on('disconnected', ({ server: name, error }) => told.push([name, error?.code]));
  server.latest().hangUp(new ToolwayError('server_exited', 'gone'));
  await toolkit.waitForConnection('s');
  await toolkit.reconnect('s');
  await toolkit.close();
  expect(told).toEqual([
    ['s', 'server_exited'],
    ['s', undefined],
    ['s', undefined],
  ]);
});
