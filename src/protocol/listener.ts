/**
 * The modern era's subscription: one `subscriptions/listen` request that stays open and is opened again when it breaks
 * (2026-07-28 basic/patterns/subscriptions). Loaded for servers that have something to tell.
 */
import type { Call } from '../call.ts';
import type { Clock, Timer } from '../clock.ts';
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
  newCall: (method: string, timeoutMs?: number) => Call;
  /** The subscription had broken and is open again: what changed meanwhile is unknown. */
  onGap: () => void;
  onWarning: (message: string, cause?: unknown) => void;
}

export interface Listener {
  /** Rejects when the server refuses; what was subscribed to before stays. */
  subscribe(uri: string): Promise<void>;
  unsubscribe(uri: string): Promise<void>;
  admits(method: string, params: JsonObject): boolean;
  close(): void;
}

/**
 * Delay before a broken subscription is opened again: half of it to one and a half times, since a server that went down
 * broke those of all its clients at once; doubled each time, back to the first after an acknowledgement.
 */
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
  /** Takes it over from the one before; without `granted` the server did not say what it agreed to. */
  readonly take: (granted?: ReadonlySet<unknown>) => void;
}

export const createListener = (options: ListenerOptions): Listener => {
  const { engine, clock, identity, send, newCall, subscriptionOf, onGap, onWarning } = options;
  /** What the server has agreed to. */
  const uris = new Set<string>();
  const streams = new Map<RequestId, Stream>();
  let current: Stream | undefined;
  let closed = false;
  let broken = false;
  let delayMs = REOPEN_MS.first;
  let waiting: Timer | undefined;

  const notificationsFor = (resourceSubscriptions: readonly string[]): JsonObject => {
    const { tools, prompts, resources } = identity.capabilities;
    return {
      ...(tools?.listChanged === true ? { toolsListChanged: true } : {}),
      ...(prompts?.listChanged === true ? { promptsListChanged: true } : {}),
      ...(resources?.listChanged === true ? { resourcesListChanged: true } : {}),
      ...(resourceSubscriptions.length > 0 ? { resourceSubscriptions } : {}),
    };
  };

  const drop = (stream: Stream | undefined): void =>
    stream?.call.stop(new ToolwayError('cancelled', 'the subscription is no longer wanted'));

  /** Opens a subscription. The one before is dropped when the server has agreed to the new one, and stays if it does not. */
  const open = (wanted: readonly string[]): Promise<ReadonlySet<unknown> | undefined> =>
    new Promise((resolve, reject) => {
      const notifications = notificationsFor(wanted);
      const before = current;
      if (closed || Object.keys(notifications).length === 0) {
        current = undefined;
        drop(before);
        resolve(undefined);
        return;
      }
      const stream: Stream = {
        call: newCall('subscriptions/listen', Number.POSITIVE_INFINITY),
        acknowledged: false,
        take(granted) {
          if (stream.call.stopped !== undefined) return;
          late.cancel();
          current = stream;
          if (before !== stream) drop(before);
          resolve(granted);
        },
      };
      const late = clock.after(ACKNOWLEDGE_MS, () => stream.take());
      const over = send(stream.call, 'subscriptions/listen', { notifications });
      const id = stream.call.requestId as RequestId;
      streams.set(id, stream);
      const ended = (error: unknown): void => {
        late.cancel();
        streams.delete(id);
        reject(error);
        if (stream === current) broke(error);
      };
      over.then(() => ended(new ToolwayError('not_connected', 'the server ended the subscription')), ended);
    });

  const broke = (error: unknown): void => {
    current = undefined;
    if (closed || engine.ended !== undefined) return;
    if (error instanceof ToolwayError && error.executed === 'no' && error.code === 'server_error') {
      onWarning('the server refuses subscriptions: changes of its lists will not be noticed', error);
      return;
    }
    broken = true;
    waiting?.cancel();
    waiting = clock.after(delayMs * (0.5 + Math.random()), keepOpen);
    delayMs = Math.min(delayMs * 2, REOPEN_MS.most);
  };

  /** One change at a time: each is made of what the one before it came to. */
  let last: Promise<unknown> = Promise.resolve();
  const next = <T>(change: () => Promise<T>): Promise<T> => {
    const made = last.then(change);
    last = made.catch(() => {});
    return made;
  };
  const keepOpen = (): void => {
    next(async () => {
      if (current !== undefined) return;
      const granted = await open([...uris]);
      for (const uri of uris)
        if (granted?.has(uri) === false) onWarning(`the server no longer tells of changes of ${uri}`);
    }).catch((error: unknown) => {
      if (current === undefined) broke(error);
    });
  };

  const acknowledged = (stream: Stream, { notifications }: JsonObject): void => {
    if (stream.acknowledged) return;
    stream.acknowledged = true;
    delayMs = REOPEN_MS.first;
    const granted = (notifications as JsonObject | undefined)?.resourceSubscriptions;
    stream.take(Array.isArray(granted) ? new Set(granted) : undefined);
    if (broken) {
      broken = false;
      onGap();
    }
  };

  /** Asks for all of them at once. Where that is refused, one that is refused must not cost the others: each is asked for alone. */
  const grant = async (asked: readonly string[]): Promise<ReadonlyMap<string, unknown>> => {
    try {
      const granted = await open([...uris, ...asked]);
      const refused = asked.filter((uri) => granted?.has(uri) === false);
      for (const uri of asked) if (!refused.includes(uri)) uris.add(uri);
      return new Map(refused.map((uri) => [uri, notGranted(uri)]));
    } catch (error) {
      if (asked.length === 1) return new Map(asked.map((uri) => [uri, error]));
      const refused = new Map<string, unknown>();
      for (const uri of asked) for (const [one, why] of await grant([uri])) refused.set(one, why);
      return refused;
    }
  };
  let gathered: { uris: Set<string>; outcome: Promise<ReadonlyMap<string, unknown>> } | undefined;
  const gather = (): { uris: Set<string>; outcome: Promise<ReadonlyMap<string, unknown>> } => {
    const asked = new Set<string>();
    const outcome = next(() => {
      gathered = undefined;
      return grant([...asked]);
    });
    return { uris: asked, outcome };
  };

  keepOpen();

  return {
    async subscribe(uri) {
      if (uris.has(uri)) return;
      gathered ??= gather();
      gathered.uris.add(uri);
      const refused = await gathered.outcome;
      if (refused.has(uri)) throw refused.get(uri);
    },
    async unsubscribe(uri) {
      if (uris.delete(uri)) await next(() => open([...uris]));
    },
    admits(method, params) {
      const own = method === 'notifications/subscriptions/acknowledged';
      if (!own && !SUBSCRIBED_NOTICES.has(method)) return true;
      const stream = streams.get(subscriptionOf(params) as RequestId);
      if (stream === undefined) return false;
      if (own) acknowledged(stream, params);
      return !own;
    },
    close() {
      closed = true;
      waiting?.cancel();
      current = undefined;
      for (const stream of streams.values()) drop(stream);
    },
  };
};

const notGranted = (uri: string): ToolwayError =>
  new ToolwayError('unsupported', `the server does not agree to tell of changes of ${uri}`, { executed: 'yes' });
