/** Clients that ask for more than they should get. */
import { describe, expect, test, vi } from 'vitest';
import { principal } from '../../../../test/fixtures/gateway-app.ts';
import { HELLO, legacyWorld, PING, WAIT } from '../../../../test/fixtures/legacy-world.ts';
import { text } from '../../../../test/fixtures/scripted-server.ts';
import { LIMITS } from '../../limits.ts';
import { createEventLogs } from './event-log.ts';
import { createStreams } from './streams.ts';

const say = { id: 3, method: 'tools/call', params: { name: 's__say' } };

describe('sessions', () => {
  test('of who has most of them make room, where there are too many and nobody uses them', async () => {
    const { begin, post, as, clock } = await legacyWorld({ limits: { ...LIMITS, maxSessions: 4 } });
    const own = await begin();
    as(principal('mallory'));
    const [first, second, third] = [await begin(), await begin(), await begin()];
    as(principal('bob'));
    expect((await post({ id: 0, method: 'initialize', params: HELLO })).status).toBe(503);
    await clock.advance(20_000);
    as(principal('mallory'));
    expect((await post(PING, first)).status).toBe(200);
    as(principal('bob'));
    const bobs = await begin();
    expect((await post(PING, bobs)).status).toBe(200);
    as(principal('alice'));
    expect((await post(PING, own)).status).toBe(200);
    as(principal('mallory'));
    expect(await Promise.all([first, second, third].map(async (one) => (await post(PING, one)).status))).toEqual([
      200, 404, 200,
    ]);
  });

  test('are not for who may only approve', async () => {
    const { begin, post, as } = await legacyWorld();
    as(principal('eve', { may: ['approve'] }));
    const session = await begin();
    const asked = { id: 1, method: 'resources/subscribe', params: { uri: 'a://b' } };
    expect(await (await post(asked, session)).json()).toMatchObject({ error: { data: { code: 'forbidden' } } });
  });
});

describe('a socket', () => {
  test('is closed where there are too many sessions', async () => {
    const { openSocket } = await legacyWorld({ limits: { ...LIMITS, maxSessions: 1 } });
    openSocket();
    expect(openSocket().closed).toEqual([[1013, 'there are 1 sessions already']]);
  });

  test('of who says nothing at all is closed', async () => {
    const { openSocket, clock } = await legacyWorld();
    const { closed } = openSocket();
    await clock.advance(60_000);
    expect(closed).toEqual([[1000, 'the client does not answer']]);
  });
});

describe('a request without a session', () => {
  test('is cancelled when its client leaves', async () => {
    const { post, toolkit } = await legacyWorld();
    const leaving = new AbortController();
    const answer = Promise.resolve(post(WAIT, {}, { signal: leaving.signal }));
    await vi.waitFor(() => expect(toolkit.calls()).toHaveLength(1));
    leaving.abort();
    await vi.waitFor(() => expect(toolkit.calls()).toEqual([]));
    await answer.catch(() => {});
  });

  test('is answered as the legacy era has it', async () => {
    const { post, server } = await legacyWorld();
    const answer = post(WAIT);
    await vi.waitFor(() => expect(server.latest().requests('tools/call')).toHaveLength(1));
    server.latest().answer(server.latest().requests('tools/call')[0], { ...text('odd'), structuredContent: [1] });
    const { result } = (await (await answer).json()) as { result: object };
    expect(result).toEqual(text('odd'));
  });
});

describe('a task', () => {
  test.each(['2025-06-18', '2025-03-26'])('is nothing that revision %s has', async (version) => {
    const { post, begin } = await legacyWorld();
    const session = await begin(version);
    const asked = { ...say, params: { ...say.params, task: {} } };
    expect(await (await post(asked, session)).json()).toMatchObject({ result: text('said') });
    const list = await post({ id: 4, method: 'tasks/list' }, session);
    expect(await list.json()).toMatchObject({ error: { code: -32601 } });
  });

  test('is waited for no longer than its client wants to, and than its session lasts', async () => {
    const { post, begin, app } = await legacyWorld();
    const [begun, asking] = [await begin(), await begin()];
    const created = await (await post({ ...WAIT, params: { ...WAIT.params, task: {} } }, begun)).json();
    const { taskId } = (created as { result: { task: { taskId: string } } }).result.task;
    const wanted = (id: number) => post({ id, method: 'tasks/result', params: { taskId } }, asking);
    const cancelled = wanted(10);
    await post({ method: 'notifications/cancelled', params: { requestId: 10 } }, asking);
    expect((await cancelled).status).toBe(202);
    const left = wanted(11);
    await post(PING, asking);
    await app.request('/mcp', { method: 'DELETE', headers: asking });
    expect((await left).status).toBe(202);
    const state = await post({ id: 12, method: 'tasks/get', params: { taskId } }, begun);
    expect(await state.json()).toMatchObject({ result: { status: 'working' } });
  });
});

describe('streams', () => {
  const make = () => createStreams({ log: createEventLogs().open(), maxStreams: 64, primes: () => false });

  test('keep no more than a megabyte for who does not listen', async () => {
    const streams = make();
    const data = 'x'.repeat(300_000);
    for (let n = 0; n < 10; n += 1)
      streams.push({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data, n } });
    const response = streams.listen();
    streams.close();
    const told = (await response?.text())?.match(/"n":\d/g);
    expect(told).toEqual(['"n":7', '"n":8', '"n":9']);
  });

  test('that are taken up while they are still open are kept, however many others have ended', async () => {
    const streams = make();
    const first = streams.listen();
    streams.push({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    for (let n = 0; n < 40; n += 1) streams.reply()?.reply.end();
    expect(first).toBeInstanceOf(Response);
    const again = streams.resume('1.1');
    expect(again).toBeInstanceOf(Response);
    streams.push({ jsonrpc: '2.0', method: 'notifications/prompts/list_changed' });
    streams.close();
    expect(await (again as Response).text()).toContain('prompts/list_changed');
  });
});

test('a client that has told of its roots and left is asked for them no more', async () => {
  const { openSocket, begin, post, server } = await legacyWorld({ isolation: 'perPrincipal' });
  const { said, say: tell, sayHello, events, socket } = openSocket();
  sayHello();
  tell({ jsonrpc: '2.0', ...say });
  await vi.waitFor(() => expect(said).toContainEqual(expect.objectContaining({ id: 3, result: text('said') })));
  const own = server.latest();
  const answerTo = (id: string) => own.sent.find((sent) => !('method' in sent) && sent.id === id);
  tell({ jsonrpc: '2.0', method: 'notifications/roots/list_changed' });
  await vi.waitFor(() => expect(own.sent.at(-1)).toMatchObject({ method: 'notifications/roots/list_changed' }));
  own.say({ jsonrpc: '2.0', id: 'one', method: 'roots/list' });
  const question = await vi.waitFor(() => {
    const asked = said.find(({ method }) => method === 'roots/list');
    expect(asked).toBeDefined();
    return asked;
  });
  tell({ jsonrpc: '2.0', id: question?.id, result: { roots: [{ uri: 'file:///one' }] } });
  await vi.waitFor(() => expect(answerTo('one')).toMatchObject({ result: { roots: [{ uri: 'file:///one' }] } }));
  const other = await begin();
  events.onClose?.(new Event('close') as CloseEvent, socket);
  own.say({ jsonrpc: '2.0', id: 'two', method: 'roots/list' });
  await vi.waitFor(() => expect(answerTo('two')).toHaveProperty('error'));
  expect((await post(PING, other)).status).toBe(200);
});
