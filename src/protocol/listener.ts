/**
 * The modern era's subscription: one `subscriptions/listen` request that stays open and is opened again when it breaks
 * (2026-07-28 basic/patterns/subscriptions). Loaded for servers that have something to tell.
 */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Engine } from './engine.ts';
import type { ServerIdentity } from './era.ts';
import type { JsonObject } from './types.ts';
import type { RequestId } from './wire.ts';

export interface ListenerOptions {
  engine: Engine;
  clock: Clock;
  identity: ServerIdentity;
  send: (call: Call, method: string, params: JsonObject) => Promise<JsonObject>;
  /** Which subscription a notification says that it belongs to. */
  subscriptionOf: (params: JsonObject) => unknown;
  /** Waits on behalf of a call. */
  pause: (call: Call, ms: number) => Promise<void>;
  /** Makes a call that no limit ends. */
  endlessCall: (method: string) => Call;
  /** The subscription had broken and is open again: what changed meanwhile is unknown. */
  onGap: () => void;
  onWarning: (message: string, cause?: unknown) => void;
}

export interface Listener {
  subscribe(uri: string): Promise<void>;
  unsubscribe(uri: string): Promise<void>;
  admits(method: string, params: JsonObject): boolean;
  close(): void;
}

/** Delay before a broken subscription is opened again: doubled each time, back to the first after an acknowledgement. */
const REOPEN_MS = { first: 1_000, most: 30_000 };
/** How long an acknowledgement is waited for before a subscription counts as made anyway. */
const ACKNOWLEDGE_MS = 5_000;

const SUBSCRIBED_NOTICES: ReadonlySet<string> = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
]);

interface Stream {
  readonly call: Call;
  acknowledged: boolean;
  readonly onAcknowledged: Set<() => void>;
}

export const createListener = (options: ListenerOptions): Listener => {
  const { engine, clock, identity, send, endlessCall, pause, subscriptionOf, onGap, onWarning } = options;
  const uris = new Set<string>();
  const streams = new Map<RequestId, Stream>();
  let current: Stream | undefined;
  let closed = false;
  let broken = false;
  let delayMs = REOPEN_MS.first;

  const wanted = (): JsonObject => {
    const { tools, prompts, resources } = identity.capabilities;
    return {
      ...(tools?.listChanged === true ? { toolsListChanged: true } : {}),
      ...(prompts?.listChanged === true ? { promptsListChanged: true } : {}),
      ...(resources?.listChanged === true ? { resourcesListChanged: true } : {}),
      ...(uris.size > 0 ? { resourceSubscriptions: [...uris] } : {}),
    };
  };

  const drop = (stream: Stream | undefined): void =>
    stream?.call.stop(new ToolwayError('cancelled', 'the subscription is no longer wanted'));

  /** Opens a subscription for what is wanted now; the one before is dropped when the new one is acknowledged. */
  const open = (): Stream | undefined => {
    const notifications = wanted();
    const before = current;
    if (closed || Object.keys(notifications).length === 0) {
      current = undefined;
      drop(before);
      return undefined;
    }
    const stream: Stream = {
      call: endlessCall('subscriptions/listen'),
      acknowledged: false,
      onAcknowledged: new Set(),
    };
    current = stream;
    stream.onAcknowledged.add(() => drop(before));
    const over = send(stream.call, 'subscriptions/listen', { notifications });
    const id = stream.call.requestId as RequestId;
    streams.set(id, stream);
    over.then(
      () => ended(id, stream),
      (error: unknown) => ended(id, stream, error),
    );
    return stream;
  };

  const ended = (id: RequestId, stream: Stream, error?: unknown): void => {
    streams.delete(id);
    for (const done of stream.onAcknowledged) done();
    if (stream !== current || closed || engine.ended !== undefined) return;
    current = undefined;
    if (error instanceof ToolwayError && error.executed === 'no' && error.code === 'server_error') {
      onWarning('the server refuses subscriptions: changes of its lists will not be noticed', error);
      return;
    }
    broken = true;
    const waiting = endlessCall('subscriptions/listen');
    const ms = delayMs;
    delayMs = Math.min(delayMs * 2, REOPEN_MS.most);
    void pause(waiting, ms).then(() => {
      if (current === undefined) open();
    });
  };

  const acknowledged = (stream: Stream): void => {
    if (stream.acknowledged) return;
    stream.acknowledged = true;
    delayMs = REOPEN_MS.first;
    for (const done of stream.onAcknowledged) done();
    stream.onAcknowledged.clear();
    if (broken) {
      broken = false;
      onGap();
    }
  };

  const reopened = (): Promise<void> => {
    const stream = open();
    if (stream === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = clock.after(ACKNOWLEDGE_MS, resolve);
      stream.onAcknowledged.add(() => {
        timer.cancel();
        resolve();
      });
    });
  };

  open();

  return {
    subscribe(uri) {
      if (uris.has(uri)) return Promise.resolve();
      uris.add(uri);
      return reopened();
    },
    unsubscribe(uri) {
      return uris.delete(uri) ? reopened() : Promise.resolve();
    },
    admits(method, params) {
      const own = method === 'notifications/subscriptions/acknowledged';
      if (!own && !SUBSCRIBED_NOTICES.has(method)) return true;
      const stream = streams.get(subscriptionOf(params) as RequestId);
      if (stream === undefined) return false;
      if (own) acknowledged(stream);
      return !own;
    },
    close() {
      closed = true;
      drop(current);
      current = undefined;
    },
  };
};
