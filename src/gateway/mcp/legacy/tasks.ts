/**
 * Tasks of 2025-11-25 (basic/utilities/tasks): calls that a client wants to look after later. They are kept by the gateway
 * itself, whatever the server knows of tasks. Their principal may ask for them in any of its sessions, also after a restart;
 * a list has those that were begun in the session itself.
 */
import type { Clock } from '../../../clock.ts';
import { ToolwayError } from '../../../errors.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { isObject, type JsonRpcErrorBody } from '../../../protocol/wire.ts';
import { whenAborted } from '../../../when-aborted.ts';
import type { Target } from '../../dispatch.ts';
import { faultOf, invalidParams } from '../fault.ts';
import type { Task, TaskOutcome, TaskRoom, TaskWish } from '../tasks.ts';
import { type Cancellation, createCancellation } from './cancellation.ts';

export const RELATED_TASK = 'io.modelcontextprotocol/related-task';

/** Tasks of one session at a time, those that have ended included. */
const MAX_TASKS = 128;
const TTL_MS = { usual: 300_000, longest: 3_600_000 };
const POLL_MS = 500;

export interface Tasks {
  /** Begins one; resolves to what the client is told, as soon as the store knows of it. */
  begin(
    params: JsonObject,
    target: Target,
    run: (task: { id: string; cancellation: Cancellation }) => Promise<JsonObject>,
  ): Promise<JsonObject>;
  get(params: JsonObject): Promise<JsonObject>;
  /** Waits for the end of the task. Rejects when the signal aborts before. */
  result(params: JsonObject, signal: AbortSignal): Promise<{ result: JsonObject } | { error: JsonRpcErrorBody }>;
  list(): Promise<JsonObject>;
  cancel(params: JsonObject): Promise<JsonObject>;
  /** A task waits for the client to answer a question. */
  asks(id: string, question: unknown): void;
  /** It waits no more for the answer to that question, if it did. */
  answered(question: unknown): void;
}

export interface TasksOptions {
  room: TaskRoom;
  clock: Clock;
  /** Whose they are. */
  principal(): string;
  /** Hears of each change. */
  onStatus(task: JsonObject): void;
}

export const createTasks = ({ room, clock, principal, onStatus }: TasksOptions): Tasks => {
  /** Those that were begun here, and until when they are kept. */
  const own = new Map<string, number>();
  /** How to say of one that runs that it waits for its client, or no more. */
  const waits = new Map<string, (by: 1 | -1) => void>();
  /** The same for the questions that are open. */
  const open = new Map<unknown, (by: 1 | -1) => void>();
  let beginning = 0;

  const found = (task: Task | undefined): Task => {
    if (task === undefined) throw invalidParams('there is no such task');
    return task;
  };
  const mustHaveRoom = (): void => {
    for (const [id, until] of own) if (until <= clock.now()) own.delete(id);
    if (own.size + beginning < MAX_TASKS) return;
    throw new ToolwayError('backpressure', `this session has ${MAX_TASKS} tasks already`, {
      executed: 'no',
      limit: MAX_TASKS,
    });
  };

  return {
    async begin({ task: wanted }, target, run) {
      if (!isObject(wanted)) throw invalidParams('task is not an object');
      const ttlMs = ttlOf(wanted.ttl);
      mustHaveRoom();
      const work: TaskWish['run'] = async ({ id, signal, say }) => {
        let questions = 0;
        waits.set(id, (by) => {
          questions += by;
          say(questions > 0 ? 'input_required' : 'working');
        });
        const cancellation = createCancellation();
        whenAborted(signal, () => cancellation.abort(new ToolwayError('cancelled', 'the task was cancelled')));
        const outcome = await outcomeOf(() => run({ id, cancellation }));
        waits.delete(id);
        return outcome;
      };
      const onChange = (task: Task): void => onStatus(described(task));
      beginning += 1;
      try {
        const task = await room.begin({ principal: principal(), target, ttlMs, run: work, onChange });
        own.set(task.id, clock.now() + ttlMs);
        return { task: described(task) };
      } finally {
        beginning -= 1;
      }
    },
    get: async ({ taskId }) => described(found(await room.get(principal(), String(taskId)))),
    async result({ taskId }, signal) {
      const { id, outcome } = found(await unlessAborted(signal, room.ended(principal(), String(taskId))));
      if (outcome === undefined) throw invalidParams('there is no such task any more');
      if ('error' in outcome) return outcome;
      const { _meta, ...result } = outcome.result;
      return { result: { ...result, _meta: { ...(isObject(_meta) && _meta), [RELATED_TASK]: { taskId: id } } } };
    },
    async list() {
      const tasks = await Promise.all([...own.keys()].map((id) => room.get(principal(), id)));
      return { tasks: tasks.filter((task) => task !== undefined).map(described) };
    },
    async cancel({ taskId }) {
      const before = found(await room.get(principal(), String(taskId)));
      const now = isOver(before) ? before : found(await room.cancel(principal(), before.id));
      if (isOver(before) || now.status !== 'cancelled')
        throw invalidParams(`the task is ${described(now).status} already`);
      return described(now);
    },
    asks(id, question) {
      const wait = waits.get(id);
      if (wait === undefined) return;
      open.set(question, wait);
      wait(1);
    },
    answered(question) {
      open.get(question)?.(-1);
      open.delete(question);
    },
  };
};

const outcomeOf = async (run: () => Promise<JsonObject>): Promise<TaskOutcome> => {
  try {
    return { result: await run() };
  } catch (thrown) {
    return { error: faultOf(thrown, 'legacy') };
  }
};

const unlessAborted = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = whenAborted(signal, reject);
    work.then(resolve, reject).finally(stop);
  });

/** A tool that reported an error has failed (2025-11-25 basic/utilities/tasks#task-execution-errors). */
const hasFailed = ({ outcome }: Task): boolean =>
  outcome !== undefined && 'result' in outcome && outcome.result.isError === true;

const isOver = ({ status }: Task): boolean => status === 'completed' || status === 'failed' || status === 'cancelled';

const ttlOf = (wanted: unknown): number => {
  if (wanted === undefined || wanted === null) return TTL_MS.usual;
  if (typeof wanted !== 'number' || !(wanted > 0)) throw invalidParams('task.ttl is no number above 0');
  return Math.min(wanted, TTL_MS.longest);
};

const described = (task: Task): JsonObject => {
  const { id, status, message, createdAt, updatedAt, ttlMs } = task;
  const failed = hasFailed(task);
  const said = failed ? 'the tool reported an error' : message;
  return {
    taskId: id,
    status: failed ? 'failed' : status,
    ...(said !== undefined && { statusMessage: said }),
    createdAt,
    lastUpdatedAt: updatedAt,
    ttl: ttlMs,
    pollInterval: POLL_MS,
  };
};
