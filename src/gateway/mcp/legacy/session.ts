/** A conversation with one client of the legacy era, over whichever transport it came (2024-11-05 to 2025-11-25). */
import { ToolwayError } from '../../../errors.ts';
import type { RequestHandlers } from '../../../handlers.ts';
import * as RPC from '../../../protocol/rpc-codes.ts';
import type { JsonObject, LogLevel } from '../../../protocol/types.ts';
import {
  isObject,
  type JsonRpcMessage,
  type JsonRpcNotification,
  LEGACY_VERSIONS,
  type RequestId,
} from '../../../protocol/wire.ts';
import { whenAborted } from '../../../when-aborted.ts';
import type { GatewayContext } from '../../context.ts';
import type { Caller, Principal } from '../../principal.ts';
import { newId } from '../../random.ts';
import { faultOf, invalidParams } from '../fault.ts';
import type { RunMethod } from '../methods.ts';
import type { Surface } from '../surface.ts';
import { asLegacyResult } from './adapt.ts';
import { createCancellation } from './cancellation.ts';
import { helloOf, type LegacyVersion, readHello } from './handshake.ts';
import { askedIn, type Channel, type InFlight, progressOf } from './in-flight.ts';
import { readLevel } from './log-levels.ts';
import { type ClientMessage, failure, isId } from './messages.ts';
import { keepOwnServers } from './own-servers.ts';
import { createQuestions, type Questions } from './questions.ts';
import type { Leave } from './subscriptions.ts';
import { createTasks, RELATED_TASK, type Tasks } from './tasks.ts';

/** What is done for all sessions together, because several of them may want the same of a server. */
export interface SessionHouse {
  context: GatewayContext;
  subscribe(session: LegacySession, params: JsonObject): Promise<void>;
  unsubscribe(session: LegacySession, params: JsonObject): Promise<void>;
  levelChanged(session: LegacySession): Promise<void>;
  rootsChanged(session: LegacySession): void;
  /** It is over, whoever ended it. */
  closed(session: LegacySession): void;
}

export interface LegacySession {
  /** By which its client names it; to be kept from others. */
  readonly id: string;
  readonly surface: Surface;
  readonly caller: Caller;
  readonly version: LegacyVersion;
  /** From which severity on the client wants to hear logs. */
  readonly level: LogLevel;
  /** URIs to which the client has subscribed, and what ends that. */
  readonly subscriptions: Map<string, Promise<Leave>>;
  /** Asks the client for its roots, where it has any. */
  readonly roots: RequestHandlers['roots'];
  /** URLs that it was asked to visit, by the ids of their servers. */
  readonly visits: ReadonlySet<string>;
  /** Requests under way. */
  readonly busy: boolean;
  /** When it was last heard of, on the gateway's clock. */
  usedAt: number;
  /** Takes what belongs to no request. Set by the transport. */
  outlet: (message: JsonRpcMessage) => void;
  /** What its transport has to do when it ends. */
  onclose: () => void;
  /** The same principal, as it is now. */
  seenAs(principal: Principal): void;
  /** Answers a request; resolves to undefined where nobody waits for the answer any more. Never rejects. */
  answer(request: ClientMessage & { kind: 'request' }, channel: Channel): Promise<JsonRpcMessage | undefined>;
  /** Takes a message that is not answered. */
  take(message: ClientMessage & { kind: 'notification' | 'answer' }): void;
  ping(timeoutMs: number): Promise<void>;
  /** Ends it as soon as nothing is under way. */
  finish(): void;
  close(): void;
}

export interface SessionOptions {
  house: SessionHouse;
  surface: Surface;
  run: RunMethod;
  principal: Principal;
}

/** Requests of one session under way at a time; one more is refused. */
const MAX_IN_FLIGHT = 1_024;
/** What its transport has to write the last answer. */
const LAST_WORDS_MS = 50;

export const createSession = ({ house, surface, run, principal }: SessionOptions): LegacySession => {
  const { context } = house;
  const { clock } = context;
  const scope = newId();
  const inFlight = new Map<RequestId, InFlight>();
  let caller: Caller = { principal, session: scope };
  const leaveServers = keepOwnServers(context, surface, { principal, session: scope });
  let version: LegacyVersion = LEGACY_VERSIONS[0];
  let level: LogLevel = 'info';
  let questions: Questions | undefined;
  let tasks: Tasks | undefined;
  let closed = false;
  let finishing = false;

  const over = (id: RequestId): void => {
    inFlight.delete(id);
    if (!finishing || inFlight.size > 0) return;
    clock.after(LAST_WORDS_MS, () => {
      if (inFlight.size === 0) session.close();
    });
  };

  const push = (message: JsonRpcMessage): void => {
    if (!closed) session.outlet(message);
  };

  const putToClient = (message: JsonRpcNotification & { id?: RequestId }, server: string | undefined): void => {
    const put = async (): Promise<void> => {
      const during = await askedIn(inFlight.values(), surface, server);
      const task = during?.task;
      if (during !== undefined && message.id !== undefined)
        whenAborted(during.cancellation.signal, () => questions?.withdraw(String(message.id)));
      if (task === undefined) {
        (during?.channel ?? { send: push }).send(message);
        return;
      }
      if (message.id !== undefined) tasks?.asks(task, message.id);
      else if (message.method === 'notifications/cancelled') tasks?.answered(message.params?.requestId);
      const { params = {} } = message;
      const _meta = { ...(isObject(params._meta) && params._meta), [RELATED_TASK]: { taskId: task } };
      push({ ...message, params: { ...params, _meta } });
    };
    void put();
  };

  const taskRoom = (): Tasks => {
    tasks ??= createTasks({
      room: context.tasks,
      clock,
      principal: () => caller.principal.id,
      onStatus: (task) => push({ jsonrpc: '2.0', method: 'notifications/tasks/status', params: task }),
    });
    return tasks;
  };

  /** No other revision of the era has them. */
  const hasTasks = (): boolean => version === '2025-11-25';

  const initialize = async (params: JsonObject): Promise<JsonObject> => {
    if (questions !== undefined) throw invalidParams('this session is initialized already');
    const hello = readHello(params);
    version = hello.version;
    questions = createQuestions({ capabilities: hello.capabilities, clock, send: putToClient });
    return helloOf(version, await surface.about(caller));
  };

  const perform = (method: string, params: JsonObject, one: InFlight): Promise<JsonObject> =>
    run(method, params, {
      caller,
      signal: one.cancellation.signal,
      handlers: questions?.handlers,
      onProgress: progressOf(params, one.channel),
    });

  const begin = async (params: JsonObject): Promise<JsonObject> => {
    const name = String(params.name);
    const target = (await surface.targetOf('tools', name)) ?? { server: '', name };
    return taskRoom().begin(params, target, async ({ id: task, cancellation }) => {
      const { task: _task, ...plain } = params;
      // The request that began it is over; under its own name it is still where a server's questions belong.
      const one: InFlight = { method: 'tools/call', params: plain, channel: { send: push }, cancellation, task };
      const key = `task ${task}`;
      inFlight.set(key, one);
      try {
        return asLegacyResult('tools/call', await perform('tools/call', plain, one));
      } finally {
        over(key);
      }
    });
  };

  const methods: Record<string, (params: JsonObject, one: InFlight) => Promise<JsonObject>> = {
    initialize,
    'tools/call': async (params, one) =>
      params.task === undefined || !hasTasks()
        ? asLegacyResult('tools/call', await perform('tools/call', params, one))
        : begin(params),
    async 'logging/setLevel'(params) {
      level = readLevel(params.level);
      await house.levelChanged(session);
      return {};
    },
    async 'resources/subscribe'(params) {
      await house.subscribe(session, params);
      return {};
    },
    async 'resources/unsubscribe'(params) {
      await house.unsubscribe(session, params);
      return {};
    },
    'tasks/get': async (params) => taskRoom().get(params),
    'tasks/list': async () => taskRoom().list(),
    'tasks/cancel': async (params) => taskRoom().cancel(params),
  };

  const resultOf = async (method: string, params: JsonObject, one: InFlight): Promise<JsonObject> => {
    const isOwn = Object.hasOwn(methods, method) && (hasTasks() || !method.startsWith('tasks/'));
    const own = isOwn ? methods[method] : undefined;
    return own === undefined ? asLegacyResult(method, await perform(method, params, one)) : own(params, one);
  };

  const cancel = (id: unknown): void => {
    // The handshake cannot be taken back (2025-11-25 basic/utilities/cancellation).
    const one = isId(id) ? inFlight.get(id) : undefined;
    if (one === undefined || one.method === 'initialize' || one.task !== undefined) return;
    one.cancellation.abort(new ToolwayError('cancelled', 'the client cancelled the request'));
  };

  const session: LegacySession = {
    id: newId(),
    surface,
    subscriptions: new Map(),
    usedAt: clock.now(),
    outlet: () => {},
    onclose: () => {},
    get caller() {
      return caller;
    },
    get version() {
      return version;
    },
    get level() {
      return level;
    },
    get roots() {
      return questions?.handlers.roots;
    },
    get visits() {
      return questions?.visits ?? NO_VISITS;
    },
    get busy() {
      return inFlight.size > 0;
    },
    seenAs(now) {
      if (now !== caller.principal) caller = { principal: now, session: scope };
    },
    async answer({ id, method, params }, channel) {
      session.usedAt = clock.now();
      if (inFlight.has(id))
        return failure(id, { code: RPC.invalidRequest, message: 'a request with this id is under way' });
      if (inFlight.size >= MAX_IN_FLIGHT) return failure(id, faultOf(tooMany(MAX_IN_FLIGHT), 'legacy'));
      const one: InFlight = { method, params, channel, cancellation: createCancellation(), task: undefined };
      inFlight.set(id, one);
      try {
        if (method === 'tasks/result' && hasTasks()) {
          const outcome = await taskRoom().result(params, one.cancellation.signal);
          return { jsonrpc: '2.0', id, ...outcome };
        }
        const result = await resultOf(method, params, one);
        return one.cancellation.signal.aborted ? undefined : { jsonrpc: '2.0', id, result };
      } catch (thrown) {
        if (one.cancellation.signal.aborted) return undefined;
        const error = faultOf(thrown, 'legacy');
        if (error.code === RPC.urlElicitationRequired && questions !== undefined) questions.noteVisits(error.data);
        return failure(id, error);
      } finally {
        over(id);
      }
    },
    take(message) {
      session.usedAt = clock.now();
      if (message.kind === 'answer') {
        tasks?.answered(message.id);
        questions?.settle(message.id, message.result, message.error);
      } else if (message.method === 'notifications/cancelled') cancel(message.params.requestId);
      else if (message.method === 'notifications/roots/list_changed') house.rootsChanged(session);
    },
    async ping(timeoutMs) {
      // Who has not even said hello answers nothing.
      if (questions === undefined) throw new Error('the session is not initialized');
      await questions.ping(timeoutMs);
    },
    finish() {
      finishing = true;
      if (inFlight.size === 0) session.close();
    },
    close() {
      if (closed) return;
      closed = true;
      const gone = new ToolwayError('cancelled', 'the client has left');
      for (const { cancellation } of inFlight.values()) cancellation.abort(gone);
      questions?.close();
      leaveServers();
      session.onclose();
      house.closed(session);
    },
  };
  return session;
};

const NO_VISITS: ReadonlySet<string> = new Set();
const tooMany = (limit: number): ToolwayError =>
  new ToolwayError('backpressure', `${limit} requests of this session are under way`, { executed: 'no', limit });
