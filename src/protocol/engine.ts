/**
 * The JSON-RPC engine over one transport: ids, correlation, progress, cancellation, and the requests that the server
 * sends us. It knows no era and no method beyond those of JSON-RPC's own housekeeping in MCP. Whatever arrives is
 * checked here first; what fits nothing is dropped and counted, and never reaches another call.
 */
import type { Call } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import type { MessageExtra, SendOptions, Transport } from '../transport/transport.ts';
import { deeperThan } from './depth.ts';
import { lost, malformedAnswer, serverError, tooDeep } from './failed-requests.ts';
import type { Inbox } from './inbox.ts';
import { LISTING_METHODS } from './lists.ts';
import { createPendingTable } from './pending.ts';
import type { JsonObject, Progress } from './types.ts';
import { isObject, type JsonRpcErrorBody, type JsonRpcMessage, type RequestId } from './wire.ts';

export interface EngineOptions {
  transport: Transport;
  server: string;
  /** Depth of one answer. */
  maxDepth: number;
  now: () => number;
  /** Answers a request of the server. */
  onRequest: Inbox['answer'];
  /** The calls in whose course a request of the server may come; asked as soon as one arrives. */
  asking?: (() => readonly Call[]) | undefined;
  onNotification: (method: string, params: JsonObject) => void;
  /** The link ended; every request in flight has been told. */
  onClose: (cause: ToolwayError) => void;
  onWarning: (message: string, cause?: unknown) => void;
}

/** What arrived and was dropped. */
export interface DropCounts {
  /** Answers to no request of ours: late, duplicate, unknown or null ids. */
  unmatched: number;
  /** Values that are no JSON-RPC message. */
  malformed: number;
}

export interface Engine {
  readonly transport: Transport;
  readonly dropped: DropCounts;
  /** Resolves at the first sign of life: a message, or noise. */
  readonly heard: Promise<void>;
  /** How many messages have arrived. */
  readonly arrivals: number;
  /** Whether a request that was sent before then is still without its answer; a subscription is never answered. */
  isBusySince(at: number): boolean;
  /** Set once the link has ended. */
  readonly ended: ToolwayError | undefined;
  start(): Promise<void>;
  /**
   * Sends one request on behalf of `call` and resolves to the server's result, which is an object within the depth
   * limit and otherwise unchecked. A `_meta` in `params` must be this request's own: the progress token is put there.
   */
  request(call: Call, method: string, params: JsonObject, options?: SendOptions): Promise<JsonObject>;
  /** Resolves when the message was handed over (over HTTP: accepted). */
  notify(method: string, params?: JsonObject): Promise<void>;
  /** In the modern era the end of a request's own stream says that it is cancelled; in the legacy era only a notification does. */
  setCancelByStream(yes: boolean): void;
  /** Ends the link. `cause` is what requests in flight are told, where it is not our own wish. */
  close(cause?: ToolwayError): Promise<void>;
}

interface Pending {
  readonly call: Call;
  readonly method: string;
  readonly sentAt: number;
  readonly resolve: (result: JsonObject) => void;
  readonly reject: (error: ToolwayError) => void;
}

export const createEngine = (options: EngineOptions): Engine => {
  const { transport, server, maxDepth, now, onNotification, onWarning } = options;
  const pending = createPendingTable<Pending>();
  const dropped: DropCounts = { unmatched: 0, malformed: 0 };
  let ended: ToolwayError | undefined;
  let cancelByStream = false;
  let arrivals = 0;
  let hear: () => void = () => {};
  const heard = new Promise<void>((resolve) => {
    hear = resolve;
  });

  /** A transport of somebody else may throw where it is to reject, and return nothing; who sends may be a timer. */
  const deliver = (message: JsonRpcMessage, sendOptions?: SendOptions): Promise<void> => {
    try {
      return Promise.resolve(transport.send(message, sendOptions));
    } catch (error) {
      return Promise.reject(error);
    }
  };
  const unsent = (error: unknown): void => onWarning('a message could not be sent', error);
  const tell = (message: JsonRpcMessage): void => {
    deliver(message).catch(unsent);
  };
  /** Loaded with the first request of the server, which most never send. What is for it stays in its order. */
  let inbox: Promise<Inbox> | undefined;
  const asked = (id: unknown, method: string, params: JsonObject): void => {
    const asking = options.asking?.() ?? [];
    inbox ??= import('./inbox.ts').then(({ createInbox }) =>
      createInbox({ answer: options.onRequest, send: tell, onWarning, now }),
    );
    inbox.then(
      ({ receive }) => {
        if (!receive(id, method, params, asking)) dropped.malformed += 1;
      },
      (error: unknown) => {
        inbox = undefined;
        onWarning(`${method} of the server cannot be answered`, error);
      },
    );
  };

  const fail = (id: RequestId, error: ToolwayError): void => {
    const waiting = pending.take(id);
    if (waiting === undefined) return;
    waiting.call.hold(undefined);
    waiting.reject(error);
  };

  const cancel = (id: RequestId, error: ToolwayError): void => {
    const waiting = pending.get(id);
    if (waiting === undefined) return;
    fail(id, error.with({ executed: 'unknown' }));
    if (ended !== undefined) return;
    // The handshake must not be cancelled (2025-11-25 basic/utilities/cancellation); a closed stream already says it.
    const saidByStream = cancelByStream && transport.cancel !== undefined;
    if (waiting.method !== 'initialize' && !saidByStream) {
      tell({
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: id, reason: error.code },
      });
    }
    try {
      transport.cancel?.(id);
    } catch (error) {
      unsent(error);
    }
  };

  const settle = (message: JsonObject, status?: number): void => {
    const waiting = pending.take(message.id);
    if (waiting === undefined) {
      dropped.unmatched += 1;
      return;
    }
    waiting.call.hold(undefined);
    waiting.call.state = 'answering';
    const { result, error } = message;
    if (error === undefined && isObject(result)) {
      if (!LISTING_METHODS.has(waiting.method) && deeperThan(result, maxDepth))
        waiting.reject(tooDeep(waiting.method, maxDepth));
      else waiting.resolve(result);
    } else if (result === undefined && isErrorBody(error)) waiting.reject(serverError(error, status, waiting.method));
    else waiting.reject(malformedAnswer(waiting.method));
  };

  const progress = (params: JsonObject): void => {
    const waiting = pending.get(params.progressToken);
    if (waiting === undefined || typeof params.progress !== 'number') return;
    const seen: Progress = { progress: params.progress };
    if (typeof params.total === 'number') seen.total = params.total;
    if (typeof params.message === 'string') seen.message = params.message;
    waiting.call.progress(seen, now());
  };

  const receive = (message: unknown, extra?: MessageExtra): void => {
    hear();
    arrivals += 1;
    if (Array.isArray(message) && message.length > 0) {
      // Servers of 2025-03-26 may send batches.
      for (const single of message) receiveOne(single);
    } else receiveOne(message, extra?.status);
  };
  const receiveOne = (message: unknown, status?: number): void => {
    if (!isObject(message) || message.jsonrpc !== '2.0') {
      dropped.malformed += 1;
      return;
    }
    const { method } = message;
    if (method === undefined) {
      if (message.id === undefined && message.error === undefined) dropped.malformed += 1;
      else settle(message, status);
      return;
    }
    const params = message.params ?? {};
    if (typeof method !== 'string' || !isObject(params) || deeperThan(params, maxDepth)) dropped.malformed += 1;
    else if ('id' in message) asked(message.id, method, params);
    else if (method === 'notifications/progress') progress(params);
    else if (method === 'notifications/cancelled')
      inbox?.then(
        ({ cancel }) => cancel(params.requestId),
        () => {},
      );
    else onNotification(method, params);
  };

  const end = (cause?: ToolwayError): void => {
    if (ended !== undefined) return;
    ended = cause ?? new ToolwayError('closed', 'the connection was closed', { server });
    inbox?.then(
      ({ close }) => close(),
      () => {},
    );
    for (const id of pending.ids()) fail(id, lost(ended));
    options.onClose(ended);
  };

  transport.onmessage = receive as typeof transport.onmessage;
  transport.onerror = (error) => {
    hear();
    onWarning(error.message, error);
  };
  transport.onclose = end;
  transport.onfail = fail;
  transport.onanswer = (id) => {
    const waiting = pending.get(id);
    if (waiting !== undefined) waiting.call.state = 'answering';
  };

  return {
    transport,
    dropped,
    heard,
    get arrivals() {
      return arrivals;
    },
    isBusySince: (at) =>
      pending.ids().some((id) => {
        const { sentAt, method } = pending.get(id) as Pending;
        return sentAt < at && method !== 'subscriptions/listen';
      }),
    get ended() {
      return ended;
    },
    start: () => transport.start(),
    request: (call, method, params, sendOptions) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) {
          reject(new ToolwayError('not_connected', 'the connection has ended', { executed: 'no', cause: ended }));
          return;
        }
        // Whoever kept the thread busy kept the timer from it as well.
        const sentAt = now();
        if (sentAt >= call.dueAt) call.expire();
        if (call.stopped !== undefined) {
          reject(call.stopped.with({ executed: call.state === 'queued' ? 'no' : 'unknown' }));
          return;
        }
        const id = pending.add({ call, method, sentAt, resolve, reject });
        if (params._meta !== undefined) (params._meta as JsonObject).progressToken = id;
        call.state = 'handed_over';
        call.requestId = id;
        deliver({ jsonrpc: '2.0', id, method, params }, sendOptions).catch((error: unknown) =>
          fail(id, ToolwayError.from(error, { executed: 'unknown' })),
        );
        call.hold((error) => cancel(id, error));
      }),
    notify: (method, params) =>
      deliver(params === undefined ? { jsonrpc: '2.0', method } : { jsonrpc: '2.0', method, params }),
    setCancelByStream(yes) {
      cancelByStream = yes;
    },
    async close(cause) {
      if (cause !== undefined) end(cause);
      await transport.close();
    },
  };
};

const isErrorBody = (value: unknown): value is JsonRpcErrorBody =>
  isObject(value) && typeof value.code === 'number' && typeof value.message === 'string';
