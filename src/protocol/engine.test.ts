import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { callFor, scriptedPeer, settled } from '../../test/fixtures/scripted-peer.ts';
import type { Call } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import { createEngine, type Engine, type EngineOptions } from './engine.ts';

const engineOn = (peer: ReturnType<typeof scriptedPeer>, options: Partial<EngineOptions> = {}): Engine =>
  createEngine({
    transport: peer.transport,
    server: 's',
    maxDepth: 64,
    now: () => performance.now(),
    onRequest: async () => ({}),
    onNotification: () => {},
    onClose: () => {},
    onWarning: () => {},
    ...options,
  });

const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('correlation', () => {
  test('a thousand answers in any order each reach their own call', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...Array(1_000).keys()], { minLength: 1_000, maxLength: 1_000 }),
        async (order) => {
          const peer = scriptedPeer();
          const engine = engineOn(peer);
          const answers = order.map((_, index) => engine.request(callFor('echo'), 'echo', { index }));
          const requests = peer.requests();
          for (const index of order) peer.answer(requests[index], { index });
          expect(await Promise.all(answers)).toEqual(order.map((_, index) => ({ index })));
          expect(engine.dropped).toEqual({ unmatched: 0, malformed: 0 });
        },
      ),
      { numRuns: 5 },
    );
  });

  test('answers to nobody are dropped, counted, and change nothing', async () => {
    const peer = scriptedPeer();
    const engine = engineOn(peer);
    const answer = engine.request(callFor('echo'), 'echo', {});
    const [request] = peer.requests();
    peer.say({ jsonrpc: '2.0', id: String(request?.id), result: { wrong: 'a string is not the number' } });
    peer.say({ jsonrpc: '2.0', id: 99, result: { wrong: 'unknown' } });
    peer.say({ jsonrpc: '2.0', id: null, result: { wrong: 'null' } });
    peer.say({ jsonrpc: '2.0', id: 1.5, result: {} });
    peer.say({ jsonrpc: '2.0', error: { code: -32700, message: 'of no id' } });
    peer.answer(request, { right: true });
    peer.answer(request, { wrong: 'twice' });
    expect(await answer).toEqual({ right: true });
    expect(engine.dropped).toEqual({ unmatched: 6, malformed: 0 });
  });

  test('values that are no messages are counted, and a good one after them works', async () => {
    const peer = scriptedPeer();
    const engine = engineOn(peer);
    const junk = [
      null,
      [],
      42,
      'text',
      true,
      {},
      { jsonrpc: '1.0', id: 1, result: {} },
      { jsonrpc: '2.0' },
      { jsonrpc: '2.0', method: 3 },
      { jsonrpc: '2.0', method: 'm', params: [] },
    ];
    for (const value of junk) peer.say(value);
    expect(engine.dropped.malformed).toBe(junk.length);
    const answer = engine.request(callFor('echo'), 'echo', {});
    peer.answer(peer.requests()[0], { ok: true });
    expect(await answer).toEqual({ ok: true });
  });

  test('any subset of an envelope with any types neither throws nor hangs what comes after', async () => {
    const anything = fc.oneof(
      fc.constant(undefined),
      fc.anything({ withNullPrototype: true, maxDepth: 2 }),
      fc.constantFrom(1, 0, '1', null, 1.5),
    );
    const envelope = fc.record(
      {
        jsonrpc: fc.constantFrom('2.0', '1.0', 2, undefined),
        id: anything,
        method: fc.oneof(anything, fc.constant('ping')),
        params: anything,
        result: anything,
        error: anything,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(envelope, { maxLength: 20 }), async (values) => {
        const peer = scriptedPeer();
        const engine = engineOn(peer);
        const early = outcome(engine.request(callFor('echo'), 'echo', {}));
        for (const value of values) peer.say(value);
        const late = engine.request(callFor('echo'), 'echo', {});
        const requests = peer.requests('echo');
        peer.answer(requests[0], { first: true });
        peer.answer(requests[1], { second: true });
        const first = await early;
        if (first instanceof Error) expect(first).toBeInstanceOf(ToolwayError);
        const second = await outcome(late);
        if (second instanceof Error) expect(second).toBeInstanceOf(ToolwayError);
        expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  test('an answer with both result and error, or with neither, fails its own call alone', async () => {
    const peer = scriptedPeer();
    const engine = engineOn(peer);
    const calls = [0, 1, 2, 3].map(() => outcome(engine.request(callFor('echo'), 'echo', {})));
    const [both, neither, list, good] = peer.requests();
    peer.say({ jsonrpc: '2.0', id: both?.id, result: {}, error: { code: 1, message: 'm' } });
    peer.say({ jsonrpc: '2.0', id: neither?.id });
    peer.say({ jsonrpc: '2.0', id: list?.id, result: [] });
    peer.answer(good, { fine: true });
    const settledCalls = await Promise.all(calls);
    expect(settledCalls.slice(0, 3)).toEqual(
      [0, 1, 2].map(() => expect.objectContaining({ code: 'protocol_error', executed: 'yes' })),
    );
    expect(settledCalls[3]).toEqual({ fine: true });
  });

  test('an answer nested deeper than the limit is refused with the limit', async () => {
    const peer = scriptedPeer();
    const engine = engineOn(peer);
    const answer = outcome(engine.request(callFor('echo'), 'echo', {}));
    peer.answer(peer.requests()[0], JSON.parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`));
    expect(await answer).toMatchObject({ code: 'protocol_error', limit: 64 });
  });

  test('invalid parameters prove that nothing ran, but of a tool, which may find that out half way', async () => {
    const peer = scriptedPeer();
    const engine = engineOn(peer);
    const methods = ['resources/read', 'tools/call'];
    const answers = methods.map((method) => outcome(engine.request(callFor(method), method, {})));
    for (const { id } of peer.requests()) peer.say({ jsonrpc: '2.0', id, error: { code: -32602, message: 'invalid' } });
    expect(await Promise.all(answers)).toMatchObject([{ executed: 'no' }, { executed: 'unknown' }]);
  });

  test('a JSON-RPC error is the error of the call, with its code and data', async () => {
    const peer = scriptedPeer();
    const engine = engineOn(peer);
    const answers = [-32601, -32603].map(() => outcome(engine.request(callFor('echo'), 'echo', {})));
    const [unknown, internal] = peer.requests();
    peer.say({ jsonrpc: '2.0', id: unknown?.id, error: { code: -32601, message: 'no such method', data: { x: 1 } } });
    peer.say({ jsonrpc: '2.0', id: internal?.id, error: { code: -32603, message: 'broke' } });
    expect(await Promise.all(answers)).toEqual([
      expect.objectContaining({ code: 'server_error', rpcCode: -32601, data: { x: 1 }, executed: 'no' }),
      expect.objectContaining({ code: 'server_error', rpcCode: -32603, executed: 'unknown' }),
    ]);
  });

  test('a batch of an old server is read message by message', async () => {
    const peer = scriptedPeer();
    const engine = engineOn(peer);
    const answers = [engine.request(callFor('echo'), 'echo', {}), engine.request(callFor('echo'), 'echo', {})];
    const requests = peer.requests();
    peer.say(requests.map(({ id }) => ({ jsonrpc: '2.0', id, result: { id } })));
    expect(await Promise.all(answers)).toEqual(requests.map(({ id }) => ({ id })));
  });
});

describe('the end of a call', () => {
  test('a stopped call is cancelled on the server once, and its late answer is dropped', async () => {
    const peer = scriptedPeer();
    const engine = engineOn(peer);
    const call = callFor('echo');
    const answer = outcome(engine.request(call, 'echo', {}));
    call.stop(new ToolwayError('cancelled', 'enough'));
    call.stop(new ToolwayError('timeout', 'too late to be the reason'));
    const [request] = peer.requests();
    peer.answer(request, { late: true });
    expect(await answer).toMatchObject({ code: 'cancelled', executed: 'unknown' });
    expect(peer.sent.slice(1)).toEqual([
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: request?.id, reason: 'cancelled' } },
    ]);
    expect(engine.dropped.unmatched).toBe(1);
  });

  test('the handshake is never cancelled by a notification', async () => {
    const peer = scriptedPeer();
    const engine = engineOn(peer);
    const call = callFor('initialize');
    const answer = outcome(engine.request(call, 'initialize', {}));
    call.stop(new ToolwayError('timeout', 'too slow'));
    expect(await answer).toMatchObject({ code: 'timeout' });
    expect(peer.sent).toHaveLength(1);
  });

  test('where a request has its own stream, the modern era closes it instead of sending a notification', async () => {
    const cancelled: unknown[] = [];
    const peer = scriptedPeer('http', { cancel: (id) => void cancelled.push(id) });
    const engine = engineOn(peer);
    engine.setCancelByStream(true);
    const call = callFor('echo');
    const answer = outcome(engine.request(call, 'echo', {}));
    call.stop(new ToolwayError('cancelled', 'enough'));
    await answer;
    expect(cancelled).toEqual([peer.requests()[0]?.id]);
    expect(peer.sent).toHaveLength(1);
  });

  test('a link that is given up tells its calls why', async () => {
    const peer = scriptedPeer();
    const causes: ToolwayError[] = [];
    const engine = engineOn(peer, { onClose: (cause) => causes.push(cause) });
    const answer = outcome(engine.request(callFor('echo'), 'echo', {}));
    const silent = new ToolwayError('not_connected', 'no sign of life');
    await engine.close(silent);
    expect(await answer).toMatchObject({ code: 'outcome_unknown', executed: 'unknown', cause: silent });
    expect(causes).toEqual([silent]);
  });

  test('a lost link leaves every call with an unknown outcome and the true cause', async () => {
    const peer = scriptedPeer();
    const causes: ToolwayError[] = [];
    const engine = engineOn(peer, { onClose: (cause) => causes.push(cause) });
    const answers = [1, 2, 3].map(() => outcome(engine.request(callFor('echo'), 'echo', {})));
    peer.hangUp(new ToolwayError('server_exited', 'exited with code 3', { exitCode: 3, stderr: 'boom' }));
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatchObject({ code: 'outcome_unknown', executed: 'unknown', exitCode: 3, stderr: 'boom' });
      expect(answer).toHaveProperty('cause.code', 'server_exited');
    }
    expect(causes).toHaveLength(1);
    expect(await outcome(engine.request(callFor('echo'), 'echo', {}))).toMatchObject({
      code: 'not_connected',
      executed: 'no',
    });
  });

  test('a link that was ended by a limit names it', async () => {
    const peer = scriptedPeer();
    const answer = outcome(engineOn(peer).request(callFor('echo'), 'echo', {}));
    peer.hangUp(new ToolwayError('message_too_large', 'a line without end', { limit: 7 }));
    expect(await answer).toMatchObject({
      code: 'outcome_unknown',
      executed: 'unknown',
      limit: 7,
      cause: { code: 'message_too_large' },
    });
  });

  test('a call that was stopped before it was sent is never sent', async () => {
    const peer = scriptedPeer();
    const engine = engineOn(peer);
    const call = callFor('echo');
    call.stop(new ToolwayError('cancelled', 'never wanted'));
    expect(await outcome(engine.request(call, 'echo', {}))).toMatchObject({ code: 'cancelled', executed: 'no' });
    expect(peer.sent).toEqual([]);
  });

  test('a call whose time was over before anybody looked is never sent', async () => {
    const peer = scriptedPeer();
    let now = 0;
    const engine = engineOn(peer, { now: () => now });
    const limits = { startedAt: 0, timeoutMs: 100 };
    now = 100;
    const late = { code: 'timeout', executed: 'no', limit: 100 };
    expect(await outcome(engine.request(callFor('echo', {}, limits), 'echo', {}))).toMatchObject(late);
    const begun = callFor('echo', {}, limits);
    begun.state = 'answering';
    expect(await outcome(engine.request(begun, 'echo', {}))).toMatchObject({ ...late, executed: 'unknown' });
    expect(peer.sent).toEqual([]);
    now = 99;
    void outcome(engine.request(callFor('echo', {}, limits), 'echo', {}));
    expect(peer.sent).toHaveLength(1);
  });
});

describe('a transport of somebody else', () => {
  const broken = (): never => {
    throw new Error('the socket is not open');
  };

  test.each<[string, () => Promise<void>]>([
    ['throws', broken],
    ['rejects', async () => broken()],
  ])('that %s where it is to send fails that request alone', async (_how, send) => {
    const peer = scriptedPeer('memory', { send });
    const engine = engineOn(peer);
    const call = callFor('echo');
    const failed = await outcome(engine.request(call, 'echo', {}));
    expect(failed).toMatchObject({ code: 'internal', executed: 'unknown', message: 'the socket is not open' });
    await expect(engine.notify('notifications/roots/list_changed')).rejects.toThrow('the socket is not open');
    peer.say({ jsonrpc: '2.0', id: call.requestId, result: {} });
    expect(engine.dropped.unmatched).toBe(1);
  });

  test('that returns nothing when it has sent is taken at its word', async () => {
    const peer = scriptedPeer('memory', { send: (() => {}) as unknown as () => Promise<void> });
    const engine = engineOn(peer);
    const call = callFor('echo');
    const answer = engine.request(call, 'echo', {});
    peer.say({ jsonrpc: '2.0', id: call.requestId, result: { fine: true } });
    expect(await answer).toEqual({ fine: true });
  });

  test('that throws at the end of a call, or of the link, throws into nobody else', async () => {
    const warned: string[] = [];
    let isBroken = false;
    const maybe = () => (isBroken ? broken() : Promise.resolve());
    const peer = scriptedPeer('memory', { send: maybe, cancel: maybe, close: maybe });
    const engine = engineOn(peer, { onWarning: (message) => warned.push(message) });
    const call = callFor('echo');
    const answer = outcome(engine.request(call, 'echo', {}));
    isBroken = true;
    call.stop(new ToolwayError('timeout', 'too late'));
    expect(await answer).toMatchObject({ code: 'timeout', executed: 'unknown' });
    await settled();
    expect(warned).toEqual(['a message could not be sent', 'a message could not be sent']);
    await expect(engine.close()).rejects.toThrow('the socket is not open');
  });
});

describe('a server at work', () => {
  test('is one that holds a request from before; a subscription is none', () => {
    const peer = scriptedPeer();
    let now = 0;
    const engine = engineOn(peer, { now: () => now });
    const ask = (method: string) => void outcome(engine.request(callFor(method, {}, { startedAt: 0 }), method, {}));
    ask('subscriptions/listen');
    now = 10;
    ask('tools/call');
    expect([5, 10, 11].map(engine.isBusySince)).toEqual([false, false, true]);
    peer.answer(peer.requests('tools/call')[0], {});
    expect(engine.isBusySince(11)).toBe(false);
  });
});

describe('progress', () => {
  test('reaches its call in order, moves its limit, and is dropped for any other token', () => {
    const peer = scriptedPeer();
    let now = 0;
    const engine = engineOn(peer, { now: () => now });
    const seen: number[] = [];
    const call = callFor(
      'echo',
      {},
      { startedAt: 0, timeoutMs: 100, totalTimeoutMs: 250, onProgress: ({ progress }) => seen.push(progress) },
    );
    void outcome(engine.request(call, 'echo', { _meta: {} }));
    const token = (peer.requests()[0]?.params?._meta as { progressToken: unknown } | undefined)?.progressToken;
    const report = (progressToken: unknown, progress: unknown) =>
      peer.say({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress } });
    now = 90;
    report(token, 1);
    expect(call.dueAt).toBe(190);
    report('other', 2);
    report(token, 'three');
    now = 180;
    report(token, 4);
    expect(call.dueAt).toBe(250);
    expect(seen).toEqual([1, 4]);
  });
});

describe('requests of the server', () => {
  test('are answered once each, also with the id 0, and unusable ids are not', async () => {
    const peer = scriptedPeer();
    const engine = engineOn(peer, { onRequest: async (method) => ({ method }) });
    peer.say({ jsonrpc: '2.0', id: 0, method: 'roots/list' });
    peer.say({ jsonrpc: '2.0', id: 'a', method: 'ping' });
    peer.say({ jsonrpc: '2.0', id: null, method: 'ping' });
    await vi.waitFor(() => expect(peer.sent).toHaveLength(2));
    expect(peer.sent).toEqual([
      { jsonrpc: '2.0', id: 0, result: { method: 'roots/list' } },
      { jsonrpc: '2.0', id: 'a', result: { method: 'ping' } },
    ]);
    expect(engine.dropped.malformed).toBe(1);
  });

  test('belong to the call in whose course they arrived, however long it takes until somebody answers them', async () => {
    const peer = scriptedPeer();
    const heard: unknown[] = [];
    const [first, last] = [callFor('first'), callFor('last')];
    let current: Call | undefined = first;
    engineOn(peer, {
      asking: () => (current === undefined ? [] : [current]),
      onRequest: async (_method, _params, { call }) => {
        heard.push(call?.id);
        return {};
      },
    });
    peer.say({ jsonrpc: '2.0', id: 1, method: 'elicitation/create', params: {} });
    current = undefined;
    peer.say({ jsonrpc: '2.0', id: 2, method: 'elicitation/create', params: {} });
    current = last;
    await vi.waitFor(() => expect(heard).toEqual([first.id, undefined]));
  });

  test('that the server takes back are aborted and not answered', async () => {
    const peer = scriptedPeer();
    const aborted: string[] = [];
    engineOn(peer, {
      onRequest: (_method, _params, { signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => {
            aborted.push('yes');
            reject(signal.reason);
          }),
        ),
    });
    peer.say({ jsonrpc: '2.0', id: 7, method: 'elicitation/create', params: {} });
    peer.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } });
    await vi.waitFor(() => expect(aborted).toEqual(['yes']));
    await settled();
    expect(peer.sent).toEqual([]);
  });

  test('beyond 64 at a time are refused, and the link lives', async () => {
    const peer = scriptedPeer();
    engineOn(peer, { onRequest: () => new Promise(() => {}) });
    for (let id = 0; id < 70; id += 1) peer.say({ jsonrpc: '2.0', id, method: 'sampling/createMessage', params: {} });
    await vi.waitFor(() => expect(peer.sent).toHaveLength(6));
    expect(peer.sent[0]).toMatchObject({ id: 64, error: { code: -32603 } });
  });
});
