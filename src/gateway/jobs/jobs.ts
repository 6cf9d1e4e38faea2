/** Calls that outlive the request that asked for them, and of which the store knows what became of them. */

import { ToolwayError } from '../../errors.ts';
import type { Progress } from '../../protocol/types.ts';
import { newId } from '../random.ts';
import type { Records } from '../store/store.ts';
import { createShelf } from './shelf.ts';

/** `outcome_unknown`: its gateway ended while it ran. */
export type JobStatus = 'running' | 'succeeded' | 'failed' | 'cancelled' | 'outcome_unknown';

/** A job as its principal sees it. Times are those of ISO 8601. */
export interface Job {
  id: string;
  status: JobStatus;
  server: string;
  tool: string;
  createdAt: string;
  endedAt?: string;
  /** Of one that is kept for so long from its beginning, in milliseconds. */
  ttlMs?: number;
  /** The latest, while it runs. */
  progress?: Progress;
  /** As the route without a job would have answered. */
  result?: unknown;
  problem?: object;
}

/** What a job came to. */
export interface JobEnd {
  status: Exclude<JobStatus, 'running'>;
  result?: unknown;
  problem?: object;
}

export interface JobRequest {
  principal: string;
  server: string;
  tool: string;
  /** How long it is kept from its beginning. Default: for the time that is said of all, from its end. */
  ttlMs?: number;
  /** Does the work, once the store knows of it. Never rejects. */
  run(work: { job: Job; signal: AbortSignal; onProgress: (progress: Progress) => void }): Promise<JobEnd>;
}

export interface Jobs {
  /** Whether one more may be started now. */
  hasRoom(principal: string): boolean;
  /** Resolves when the job is known to the store, with what it will be once it has ended. Rejects with `backpressure` where too many run. */
  start(request: JobRequest): Promise<{ job: Job; ended: Promise<Job> }>;
  /** None for whoever is not its principal. */
  get(principal: string, id: string): Promise<Job | undefined>;
  /** Cancels a job that runs, and forgets one that has ended. False where there is none. */
  drop(principal: string, id: string): Promise<boolean>;
  /** Cancels what runs; resolves when that is in the store. */
  close(): Promise<void>;
}

export interface JobsOptions {
  records: Records;
  /** Under which the store keeps them. Default `job`. */
  kind?: string;
  /** The time of day, in milliseconds since the Unix epoch. */
  today(): number;
  /** How long a job is kept once it has ended. Default 3 600 000. */
  ttlMs?: number;
  /** Jobs that run at a time. Default 1 000. */
  maxRunning?: number;
  /** Those of one principal. Default 100. */
  maxRunningEach?: number;
  /** Bytes of the results that are kept; the oldest make room. Default 64 MiB. */
  maxResultBytes?: number;
}

interface Stored {
  principal: string;
  job: Job;
}
interface Running extends Stored {
  left: AbortController;
  ended: Promise<Job>;
}

/** Of one that runs: longer than a call can take, so that only a dead gateway's are forgotten by it. */
const RUNNING_TTL_MS = 7 * 86_400_000;

export const createJobs = (options: JobsOptions): Jobs => {
  const { records, today, kind = 'job', ttlMs = 3_600_000, maxRunning = 1_000, maxRunningEach = 100 } = options;
  const running = new Map<string, Running>();
  const shelf = createShelf({ maxBytes: options.maxResultBytes ?? 64 * 1024 * 1024 });

  const ownOf = (principal: string): number =>
    [...running.values()].filter((each) => each.principal === principal).length;
  const hasRoom = (principal: string): boolean => running.size < maxRunning && ownOf(principal) < maxRunningEach;
  const mustHaveRoom = (principal: string): void => {
    if (hasRoom(principal)) return;
    const [limit, whose] = ownOf(principal) >= maxRunningEach ? [maxRunningEach, 'of one caller '] : [maxRunning, ''];
    throw new ToolwayError('backpressure', `${limit} jobs ${whose}run already`, { executed: 'no', limit });
  };
  const settle = async ({ principal, job, left }: Running, end: JobEnd): Promise<Job> => {
    const status = left.signal.aborted && end.status === 'failed' ? 'cancelled' : end.status;
    const { progress: _, ...known } = job;
    const ended: Job = { ...known, ...end, status, endedAt: new Date(today()).toISOString() };
    const stored: Stored = { principal, job: ended };
    const leftMs = job.ttlMs === undefined ? ttlMs : Date.parse(job.createdAt) + job.ttlMs - today();
    try {
      if (leftMs > 0) await records.put(kind, job.id, stored, { ttlMs: leftMs });
    } finally {
      // Where the store failed, it still says that the job runs, which nobody can confirm any more.
      running.delete(job.id);
    }
    const bytes = JSON.stringify(end).length;
    await Promise.all(shelf.add(principal, job.id, bytes).map((oldest) => records.delete(kind, oldest)));
    return ended;
  };

  return {
    hasRoom,
    async start({ principal, server, tool, ttlMs: wanted, run }) {
      mustHaveRoom(principal);
      const createdAt = new Date(today()).toISOString();
      const kept = wanted !== undefined && { ttlMs: wanted };
      const job: Job = { id: newId(), status: 'running', server, tool, createdAt, ...kept };
      const left = new AbortController();
      const one: Running = { principal, job, left, ended: Promise.resolve(job) };
      running.set(job.id, one);
      try {
        await records.put(kind, job.id, { principal, job } satisfies Stored, { ttlMs: wanted ?? RUNNING_TTL_MS });
      } catch (error) {
        running.delete(job.id);
        throw ToolwayError.from(error).with({ executed: 'no' });
      }
      const onProgress = (progress: Progress): void => {
        one.job = { ...job, progress };
      };
      one.ended = run({ job, signal: left.signal, onProgress }).then((end) => settle(one, end));
      // Whoever waits for it hears of a store that failed; nobody has to.
      one.ended.catch(() => {});
      return { job, ended: one.ended };
    },
    async get(principal, id) {
      const one = running.get(id) ?? (await records.get<Stored>(kind, id));
      if (one === undefined || one.principal !== principal) return undefined;
      return running.has(id) || one.job.status !== 'running' ? one.job : lost(one.job);
    },
    async drop(principal, id) {
      const one = running.get(id) ?? (await records.get<Stored>(kind, id));
      if (one === undefined || one.principal !== principal) return false;
      const live = running.get(id);
      if (live !== undefined) live.left.abort();
      else {
        shelf.remove(id);
        await records.delete(kind, id);
      }
      return true;
    },
    async close() {
      for (const { left } of running.values()) left.abort();
      await Promise.allSettled([...running.values()].map(({ ended }) => ended));
    },
  };
};

/** Nobody knows what became of a job whose gateway ended: it may have run, and is not run again. */
const lost = (job: Job): Job => ({ ...job, status: 'outcome_unknown' });

/** What such a job failed with, where nothing else is known of it. */
export const outcomeUnknown = ({ server, tool }: Job): ToolwayError =>
  new ToolwayError(
    'outcome_unknown',
    'the gateway ended while the call ran; it is not known whether it took effect, and it is not sent again',
    { server, tool, executed: 'unknown' },
  );
