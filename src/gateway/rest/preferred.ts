/** A call that its client does not want to wait for, or not for long (RFC 7240). */
import type { CallToolResult, JsonObject } from '../../protocol/types.ts';
import type { GatewayContext } from '../context.ts';
import type { Target, Wishes } from '../dispatch.ts';
import { type Job, type JobEnd, type Jobs, outcomeUnknown } from '../jobs/jobs.ts';
import type { Caller } from '../principal.ts';
import { preferencesOf } from './prefer.ts';
import { type ProblemDetails, problemOf, problemResponse, toolProblem } from './problem.ts';
import { bodyOf, json, resultResponse } from './result.ts';
import { traceOf } from './trace.ts';

export interface PreferredCall extends Pick<GatewayContext, 'dispatch' | 'clock'> {
  jobs: Jobs;
  caller: Caller;
  target: Target;
  args: JsonObject;
  request: Request;
}

/**
 * The answer to a request with `Prefer`; undefined where it prefers nothing that is known. `respond-async` makes a job of
 * the call: 202 and where to ask for it, unless it ends within `wait`. `wait` alone bounds the call itself.
 */
export const preferred = async (call: PreferredCall): Promise<Response | undefined> => {
  const { headers } = call.request;
  const { respondAsync, waitMs } = preferencesOf(headers.get('prefer'));
  const key = headers.get('idempotency-key');
  const own: Wishes = { ...traceOf(headers), ...(key !== null && { idempotencyKey: key }) };
  if (respondAsync) return asJob(call, own, waitMs);
  if (waitMs === undefined || waitMs === 0) return undefined;
  const { dispatch, caller, target, args, request } = call;
  const limits = { timeoutMs: waitMs, totalTimeoutMs: waitMs };
  const result = await dispatch.callTool(caller, target, args, { ...own, ...limits, signal: request.signal });
  return applied(resultResponse(result, target, headers.get('accept')), `wait=${waitMs / 1_000}`);
};

const asJob = async (call: PreferredCall, own: Wishes, waitMs = 0): Promise<Response> => {
  const { dispatch, jobs, clock, caller, target, args, request } = call;
  const { server, name: tool } = target;
  let outcome: { result: CallToolResult } | { problem: ProblemDetails } | undefined;
  const run = async (wishes: Wishes): Promise<JobEnd> => {
    try {
      const result = await dispatch.callTool(caller, target, args, { ...own, ...wishes });
      outcome = { result };
      if (result.isError === true) return { status: 'failed', problem: toolProblem(result, target) };
      return { status: 'succeeded', result: bodyOf(result) };
    } catch (thrown) {
      const problem = problemOf(thrown);
      outcome = { problem };
      return { status: problem.code === 'cancelled' ? 'cancelled' : 'failed', problem };
    }
  };
  const { job, ended } = await jobs.start({ principal: caller.principal.id, server, tool, run });
  const location = `/api/jobs/${job.id}`;
  if (waitMs > 0) {
    await new Promise<void>((resolve) => {
      const timer = clock.after(waitMs, resolve);
      const stop = (): void => {
        timer.cancel();
        resolve();
      };
      ended.then(stop, stop);
    });
    if (outcome !== undefined && 'problem' in outcome) return problemResponse(outcome.problem);
    if (outcome !== undefined) return resultResponse(outcome.result, target, request.headers.get('accept'));
  }
  const accepted = applied(json(jobView((await jobs.get(caller.principal.id, job.id)) ?? job), 202), 'respond-async');
  accepted.headers.set('location', location);
  return accepted;
};

const applied = (response: Response, preference: string): Response => {
  response.headers.set('preference-applied', preference);
  return response;
};

/** A job as its resource shows it. */
export const jobView = (job: Job): Job =>
  job.status === 'outcome_unknown' && job.problem === undefined
    ? { ...job, problem: problemOf(outcomeUnknown(job)) }
    : job;
