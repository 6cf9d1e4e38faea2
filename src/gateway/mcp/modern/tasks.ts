/**
 * Calls that their clients do not wait for: the extension `io.modelcontextprotocol/tasks`. A task is held in memory for
 * its principal alone, and what it asks is answered by `tasks/update`.
 * Source: https://github.com/modelcontextprotocol/ext-tasks/blob/main/specification/draft/tasks.md
 */
import type { Clock, Timer } from '../../../clock.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { isObject, type JsonRpcErrorBody } from '../../../protocol/wire.ts';
import type { Caller } from '../../principal.ts';
import { newId } from '../../random.ts';
import { invalidParams } from './faults.ts';
import { readResponses } from './held-calls.ts';
import { inputRequestsOf } from './input-requests.ts';
import type { Run } from './run.ts';

export interface TasksOptions {
  clock: Clock;
  /** The time of day, in milliseconds since the Unix epoch. */
  today(): number;
  /** Tasks at a time. */
  maxTasks: number;
  /** The same of one principal. */
  maxTasksEach: number;
  /** How long a task is kept from its beginning; what still runs then is cancelled. */
  taskTtlMs: number;
  /** What a failure is told as. */
  errorOf(thrown: unknown, run: Run): JsonRpcErrorBody;
}

export interface Tasks {
  /** Makes a task of a call that is under way; it can be asked for from now on. Undefined where there is no room for one more. */
  create(run: Run, caller: Caller): JsonObject | undefined;
  /** The state of a task, with what belongs to it. */
  get(caller: Caller, taskId: unknown): JsonObject;
  /** Gives answers to what a task asks. */
  update(caller: Caller, taskId: unknown, inputResponses: unknown): void;
  cancel(caller: Caller, taskId: unknown): void;
  /** Hears of each change, with what `get` gives; undefined where there is no such task. */
  watch(caller: Caller, taskId: unknown, hear: (task: JsonObject) => void): (() => void) | undefined;
  /** Cancels all of them. */
  close(): void;
}

interface Held {
  id: string;
  principal: string;
  run: Run;
  createdAt: string;
  lastUpdatedAt: string;
  isCancelled: boolean;
  said: string | undefined;
  expiry: Timer;
  watchers: Set<(task: JsonObject) => void>;
}

const POLL_INTERVAL_MS = 1_000;
/** Of progress, which is told of as the status. In UTF-16 units. */
const MAX_STATUS_MESSAGE = 1_024;

export const createTasks = (options: TasksOptions): Tasks => {
  const { clock, today, maxTasks, maxTasksEach, taskTtlMs, errorOf } = options;
  const tasks = new Map<string, Held>();
  const perPrincipal = new Map<string, number>();

  const now = (): string => new Date(today()).toISOString();
  const ownOf = ({ principal }: Caller): number => perPrincipal.get(principal.id) ?? 0;
  const remove = (held: Held): void => {
    if (!tasks.delete(held.id)) return;
    held.expiry.cancel();
    held.run.onChange = undefined;
    const left = (perPrincipal.get(held.principal) ?? 1) - 1;
    if (left === 0) perPrincipal.delete(held.principal);
    else perPrincipal.set(held.principal, left);
    held.run.stop();
  };
  const find = ({ principal }: Caller, taskId: unknown): Held => {
    const held = tasks.get(taskId as string);
    if (held === undefined || held.principal !== principal.id) throw invalidParams('there is no such task');
    return held;
  };
  const stateOf = ({ run, isCancelled, said }: Held): JsonObject => {
    if (isCancelled) return { status: 'cancelled' };
    if (run.outcome !== undefined) {
      return 'result' in run.outcome
        ? { status: 'completed', result: run.outcome.result }
        : { status: 'failed', error: errorOf(run.outcome.error, run) };
    }
    if (run.open.size > 0) return { status: 'input_required', inputRequests: inputRequestsOf(run.open) };
    return { status: 'working', ...(said !== undefined && { statusMessage: said }) };
  };
  const shown = (held: Held): JsonObject => ({
    taskId: held.id,
    createdAt: held.createdAt,
    lastUpdatedAt: held.lastUpdatedAt,
    ttlMs: taskTtlMs,
    pollIntervalMs: POLL_INTERVAL_MS,
    ...stateOf(held),
  });
  const changed = (held: Held): void => {
    held.lastUpdatedAt = now();
    for (const hear of held.watchers) hear(shown(held));
  };

  return {
    create(run, caller) {
      if (tasks.size >= maxTasks || ownOf(caller) >= maxTasksEach) return undefined;
      const createdAt = now();
      const held: Held = {
        id: newId(),
        principal: caller.principal.id,
        run,
        createdAt,
        lastUpdatedAt: createdAt,
        isCancelled: false,
        said: undefined,
        expiry: clock.after(taskTtlMs, () => remove(held)),
        watchers: new Set(),
      };
      held.expiry.keepAlive(false);
      tasks.set(held.id, held);
      perPrincipal.set(held.principal, ownOf(caller) + 1);
      run.onChange = () => changed(held);
      run.onProgress = ({ message }) => {
        if (message === undefined || held.isCancelled) return;
        held.said = message.slice(0, MAX_STATUS_MESSAGE);
        changed(held);
      };
      return shown(held);
    },
    get: (caller, taskId) => shown(find(caller, taskId)),
    update(caller, taskId, inputResponses) {
      const held = find(caller, taskId);
      if (!isObject(inputResponses)) throw invalidParams('inputResponses is not an object');
      const answers = readResponses(held.run, inputResponses);
      if (answers.size === 0) return;
      held.run.answer(answers);
      changed(held);
    },
    cancel(caller, taskId) {
      const held = find(caller, taskId);
      if (held.isCancelled || held.run.outcome !== undefined) return;
      held.isCancelled = true;
      held.run.stop();
      changed(held);
    },
    watch(caller, taskId, hear) {
      const held = tasks.get(taskId as string);
      if (held === undefined || held.principal !== caller.principal.id) return undefined;
      held.watchers.add(hear);
      return () => void held.watchers.delete(hear);
    },
    close() {
      for (const held of [...tasks.values()]) remove(held);
    },
  };
};
