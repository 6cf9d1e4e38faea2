/**
 * Calls that their clients look after later, as both eras know them. A task is a job of the gateway under another face: the
 * store knows of it before its client does, so that it can be asked for after a restart, and is never run again.
 */
import type { Clock, Timer } from '../../clock.ts';
import { ToolwayError } from '../../errors.ts';
import type { JsonObject } from '../../protocol/types.ts';
import type { JsonRpcErrorBody } from '../../protocol/wire.ts';
import type { Target } from '../dispatch.ts';
import { createJobs, type Job, type JobEnd, type JobRequest, type JobStatus, outcomeUnknown } from '../jobs/jobs.ts';
import type { GatewayLimits } from '../limits.ts';
import type { Records } from '../store/store.ts';
import { faultOf } from './fault.ts';

export type TaskStatus = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

/** How a task ended. */
export type TaskOutcome = { result: JsonObject } | { error: JsonRpcErrorBody };

/** A task as its principal sees it. Times are those of ISO 8601. */
export interface Task {
  readonly id: string;
  readonly status: TaskStatus;
  readonly message?: string | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** From its beginning, in milliseconds. */
  readonly ttlMs: number;
  /** Once it has ended. */
  readonly outcome?: TaskOutcome;
}

export interface TaskWish {
  principal: string;
  target: Target;
  ttlMs: number;
  /** Does the work. Never rejects. `say` tells where it stands. */
  run(work: {
    id: string;
    signal: AbortSignal;
    say(status: 'working' | 'input_required', message?: string): void;
  }): Promise<TaskOutcome>;
  /** Hears of each change. */
  onChange?: (task: Task) => void;
}

export interface TaskRoom {
  /** Whether one more may be begun now. */
  hasRoom(principal: string): boolean;
  /** Resolves when the store knows of it. Rejects with `backpressure` where too many run. */
  begin(wish: TaskWish): Promise<Task>;
  /** None for whoever is not its principal. */
  get(principal: string, id: string): Promise<Task | undefined>;
  /** The same, once it has ended. */
  ended(principal: string, id: string): Promise<Task | undefined>;
  /** Cancels one that runs; gives what it is then. */
  cancel(principal: string, id: string): Promise<Task | undefined>;
  /** Hears of each change of one that runs; undefined where there is none. */
  watch(principal: string, id: string, hear: (task: Task) => void): (() => void) | undefined;
  /** Cancels what runs; resolves when the store has that. */
  close(): Promise<void>;
}

export interface TaskRoomOptions extends Pick<Required<GatewayLimits>, 'maxTasks' | 'taskTtlMs'> {
  records: Records;
  clock: Clock;
  /** The time of day, in milliseconds since the Unix epoch. */
  today(): number;
}

interface Live {
  readonly principal: string;
  task: Task;
  readonly hearers: Set<(task: Task) => void>;
  expiry: Timer;
  /** Its work is done, and the store is told of it. */
  isDone: boolean;
  ended: Promise<Task>;
}

/** Of one principal, among all that run. */
const MAX_TASKS_EACH = 100;

export const createTaskRoom = ({ records, clock, today, maxTasks, taskTtlMs }: TaskRoomOptions): TaskRoom => {
  const jobs = createJobs({
    records,
    today,
    kind: 'task',
    ttlMs: taskTtlMs,
    maxRunning: maxTasks,
    maxRunningEach: MAX_TASKS_EACH,
  });
  const lives = new Map<string, Live>();

  const change = (live: Live, task: Task): void => {
    live.task = task;
    for (const hear of live.hearers) hear(task);
  };
  const liveOf = (principal: string, id: string): Live | undefined => {
    const live = lives.get(id);
    return live?.principal === principal ? live : undefined;
  };
  const now = (): string => new Date(today()).toISOString();
  const endOf = ({ task }: Live, outcome: TaskOutcome, { aborted }: AbortSignal): JobEnd => {
    if (task.status === 'cancelled')
      return { status: 'cancelled', problem: 'error' in outcome ? outcome.error : CANCELLED_TOO_LATE };
    if ('result' in outcome) return { status: 'succeeded', result: outcome.result };
    // What was ended by somebody else than its client was not cancelled by it.
    return { status: aborted ? 'outcome_unknown' : 'failed', problem: outcome.error };
  };
  const forget = (id: string, { principal }: Live): void => {
    lives.delete(id);
    void jobs.drop(principal, id);
  };
  const get: TaskRoom['get'] = async (principal, id) => {
    const live = liveOf(principal, id);
    if (live !== undefined) return live.task;
    const job = await jobs.get(principal, id);
    // One that still runs has outlived its time.
    return job === undefined || job.status === 'running' ? undefined : taskOf(job);
  };

  return {
    hasRoom: jobs.hasRoom,
    async begin({ principal, target: { server, name: tool }, ttlMs, run, onChange }) {
      const work: JobRequest['run'] = async ({ job, signal }) => {
        const live: Live = {
          principal,
          task: taskOf(job),
          hearers: new Set(onChange === undefined ? [] : [onChange]),
          expiry: clock.after(ttlMs, () => forget(job.id, live)),
          isDone: false,
          ended: new Promise(() => {}),
        };
        live.expiry.keepAlive(false);
        lives.set(job.id, live);
        const say = (status: TaskStatus, message?: string): void => {
          if (live.isDone || live.task.status === 'cancelled') return;
          change(live, { ...live.task, status, message, updatedAt: now() });
        };
        const outcome = await run({ id: job.id, signal, say });
        live.isDone = true;
        return endOf(live, outcome, signal);
      };
      const { job, ended } = await jobs.start({ principal, server, tool, ttlMs, run: work });
      const live = lives.get(job.id) as Live;
      live.ended = ended.then(taskOf, () => taskOf({ ...job, status: 'outcome_unknown' }));
      void live.ended.then((task) => {
        live.expiry.cancel();
        if (lives.delete(job.id) && task.status !== 'cancelled') change(live, task);
      });
      return live.task;
    },
    get,
    async ended(principal, id) {
      const live = liveOf(principal, id);
      return live === undefined ? get(principal, id) : live.ended;
    },
    async cancel(principal, id) {
      const live = liveOf(principal, id);
      if (live === undefined) return get(principal, id);
      if (live.isDone) return live.ended;
      if (live.task.status !== 'cancelled') {
        change(live, { ...live.task, status: 'cancelled', message: undefined, updatedAt: now() });
        void jobs.drop(principal, id);
      }
      return live.task;
    },
    watch(principal, id, hear) {
      const live = liveOf(principal, id);
      if (live === undefined) return undefined;
      live.hearers.add(hear);
      return () => void live.hearers.delete(hear);
    },
    close: jobs.close,
  };
};

const STATUSES = {
  running: 'working',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  outcome_unknown: 'failed',
} as const satisfies Record<JobStatus, TaskStatus>;

const CANCELLED_TOO_LATE = faultOf(
  new ToolwayError('cancelled', 'the task was cancelled, and its call ended nevertheless', { executed: 'yes' }),
  'modern',
);

const taskOf = (job: Job): Task => {
  const { id, status, createdAt, endedAt = createdAt, ttlMs = 0 } = job;
  const task: Task = { id, status: STATUSES[status], createdAt, updatedAt: endedAt, ttlMs };
  if (status === 'running') return task;
  if (status === 'succeeded') return { ...task, outcome: { result: job.result as JsonObject } };
  const error = (job.problem as JsonRpcErrorBody | undefined) ?? faultOf(outcomeUnknown(job), 'modern');
  return { ...task, message: error.message, outcome: { error } };
};
