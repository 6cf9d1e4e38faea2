import { describe, expect, test } from 'vitest';
import { callFor, scriptedPeer, settled } from '../../test/fixtures/scripted-peer.ts';
import type { Clock } from '../clock.ts';
import { createEngine } from './engine.ts';
import { createListener, type Listener } from './listener.ts';
import type { JsonObject, ServerCapabilities } from './types.ts';
import { META } from './wire.ts';

/** `agree` acknowledges with what it is given. */
type Reply = (asked: JsonObject, agree: (granted: JsonObject) => undefined) => JsonObject | undefined;

/** A listener on a server that answers each `subscriptions/listen` as `reply` says; time stands still unless the test moves it. */
const world = async (reply?: Reply, capabilities: ServerCapabilities = { tools: { listChanged: true } }) => {
  const peer = scriptedPeer();
  const timers = new Set<{ ms: number; fire: () => void }>();
  const clock: Clock = {
    now: () => 0,
    after(ms, fire) {
      const timer = { ms, fire };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer), keepAlive: () => {} };
    },
  };
  const warnings: string[] = [];
  let gaps = 0;
  const acknowledge = (id: unknown, notifications?: JsonObject): void =>
    peer.say({
      jsonrpc: '2.0',
      method: 'notifications/subscriptions/acknowledged',
      params: { _meta: { [META.subscriptionId]: id }, ...(notifications === undefined ? {} : { notifications }) },
    });
  peer.on('subscriptions/listen', ({ id, params }) => {
    const asked = params?.notifications as JsonObject;
    const agree = (granted: JsonObject): undefined => void acknowledge(id, granted) as undefined;
    return reply === undefined ? agree(asked) : reply(asked, agree);
  });
  const admitted: string[] = [];
  const engine = createEngine({
    transport: peer.transport,
    server: 's',
    maxDepth: 64,
    now: () => 0,
    onRequest: async () => ({}),
    onNotification: (method, params) => {
      if (listener.admits(method, params)) admitted.push(method);
    },
    onClose: () => {},
    onWarning: () => {},
  });
  const listener: Listener = createListener({
    engine,
    clock,
    identity: { serverInfo: { name: 's', version: '1' }, capabilities },
    send: (call, method, params) => engine.request(call, method, params),
    subscriptionOf: ({ _meta }) => (_meta as JsonObject | undefined)?.[META.subscriptionId],
    newCall: (method) => callFor(method, {}, { startedAt: 0 }),
    onGap: () => {
      gaps += 1;
    },
    onWarning: (message) => void warnings.push(message),
  });
  await settled();
  const pass = async (): Promise<number[]> => {
    const due = [...timers];
    timers.clear();
    for (const { fire } of due) fire();
    await settled();
    return due.map(({ ms }) => ms);
  };
  const changedOn = (id: unknown): string[] => {
    peer.say({
      jsonrpc: '2.0',
      method: 'notifications/tools/list_changed',
      params: { _meta: { [META.subscriptionId]: id } },
    });
    return admitted.splice(0);
  };
  const asked = () => peer.requests('subscriptions/listen').map(({ params }) => params?.notifications);
  const ids = () => peer.requests('subscriptions/listen').map(({ id }) => id);
  const cancelled = () =>
    peer.sent.flatMap((message) =>
      'method' in message && message.method === 'notifications/cancelled' ? [message.params?.requestId] : [],
    );
  return {
    peer,
    engine,
    listener,
    timers,
    warnings,
    gaps: () => gaps,
    pass,
    changedOn,
    asked,
    ids,
    cancelled,
  };
};
const REFUSED = { error: { code: -32602, message: 'no such resource' } };
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => error,
  );
const wantsResources = ({ resourceSubscriptions }: JsonObject): boolean => resourceSubscriptions !== undefined;

describe('a subscription to a resource', () => {
  test('takes the place of the one before once the server has agreed', async () => {
    const { listener, asked, ids, cancelled, changedOn } = await world();
    await listener.subscribe('u:1');
    expect(asked()).toEqual([{ toolsListChanged: true }, { toolsListChanged: true, resourceSubscriptions: ['u:1'] }]);
    expect(cancelled()).toEqual([ids()[0]]);
    expect(changedOn(ids()[1])).toEqual(['notifications/tools/list_changed']);
  });

  test('that is refused is told so, leaves the one before alone, and is not asked for again', async () => {
    const { listener, asked, ids, cancelled, changedOn, warnings } = await world((wanted, agree) => {
      if (wantsResources(wanted) && (wanted.resourceSubscriptions as string[]).includes('u:bad')) return REFUSED;
      return agree(wanted);
    });
    expect(await failure(listener.subscribe('u:bad'))).toMatchObject({ code: 'server_error', rpcCode: -32602 });
    expect(cancelled()).toEqual([]);
    expect(changedOn(ids()[0])).toEqual(['notifications/tools/list_changed']);
    expect(warnings).toEqual([]);
    await listener.subscribe('u:good');
    expect(asked().at(-1)).toEqual({ toolsListChanged: true, resourceSubscriptions: ['u:good'] });
  });

  test('that the server does not grant is refused, though others are granted', async () => {
    const { listener, asked } = await world((wanted, agree) => {
      const grant = ((wanted.resourceSubscriptions ?? []) as string[]).filter((uri) => uri !== 'u:2');
      return agree({ ...wanted, resourceSubscriptions: grant });
    });
    const [first, second] = await Promise.all(['u:1', 'u:2'].map((uri) => failure(listener.subscribe(uri))));
    expect([first, second]).toEqual(['resolved', expect.objectContaining({ code: 'unsupported' })]);
    expect(asked()).toHaveLength(2);
    await listener.subscribe('u:3');
    expect(asked().at(-1)).toMatchObject({ resourceSubscriptions: ['u:1', 'u:3'] });
  });

  test('that is refused together with others does not cost them theirs', async () => {
    const { listener } = await world((wanted, agree) => {
      if (((wanted.resourceSubscriptions ?? []) as string[]).includes('u:2')) return REFUSED;
      return agree(wanted);
    });
    const outcomes = await Promise.all(['u:1', 'u:2', 'u:3'].map((uri) => failure(listener.subscribe(uri))));
    expect(outcomes).toEqual(['resolved', expect.objectContaining({ code: 'server_error' }), 'resolved']);
  });

  test('counts as made where the server says nothing for a while', async () => {
    const { listener, pass } = await world((wanted) => (wantsResources(wanted) ? undefined : REFUSED), {
      resources: {},
    });
    const outcome = failure(listener.subscribe('u:1'));
    await settled();
    expect(await pass()).toEqual([5_000]);
    expect(await outcome).toBe('resolved');
  });
});

describe('a subscription that breaks', () => {
  test('is opened again, later each time, and what was missed is asked for once', async () => {
    let agrees = true;
    const { peer, ids, asked, gaps, pass, listener } = await world((wanted, agree) => {
      if (!agrees) return {};
      return agree(wanted);
    });
    await listener.subscribe('u:1');
    agrees = false;
    peer.say({ jsonrpc: '2.0', id: ids()[1], result: {} });
    await settled();
    const waits = [...(await pass()), ...(await pass())];
    expect(gaps()).toBe(0);
    agrees = true;
    waits.push(...(await pass()));
    expect(waits).toHaveLength(3);
    waits.forEach((wait, i) => {
      expect(wait).toBeGreaterThanOrEqual(500 * 2 ** i);
      expect(wait).toBeLessThanOrEqual(1_500 * 2 ** i);
    });
    expect([gaps(), asked().at(-1)]).toEqual([1, { toolsListChanged: true, resourceSubscriptions: ['u:1'] }]);
  });

  test('is not waited for after it was closed', async () => {
    const { listener, timers } = await world(() => ({}));
    expect(timers.size).toBe(1);
    listener.close();
    expect(timers.size).toBe(0);
  });

  test('because the server knows none is told once and not tried again', async () => {
    const { timers, warnings } = await world(() => ({ error: { code: -32601, message: 'unknown method' } }));
    expect([timers.size, warnings.length]).toEqual([0, 1]);
  });
});
