import { describe, expect, test } from 'vitest';
import { type ScriptedServer, scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../../test/fixtures/toolkits.ts';
import type { ServerConfig } from '../options.ts';
import type { JsonObject } from '../protocol/types.ts';

const office = (config: Partial<ServerConfig> = {}): ScriptedServer =>
  scriptedServer({ find: ({ q }) => text(`found ${q}`), hang: () => undefined }, config);
const sentTo = (server: ScriptedServer, tool = 'find'): unknown[] =>
  server.peers
    .flatMap((peer) => peer.requests('tools/call'))
    .flatMap(({ params }) => (params?.name === tool ? [params.arguments] : []));
/** Answers the call that holds the only place. */
const giveWay = async (server: ScriptedServer): Promise<void> => {
  await expect.poll(() => server.latest().requests('tools/call').length).toBe(1);
  const [request] = server.latest().requests('tools/call');
  server.latest().answer(request, text('done'));
};

describe('arguments that the caller changes after it called are sent as they were', () => {
  test('by a call that stands in line, whose answer is kept for what was asked', async () => {
    const server = office({ maxConcurrency: 1, cache: { tools: ['find'] } });
    const toolkit = await toolkitOf({ s: server });
    const first = toolkit.callTool('s.hang');
    const args = { q: 'a', deep: [{ n: 1 }] };
    const made = toolkit.callTool('s.find', args);
    args.q = 'b';
    args.deep[0] = { n: 2 };
    await giveWay(server);
    await first;
    expect(await made).toEqual(text('found a'));
    expect(await toolkit.callTool('s.find', { q: 'a', deep: [{ n: 1 }] })).toEqual(text('found a'));
    expect(sentTo(server)).toEqual([{ q: 'a', deep: [{ n: 1 }] }]);
  });

  test.each([['s.find'], ['find']])('by a call of %s that waits for the connection', async (name) => {
    const server = office();
    const toolkit = await toolkitOf({ s: server }, { connect: 'lazy' });
    const args = { q: 'a' };
    const made = toolkit.callTool(name, args);
    args.q = 'b';
    await made;
    expect(sentTo(server)).toEqual([{ q: 'a' }]);
  });

  test('by tryCall, batch, queue and broadcast', async () => {
    const server = office();
    const toolkit = await toolkitOf({ s: server }, { batchWindowMs: 1 });
    const args = { q: 'a' };
    const made = [
      toolkit.tryCall('s.find', args),
      toolkit.batch([{ name: 's.find', arguments: args }]),
      toolkit.queue('s.find', args),
      toolkit.broadcast('find', args),
    ];
    args.q = 'b';
    await Promise.all(made);
    expect(sentTo(server)).toEqual(Array.from({ length: 4 }, () => ({ q: 'a' })));
  });

  test('by the server that stands in', async () => {
    const [server, other] = [office({ retrySafe: ['*'], retry: false }), office({ retrySafe: ['*'] })];
    const toolkit = await toolkitOf({ s: server, t: other });
    const args = { q: 'a' };
    const made = toolkit.callTool('s.find', args, { fallback: 't' });
    server.tools.find = () => {
      args.q = 'b';
      queueMicrotask(() => server.latest().hangUp());
      return undefined;
    };
    expect(await made).toEqual(text('found a'));
    expect([...sentTo(server), ...sentTo(other)]).toEqual([{ q: 'a' }, { q: 'a' }]);
  });

  test('by one that others share, also when it is sent again', async () => {
    const server = office({ retrySafe: ['find'], retryDelayMs: 1 });
    const toolkit = await toolkitOf({ s: server });
    const args = { q: 'a' };
    server.tools.find = ({ q }) => {
      server.tools.find = () => text(`found ${q}`);
      args.q = 'b';
      queueMicrotask(() => server.latest().hangUp());
      return undefined;
    };
    await Promise.all([toolkit.callTool('s.find', args), toolkit.callTool('s.find', { q: 'a' })]);
    expect(sentTo(server)).toEqual([{ q: 'a' }, { q: 'a' }]);
  });
});

test('a call that nothing delays or shares has no copy made of its arguments', async () => {
  const toolkit = await toolkitOf({ s: office() });
  const args = { q: ['a'] };
  let seen: unknown;
  toolkit.use(
    (next) => (call) =>
      next(call).finally(() => {
        seen = call.params.arguments;
      }),
    { before: 'limit' },
  );
  // The first one waits until the schema is compiled.
  for (let time = 0; time < 2; time += 1) await toolkit.callTool('s.find', args);
  expect(seen).toBe(args);
});

describe('a call that waits', () => {
  test('sends what one that does not wait would send', async () => {
    const args = { at: new Date(0), none: undefined, bare: Object.assign(Object.create(null), { a: 1 }) };
    const server = office();
    const toolkit = await toolkitOf({ s: server }, { connect: 'lazy' });
    for (let time = 0; time < 2; time += 1) await toolkit.callTool('s.find', args);
    const [waited, atOnce] = sentTo(server);
    expect(JSON.stringify(waited)).toBe(JSON.stringify(args));
    expect(JSON.stringify(atOnce)).toBe(JSON.stringify(args));
  });

  test('fails as one that does not wait, where its arguments cannot be written', async () => {
    const circle: JsonObject = {};
    circle.self = circle;
    let deep: unknown[] = [];
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    for (const args of [circle, { deep }, { big: 1n }]) {
      const toolkit = await toolkitOf({ s: office() }, { connect: 'lazy' });
      for (let time = 0; time < 2; time += 1)
        expect(await failure(toolkit.callTool('s.find', args))).toMatchObject({
          code: 'invalid_arguments',
          executed: 'no',
        });
    }
  });
});
