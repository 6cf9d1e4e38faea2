/**
 * Tasks of 2025-11-25 (basic/utilities/tasks): calls that a client wants to look after later. They are kept by the
 * gateway itself, whatever the server knows of tasks, and belong to the session in which they were begun.
 */
import type { Clock } from '../../../clock.ts';
import { ToolwayError } from '../../../errors.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { isObject, type JsonRpcErrorBody } from '../../../protocol/wire.ts';
import { newId } from '../../random.ts';
import { faultOf, invalidParams } from '../fault.ts';
import { type Cancellation, createCancellation } from './cancellation.ts';

export const RELATED_TASK = 'io.modelcontextprotocol/related-task';

/** Tasks of one session at a time, those that have ended included. */
const MAX_TASKS = 128;
const TTL_MS = { usual: 300_000, longest: 3_600_000 };
const POLL_MS = 500;

type Status = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

/** How a task ended. */
type Outcome = { result: JsonObject } | { error: JsonRpcErrorBody };

interface Task {
  readonly id: string;
  status: Status;
  message: string | undefined;
  readonly createdAt: number;
  updatedAt: number;
  readonly ttl: number;
  readonly cancellation: Cancellation;
  readonly outcome: Promise<Outcome>;
}

export interface Tasks {
  /** Begins one; resolves at once to what the client is told. */
  begin(params: JsonObject, run: (task: { id: string; cancellation: Cancellation }) => Promise<JsonObject>): JsonObject;
  get(params: JsonObject): JsonObject;
  /** Waits for the end of the task. */
  result(params: JsonObject): Promise<{ result: JsonObject } | { error: JsonRpcErrorBody }>;
  list(): JsonObject;
  cancel(params: JsonObject): JsonObject;
  /** Says that a task waits for the client to answer something; gives the means to say that it does so no more. */
  asks(id: string): () => void;
  close(): void;
}

export interface TasksOptions {
  clock: Clock;
  today(): number;
  /** Hears of each change. */
  onStatus(task: JsonObject): void;
}

export const createTasks = ({ clock, today, onStatus }: TasksOptions): Tasks => {
  const tasks = new Map<string, Task>();

  const move = (task: Task, status: Status, message?: string): void => {
    if (isOver(task)) return;
    task.status = status;
    task.message = message;
    task.updatedAt = today();
    onStatus(described(task));
  };
  const find = ({ taskId }: JsonObject): Task => {
    const task = tasks.get(String(taskId));
    if (task === undefined) throw invalidParams('there is no such task');
    return task;
  };
  const outcomeOf = async (task: () => Task, run: () => Promise<JsonObject>): Promise<Outcome> => {
    try {
      const result = await run();
      const failed = result.isError === true;
      move(task(), failed ? 'failed' : 'completed', failed ? 'the tool reported an error' : undefined);
      return { result };
    } catch (thrown) {
      const error = faultOf(thrown, 'legacy');
      move(task(), 'failed', error.message);
      return { error };
    }
  };

  return {
    begin({ task: wanted }, run) {
      if (!isObject(wanted)) throw invalidParams('task is not an object');
      if (tasks.size >= MAX_TASKS)
        throw new ToolwayError('backpressure', `this session has ${MAX_TASKS} tasks already`, {
          executed: 'no',
          limit: MAX_TASKS,
        });
      const id = newId();
      const cancellation = createCancellation();
      const now = today();
      const task: Task = {
        id,
        status: 'working',
        message: undefined,
        createdAt: now,
        updatedAt: now,
        ttl: ttlOf(wanted.ttl),
        cancellation,
        outcome: Promise.resolve().then(() =>
          outcomeOf(
            () => task,
            () => run({ id, cancellation }),
          ),
        ),
      };
      tasks.set(id, task);
      const timer = clock.after(task.ttl, () => {
        cancellation.abort(new ToolwayError('timeout', 'the task has outlived its ttl'));
        tasks.delete(id);
      });
      timer.keepAlive(false);
      return { task: described(task) };
    },
    get: (params) => described(find(params)),
    async result(params) {
      const task = find(params);
      const outcome = await task.outcome;
      if ('error' in outcome) return outcome;
      const { _meta, ...result } = outcome.result;
      return { result: { ...result, _meta: { ...(isObject(_meta) && _meta), [RELATED_TASK]: { taskId: task.id } } } };
    },
    list: () => ({ tasks: [...tasks.values()].map(described) }),
    cancel(params) {
      const task = find(params);
      if (isOver(task)) throw invalidParams(`the task is ${task.status} already`);
      move(task, 'cancelled', 'the client cancelled it');
      task.cancellation.abort(new ToolwayError('cancelled', 'the client cancelled the task'));
      return described(task);
    },
    asks(id) {
      const task = tasks.get(id);
      if (task === undefined) return () => {};
      move(task, 'input_required');
      return () => {
        if (task.status === 'input_required') move(task, 'working');
      };
    },
    close() {
      for (const { cancellation } of tasks.values())
        cancellation.abort(new ToolwayError('cancelled', 'the session has ended'));
      tasks.clear();
    },
  };
};

const isOver = ({ status }: Task): boolean => status === 'completed' || status === 'failed' || status === 'cancelled';

const ttlOf = (wanted: unknown): number => {
  if (wanted === undefined || wanted === null) return TTL_MS.usual;
  if (typeof wanted !== 'number' || !(wanted > 0)) throw invalidParams('task.ttl is no number above 0');
  return Math.min(wanted, TTL_MS.longest);
};

const described = ({ id, status, message, createdAt, updatedAt, ttl }: Task): JsonObject => ({
  taskId: id,
  status,
  ...(message !== undefined && { statusMessage: message }),
  createdAt: new Date(createdAt).toISOString(),
  lastUpdatedAt: new Date(updatedAt).toISOString(),
  ttl,
  pollInterval: POLL_MS,
});
