/**
 * Calls that their clients do not wait for: the extension `io.modelcontextprotocol/tasks`. What a task asks is answered by
 * `tasks/update`.
 * Source: https://github.com/modelcontextprotocol/ext-tasks/blob/main/specification/draft/tasks.md
 */
import type { JsonObject } from '../../../protocol/types.ts';
import { isObject, type JsonRpcErrorBody } from '../../../protocol/wire.ts';
import { whenAborted } from '../../../when-aborted.ts';
import type { Target } from '../../dispatch.ts';
import type { Caller } from '../../principal.ts';
import type { Task, TaskOutcome, TaskRoom } from '../tasks.ts';
import { invalidParams } from './faults.ts';
import { readResponses } from './held-calls.ts';
import { inputRequestsOf } from './input-requests.ts';
import type { Run } from './run.ts';

export interface TasksOptions {
  room: TaskRoom;
  /** How long a task is kept from its beginning; what still runs then is cancelled. */
  taskTtlMs: number;
  /** What a failure is told as. */
  errorOf(thrown: unknown, run: Run): JsonRpcErrorBody;
}

export interface Tasks {
  /** Makes a task of a call that is under way; resolves when it can be asked for. Undefined where there is no room for one more. */
  create(run: Run, caller: Caller, target: Target): Promise<JsonObject> | undefined;
  /** The state of a task, with what belongs to it. */
  get(caller: Caller, taskId: unknown): Promise<JsonObject>;
  /** Gives answers to what a task asks. */
  update(caller: Caller, taskId: unknown, inputResponses: unknown): Promise<void>;
  cancel(caller: Caller, taskId: unknown): Promise<void>;
  /** Hears of each change, with what `get` gives; undefined where there is no such task. */
  watch(caller: Caller, taskId: string, hear: (task: JsonObject) => void): Promise<(() => void) | undefined>;
}

const POLL_INTERVAL_MS = 1_000;
/** Of progress, which is told of as the status. In UTF-16 units. */
const MAX_STATUS_MESSAGE = 1_024;

export const createTasks = ({ room, taskTtlMs, errorOf }: TasksOptions): Tasks => {
  /** The calls behind tasks that run. */
  const runs = new Map<string, Run>();

  const find = async ({ principal }: Caller, taskId: unknown): Promise<Task> => {
    const task = typeof taskId === 'string' ? await room.get(principal.id, taskId) : undefined;
    if (task === undefined) throw invalidParams('there is no such task');
    return task;
  };
  const shown = (task: Task): JsonObject => ({
    taskId: task.id,
    status: task.status,
    createdAt: task.createdAt,
    lastUpdatedAt: task.updatedAt,
    ttlMs: task.ttlMs,
    pollIntervalMs: POLL_INTERVAL_MS,
    ...partsOf(task),
  });
  const partsOf = ({ id, status, message, outcome }: Task): JsonObject => {
    switch (status) {
      case 'working':
        return message === undefined ? {} : { statusMessage: message };
      case 'input_required':
        return { inputRequests: inputRequestsOf(runs.get(id)?.open ?? new Map()) };
      case 'cancelled':
        return {};
      default:
        return { ...outcome };
    }
  };
  const outcomeOf = (run: Run, outcome: NonNullable<Run['outcome']>): TaskOutcome =>
    'result' in outcome ? outcome : { error: errorOf(outcome.error, run) };

  return {
    create(run, { principal: { id: principal } }, target) {
      if (!room.hasRoom(principal)) return undefined;
      const begun = room.begin({
        principal,
        target,
        ttlMs: taskTtlMs,
        run: ({ id, signal, say }) =>
          new Promise((resolve) => {
            runs.set(id, run);
            whenAborted(signal, () => run.stop());
            const look = (): void => {
              if (run.outcome === undefined) {
                say(run.open.size > 0 ? 'input_required' : 'working');
                return;
              }
              runs.delete(id);
              run.onChange = undefined;
              resolve(outcomeOf(run, run.outcome));
            };
            run.onChange = look;
            run.onProgress = ({ message }) => {
              if (message !== undefined && run.open.size === 0) say('working', message.slice(0, MAX_STATUS_MESSAGE));
            };
            if (run.outcome !== undefined || run.open.size > 0) look();
          }),
      });
      return begun.then(shown);
    },
    get: async (caller, taskId) => shown(await find(caller, taskId)),
    async update(caller, taskId, inputResponses) {
      const { id } = await find(caller, taskId);
      if (!isObject(inputResponses)) throw invalidParams('inputResponses is not an object');
      const run = runs.get(id);
      if (run === undefined) return;
      const answers = readResponses(run, inputResponses);
      if (answers.size === 0) return;
      run.answer(answers);
      run.onChange?.();
    },
    async cancel(caller, taskId) {
      const { id } = await find(caller, taskId);
      await room.cancel(caller.principal.id, id);
    },
    async watch({ principal }, taskId, hear) {
      const stop = room.watch(principal.id, taskId, (task) => hear(shown(task)));
      if (stop !== undefined) return stop;
      return (await room.get(principal.id, taskId)) && (() => {});
    },
  };
};
