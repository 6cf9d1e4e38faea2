/**
 * Questions that a legacy server wants to be tasks of ours: answered at once with a task, which the server then asks
 * about (2025-11-25 basic/utilities/tasks). Loaded with the first of them.
 */
import type { Clock, Timer } from '../clock.ts';
import { type Answer, type Question, settle } from './answering.ts';
import * as RPC from './rpc-codes.ts';
import { notOffered, RpcFault } from './rpc-fault.ts';
import { isAbsent, isObject } from './shape.ts';
import type { JsonObject } from './types.ts';

export interface ClientTasksOptions {
  /** Answers the question itself. */
  answer: Answer;
  clock: Clock;
}

export interface ClientTasks {
  /** Answers a question with a task, and `tasks/get`, `tasks/result`, `tasks/list` and `tasks/cancel`. */
  answer: Answer;
  /** Drops all tasks and aborts what is being done for them. */
  forget(): void;
}

/** Tasks of one server that are held at a time; one more is refused, unless an old one has been collected. */
export const MAX_CLIENT_TASKS = 64;
/** How long a task is held, whatever the server wishes. */
const TTL_MS = { least: 1_000, usual: 300_000, most: 3_600_000 };
const POLL_INTERVAL_MS = 1_000;
/** Reserved key of `_meta` that says to which task a result belongs. */
const RELATED_TASK = 'io.modelcontextprotocol/related-task';

interface Held {
  readonly task: {
    readonly taskId: string;
    status: 'working' | 'completed' | 'failed' | 'cancelled';
    statusMessage?: string;
    readonly createdAt: string;
    lastUpdatedAt: string;
    readonly ttl: number;
    readonly pollInterval: number;
  };
  readonly outcome: Promise<JsonObject>;
  readonly abort: AbortController;
  readonly expiry: Timer;
  /** Nobody will ask for its outcome any more. */
  collected: boolean;
}

export const createClientTasks = ({ answer, clock }: ClientTasksOptions): ClientTasks => {
  const tasks = new Map<string, Held>();

  const drop = ({ task, abort, expiry }: Held): void => {
    tasks.delete(task.taskId);
    expiry.cancel();
    abort.abort();
  };
  const find = ({ taskId }: JsonObject): Held => {
    const held = tasks.get(taskId as string);
    if (held === undefined) throw new RpcFault(RPC.invalidParams, 'there is no such task');
    return held;
  };
  const makeRoom = (): void => {
    if (tasks.size < MAX_CLIENT_TASKS) return;
    const spent = [...tasks.values()].find(({ collected }) => collected);
    if (spent === undefined) throw new RpcFault(RPC.internalError, `more than ${MAX_CLIENT_TASKS} tasks at a time`);
    drop(spent);
  };

  const create = (method: string, { task: wish, ...params }: JsonObject, context: Question): JsonObject => {
    if (!isObject(wish)) throw new RpcFault(RPC.invalidParams, 'task is not an object');
    if (context.signal.aborted) throw new RpcFault(RPC.internalError, 'the request was taken back');
    makeRoom();
    const abort = new AbortController();
    const ttl = readTtl(wish.ttl);
    const createdAt = new Date().toISOString();
    const held: Held = {
      task: {
        taskId: newId(),
        status: 'working',
        createdAt,
        lastUpdatedAt: createdAt,
        ttl,
        pollInterval: POLL_INTERVAL_MS,
      },
      outcome: answer(method, params, { ...context, signal: abort.signal }),
      abort,
      expiry: clock.after(ttl, () => drop(held)),
      collected: false,
    };
    held.expiry.keepAlive(false);
    held.outcome.then(
      () => enter(held, 'completed'),
      (error: unknown) => enter(held, 'failed', error instanceof RpcFault ? error.message : undefined),
    );
    tasks.set(held.task.taskId, held);
    return { task: { ...held.task } };
  };

  const result = async (held: Held, { signal }: Question): Promise<JsonObject> => {
    const given = await settle(() => held.outcome, signal).finally(() => {
      held.collected = held.task.status !== 'working';
    });
    const { taskId } = held.task;
    return { ...given, _meta: { ...(isObject(given._meta) ? given._meta : {}), [RELATED_TASK]: { taskId } } };
  };

  const cancel = (held: Held): JsonObject => {
    const { task, abort } = held;
    if (task.status !== 'working') throw new RpcFault(RPC.invalidParams, `the task is ${task.status} already`);
    enter(held, 'cancelled', 'the server cancelled the task');
    held.collected = true;
    abort.abort();
    return { ...task };
  };

  const list = ({ cursor }: JsonObject): JsonObject => {
    if (!isAbsent(cursor)) throw new RpcFault(RPC.invalidParams, 'there is no such cursor');
    return { tasks: [...tasks.values()].map(({ task }) => ({ ...task })) };
  };

  return {
    async answer(method, params, context) {
      switch (method) {
        case 'elicitation/create':
        case 'sampling/createMessage':
          return create(method, params, context);
        case 'tasks/get':
          return { ...find(params).task };
        case 'tasks/result':
          return result(find(params), context);
        case 'tasks/list':
          return list(params);
        case 'tasks/cancel':
          return cancel(find(params));
        default:
          throw notOffered(method);
      }
    },
    forget() {
      for (const held of tasks.values()) drop(held);
    },
  };
};

/** A task that has ended stays as it ended. */
const enter = ({ task }: Held, status: Held['task']['status'], statusMessage?: string): void => {
  if (task.status !== 'working') return;
  task.status = status;
  task.lastUpdatedAt = new Date().toISOString();
  if (statusMessage !== undefined) task.statusMessage = statusMessage;
};

const readTtl = (wish: unknown): number =>
  typeof wish === 'number' && Number.isFinite(wish)
    ? Math.min(TTL_MS.most, Math.max(TTL_MS.least, Math.round(wish)))
    : TTL_MS.usual;

/** 128 random bits. Browsers have `randomUUID` only on pages that came over TLS. */
const newId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
