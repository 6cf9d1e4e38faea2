import type { WSContext } from 'hono/ws';
import { describe, expect, test, vi } from 'vitest';
import { appFor, contextOf, principal } from '../../../../test/fixtures/gateway-app.ts';
import { scriptedServer, text } from '../../../../test/fixtures/scripted-server.ts';
import { toolkitOf } from '../../../../test/fixtures/toolkits.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import type { GatewayContext } from '../../context.ts';
import type { Caller } from '../../principal.ts';
import { addMcp } from '../endpoint.ts';
import { createSurfaces } from '../surface.ts';
import { createSessions, TICK_MS } from './sessions.ts';
import { createLegacySockets } from './websocket.ts';

const alice: Caller = { principal: principal('alice') };
const hello = { protocolVersion: '2025-11-25', capabilities: { elicitation: {} } };

/** A gateway in memory on a clock of its own, in front of a server that answers `say` and never answers `wait`. */
const world = async (given: Partial<GatewayContext> = {}) => {
  const server = scriptedServer({ say: () => text('said'), wait: () => undefined });
  const toolkit = await toolkitOf({ s: server }, { onElicit: () => ({ action: 'cancel' }) });
  const clock = createFakeClock();
  const context = contextOf(toolkit, { clock, ...given });
  const app = appFor(() => alice);
  const { close } = addMcp(app, context);
  const post = async (message: JsonObject, headers: Record<string, string> = {}) =>
    app.request('/mcp', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  const begin = async (): Promise<Record<string, string>> => {
    const response = await post({ id: 0, method: 'initialize', params: hello });
    return { 'Mcp-Session-Id': response.headers.get('mcp-session-id') ?? '' };
  };
  return { server, toolkit, clock, context, app, post, begin, close };
};
const ping = { id: 1, method: 'ping' };
const wait = { id: 2, method: 'tools/call', params: { name: 's__wait' } };

describe('a session that nobody uses', () => {
  test('ends half an hour after its last request', async () => {
    const { clock, post, begin } = await world();
    const session = await begin();
    await clock.advance(1_500_000);
    expect((await post(ping, session)).status).toBe(200);
    await clock.advance(1_500_000);
    expect((await post(ping, session)).status).toBe(200);
    await clock.advance(1_800_000 + TICK_MS);
    expect((await post(ping, session)).status).toBe(404);
    expect(clock.pendingTimers).toBe(0);
  });

  test('is used for as long as somebody listens or waits', async () => {
    const { clock, app, post, begin, server } = await world();
    const [listening, waiting] = [await begin(), await begin()];
    const stream = await app.request('/mcp', { headers: { ...listening, Accept: 'text/event-stream' } });
    const answer = post(wait, { ...waiting, Accept: 'application/json' });
    await vi.waitFor(() => expect(server.latest().requests('tools/call')).toHaveLength(1));
    await clock.advance(4_000_000);
    expect((await post(ping, listening)).status).toBe(200);
    expect((await post(ping, waiting)).status).toBe(200);
    await stream.body?.cancel();
    server.latest().answer(server.latest().requests('tools/call')[0], text('at last'));
    expect(await (await answer).text()).toContain('at last');
    await clock.advance(1_800_000 + TICK_MS);
    expect((await post(ping, listening)).status).toBe(404);
    expect((await post(ping, waiting)).status).toBe(404);
  });
});

test('who waits longer than a quarter of a minute for an answer hears something meanwhile', async () => {
  const { clock, post, begin, server } = await world();
  const session = await begin();
  const answer = post(wait, session);
  await vi.waitFor(() => expect(server.latest().requests('tools/call')).toHaveLength(1));
  let answered = false;
  void answer.then(() => {
    answered = true;
  });
  await clock.advance(14_000);
  expect(answered).toBe(false);
  await clock.advance(6_000);
  const stream = await answer;
  expect(stream.headers.get('content-type')).toBe('text/event-stream');
  await clock.advance(20_000);
  server.latest().answer(server.latest().requests('tools/call')[0], text('late'));
  const said = await stream.text();
  expect(said).toContain(':\n\n');
  expect(said).toContain('"text":"late"');
});

describe('when the gateway begins to close', () => {
  test('idle sessions are over with their streams, others with their last answer, and none begins', async () => {
    const closing = new AbortController();
    const { app, post, begin, server, clock } = await world({ closing: closing.signal });
    const [idle, busy] = [await begin(), await begin()];
    const streamOf = (session: Record<string, string>) =>
      app.request('/mcp', { headers: { ...session, Accept: 'text/event-stream' } });
    const [idleStream, busyStream] = [await streamOf(idle), await streamOf(busy)];
    const answer = post(wait, busy);
    await vi.waitFor(() => expect(server.latest().requests('tools/call')).toHaveLength(1));
    closing.abort();
    await idleStream.text();
    expect((await post(ping, idle)).status).toBe(404);
    expect((await post({ id: 0, method: 'initialize', params: hello })).status).toBe(503);
    server.latest().answer(server.latest().requests('tools/call')[0], text('the last'));
    expect(await (await answer).text()).toContain('the last');
    await clock.advance(100);
    await busyStream.text();
    expect((await post(ping, busy)).status).toBe(404);
  });

  test('what is still under way at its end is cancelled', async () => {
    const { post, begin, toolkit, close } = await world();
    const answer = post(wait, await begin());
    await vi.waitFor(() => expect(toolkit.calls()).toHaveLength(1));
    close();
    expect((await answer).status).toBe(202);
    expect(toolkit.calls()).toEqual([]);
  });
});

describe('a socket', () => {
  const open = async () => {
    const { context, clock, toolkit, server } = await world();
    const surface = createSurfaces(context).choose(alice);
    const said: JsonObject[] = [];
    const closed: unknown[] = [];
    const raw = { bufferedAmount: 0 };
    const socket = {
      raw,
      send: (message: string) => void said.push(JSON.parse(message)),
      close: (...how: unknown[]) => void closed.push(how),
    } as unknown as WSContext;
    const events = createLegacySockets(context, createSessions(context)).serve(alice, surface);
    events.onOpen?.(new Event('open'), socket);
    const say = (message: unknown): void => {
      const data = typeof message === 'string' ? message : JSON.stringify(message);
      events.onMessage?.({ data } as MessageEvent, socket);
    };
    const sayHello = (): void => say({ jsonrpc: '2.0', id: 0, method: 'initialize', params: hello });
    return { clock, toolkit, server, said, closed, raw, events, socket, say, sayHello };
  };

  test('is asked whether its client is there, and closed when nobody answers', async () => {
    const { clock, said, closed, say, sayHello } = await open();
    sayHello();
    await vi.waitFor(() => expect(said).toHaveLength(1));
    await clock.advance(35_000);
    const [, asked] = said;
    expect(asked).toEqual({ jsonrpc: '2.0', id: expect.any(String), method: 'ping', params: {} });
    say({ jsonrpc: '2.0', id: asked?.id, result: {} });
    await clock.advance(25_000);
    expect(closed).toEqual([]);
    await clock.advance(60_000);
    expect(closed).toEqual([[1000, 'the client does not answer']]);
  });

  test('takes messages that are texts, and none that is too large', async () => {
    const { said, closed, say, events, socket } = await open();
    say('{');
    say({ jsonrpc: '2.0', id: 1 });
    expect(said).toMatchObject([{ error: { code: -32700 } }, { id: 1, error: { code: -32600 } }]);
    events.onMessage?.({ data: new ArrayBuffer(1) } as MessageEvent, socket);
    say('x'.repeat(10_485_761));
    expect(closed).toEqual([
      [1003, 'a message is a text'],
      [1009, 'the message is too large'],
    ]);
  });

  test('is closed where its reader does not keep up', async () => {
    const { closed, raw, say } = await open();
    raw.bufferedAmount = 5_000_000;
    say({ jsonrpc: '2.0', id: 1, method: 'ping' });
    await vi.waitFor(() => expect(closed).toEqual([[1013, 'the reader does not keep up']]));
  });

  test('that closes cancels what is under way', async () => {
    const { server, toolkit, say, sayHello, events, socket } = await open();
    sayHello();
    say({ jsonrpc: '2.0', ...wait });
    await vi.waitFor(() => expect(server.latest().requests('tools/call')).toHaveLength(1));
    events.onClose?.(new Event('close') as CloseEvent, socket);
    await vi.waitFor(() => expect(toolkit.calls()).toEqual([]));
    expect(server.latest().sent.at(-1)).toMatchObject({ method: 'notifications/cancelled' });
  });
});

test('a question that nobody answers within five minutes counts as put aside', async () => {
  const { clock, server, post, begin } = await world();
  const session = await begin();
  const answer = post(wait, session);
  await vi.waitFor(() => expect(server.latest().requests('tools/call')).toHaveLength(1));
  const params = { message: 'who?', requestedSchema: { type: 'object', properties: {} } };
  server.latest().say({ jsonrpc: '2.0', id: 'q', method: 'elicitation/create', params });
  const stream = await answer;
  await clock.advance(300_000);
  await vi.waitFor(() =>
    expect(server.latest().sent.find((sent) => !('method' in sent) && sent.id === 'q')).toMatchObject({
      result: { action: 'cancel' },
    }),
  );
  await stream.body?.cancel();
});
