import { describe, expect, test, vi } from 'vitest';
import { HELLO, legacyWorld, PING, WAIT } from '../../../../test/fixtures/legacy-world.ts';
import { text } from '../../../../test/fixtures/scripted-server.ts';
import { TICK_MS } from './sessions.ts';

describe('a session that nobody uses', () => {
  test('ends half an hour after its last request', async () => {
    const { clock, post, begin } = await legacyWorld();
    const session = await begin();
    await clock.advance(1_500_000);
    expect((await post(PING, session)).status).toBe(200);
    await clock.advance(1_500_000);
    expect((await post(PING, session)).status).toBe(200);
    await clock.advance(1_800_000 + TICK_MS);
    expect((await post(PING, session)).status).toBe(404);
    expect(clock.pendingTimers).toBe(0);
  });

  test('is used for as long as somebody listens or waits', async () => {
    const { clock, app, post, begin, server } = await legacyWorld();
    const [listening, waiting] = [await begin(), await begin()];
    const stream = await app.request('/mcp', { headers: { ...listening, Accept: 'text/event-stream' } });
    const answer = post(WAIT, { ...waiting, Accept: 'application/json' });
    await vi.waitFor(() => expect(server.latest().requests('tools/call')).toHaveLength(1));
    await clock.advance(4_000_000);
    expect((await post(PING, listening)).status).toBe(200);
    expect((await post(PING, waiting)).status).toBe(200);
    await stream.body?.cancel();
    server.latest().answer(server.latest().requests('tools/call')[0], text('at last'));
    expect(await (await answer).text()).toContain('at last');
    await clock.advance(1_800_000 + TICK_MS);
    expect((await post(PING, listening)).status).toBe(404);
    expect((await post(PING, waiting)).status).toBe(404);
  });
});

test('who waits longer than a quarter of a minute for an answer hears something meanwhile', async () => {
  const { clock, post, begin, server } = await legacyWorld();
  const session = await begin();
  const answer = post(WAIT, session);
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
    const { app, post, begin, server, clock } = await legacyWorld({ closing: closing.signal });
    const [idle, busy] = [await begin(), await begin()];
    const streamOf = (session: Record<string, string>) =>
      app.request('/mcp', { headers: { ...session, Accept: 'text/event-stream' } });
    const [idleStream, busyStream] = [await streamOf(idle), await streamOf(busy)];
    const answer = post(WAIT, busy);
    await vi.waitFor(() => expect(server.latest().requests('tools/call')).toHaveLength(1));
    closing.abort();
    await idleStream.text();
    expect((await post(PING, idle)).status).toBe(404);
    expect((await post({ id: 0, method: 'initialize', params: HELLO })).status).toBe(503);
    server.latest().answer(server.latest().requests('tools/call')[0], text('the last'));
    expect(await (await answer).text()).toContain('the last');
    await clock.advance(100);
    await busyStream.text();
    expect((await post(PING, busy)).status).toBe(404);
  });

  test('what is still under way at its end is cancelled', async () => {
    const { post, begin, toolkit, close } = await legacyWorld();
    const answer = post(WAIT, await begin());
    await vi.waitFor(() => expect(toolkit.calls()).toHaveLength(1));
    close();
    expect((await answer).status).toBe(202);
    expect(toolkit.calls()).toEqual([]);
  });
});

describe('a socket', () => {
  const open = async () => {
    const world = await legacyWorld();
    return { ...world, ...world.openSocket() };
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
    say({ jsonrpc: '2.0', ...WAIT });
    await vi.waitFor(() => expect(server.latest().requests('tools/call')).toHaveLength(1));
    events.onClose?.(new Event('close') as CloseEvent, socket);
    await vi.waitFor(() => expect(toolkit.calls()).toEqual([]));
    expect(server.latest().sent.at(-1)).toMatchObject({ method: 'notifications/cancelled' });
  });
});

test('a question that nobody answers within five minutes counts as put aside', async () => {
  const { clock, server, post, begin } = await legacyWorld();
  const session = await begin();
  const answer = post(WAIT, session);
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
