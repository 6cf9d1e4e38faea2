/**
 * Calls that a server turns into tasks: the experimental core of 2025-11-25, which the client asks for, and the
 * extension of 2026-07-28, which the server decides on. Either way the caller waits for one result.
 */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { type ErrorCode, ToolwayError } from '../errors.ts';
import { type AboutCall, describe } from './asker.ts';
import { begun } from './begun.ts';
import { answerAll, type InputOptions } from './input-rounds.ts';
import { checkInputRequired, checkTask } from './results-on-demand.ts';
import type { JsonObject, Task } from './types.ts';

export interface TaskOptions {
  clock: Clock;
  send: (call: Call, method: string, params: JsonObject) => Promise<JsonObject>;
  /** Waits on behalf of a call. */
  pause: (call: Call, clock: Clock, ms: number) => Promise<void>;
  onTask: (task: Task, call: Call, about: AboutCall) => void;
  /** Makes a call of our own; without a limit it has that of a connection attempt. */
  newCall: (method: string, timeoutMs?: number) => Call;
  bounded: <T>(call: Call, run: (call: Call) => Promise<T>) => Promise<T>;
}

/** Bounds on how often a server is asked for a task's state, whatever interval it names. */
const POLL_MS = { least: 50, usual: 1_000, most: 30_000 };

/** So many questions in a row may get lost. */
const MOST_LOST = 2;
const GETS_LOST: ReadonlySet<ErrorCode> = new Set(['connect_failed', 'outcome_unknown', 'rate_limited']);

/** Asks for the call as a task, waits for its end and fetches its result (2025-11-25 basic/utilities/tasks). */
export const runLegacyTask = async (options: TaskOptions, call: Call, params: JsonObject): Promise<JsonObject> => {
  const ttl = Math.max(1, Math.round(call.endsAt - options.clock.now()));
  const created = await options.send(call, 'tools/call', { ...params, task: { ttl } });
  if (created.task === undefined) return created;
  return follow(options, call, checkTask(created.task), async (task) => {
    // While it wants input the server asks on the same connection; `tasks/result` answers once all is done.
    if (task.status === 'working') return undefined;
    return options.send(call, 'tasks/result', { taskId: task.taskId });
  });
};

/** Follows a task that the server made of a call, answering what it asks (extension `io.modelcontextprotocol/tasks`). */
export const runModernTask = (
  options: TaskOptions & InputOptions,
  call: Call,
  created: JsonObject,
): Promise<JsonObject> => {
  const answered = new Set<string>();
  return follow(options, call, checkTask(created), async (task) => {
    if (task.status === 'completed') return task.result as JsonObject;
    if (task.status === 'failed') throw failure(task);
    if (task.status === 'input_required') {
      const { inputRequests } = checkInputRequired(task);
      const open = new Map([...inputRequests].filter(([key]) => !answered.has(key)));
      for (const key of open.keys()) answered.add(key);
      if (answered.size > options.maxInputRounds * 64) {
        throw new ToolwayError('protocol_error', 'the task asks without end', { executed: 'unknown' });
      }
      if (open.size > 0) {
        const inputResponses = await answerAll(options.requests, call, open);
        await call.look?.(call, false);
        await options.send(call, 'tasks/update', { taskId: task.taskId, inputResponses });
      }
    }
    return undefined;
  });
};

const follow = async (
  options: TaskOptions,
  call: Call,
  first: Task,
  outcomeOf: (task: Task) => Promise<JsonObject | undefined>,
): Promise<JsonObject> => {
  const { clock, onTask, newCall, bounded, send } = options;
  let task = first;
  try {
    for (;;) {
      onTask(task, call, describe(call));
      if (task.status === 'cancelled') {
        throw new ToolwayError(
          'cancelled',
          `the server cancelled the task: ${task.statusMessage ?? 'no reason given'}`,
          {
            executed: 'unknown',
          },
        );
      }
      const outcome = await outcomeOf(task);
      if (outcome !== undefined) return outcome;
      task = await nextState(options, call, task);
      call.touch(clock.now());
    }
  } catch (thrown) {
    const { taskId } = task;
    if (call.stopped !== undefined) {
      // Nobody waits for it.
      bounded(newCall('tasks/cancel'), (aside) => send(aside, 'tasks/cancel', { taskId })).catch(() => {});
    }
    throw begun(thrown, { taskId });
  }
};

/** Asks how far the task is; a question that is lost on the way is asked again, a few times in a row. */
const nextState = async ({ clock, send, pause }: TaskOptions, call: Call, task: Task): Promise<Task> => {
  const { taskId } = task;
  let waitMs = pollInterval(task);
  for (let lost = 0; ; lost += 1) {
    await pause(call, clock, waitMs);
    try {
      return { ...checkTask(await send(call, 'tasks/get', { taskId })), taskId };
    } catch (error) {
      const again = error instanceof ToolwayError && call.stopped === undefined && GETS_LOST.has(error.code);
      if (!again || lost >= MOST_LOST) throw error;
      waitMs = Math.max(waitMs, error.retryAfterMs ?? 0);
    }
  }
};

const pollInterval = ({ pollIntervalMs = POLL_MS.usual }: Task): number =>
  Math.min(POLL_MS.most, Math.max(POLL_MS.least, pollIntervalMs));

const failure = ({ error }: Task): ToolwayError => {
  const { code, message, data } = (error ?? {}) as { code?: unknown; message?: unknown; data?: unknown };
  return new ToolwayError(
    'server_error',
    `the task failed: ${typeof message === 'string' ? message : 'no reason given'}`,
    {
      executed: 'yes',
      ...(typeof code === 'number' ? { rpcCode: code } : {}),
      ...(data === undefined ? {} : { data }),
    },
  );
};
